# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Constants of each layer, in the order and form a kernel set reads them (structs of ``lstmcu_kernels.h``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import fixed_point as fp
from model.errors import UserError
from model.network import Array, Dense, Layer, Lstm, Signal
from model.reference import GATE_LOG2_SCALE, cell_limit, scale_of

ONCE_GATES = (0, 2, 3)  # what a single step from reset needs: input, candidate, output
C_TYPES = {"int8": "int8_t", "int16": "int16_t", "int32": "int32_t", "int64": "int64_t", "float32": "float"}
SUFFIXES = {"int8": "s8", "int16": "s16", "float32": "f32"}


@dataclass(frozen=True, eq=False)
class ConstArray:
    """A constant array of the generated file."""

    name: str
    values: Array | tuple[str, ...]  # numbers, or C initialisers
    ctype: str
    comment: str  # shape and unit


@dataclass(frozen=True)
class ConstStruct:
    """A constant struct: its members' initialisers, each with a comment."""

    name: str
    ctype: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Constants:
    """All constants of one layer."""

    arrays: tuple[ConstArray, ...]
    struct: ConstStruct


def suffix(layer: Layer) -> str:
    """Which variant of a kernel computes this layer."""
    return SUFFIXES[layer.output.dtype]


def _numbers(name: str, values: Array, comment: str) -> ConstArray:
    return ConstArray(name, values.reshape(-1), C_TYPES[str(values.dtype)], comment)


def _scale(m: fp.Multiplier) -> str:
    return f"{{{m.value}, {m.shift}}}"


def _scales(factors: list[fp.Multiplier]) -> str:
    return "{" + ", ".join(map(_scale, factors)) + "}"


def float_literal(value: float) -> str:
    """The shortest C literal that reads back as exactly this float32."""
    text = np.format_float_scientific(np.float32(value), unique=True, trim="0")
    return f"{text}f"


def prove_int32(name: str, weights: Array, bias: Array) -> None:
    """Refuse weights (..., I) whose sum with a bias (...) could leave int32 for some int8 input."""
    bound = 128 * np.abs(weights.astype(np.int64)).sum(axis=-1) + np.abs(bias.astype(np.int64))
    if bound.max() >= 1 << 31:
        raise UserError(f"layer '{name}': its sums can reach {bound.max()} and overflow 32 bits; use quant=float32")


def folded(bias: Array | int, weights: Array, zero_point: int) -> Array:
    """bias - zero_point * (row sums of ``weights``): lets a kernel multiply stored inputs as they are."""
    return np.asarray(bias - zero_point * weights.astype(np.int64).sum(axis=-1))


def _by_unit(values: Array, gates: tuple[int, ...] = (0, 1, 2, 3)) -> Array:
    """(4, H, ...) to (H, gates, ...): a unit's rows lie together, in the order they are used."""
    return np.ascontiguousarray(np.swapaxes(values[list(gates)], 0, 1))


def _cell_s8(layer: Lstm) -> tuple[str, str]:
    candidate = fp.multiplier(2.0**-30 / layer.cell_scale)
    hidden = fp.multiplier(2.0**-30 / float(layer.output.scale))
    log2 = int(np.log2(layer.cell_scale))
    members = (_scale(candidate), _scale(hidden), layer.output.zero_point, cell_limit(layer), log2)
    text = "{" + ", ".join(map(str, members)) + "}"
    return text, "cell: candidate and hidden scale, zero point, limit, log2 of the cell's scale"


def _gate_factors(signal: Signal, scales: Array, gates: tuple[int, ...]) -> str:
    gate = 2.0**GATE_LOG2_SCALE
    return _scales([fp.multiplier(float(signal.scale) * float(scales[g]) / gate) for g in gates])


def _lstm_s8(name: str, layer: Lstm, source: Signal, once: bool) -> Constants:
    gates = ONCE_GATES if once else (0, 1, 2, 3)
    count = len(gates)
    kernel = _by_unit(layer.kernel.values, gates)
    kernel_bias = folded(_by_unit(layer.bias, gates), kernel, source.zero_point)
    prove_int32(layer.name, kernel, kernel_bias)
    sizes = ((str(layer.features), "inputs"), (str(layer.units), "units"))
    shape = f"({layer.units} units, {count} gates, {layer.features} inputs)"
    kernel_array = _numbers(f"{name}_kernel", kernel, shape)
    bias_array = _numbers(
        f"{name}_kernel_bias", kernel_bias.astype(np.int32), f"({layer.units} units, {count} gates), zero point folded in"
    )
    kernel_scale = (_gate_factors(source, scale_of(layer.kernel), gates), "accumulator to Q3.12, a gate")
    if once:
        members = (*sizes, (kernel_array.name, ""), (bias_array.name, ""), kernel_scale, _cell_s8(layer))
        return Constants((kernel_array, bias_array), ConstStruct(f"{name}_layer", "lstmcu_lstm_once_s8", members))
    recurrent = _by_unit(layer.recurrent.values)
    recurrent_bias = folded(0, recurrent, layer.output.zero_point)
    prove_int32(layer.name, recurrent, recurrent_bias)
    arrays = (
        kernel_array,
        _numbers(f"{name}_recurrent", recurrent, f"({layer.units} units, 4 gates, {layer.units} units)"),
        bias_array,
        _numbers(f"{name}_recurrent_bias", recurrent_bias.astype(np.int32), f"({layer.units} units, 4 gates)"),
    )
    members = (
        *sizes,
        *((array.name, "") for array in arrays),
        kernel_scale,
        (_gate_factors(layer.output, scale_of(layer.recurrent), gates), "accumulator to Q3.12, a gate"),
        _cell_s8(layer),
    )
    return Constants(arrays, ConstStruct(f"{name}_layer", "lstmcu_lstm_s8", members))


def _lstm_f32(name: str, layer: Lstm, once: bool) -> Constants:
    gates = ONCE_GATES if once else (0, 1, 2, 3)
    count = len(gates)
    kernel, bias = _by_unit(layer.kernel.values, gates), _by_unit(layer.bias, gates)
    arrays = [_numbers(f"{name}_kernel", kernel, f"({layer.units} units, {count} gates, {layer.features} inputs)")]
    if not once:
        recurrent = _by_unit(layer.recurrent.values)
        arrays.append(_numbers(f"{name}_recurrent", recurrent, f"({layer.units} units, 4 gates, {layer.units} units)"))
    arrays.append(_numbers(f"{name}_bias", bias, f"({layer.units} units, {count} gates)"))
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
        _numbers(f"{name}_kernel", kernel, shape),
        _numbers(f"{name}_bias", bias.astype(np.int32), f"({len(bias)} outputs), zero point folded in"),
        ConstArray(f"{name}_scale", tuple(map(_scale, factors)), "lstmcu_scale", "accumulator to output, a row"),
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
        _numbers(f"{name}_kernel", kernel, shape),
        _numbers(f"{name}_bias", layer.bias, f"({len(layer.bias)} outputs)"),
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
