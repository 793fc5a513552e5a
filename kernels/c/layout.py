# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``c``: rows as they are, a unit's gates together (structs of kernels/c/lstmcu_kernels.h)."""

from __future__ import annotations

from dataclasses import replace

from kernels.c.cells import Rows, constants, totals
from kernels.c.elementwise import apply as activation
from kernels.c.elementwise import apply as convert
from kernels.c.elementwise import apply as normalise
from kernels.common.constants import (
    Constants,
    ConstArray,
    Kernel,
    Member,
    dense_parts,
    float_literal,
    numbers,
    scale,
)
from kernels.common.work import Work
from model import lower
from model.errors import UserError
from model.formats import types
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import scale_of

HEADER = ('#include "lstmcu_kernels.h"',)  # what declares this set's LSTM and Dense

__all__ = ["activation", "convert", "dense", "lstm", "normalise"]


def _dense_calls(name: str, layer: Dense, parts: int) -> dict[str, Kernel]:
    kind, struct = layer.suffix, f"&{name}_layer"
    quantised = ((layer.format.weights.name, layer.kernel.values.shape[1] // parts),) if layer.format.hybrid else ()
    whole = {"dense": Kernel(f"lstmcu_dense_{kind}_run", struct, quantised)}
    adding = {"dense_add": Kernel(f"lstmcu_dense_{kind}_add", struct, quantised)}
    return whole if parts == 1 else {**adding, "dense_finish": Kernel(f"lstmcu_dense_{kind}_finish", struct)}


def _cell(layer: Lstm) -> Member:
    cell = lower.cell(layer)
    members = (scale(cell.added), scale(cell.hidden), layer.output.zero_point, cell.limit, cell.log2)
    text = "{" + ", ".join(map(str, members)) + "}"
    return text, "candidate and hidden scale, zero point, cell limit, log2 of its scale"


def _limit(layer: Lstm) -> Member:
    return float_literal(layer.cell_clip), "limit of the cell state, 0: none"


def lstm(work: Work[Lstm]) -> Constants:
    """Constants of an LSTM's step, or of its only one from reset."""
    layer, rows = work.layer, Rows(work.name, work.layer, work.once)
    arrays, factors = rows.integers(work.source) if layer.format.integer else rows.reals()
    last = _cell(layer) if layer.format.integer else _limit(layer)
    return replace(rows.struct(rows.calls(), arrays, *factors, last), declarations=HEADER)


def dense(work: Work[Dense]) -> Constants:
    """Constants of a Dense, whole or in parts."""
    return replace(_dense(work), declarations=HEADER)


def _dense(work: Work[Dense]) -> Constants:
    name, layer, parts = work.name, work.layer, work.parts
    format, out = layer.format, layer.output
    ctype, calls = f"lstmcu_dense_{layer.suffix}", _dense_calls(name, layer, parts)
    kernel, shape = dense_parts(layer, work.steps, work.blocks)
    rows = f"({len(layer.bias)} outputs)"
    sizes: tuple[Member, ...] = ((str(kernel.shape[-1]), "inputs"), (str(len(layer.bias)), "outputs"))
    arrays = [numbers(f"{name}_kernel", kernel, shape)]
    if not format.integer:
        if format.hybrid:
            each = f"{parts} parts, {len(layer.bias)} outputs" if parts > 1 else rows[1:-1]
            arrays.append(totals(name, "kernel", kernel, each))
        arrays.append(numbers(f"{name}_bias", layer.bias, rows))
        if format.hybrid:
            arrays.append(numbers(f"{name}_scale", scale_of(layer.kernel), rows))
        return constants(name, ctype, calls, sizes, arrays, (str(int(layer.clamps)), "relu"))
    if types.of(layer.bias) is not format.bias:
        supported = f"in {format.name}, only {format.bias.name}"
        raise UserError(f"layer '{layer.name}': a {layer.bias.dtype} bias is not supported {supported}")
    bias, folded = layer.bias, ""
    if format.zero_points:
        bias = lower.dense_starts(layer, work.source)
        folded = ", zero point folded in"
    arrays.append(numbers(f"{name}_bias", bias.astype(format.bias.name), f"{rows}{folded}"))
    factors = lower.dense_factors(layer, work.source)
    arrays.append(ConstArray(f"{name}_scale", tuple(map(scale, factors)), "lstmcu_scale", "accumulator to output"))
    low = lower.lowest(layer)
    limits = ((str(low), "lowest output"), (str(out.high), "highest output"))
    zero = ((str(out.zero_point), "zero point of the output"),) if format.zero_points else ()
    return constants(name, ctype, calls, sizes, arrays, *zero, *limits)
