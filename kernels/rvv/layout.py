# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``asm`` for RISC-V vectors (RVV 1.0): kernels/rvv/, for any VLEN from 128.

Weights lie column by column, so that one element of the input multiplies a vector of rows. Products are summed in
16 bits over groups of columns for which that is proved exact; straight code may take the columns in an order of its
own, which makes longer groups.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from kernels.common import assembly
from kernels.common.assembly import set_symbols
from kernels.common.blocks import few, in_order
from kernels.common.constants import Constants, ConstArray, dense_parts
from kernels.common.work import UnprovenError, Work
from model import fixed_point as fp
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array

STRAIGHT = {"size": 2, "balanced": 96, "speed": 512}  # up to so many columns of an LSTM, code without a loop
STRAIGHT_DENSE = {"size": 2, "balanced": 32, "speed": 512}
TURN = {"size": 1, "balanced": 16, "speed": 32}  # a loop's turn takes about so many columns, one group at least
LONGEST = 16  # columns of a group in a loop
HALF = 32  # rows that 32-bit sums in 8 registers hold with VLEN = 128

STEP_ROWS, ONCE_ROWS = (1, 0, 3, 2), (0, 3, 2)  # gates (of i, f, c, o) as lstm_s8.inc takes them


# ---- groups of columns ----


@dataclass(frozen=True)
class Columns:
    """How a product walks its columns: ``turns`` of ``turn`` columns in groups of ``group``, then a list."""

    order: tuple[int, ...]
    listed: tuple[str, ...]  # columns, F: flush
    turns: int = 0
    turn: int = 0
    group: int = 0


