# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``asm`` for RV32IM: kernels/rv32im/.

One multiply does two rows, whose sums share a word for a segment of columns; how long a segment may be is proved
from the weights. ``speed`` has the two weights in a word of flash, the others have four in bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kernels.common import assembly
from kernels.common.assembly import prove_doubled, set_symbols, stream
from kernels.common.blocks import Block, equal, few, in_order
from kernels.common.constants import ONCE_GATES, Constants, ConstArray, dense_parts
from kernels.common.words import bytes_of
from kernels.common.work import UnprovenError, Work
from model import fixed_point as fp
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array

STEP_ROWS, ONCE_ROWS = (1, 0, 3, 2), (0, 3, 2)  # f i o c; i o c: a unit's rows A B C D, as cell.inc takes them
assert set(ONCE_ROWS) == set(ONCE_GATES)

SMALL = ("s8", "s16")  # formats that have macros of their own for size
LONGEST = 16  # columns of a segment
STRAIGHT_BYTES = 3000  # of code for the columns of a function: its branches reach 4 KB
STRAIGHT_COLUMNS = {"size": 1, "balanced": 20, "speed": 40}  # of one matrix's code when it is a loop


# ---- segments ----


@dataclass(frozen=True)
class Columns:
    """The columns of a matrix as its code takes them: segment after segment, straight or with a loop."""

    segments: Sequence[Block]
    turns: int  # of the loop; 0: none
    per: int  # segments of a turn

    @property
    def order(self) -> list[int]:
        """All columns."""
        return [column for segment in self.segments for column in segment]

    @property
    def longest(self) -> int:
        """Columns of a segment, where all but the last are equal."""
        return len(self.segments[0])

    def straight(self, packing: str, vector: str) -> str:
        """Code for the columns, in any order."""
        lines = [f"    segment_of {packing}, {vector}, {', '.join(map(str, segment))}\n" for segment in self.segments]
        return "".join(lines)

    def looped(self, packing: str, vector: str, offset: str, corrections: str) -> str:
        """Code for columns that lie in their order at ``vector`` + ``offset``."""
        lengths = [str(len(segment)) for segment in self.segments]
        body, rest = ",".join(lengths[: self.per]), ",".join(lengths[self.turns * self.per :])
        return f'    mac {packing}, {vector}, {offset}, {corrections}, {self.turns}, "{body}", "{rest}"\n'


