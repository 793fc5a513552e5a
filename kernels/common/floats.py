# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the assembly sets for float32 share: a layer's symbols, its functions and how they are called."""

from __future__ import annotations

import numpy as np

from kernels.common.assembly import set_symbols
from kernels.common.constants import Constants, ConstArray, Kernel, dense_parts
from kernels.common.work import Work
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array


def stream(name: str, parts: list[Array], comment: str) -> ConstArray:
    """A layer's weights in the order of use."""
    values = np.concatenate([part.reshape(-1) for part in parts]).astype(np.float32)
    return ConstArray(f"{name}_weights", values, "float", comment)


def parts_of(work: Work[Dense]) -> Array:
    """The kernel of a Dense as it is taken: (parts, O, I)."""
    return dense_parts(work.layer, work.steps, work.blocks)[0].reshape(work.parts, len(work.layer.bias), -1)


def lstm(work: Work[Lstm], weights: ConstArray) -> Constants:
    """Code of the set's macro lstm_f32_step (or _once).

    void <name>_step(const float *weights, const float *x, float *hidden, float *cell, float *scratch)
    void <name>_once(const float *weights, const float *x, float *hidden)
    """
    name, layer, once = work.name, work.layer, work.once
    kind = "once" if once else "step"
    limit = int(np.float32(layer.cell_clip).view(np.uint32))
    code = set_symbols(inputs=layer.features, units=layer.units, cell_limit=limit)
    code += f"    lstm_f32_{kind} {name}_{kind}\n"
    arguments = "const float *weights, const float *x, float *hidden"
    arguments += "" if once else ", float *cell, float *scratch"
    scratch = () if once else (("float32", layer.units),)
    calls = {work.kinds[0]: Kernel(f"{name}_{kind}", weights.name, scratch)}
    return Constants((weights,), calls=calls, assembly=code, declarations=(f"void {name}_{kind}({arguments});",))


def dense(work: Work[Dense], weights: ConstArray) -> Constants:
    """Code of the set's macro dense_f32_run; of a Dense in parts of dense_f32_add and dense_f32_finish.

    void <name>_run(const float *weights, const float *x, float *y)
    void <name>_add(const float *weights, int32_t part, const float *x, float *sums)
    void <name>_finish(const float *unused, const float *sums, float *y)
    """
    name, layer, outputs = work.name, work.layer, len(work.layer.bias)
    inputs = layer.kernel.values.size // outputs // work.parts
    part_bytes = 4 * len(weights.values) // work.parts
    code = set_symbols(inputs=inputs, outputs=outputs, rows_relu=int(layer.clamps), part_bytes=part_bytes)
    if work.parts == 1:
        calls = {"dense": Kernel(f"{name}_run", weights.name)}
        run = f"void {name}_run(const float *weights, const float *x, float *y);"
        return Constants((weights,), calls=calls, assembly=f"{code}    dense_f32_run {name}_run\n", declarations=(run,))
    bias = ConstArray(f"{name}_bias", layer.bias, "float", f"({outputs} outputs)")
    calls = {
        "dense_add": Kernel(f"{name}_add", weights.name),
        "dense_finish": Kernel(f"{name}_finish", weights.name),
    }
    declared = (
        f"void {name}_add(const float *weights, int32_t part, const float *x, float *sums);",
        f"void {name}_finish(const float *weights, const float *sums, float *y);",
    )
    code += f"    dense_f32_add {name}_add\n    dense_f32_finish {name}_finish\n"
    return Constants((weights, bias), calls=calls, assembly=code, declarations=declared)
