# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``asm`` for RV32IM: firmware/kernels/asm-rv32im/.

One multiply does two rows, whose sums share a word for a segment of columns; how long a segment may be is proved
from the weights. ``speed`` has the two weights in a word of flash, the others have four in bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model import fixed_point as fp
from model.layouts import assembly
from model.layouts.assembly import UnprovenError, peak, prove_doubled, set_symbols, stream
from model.layouts.common import ONCE_GATES, Constants, ConstArray, dense_parts, folded
from model.network import Array, Dense, Lstm, Signal
from model.reference import cell_limit, scale_of

OPTIMIZE = {"size": 0, "balanced": 1, "speed": 2}
STEP_ROWS, ONCE_ROWS = (1, 0, 3, 2), (0, 3, 2)  # f i o c; i o c: a unit's rows A B C D, as lstm_s8.inc takes them
assert set(ONCE_ROWS) == set(ONCE_GATES)

STRAIGHT_BYTES = 3000  # of code for the columns of a function: its branches reach 4 KB
STRAIGHT_COLUMNS = {"size": 0, "balanced": 12, "speed": 40}  # of one matrix's code when it is a loop
LONGEST = 16  # columns of a segment


# ---- segments ----


@dataclass(frozen=True)
class Segments:
    """The columns of a matrix, in the order of the code: ``turns`` times the segments ``body``, then ``rest``."""

    turns: int
    body: tuple[int, ...]
    rest: tuple[int, ...]

    @property
    def count(self) -> int:
        """Segments of a row."""
        return self.turns * len(self.body) + len(self.rest)

    @property
    def longest(self) -> int:
        """Columns of the first segment."""
        return (*self.body, *self.rest)[0]

    @property
    def arguments(self) -> str:
        """For the macro ``mac``: body, rest."""
        return ", ".join(f'"{",".join(map(str, part))}"' for part in (self.body, self.rest))


class _Limits:
    """Which columns may share a segment: the sums of all rows stay within 16 bits for any int8 inputs."""

    def __init__(self, rows: Array) -> None:
        wide = rows.reshape(-1, rows.shape[-1]).astype(np.int64)
        highest, lowest = np.maximum(127 * wide, -128 * wide), np.minimum(127 * wide, -128 * wide)
        self.columns = wide.shape[1]
        self.highest, self.lowest = (np.pad(np.cumsum(x, axis=1), ((0, 0), (1, 0))) for x in (highest, lowest))

    def hold(self, first: int, count: int) -> bool:
        """Whether the columns from ``first`` may be one segment."""
        last = min(first + count, self.columns)
        high, low = (x[:, last] - x[:, first] for x in (self.highest, self.lowest))
        return bool(high.max(initial=0) < 1 << 15 and low.min(initial=0) >= -(1 << 15))

    def even(self) -> int:
        """The longest segments of one length."""
        lengths = range(min(LONGEST, self.columns), 1, -1)
        return next((n for n in lengths if all(self.hold(k, n) for k in range(0, self.columns, n))), 1)

    def greedy(self) -> Segments:
        """Each segment as long as it may be."""
        found: list[int] = []
        while sum(found) < self.columns:
            first = sum(found)
            room = min(LONGEST, self.columns - first)
            found.append(next((n for n in range(room, 1, -1) if self.hold(first, n)), 1))
        return Segments(0, (), tuple(found))


