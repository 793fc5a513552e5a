# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``c``: rows as they are, a unit's gates together (structs of firmware/kernels/c/lstmcu_kernels.h)."""

from __future__ import annotations

import numpy as np

from model import fixed_point as fp
from model.layouts.common import (
    ONCE_GATES,
    ConstArray,
    Constants,
    ConstStruct,
    by_unit,
    float_literal,
    folded,
    gate_factors,
    numbers,
    prove_int32,
    scale,
    suffix,
)
from model.network import Array, Dense, Lstm, Signal
from model.reference import cell_limit, scale_of


def _cell_s8(layer: Lstm) -> tuple[str, str]:
    candidate = fp.multiplier(2.0**-30 / layer.cell_scale)
    hidden = fp.multiplier(2.0**-30 / float(layer.output.scale))
    log2 = int(np.log2(layer.cell_scale))
    members = (scale(candidate), scale(hidden), layer.output.zero_point, cell_limit(layer), log2)
    text = "{" + ", ".join(map(str, members)) + "}"
    return text, "cell: candidate and hidden scale, zero point, limit, log2 of the cell's scale"


def _lstm_s8(name: str, layer: Lstm, source: Signal, once: bool) -> Constants:
    gates = ONCE_GATES if once else (0, 1, 2, 3)
    count = len(gates)
    kernel = by_unit(layer.kernel.values, gates)
    kernel_bias = folded(by_unit(layer.bias, gates), kernel, source.zero_point)
    prove_int32(layer.name, kernel, kernel_bias)
    sizes = ((str(layer.features), "inputs"), (str(layer.units), "units"))
    shape = f"({layer.units} units, {count} gates, {layer.features} inputs)"
    kernel_array = numbers(f"{name}_kernel", kernel, shape)
    bias_array = numbers(
        f"{name}_kernel_bias", kernel_bias.astype(np.int32), f"({layer.units} units, {count} gates), zero point folded in"
    )
    kernel_scale = (gate_factors(source, scale_of(layer.kernel), gates), "accumulator to Q3.12, a gate")
    if once:
        members = (*sizes, (kernel_array.name, ""), (bias_array.name, ""), kernel_scale, _cell_s8(layer))
        return Constants((kernel_array, bias_array), ConstStruct(f"{name}_layer", "lstmcu_lstm_once_s8", members))
    recurrent = by_unit(layer.recurrent.values)
    recurrent_bias = folded(0, recurrent, layer.output.zero_point)
    prove_int32(layer.name, recurrent, recurrent_bias)
    arrays = (
        kernel_array,
        numbers(f"{name}_recurrent", recurrent, f"({layer.units} units, 4 gates, {layer.units} units)"),
        bias_array,
        numbers(f"{name}_recurrent_bias", recurrent_bias.astype(np.int32), f"({layer.units} units, 4 gates)"),
    )
    members = (
        *sizes,
        *((array.name, "") for array in arrays),
        kernel_scale,
        (gate_factors(layer.output, scale_of(layer.recurrent), gates), "accumulator to Q3.12, a gate"),
        _cell_s8(layer),
    )
    return Constants(arrays, ConstStruct(f"{name}_layer", "lstmcu_lstm_s8", members))


def _lstm_f32(name: str, layer: Lstm, once: bool) -> Constants:
    gates = ONCE_GATES if once else (0, 1, 2, 3)
    count = len(gates)
    kernel, bias = by_unit(layer.kernel.values, gates), by_unit(layer.bias, gates)
    arrays = [numbers(f"{name}_kernel", kernel, f"({layer.units} units, {count} gates, {layer.features} inputs)")]
    if not once:
        recurrent = by_unit(layer.recurrent.values)
        arrays.append(numbers(f"{name}_recurrent", recurrent, f"({layer.units} units, 4 gates, {layer.units} units)"))
    arrays.append(numbers(f"{name}_bias", bias, f"({layer.units} units, {count} gates)"))
    members = (
        (str(layer.features), "inputs"),
        (str(layer.units), "units"),
        *((array.name, "") for array in arrays),
        (float_literal(layer.cell_clip), "limit of the cell state, 0: none"),
    )
    ctype = "lstmcu_lstm_once_f32" if once else "lstmcu_lstm_f32"
    return Constants(tuple(arrays), ConstStruct(f"{name}_layer", ctype, members))


def _dense_kernel(layer: Dense, steps: int, blocks: int) -> tuple[Array, str]:
    """(O, I), or for a flattened sequence of steps * blocks vectors (steps, blocks, O, I)."""
    rows, columns = layer.kernel.values.shape
    inputs = columns // (steps * blocks)
    values = layer.kernel.values.reshape(rows, steps, blocks, inputs).transpose(1, 2, 0, 3)
    shape = f"({rows} outputs, {inputs} inputs)"
    return np.ascontiguousarray(values), shape if steps * blocks == 1 else f"({steps * blocks} parts, {shape[1:]}"


def _dense_s8(name: str, layer: Dense, source: Signal, steps: int, blocks: int) -> Constants:
    kernel, shape = _dense_kernel(layer, steps, blocks)
    bias = folded(layer.bias.astype(np.int64), layer.kernel.values, source.zero_point)
    prove_int32(layer.name, layer.kernel.values, bias)
    out = layer.output
    factors = [fp.multiplier(float(source.scale) * float(s) / float(out.scale)) for s in scale_of(layer.kernel)]
    arrays = (
        numbers(f"{name}_kernel", kernel, shape),
        numbers(f"{name}_bias", bias.astype(np.int32), f"({len(bias)} outputs), zero point folded in"),
        ConstArray(f"{name}scale", tuple(map(scale, factors)), "lstmcu_scale", "accumulator to output, a row"),
    )
    low = max(out.low, out.zero_point) if layer.activation == "relu" else out.low
    members = (
        (str(kernel.shape[-1]), "inputs"),
        (str(len(bias)), "outputs"),
        *((array.name, "") for array in arrays),
        (str(out.zero_point), "zero point of the output"),
        (str(low), "lowest output"),
        (str(out.high), "highest output"),
    )
    return Constants(arrays, ConstStruct(f"{name}_layer", "lstmcu_dense_s8", members))


def _dense_f32(name: str, layer: Dense, steps: int, blocks: int) -> Constants:
    kernel, shape = _dense_kernel(layer, steps, blocks)
    arrays = (
        numbers(f"{name}_kernel", kernel, shape),
        numbers(f"{name}_bias", layer.bias, f"({len(layer.bias)} outputs)"),
    )
    members = (
        (str(kernel.shape[-1]), "inputs"),
        (str(len(layer.bias)), "outputs"),
        *((array.name, "") for array in arrays),
        (str(int(layer.activation == "relu")), "relu"),
    )
    return Constants(arrays, ConstStruct(f"{name}_layer", "lstmcu_dense_f32", members))


def lstm(name: str, layer: Lstm, source: Signal, once: bool) -> Constants:
    """Constants of an LSTM that reads ``source``; ``once``: of its only step from reset."""
    return _lstm_f32(name, layer, once) if suffix(layer) == "f32" else _lstm_s8(name, layer, source, once)


def dense(name: str, layer: Dense, source: Signal, steps: int = 1, blocks: int = 1) -> Constants:
    """Constants of a Dense that reads ``source``, whole or as ``steps * blocks`` parts of a flattened sequence."""
    if suffix(layer) == "f32":
        return _dense_f32(name, layer, steps, blocks)
    return _dense_s8(name, layer, source, steps, blocks)


def lstm_scratch(layer: Lstm) -> int:
    """The new hidden state, while the old one is still read."""
    return layer.units
