# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``asm`` for ARMv7-M (Cortex-M3): kernels/armv7m/.

Two rows share a word, so that one multiplication does two: for blocks of columns whose sums are proved to fit 16
bits. Where the columns as they stand allow short blocks only, an order of them is sought that allows longer ones.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kernels.common import assembly, thumb2
from kernels.common.assembly import output_addend, prove_doubled, set_symbols, stream
from kernels.common.blocks import Cut, equal
from kernels.common.constants import ONCE_GATES, Constants, ConstArray, dense_parts
from kernels.common.words import bytes_of, dense_scales, groups
from kernels.common.work import UnprovenError, Work
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array

SMALL = ("s8",)  # formats that have macros of their own for size
LONGEST = {"size": 2, "balanced": 8, "speed": 16}  # columns of a block: its code stands straight
TURNS = 256  # of the loop of size over blocks
ALONE = 2  # up to so many columns, four rows alone are faster than two pairs (speed)

STEP_ROWS = (0, 1, 2, 3)
PAIRS = {4: "P2", 3: "M", 2: "P1", 1: "W1"}  # rows: packing


# ---- blocks of columns ----


def columns(rows: Array, longest: int) -> Cut:
    """The fewest blocks that can be proved for rows (R, I), of at most ``longest`` columns, as short as they may be."""
    count = rows.shape[-1]
    lengths = range(min(longest, count + count % 2), 0, -2)
    return equal(rows, [n for n in lengths if n == 2 or -(-count // (n - 2)) > -(-count // n)])


def _chunks(along: Cut) -> Array:
    """(C, 4): numbers of the columns by fours, the last four of each block filled up with -1."""
    at = np.arange(along.blocks)[:, None] * along.length + np.arange(-(-along.length // 4) * 4)
    inside = (np.arange(at.shape[1]) < along.length) & (at < along.count)
    fours = np.where(inside, at, -1).reshape(-1, 4)
    return np.asarray(fours[fours[:, 0] >= 0])


# ---- rows to words ----


def words_of(rows: Array, packing: str, along: Cut, optimize: str) -> Array:
    """Rows (R, I) of int8 as weight words."""
    if packing == "BYTES":
        return bytes_of(rows.T)
    wide = along.ordered(rows).astype(np.int64)
    if packing == "W4":
        return 2 * wide.T
    even = len(wide) - len(wide) % 2
    first, second, alone = wide[:even:2], wide[1:even:2], wide[even:]
    if optimize == "speed":
        return np.concatenate([first + (second << 16), 2 * alone]).T
    chunks = _chunks(along)
    used = chunks >= 0
    first, second = (np.where(used, row[:, chunks] + 128, 0) for row in (first, second))  # (pairs, chunks, 4)
    pairs = first[..., ::2] | first[..., 1::2] << 8 | second[..., ::2] << 16 | second[..., 1::2] << 24
    four = np.where(used, alone[:, chunks] & 0xFF, 0) << np.arange(0, 32, 8)  # (0 or 1, chunks, 4)
    words = [four.sum(axis=-1), *pairs[..., 0], *pairs[..., 1]]
    needed = [used[:, 0]] * (len(wide) - len(pairs)) + [used[:, 2]] * len(pairs)
    return np.vstack(words).T[np.stack(needed, axis=-1)]


def _small_columns(rows: Array) -> Cut:
    """Blocks of two columns as they stand, for the one loop that all layers of size share."""
    along = columns(rows, LONGEST["size"])
    if along.order or along.blocks > TURNS:
        raise UnprovenError(f"optimize=size takes up to {2 * TURNS} columns whose pairs cannot overflow 16 bits")
    return along


def starts_of(bias: Array, packing: str, along: Cut, optimize: str) -> Array:
    """What the sums of rows (R,) start from, in the order of their registers."""
    wide = bias.astype(np.int64)
    if packing in ("W4", "BYTES"):
        return 2 * wide if packing == "W4" else wide
    starts: list[int] = []
    for k in range(0, len(wide) - 1, 2):
        starts += [2 * (wide[k] + (wide[k + 1] << 16)) - (along.blocks << 16), wide[k + 1]]
    if len(wide) % 2:
        starts.append(wide[-1] * (2 if optimize == "speed" else 1))
    return np.array(starts, np.int64)


def vector_words(packing: str, along: Cut, optimize: str) -> int:
    """Of the widened vector: a start for each block, and the columns."""
    if packing == "BYTES":
        return 0
    return 3 * along.blocks if optimize == "size" else along.count + along.blocks


def scratch_of(words: int) -> int:
    """Bytes: 3 to align it, and one where the code reads none, for a pointer to it."""
    return 4 * words + 3 if words else 1


# ---- LSTM ----


def packing_of(values: Array, which: str, optimize: str) -> tuple[str, Cut]:
    """How rows (gates, H, I) of the kernel or the recurrent kernel lie in words."""
    gates, _, count = values.shape
    rows = values.reshape(-1, count)
    if optimize == "size":
        return ("BYTES", Cut(count, count)) if gates == 3 else ("P2", _small_columns(rows))
    if optimize == "speed" and which == "kernel" and gates == 4 and count <= ALONE:
        return "W4", Cut(count, ALONE)
    return PAIRS[gates], columns(rows, LONGEST[optimize])


def hidden_forms(layer: Lstm) -> dict[str, int]:
    """Symbols of the cell and the hidden state, see lstm_s8.inc."""
    hidden, zero = assembly.hidden_factor(layer), layer.output.zero_point
    addend = output_addend(hidden, zero, 1 << 30)
    power = hidden.value == 1 << 30 and addend is not None and 2 * abs(addend) + 2 < 1 << 30
    return {**assembly.hidden_symbols(layer), "hidden_late": int(addend is None), "hidden_power": int(power)}


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    name, layer, source, once, optimize = work.name, work.layer, work.source, work.once, work.optimize
    assembly.prove_cell(layer)
    gates = ONCE_GATES if once else STEP_ROWS
    text, packed, header, words = "", [], [], 0
    for matrix in lower.gate_matrices(layer, source, once):
        which, values, starts = matrix.which, matrix.rows[list(gates)], matrix.starts[list(gates)]  # (gates, H, I)
        for k, gate in enumerate(gates):
            prove_doubled(values[k], starts[k], [matrix.factors[gate]])
        text += assembly.set_factors(which, gates, matrix.factors)
        packing, along = packing_of(values, which, optimize)
        vector = "input" if which == "kernel" else "hidden"
        text += set_symbols(**{f"{vector}_block": along.length, f"{vector}_ordered": int(bool(along.order))})
        text += set_symbols(kernel_packing=packing) if which == "kernel" else ""
        header += [bytes_of(np.array(along.order))]
        words += vector_words(packing, along, optimize)
        packed.append((values, starts, packing, along))
    text += set_symbols(inputs=layer.features, units=layer.units, **hidden_forms(layer))
    parts = [
        part
        for unit in range(layer.units)
        for values, starts, packing, along in packed
        for part in (
            starts_of(starts[:, unit], packing, along, optimize),
            words_of(values[:, unit], packing, along, optimize),
        )
    ]
    what = "input, candidate, output gate" if once else "each gate"
    blocks = " and ".join(str(along.length) for *_, along in packed)
    comment = f"{layer.units} units: starts of the sums and rows of {what}, blocks of {blocks} columns"
    array = stream(f"{name}_weights", header + parts, comment)
    return assembly.cell(work, text, array, scratch_of(words))


# ---- Dense ----


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    name, layer, source, optimize, parts = work.name, work.layer, work.source, work.optimize, work.parts
    outputs = len(layer.bias)
    bias, scales, symbols = dense_scales(layer, source)
    kernel = dense_parts(layer, work.steps, work.blocks)[0].reshape(parts, outputs, -1)  # (parts, O, I)
    inputs = kernel.shape[-1]
    words: list[Array] = []
    if optimize == "size":  # row by row
        along = Cut(inputs, inputs)
        rows_of = ((bias[k : k + 1], bytes_of(kernel[0, k]), scales[k]) for k in range(outputs))
        words = [words for row in rows_of for words in row] if parts == 1 else [bytes_of(kernel)]
        part_bytes, comment = outputs * inputs, f"({parts} parts) row by row"
    else:
        along = columns(kernel.reshape(-1, inputs), LONGEST[optimize])
        for part in range(parts):
            for rows in groups(outputs):
                packing = PAIRS[rows.stop - rows.start]
                words += [starts_of(bias[rows], packing, along, optimize)] if parts == 1 else []
                words.append(words_of(kernel[part, rows], packing, along, optimize))
                words += [scales[rows]] if parts == 1 else []
        part_bytes = 4 * sum(part.size for part in words) // parts
        comment = f"({parts} parts) four rows at a time, blocks of {along.length} columns"
    array = stream(f"{name}_weights", [bytes_of(np.array(along.order)), *words], comment)
    text = set_symbols(
        inputs=inputs,
        outputs=outputs,
        rest_packing=PAIRS[outputs % 4 or 4],
        input_block=along.length,
        input_ordered=int(bool(along.order)),
        part_bytes=part_bytes,
        **symbols,
    )
    times = 1 if optimize == "size" else 2
    twice = ConstArray(f"{name}_bias", (times * bias).astype(np.int32), "int32_t", f"({outputs} outputs) times {times}")
    rows_array = stream(f"{name}_scales", [scales], f"({outputs} outputs): multiplier, addend, shift")
    scratch = scratch_of(vector_words("BYTES" if optimize == "size" else "P2", along, optimize))
    return assembly.dense(work, text, array, (twice, rows_array), scratch)


# ---- tables ----


def prologue(optimize: str, formats: Iterable[str]) -> str:
    """What stands before the layers' code: options, the formats' macros, and the table of the activations."""
    return thumb2.prologue("armv7m", optimize, formats, SMALL, apart=True)