def _in_turns(found: Sequence[Block], straight: int) -> Columns:
    """A loop whose code has no more than ``straight`` columns, or little more."""
    length = len(found[0])
    whole = sum(len(segment) == length for segment in found)
    left = sum(map(len, found)) - whole * length
    choices = []
    for per in range(1, max(1, straight // length) + 1):
        turns, more = divmod(whole, per)
        code = (per + more) * length + left
        choices.append((code > straight, turns if code <= straight else code, code, per, turns))
    *_, per, turns = min(choices)
    return Columns(found, turns, per) if turns > 1 else Columns(found, 0, 0)


def planned(matrices: Sequence[Array], optimize: str, straight: int) -> list[Columns]:
    """The columns of each matrix (…, I) of a function, about ``straight`` of them in the code of a loop."""
    room, plans = STRAIGHT_BYTES, []
    for rows in matrices:
        if optimize == "speed" and 24 * rows.shape[-1] <= room:
            found = few(rows, LONGEST)
            room -= (size := 24 * rows.shape[-1] + 20 * len(found))
            if room >= 0:
                plans.append(Columns(found, 0, 0))
                continue
            room += size
        ordered = optimize == "balanced" and rows.shape[-1] <= 256
        cut = (equal if ordered else in_order)(rows, range(min(LONGEST, rows.shape[-1]), 0, -1))
        plans.append(_in_turns(cut.columns(), straight))
    return plans


class Vectors:
    """Where the code finds x and the old hidden state, one for each of ``plans``, and their corrections.

    ``once``: there is no hidden state, which would have to be copied.
    """

    def __init__(self, plans: Sequence[Columns], optimize: str, once: bool) -> None:
        self.plans, self.corrected, self.macros = plans, optimize != "speed", optimize != "size"
        self.ordered = [optimize == "balanced" and len(plan.order) <= 256 for plan in plans]
        self.copied = [self.ordered[0]] if once else [self.ordered[0], True]
        lengths = [len(plan.order) if copied else 0 for plan, copied in zip(plans, self.copied, strict=True)]
        words = [8 * len(plan.segments) if self.corrected else 0 for plan in plans]
        self.corrections = [0, words[0]]
        self.copies = [sum(words), sum(words) + lengths[0]]
        self.scratch = max(1, self.copies[0] + sum(lengths) + 3 * self.corrected)  # 3 to align it

    @property
    def orders(self) -> Array:
        """Words: the columns of each vector in the order of the code, a byte each."""
        columns = [c for plan, ordered in zip(self.plans, self.ordered, strict=True) if ordered for c in plan.order]
        return bytes_of(np.array(columns))

    def code(self, function: str, packings: Iterable[str]) -> str:
        """Symbols, and macros <function>_<which>_<packing> that sum the columns."""
        text = set_symbols(copies=self.copies[0], order_bytes=4 * len(self.orders))
        for k, (which, plan) in enumerate(zip(("kernel", "recurrent"), self.plans, strict=False)):
            symbols = {"n": plan.longest, "ordered": int(self.ordered[k])}
            text += set_symbols(**{f"{which}_{symbol}": value for symbol, value in symbols.items()})
            vector, offset = ("t3", self.copies[k]) if self.copied[k] else ("a1", 0)
            for packing in packings if self.macros else ():
                lines = plan.straight(packing, vector)
                if self.corrected or plan.turns:
                    lines = plan.looped(packing, vector, str(offset), str(self.corrections[k]))
                text += f"    .macro {function}_{which}_{packing}\n{lines}    .endm\n"
        return text


# ---- rows to words ----


def packing_of(rows: int, optimize: str) -> str:
    packings = {"size": ("Q4",) * 4, "balanced": ("B1", "B1", "Q3", "Q4"), "speed": ("B1", "W2", "W3", "W4")}
    return packings[optimize][rows - 1]


def packed(rows: Array, packing: str) -> Array:
    """Rows (R, I) of int8 as words, column by column; B1: a row as bytes, to a whole word."""
    wide = rows.astype(np.int64)
    if packing == "B1":
        return bytes_of(rows[0])
    if packing[0] == "Q":
        a, b, c, d = np.pad(wide, ((0, 4 - len(wide)), (0, 0)))
        return np.asarray((a + 128) + (c + 128 << 8) + (b + 128 << 16) + (d << 24))
    pairs = [wide[0] + (wide[1] << 16)]
    if len(wide) > 2:
        pairs.append(wide[2] + (wide[3] << 16 if len(wide) > 3 else 0))
    return np.stack(pairs, axis=1)


def _raw(segments: int) -> int:
    """What raw starts from for a bias of 0."""
    return -(segments << 15)


def starts_of(bias: Array, packing: str, segments: int) -> Array:
    """What raw, b, raw, b of the rows (R,) start from; a row alone has its bias."""
    values = [int(value) for value in bias]
    if packing == "B1":
        return np.array(values)
    values += [0] * (4 - len(values)) if packing == "Q4" else []
    words = [values[0] + (values[1] << 16) + _raw(segments), values[1]]
    if len(values) > 2:
        second = values[3] if len(values) > 3 else 0
        extra = {"W3": 0, "Q3": _raw(segments) + (values[1] << 8)}.get(packing, _raw(segments))
        words.append(values[2] + (second << 16) + extra)
    return np.array(words + values[3:])


def _doubled(factors: Sequence[fp.Multiplier], optimize: str) -> Array:
    """(R, 2) twice the multiplier, right shift; for size with a left shift of 1, as its function takes them."""
    shifts = [1 - 256 * m.shift if optimize == "size" else -m.shift for m in factors]
    return np.array([(2 * m.value, shift) for m, shift in zip(factors, shifts, strict=True)], np.int64)


# ---- LSTM ----


def prove_high(rows: Array, bias: Array, factor: fp.Multiplier) -> None:
    """A sum, brought to twice its product's high word and rounded, fits 32 bits."""
    prove_doubled(rows, bias, [factor])
    if factor.shift < -30:
        raise UnprovenError("a gate's scale is below 2^-30")
    largest = (int(lower.peak(rows, bias).max()) << max(factor.shift, 0)) * factor.value >> 30
    if largest + (1 << 11) >= 1 << 31:
        raise UnprovenError(f"twice a rounded product can reach {largest} and overflow 32 bits")


def _safe(rows: Array, bias: Array, factor: fp.Multiplier) -> bool:
    """Whether a sum, brought to Q3.12, stays within 16 bits for any int8 inputs."""
    wide = rows.astype(np.int64)
    highest = bias + np.maximum(127 * wide, -128 * wide).sum(axis=-1)
    lowest = bias + np.minimum(127 * wide, -128 * wide).sum(axis=-1)
    largest = max(int(highest.max()), -int(lowest.min()))
    return (largest * factor.value >> 31 - factor.shift) + 1 < 1 << 15


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    name, layer, source, once, optimize = work.name, work.layer, work.source, work.once, work.optimize
    assembly.prove_cell(layer)
    gates = ONCE_ROWS if once else STEP_ROWS
    packing, spare = packing_of(len(gates), optimize), int(once and optimize == "size")  # a row of zeros for f
    matrices = lower.gate_matrices(layer, source, once)
    paired = 2 if packing in ("W3", "Q3") else 4  # the third of three rows is alone
    rows = [matrix.rows[list(gates[:paired])] for matrix in matrices]
    plans = planned(rows, optimize, STRAIGHT_COLUMNS[optimize])
    vectors = Vectors(plans, optimize, once)
    text, halves = "", []
    for matrix, plan in zip(matrices, plans, strict=True):
        for gate in gates:
            sums = matrix.rows[gate], matrix.starts[gate], matrix.factors[gate]
            prove_high(*sums)
            text += set_symbols(**{f"{matrix.which}_{assembly.GATE_NAMES[gate]}_safe": int(_safe(*sums))})
        text += assembly.set_factors(matrix.which, gates, matrix.factors)
        halves.append((matrix.rows[list(gates)], matrix.starts[list(gates)], plan))
    if assembly.hidden_factor(layer).shift < -30:
        raise UnprovenError(f"the hidden state's scale is {layer.output.scale:g}")
    text += set_symbols(
        inputs=layer.features,
        units=layer.units,
        packing=packing,
        **assembly.hidden_symbols(layer),
    )
    parts = [vectors.orders]
    for unit in range(layer.units):
        for values, starts, plan in halves:
            parts.append(starts_of(np.pad(starts[:, unit], (spare, 0)), packing, len(plan.segments)))
            parts.append(packed(np.pad(values[:, unit, plan.order], ((spare, 0), (0, 0))), packing))
    what = "input, output gate, candidate" if once else "forget, input, output gate, candidate"
    comment = f"{layer.units} units: starts of the sums and rows of {what}, packed as {packing}"
    array = stream(f"{name}_weights", parts, comment)
    text += vectors.code(f"{name}_{'once' if once else 'step'}", [packing])
    return assembly.cell(work, text, array, vectors.scratch)


# ---- Dense ----


def _groups(outputs: int, optimize: str) -> list[slice]:
    """Rows that are summed together."""
    whole, left = outputs & ~3, outputs & 3
    fours = [slice(first, first + 4) for first in range(0, whole, 4)]
    if packing_of(left or 4, optimize) == "B1":
        return fours + [slice(row, row + 1) for row in range(whole, outputs)]
    return fours + ([slice(whole, outputs)] if left else [])


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    name, layer, source, optimize, parts = work.name, work.layer, work.source, work.optimize, work.parts
    values, out = layer.kernel.values, layer.output
    outputs = len(values)
    bias = lower.dense_starts(layer, source)
    prove_doubled(values, bias)
    scales = _doubled(assembly.dense_factors(layer, source), optimize)
    kernel = dense_parts(layer, work.steps, work.blocks)[0].reshape(parts, outputs, -1)  # (parts, O, I)
    (plan,) = planned([kernel], optimize, STRAIGHT_COLUMNS[optimize] // 3)
    vectors, count = Vectors([plan], optimize, True), len(plan.segments)
    words: list[Array] = [vectors.orders]
    for part in range(parts):
        for rows in _groups(outputs, optimize):
            packing = packing_of(rows.stop - rows.start, optimize)
            if parts == 1 or optimize == "size":
                words.append(starts_of(bias[rows] * (parts == 1), packing, count))
            in_order = packing == "B1" and not vectors.ordered[0]
            words.append(packed(kernel[part, rows] if in_order else kernel[part, rows][:, plan.order], packing))
            words += [scales[rows]] if parts == 1 else []
    four = packing_of(4, optimize)
    array = stream(f"{name}_weights", words, f"({parts} parts) four rows at a time, packed as {four}")
    text = set_symbols(
        inputs=kernel.shape[-1],
        outputs=outputs,
        packing=four,
        rest_packing=packing_of(outputs % 4 or 4, optimize),
        raw_start=_raw(count),
        part_bytes=4 * (len(array.values) - len(vectors.orders)) // parts,
        rows_zero=out.zero_point,
        rows_low=lower.lowest(layer),
    )
    packings = dict.fromkeys([four, packing_of(outputs % 4 or 4, optimize)])
    text += vectors.code(f"{name}_{'run' if parts == 1 else 'add'}", [each for each in packings if each != "B1"])
    starts = ConstArray(f"{name}_bias", bias.astype(np.int32), "int32_t", f"({outputs} outputs), zero point folded in")
    rows_array = stream(f"{name}_scales", [scales], f"({outputs} outputs): multiplier doubled, shift")
    return assembly.dense(work, text, array, (starts, rows_array), vectors.scratch)


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


def prologue(optimize: str, formats: Iterable[str]) -> str:
    """What stands before the layers' code: options, the formats' macros, and the table of the activations."""
    directive, values, before = _lines(optimize)
    relax = "" if optimize == "size" else "    .option norelax             /* alignment and branches as written */\n"
    table = assembly.shared_table("the sigmoid's lines; see `activations` in cell.inc", 8, directive, values)
    opening = assembly.opening("rv32im", optimize)
    return f"""{opening}#define LSTMCU_TABLE LSTMCU_SHARED(table) + {before}

{relax}    .cfi_sections .debug_frame
{assembly.macros("rv32im", optimize, formats, SMALL)}
{table}"""