def _in_turns(columns: int, n: int, straight: int) -> Segments:
    """Segments of ``n`` columns in a loop whose code has no more than ``straight`` columns, or little more."""
    whole, left = divmod(columns, n)
    tail = (left,) if left else ()
    best = Segments(0, (), (n,) * whole + tail)
    if columns <= max(straight, n):
        return best
    choices = []
    for per in range(1, max(1, straight // n) + 1):
        turns, more = divmod(whole, per)
        if turns > 1:
            code = (per + more) * n + left
            choices.append((code > straight, 4 * turns if code <= straight else code, code, per, turns, more))
    if not choices:
        return best
    *_, per, turns, more = min(choices)
    return Segments(turns, (n,) * per, (n,) * more + tail)


def _planned(matrices: Sequence[Array], optimize: str) -> list[Segments]:
    """Segments of each matrix (…, I) of a function."""
    limits = [_Limits(rows) for rows in matrices]
    room = STRAIGHT_BYTES
    plans = []
    for limit in limits:
        plan = limit.greedy()
        size = 24 * limit.columns + 20 * plan.count
        if optimize != "speed" or size > room:
            plan = _in_turns(limit.columns, limit.even(), STRAIGHT_COLUMNS[optimize])
        else:
            room -= size
        plans.append(plan)
    return plans


# ---- rows to words ----


def _packing(rows: int, optimize: str) -> str:
    if optimize == "speed":
        return ("B1", "W2", "W3", "W4")[rows - 1]
    return ("B1", "B1", "Q3", "Q4")[rows - 1]


def _packed(rows: Array, packing: str) -> Array:
    """Rows (R, I) of int8 as words, column by column; B1: a row as bytes, to a whole word."""
    wide = rows.astype(np.int64)
    if packing == "B1":
        return np.pad(rows[0], (0, -rows.shape[1] % 4)).view("<i4").astype(np.int64)
    if packing[0] == "Q":
        a, b, c, d = np.pad(wide, ((0, 4 - len(wide)), (0, 0))) + 128
        return a | c << 8 | b << 16 | d << 24
    pairs = [wide[0] + (wide[1] << 16)]
    if len(wide) > 2:
        pairs.append(wide[2] + (wide[3] << 16 if len(wide) > 3 else 0))
    return np.stack(pairs, axis=1)


def _raw(segments: int) -> int:
    """What raw starts from for a bias of 0."""
    return -(segments << 15)


def _starts(bias: Array, packing: str, segments: int) -> Array:
    """What raw, b, raw, b of the rows (R,) start from; a row alone has its bias."""
    values = [int(value) for value in bias]
    if packing == "B1":
        return np.array(values)
    words = [values[0] + (values[1] << 16) + _raw(segments), values[1]]
    if len(values) > 2:
        second = values[3] if len(values) > 3 else 0
        words.append(values[2] + (second << 16) + (0 if packing == "W3" else _raw(segments)))
    return np.array(words + values[3:])


def _doubled(factors: Sequence[fp.Multiplier]) -> Array:
    """(R, 2) twice the multiplier, right shift."""
    return np.array([(2 * m.value, -m.shift) for m in factors], np.int64)


# ---- LSTM ----


def _prove_high(rows: Array, bias: Array, factor: fp.Multiplier) -> None:
    """A sum, brought to twice its product's high word and rounded, fits 32 bits."""
    prove_doubled(rows, bias, [factor])
    if factor.shift < -30:
        raise UnprovenError("a gate's scale is below 2^-30")
    largest = (int(peak(rows, bias).max()) << max(factor.shift, 0)) * factor.value >> 30
    if largest + (1 << 11) >= 1 << 31:
        raise UnprovenError(f"twice a rounded product can reach {largest} and overflow 32 bits")


def _lstm(name: str, layer: Lstm, source: Signal, once: bool, optimize: str) -> tuple[Constants, int]:
    assembly.prove_cell(layer)
    gates = ONCE_ROWS if once else STEP_ROWS
    packing = _packing(len(gates), optimize)
    matrices = [("kernel", layer.kernel, layer.bias, source)]
    if not once:
        matrices.append(("recurrent", layer.recurrent, np.zeros_like(layer.bias), layer.output))
    paired = 2 if once else 4  # the third of three rows is alone
    plans = _planned([weights.values[list(gates[:paired])] for _, weights, _, _ in matrices], optimize)
    text, halves = "", []
    for (which, weights, bias, signal), plan in zip(matrices, plans, strict=True):
        starts = folded(bias.astype(np.int64), weights.values, signal.zero_point)
        factors = assembly.gate_factors(signal, scale_of(weights))
        for gate in gates:
            _prove_high(weights.values[gate], starts[gate], factors[gate])
        text += assembly.set_factors(which, gates, factors)
        text += set_symbols(**{f"{which}_n": plan.longest, f"{which}_turns": plan.turns})
        halves.append((weights.values[list(gates)], starts[list(gates)], plan))
    hidden = assembly.hidden_factor(layer)
    if hidden.shift < -30:
        raise UnprovenError(f"the hidden state's scale is {layer.output.scale:g}")
    text += set_symbols(
        inputs=layer.features,
        units=layer.units,
        packing=packing,
        cell_log2=int(np.log2(layer.cell_scale)),
        cell_limit=cell_limit(layer),
        hidden_m=hidden.value,
        hidden_s=hidden.shift,
        hidden_zero=layer.output.zero_point,
    )
    kind = "once" if once else "step"
    parts = []
    for unit in range(layer.units):
        for values, starts, plan in halves:
            parts += [_starts(starts[:, unit], packing, plan.count), _packed(values[:, unit], packing)]
    what = "input, output gate, candidate" if once else "forget, input, output gate, candidate"
    comment = f"{layer.units} units: starts of the sums and rows of {what}, packed as {packing}"
    array = stream(f"{name}_weights", parts, comment)
    arguments = ", ".join(plan.arguments for plan in plans)
    code = f"{text}    lstm_s8_{kind} {name}_{kind}, {arguments}\n"
    return Constants((array,), assembly=code), _scratch(plans, 0 if once else layer.units, optimize)


def _scratch(plans: Sequence[Segments], copied: int, optimize: str) -> int:
    """Bytes: the corrections of each segment, which are words of any alignment, and a copy of the hidden state."""
    words = 0 if optimize == "speed" else 4 * sum(plan.count for plan in plans) + 3
    return max(1, words + copied)


def lstm(name: str, layer: Lstm, source: Signal, once: bool, optimize: str) -> Constants:
    """Constants of an LSTM that reads ``source``; ``once``: of its only step from reset."""
    return assembly.lstm(name, layer, source, once, lambda: _lstm(name, layer, source, once, optimize))


# ---- Dense ----


def _groups(outputs: int, optimize: str) -> list[slice]:
    """Rows that are summed together."""
    whole, left = outputs & ~3, outputs & 3
    fours = [slice(first, first + 4) for first in range(0, whole, 4)]
    if _packing(left or 4, optimize) == "B1":
        return fours + [slice(row, row + 1) for row in range(whole, outputs)]
    return fours + ([slice(whole, outputs)] if left else [])


def _dense(name: str, layer: Dense, source: Signal, steps: int, blocks: int, optimize: str) -> tuple[Constants, int]:
    values, out = layer.kernel.values, layer.output
    outputs, parts = len(values), steps * blocks
    bias = folded(layer.bias.astype(np.int64), values, source.zero_point)
    prove_doubled(values, bias)
    scales = _doubled(assembly.dense_factors(layer, source, scale_of(layer.kernel)))
    kernel = dense_parts(layer, steps, blocks)[0].reshape(parts, outputs, -1)  # (parts, O, I)
    (plan,) = _planned([kernel], optimize)
    words: list[Array] = []
    for part in range(parts):
        for rows in _groups(outputs, optimize):
            packing = _packing(rows.stop - rows.start, optimize)
            words += [_starts(bias[rows], packing, plan.count)] if parts == 1 else []
            words.append(_packed(kernel[part, rows], packing))
            words += [scales[rows]] if parts == 1 else []
    four = _packing(4, optimize)
    array = stream(f"{name}_weights", words, f"({parts} parts) four rows at a time, packed as {four}")
    text = set_symbols(
        inputs=kernel.shape[-1],
        outputs=outputs,
        packing=four,
        rest_packing=_packing(outputs % 4 or 4, optimize),
        kernel_n=plan.longest,
        kernel_turns=plan.turns,
        raw_start=_raw(plan.count),
        part_bytes=4 * len(array.values) // parts,
        rows_zero=out.zero_point,
        rows_low=max(out.low, out.zero_point) if layer.activation == "relu" else out.low,
    )
    scratch = _scratch([plan], 0, optimize)
    if parts == 1:
        return Constants((array,), assembly=f"{text}    dense_s8_run {name}_run, {plan.arguments}\n"), scratch
    starts = ConstArray(f"{name}_bias", bias.astype(np.int32), "int32_t", f"({outputs} outputs), zero point folded in")
    rows_array = stream(f"{name}_scales", [scales], f"({outputs} outputs): multiplier doubled, shift")
    code = f"{text}    dense_s8_add {name}_add, {plan.arguments}\n    dense_s8_finish {name}_finish\n"
    return Constants((array, starts, rows_array), assembly=code), scratch


def dense(name: str, layer: Dense, source: Signal, steps: int, blocks: int, optimize: str) -> Constants:
    """Constants of a Dense that reads ``source``, whole or as ``steps * blocks`` parts of a flattened sequence."""
    parts = (steps, blocks)
    return assembly.dense(name, layer, source, parts, lambda: _dense(name, layer, source, *parts, optimize))


# ---- tables ----


def _lines(optimize: str) -> tuple[str, list[int], int]:
    """(directive, values, bytes before the address that s11 holds)."""
    if optimize == "size":
        return ".half", [*(fp.SIGMOID_TABLE - 32768).tolist(), 0], 0
    intercepts, slopes = assembly.signed_lines()
    if optimize == "balanced":
        return ".half", np.stack([slopes, intercepts - 32768], axis=1).reshape(-1).tolist(), 4 * 256
    offset = 3 << 15  # of the factor v, which makes it positive
    k = np.arange(-384, 384)
    slope, base, sign = slopes[np.clip(k, -256, 255) + 256], intercepts[np.clip(k, -256, 255) + 256], k >> 31
    sigmoid = np.stack([slope, 512 * base + 512 + sign - offset * slope], axis=1)[192:576]
    tanh = np.stack([slope, 256 * base - (1 << 23) + 128 + sign - offset * slope], axis=1)
    return ".word", np.concatenate([sigmoid, tanh]).reshape(-1).tolist(), 1536


def prologue(optimize: str) -> str:
    """What stands before the layers' code: options, the macros, and the table of the activations."""
    directive, values, before = _lines(optimize)
    table = f"lstmcu_table_{optimize}"
    return f"""#define LSTMCU_OPTIMIZE {OPTIMIZE[optimize]} /* {optimize} */
#define LSTMCU_TABLE {table} + {before}

    .option norelax             /* alignment and branches as written */
    .cfi_sections .debug_frame
#include "dense_s8.inc"

/* the sigmoid's lines; see `activations` in lstm_s8.inc */
    .section .rodata.{table}, "aG", %progbits, {table}, comdat
    .balign 8
    .weak {table}
    .type {table}, %object
{table}:
{assembly.directives(directive, values)}    .size {table}, . - {table}
"""
