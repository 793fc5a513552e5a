# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the weight layouts of all kernel sets share: forms of C constants, folding of zero points, proofs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import fixed_point as fp
from model.errors import UserError
from model.network import Array, Layer, Signal
from model.reference import GATE_LOG2_SCALE

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


def numbers(name: str, values: Array, comment: str) -> ConstArray:
    return ConstArray(name, values.reshape(-1), C_TYPES[str(values.dtype)], comment)


def scale(m: fp.Multiplier) -> str:
    return f"{{{m.value}, {m.shift}}}"


def scales(factors: list[fp.Multiplier]) -> str:
    return "{" + ", ".join(map(scale, factors)) + "}"


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


def by_unit(values: Array, gates: tuple[int, ...] = (0, 1, 2, 3)) -> Array:
    """(4, H, ...) to (H, gates, ...): a unit's rows lie together, in the order they are used."""
    return np.ascontiguousarray(np.swapaxes(values[list(gates)], 0, 1))


def gate_factors(signal: Signal, weight_scales: Array, gates: tuple[int, ...]) -> str:
    gate = 2.0**GATE_LOG2_SCALE
    return scales([fp.multiplier(float(signal.scale) * float(weight_scales[g]) / gate) for g in gates])
