# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the weight layouts of all kernel sets share: forms of C constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from model import fixed_point as fp
from model.formats import types
from model.layers.dense import Dense
from model.signal import Array

ALL_GATES = (0, 1, 2, 3)
ONCE_GATES = (0, 2, 3)  # what a single step from reset needs: input, candidate, output


@dataclass(frozen=True, eq=False)
class ConstArray:
    """A constant array of the generated file."""

    name: str
    values: Array | tuple[str, ...]  # numbers, or C initialisers
    ctype: str
    comment: str  # shape and unit


Member = tuple[str, str]  # initialiser, comment


@dataclass(frozen=True)
class ConstStruct:
    """A constant struct: its members' initialisers, each with a comment."""

    name: str
    ctype: str
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Kernel:
    """The function of the runtime that does one kind of operation for a layer."""

    function: str
    layer: str  # its first argument: what it knows of the layer; empty: it knows what ``arguments`` say
    scratch: tuple[tuple[str, int], ...] = ()  # (type, elements) of its last arguments: memory while it runs
    arguments: tuple[str, ...] = ()  # after the vectors and how many elements they have
    before: tuple[str, ...] = ()  # constant vectors that it reads before the others
    beside: tuple[str, ...] = ()  # and behind them


@dataclass(frozen=True)
class Bound:
    """The least that a call of a cell's kernel could cost, as its set derives it."""

    core: str  # of whose timing table the cycles are
    cycles: Mapping[str, float]  # by phase (measure/cost/phases.py)


@dataclass(frozen=True, eq=False)
class Constants:
    """All constants of one layer, how its operations are called, and its code where it has its own."""

    arrays: tuple[ConstArray, ...]
    struct: ConstStruct | None = None
    calls: Mapping[str, Kernel] = field(default_factory=dict)  # by the kind of the plan's operation
    assembly: str = ""  # for <name>_kernels.S
    declarations: tuple[str, ...] = ()  # lines of C that ``calls`` need
    code: tuple[str, ...] = ()  # lines of static functions that ``calls`` name
    notes: tuple[str, ...] = ()  # sentences for the report
    bound: Bound | None = None  # None: not known


def numbers(name: str, values: Array, comment: str) -> ConstArray:
    """An array of numbers, flattened in C order."""
    return ConstArray(name, values.reshape(-1), types.of(values).c, comment)


def scale(m: fp.Multiplier) -> str:
    """A ``lstmcu_scale``."""
    return f"{{{m.value}, {m.shift}}}"


def scales(factors: list[fp.Multiplier]) -> str:
    """An array of ``lstmcu_scale``."""
    return "{" + ", ".join(map(scale, factors)) + "}"


def float_literal(value: float) -> str:
    """The shortest C literal that reads back as exactly this float32."""
    text = np.format_float_scientific(np.float32(value), unique=True, trim="0")
    return f"{text}f"


def by_unit(values: Array, gates: tuple[int, ...] = ALL_GATES) -> Array:
    """(4, H, ...) to (H, gates, ...): a unit's rows lie together, in the order they are used."""
    return np.ascontiguousarray(np.swapaxes(values[list(gates)], 0, 1))


def dense_parts(layer: Dense, steps: int, blocks: int) -> tuple[Array, str]:
    """Kernel (O, I), or (steps, blocks, O, I) for a flattened sequence of steps * blocks vectors; and its shape."""
    rows, columns = layer.kernel.values.shape
    inputs = columns // (steps * blocks)
    values = layer.kernel.values.reshape(rows, steps, blocks, inputs).transpose(1, 2, 0, 3)
    shape = f"{rows} outputs, {inputs} inputs)"
    return np.ascontiguousarray(values), f"({shape}" if steps * blocks == 1 else f"({steps * blocks} parts, {shape}"
