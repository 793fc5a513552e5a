# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``vfp``: float32 layers as assembly for Arm's FPU (kernels/vfp/vfp_f32.inc).

The operations and their order are those of kernel set ``c``: the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kernels.common.assembly import THUMB, set_symbols
from kernels.common.constants import Constants, ConstArray, Kernel, dense_parts
from kernels.common.work import Work
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array

STEP_ROWS, ONCE_ROWS = (1, 0, 3, 2), (0, 3, 2)  # gates f, i, o, c and i, o, c: the order of the registers s0 ..


def _stream(name: str, parts: list[Array], comment: str) -> ConstArray:
    values = np.concatenate([part.reshape(-1) for part in parts]).astype(np.float32)
    return ConstArray(name, values, "float", comment)


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    name, layer, once = work.name, work.layer, work.once
    rows = ONCE_ROWS if once else STEP_ROWS
    kind = "once" if once else "step"
    matrices = [layer.kernel.values] if once else [layer.kernel.values, layer.recurrent.values]
    parts: list[Array] = []
    for unit in range(layer.units):
        parts.append(layer.bias[list(rows), unit])
        parts += [matrix[list(rows), unit].T for matrix in matrices]  # column by column
    array = _stream(f"{name}_weights", parts, f"{layer.units} units: bias and columns of {len(rows)} gates' rows")
    limit = int(np.float32(layer.cell_clip).view(np.uint32))
    code = set_symbols(inputs=layer.features, units=layer.units, cell_limit=limit)
    code += f"    lstm_f32_{kind} {name}_{kind}\n"
    arguments = "const float *weights, const float *x, float *hidden"
    arguments += "" if once else ", float *cell, float *scratch"
    scratch = () if once else (("float32", layer.units),)
    calls = {"lstm_once" if once else "lstm": Kernel(f"{name}_{kind}", array.name, scratch)}
    return Constants((array,), calls=calls, assembly=code, declarations=(f"void {name}_{kind}({arguments});",))


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    name, layer, count = work.name, work.layer, work.parts
    outputs = len(layer.bias)
    kernel = dense_parts(layer, work.steps, work.blocks)[0].reshape(count, outputs, -1)  # (parts, O, I)
    parts: list[Array] = []
    for part in range(count):
        for first in range(0, outputs, 4):
            rows = slice(first, min(first + 4, outputs))
            parts += [layer.bias[rows]] if count == 1 else []
            parts.append(kernel[part, rows].T)
    array = _stream(f"{name}_weights", parts, f"({count} parts) columns of four rows at a time")
    part_bytes = 4 * len(array.values) // count
    relu = int(layer.activation == "relu")
    code = set_symbols(inputs=kernel.shape[-1], outputs=outputs, rows_relu=relu, part_bytes=part_bytes)
    if count == 1:
        calls = {"dense": Kernel(f"{name}_run", array.name)}
        run = f"void {name}_run(const float *weights, const float *x, float *y);"
        return Constants((array,), calls=calls, assembly=f"{code}    dense_f32_run {name}_run\n", declarations=(run,))
    bias = ConstArray(f"{name}_bias", layer.bias, "float", f"({outputs} outputs)")
    calls = {
        "dense_add": Kernel(f"{name}_add", array.name),
        "dense_finish": Kernel(f"{name}_finish", array.name),
    }
    declared = (
        f"void {name}_add(const float *weights, int32_t part, const float *x, float *sums);",
        f"void {name}_finish(const float *weights, const float *sums, float *y);",
    )
    code += f"    dense_f32_add {name}_add\n    dense_f32_finish {name}_finish\n"
    return Constants((array, bias), calls=calls, assembly=code, declarations=declared)


def prologue(optimize: str, formats: Iterable[str]) -> str:
    """What stands before the layers' code: the macros."""
    return f'{THUMB}#include "vfp/vfp_f32.inc"\n'