def _columns(rows: Array, start: Array | None, straight: int, optimize: str) -> Columns:
    """Columns of rows (R, I); ``start`` (R,): their 16-bit sums start there."""
    count = rows.shape[-1]
    if count <= straight:
        made = few(rows, start=start)
        order = tuple(column for group in made for column in group)
        return Columns(order, tuple(word for group in made for word in (*map(str, group), "F")))
    length = in_order(rows, range(min(LONGEST, count), 0, -1)).length
    turn = length * max(1, TURN[optimize] // length)
    turns = count // turn
    rest = [str(k) for k in range(count - turns * turn)]
    listed = [word for k in range(0, len(rest), length) for word in (*rest[k : k + length], "F")]
    return Columns(tuple(range(count)), tuple(listed), turns, turn, length)


# ---- what a product reads beside its weights ----


@dataclass
class Constant:
    """The layer's constants in bytes, each array of them at a word's boundary."""

    data: bytearray = field(default_factory=bytearray)

    def put(self, values: Array, dtype: str) -> int:
        """The offset of ``values``."""
        at = len(self.data)
        self.data += values.astype(np.int64).astype(dtype).tobytes()
        self.data += bytes(-len(self.data) % 4)
        return at

    def words(self, name: str, comment: str) -> ConstArray:
        return ConstArray(name, np.frombuffer(bytes(self.data), "<i4").astype(np.int32), "int32_t", comment)


def _scales(which: str, constant: Constant, factors: list[fp.Multiplier], largest: Array) -> str:
    """Symbols of a product's requantisation; ``factors`` of its rows, whose sums are up to ``largest`` in size."""
    values = np.array([m.value for m in factors])
    left = np.array([max(m.shift, 0) for m in factors])
    right = np.array([max(-m.shift, 0) for m in factors])
    more = int(right.max()) - right
    shifted = np.minimum(largest << left, 1 << 31)
    high = np.array([(int(a) * int(m) >> 31) + 1 for a, m in zip(shifted, values, strict=True)])
    limit = 0  # none
    if more.any() and (high << more).max() >= (1 << 31) - 1:
        limit = (1 << (31 - int(more.max()))) - 1
        if ((high > limit) & (limit >> right < 1 << 15)).any():  # it must cut only what saturates later
            raise UnprovenError("the rows' scales are too far apart to share a shift")
    alike = len(set(values.tolist())) == 1
    symbols = {
        "m": int(values[0]) if alike else 0,
        "m_at": -1 if alike else constant.put(values, "<i4"),
        "left": int(left.max()),
        "left_at": constant.put(left, "i1") if left.min() < left.max() else -1,
        "limit": limit,
        "more_at": constant.put(more, "i1") if more.any() else -1,
        "right": int(right.max()),
    }
    return set_symbols(**{f"{which}_{name}": value for name, value in symbols.items()})


def _product(
    which: str, constant: Constant, rows: Array, start: Array, straight: int, optimize: str, short: bool = True
) -> tuple[str, Columns]:
    """Symbols of a product's start and columns; ``short``: the start may be of 16 bits."""
    narrow = short and bool((np.abs(start) < 1 << 15).all())
    along = _columns(rows, start if narrow else None, straight, optimize)
    if narrow and not start.any() and not along.turns:
        kind, at = 0, 0
    else:
        kind, at = (1, constant.put(start, "<i2")) if narrow else (2, constant.put(start, "<i4"))
    text = set_symbols(**{f"{which}_start": kind, f"{which}_start_at": at})
    return text + _turns(which, along), along


def _turns(which: str, along: Columns) -> str:
    return set_symbols(**{f"{which}_turns": along.turns, f"{which}_turn": along.turn, f"{which}_group": along.group})


def _halves(rows: int) -> str:
    return set_symbols(rows=rows, halves=1 if rows <= HALF else 2)


def _listed(*columns: Columns) -> str:
    """Groups as more arguments of a macro."""
    return "".join(f', "{",".join(along.listed)}"' for along in columns)


def _prove_sums(rows: Array, starts: Array) -> None:
    largest = int(lower.peak(rows, starts).max())
    if largest >= 1 << 31:
        raise UnprovenError(f"a sum can reach {largest} and overflow 32 bits")


# ---- LSTM ----


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    name, layer, source, once, optimize = work.name, work.layer, work.source, work.once, work.optimize
    assembly.prove_cell(layer)
    gates = list(ONCE_ROWS if once else STEP_ROWS)
    constant, text, weights, walks = Constant(), "", [], []
    for matrix in lower.gate_matrices(layer, source, once):
        which, starts = matrix.which, matrix.starts[gates].reshape(-1)
        rows = matrix.rows[gates].reshape(len(gates) * layer.units, -1)  # (gates * H, I)
        _prove_sums(rows, starts)
        of_rows = [matrix.factors[gate] for gate in gates for _ in range(layer.units)]
        text += _scales(which, constant, of_rows, lower.peak(rows, starts))
        symbols, along = _product(which, constant, rows, starts, STRAIGHT[optimize], optimize)
        text += symbols
        weights.append(rows.T[list(along.order)])
        walks.append(along)
    text += _halves(len(gates) * layer.units) + set_symbols(
        inputs=layer.features,
        units=layer.units,
        weights_at=constant.put(np.concatenate(weights), "i1"),
        **assembly.hidden_symbols(layer),
    )
    order = ", ".join(("input", "forget", "candidate", "output")[gate] for gate in gates)
    array = constant.words(f"{name}_weights", f"scales, starts of the sums, then columns of rows: {order} gate")
    scratch = 2 * len(gates) * layer.units + 1
    return assembly.cell(work, text, array, scratch, words=_listed(*walks))


# ---- Dense ----


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    name, layer, source, optimize, parts = work.name, work.layer, work.source, work.optimize, work.parts
    values, out = layer.kernel.values, layer.output
    bias = lower.dense_starts(layer, source)
    _prove_sums(values, bias)
    factors = lower.dense_factors(layer, source)
    outputs = len(values)
    kernel = dense_parts(layer, work.steps, work.blocks)[0].reshape(parts, outputs, -1)  # (parts, O, I)
    inputs = kernel.shape[-1]
    scales = Constant()
    text = _halves(outputs) + _scales("dense", scales, factors, lower.peak(values, bias))
    low = lower.lowest(layer)
    text += set_symbols(inputs=inputs, outputs=outputs, rows_zero=out.zero_point, rows_low=low)
    straight = STRAIGHT_DENSE[optimize]
    if parts == 1:
        symbols, along = _product("dense", scales, kernel[0], bias, straight, optimize)
        at = scales.put(kernel[0].T[list(along.order)], "i1")
        array = scales.words(f"{name}_weights", f"scales, starts of the sums, then columns of {outputs} outputs")
        text += symbols + set_symbols(weights_at=at)
        return assembly.dense(work, text, array, None, 1, words=_listed(along))
    along = _columns(kernel.reshape(parts * outputs, inputs), None, straight, optimize)
    weights = Constant()
    weights.put(kernel.transpose(0, 2, 1)[:, list(along.order)], "i1")
    text += _turns("dense", along) + set_symbols(dense_start=3, part_bytes=inputs * outputs)
    array = weights.words(f"{name}_weights", f"({parts} parts) columns of {outputs} outputs")
    starts = ConstArray(f"{name}_bias", bias.astype(np.int32), "int32_t", f"({outputs} outputs), zero point folded in")
    of_rows = scales.words(f"{name}_scales", "multipliers and shifts of the outputs")
    if not scales.data:  # all outputs share them, in the code
        of_rows = ConstArray(f"{name}_scales", np.zeros(1, np.int32), "int32_t", "none: in the code")
    return assembly.dense(work, text, array, (starts, of_rows), 1, words=_listed(along))


# ---- tables ----


def _table(optimize: str) -> list[int]:
    """Halfwords; see `activations` in cell.inc."""
    entries = fp.SIGMOID_TABLE
    doubled = 2 * (entries - 32768)
    if optimize == "size":
        return [*doubled.tolist(), int(doubled[-1])]
    pairs = np.stack([doubled, np.diff(doubled, append=doubled[-1])], axis=1).reshape(-1).tolist()
    if optimize == "balanced":
        return [int(value) for value in pairs]
    sigmoid = np.stack([entries, np.diff(entries, append=65535)], axis=1)[:193]
    return [*map(int, sigmoid.reshape(-1)), *map(int, pairs)]


def prologue(optimize: str, formats: Iterable[str]) -> str:
    """What stands before the layers' code: options, the formats' macros, and the table of the activations."""
    table = assembly.shared_table("the sigmoid; see `activations` in cell.inc", 4, ".half", _table(optimize))
    opening = assembly.opening("rvv", optimize)
    return f"""{opening}#define LSTMCU_TABLE LSTMCU_SHARED(table)
#define LSTMCU_TANH_OFFSET {4 * 193}

{assembly.macros("rvv", optimize, formats)}
{table}"""
