# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``asm`` for ARMv7E-M (Cortex-M4, M7, M33): kernels/armv7em/.

Two rows share a halfword where sums of pairs are proved not to overflow; else one weight a halfword.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from kernels.common import assembly, thumb2
from kernels.common.assembly import output_addend, prove_doubled, set_symbols, stream
from kernels.common.constants import ONCE_GATES, Bound, Constants, ConstArray, dense_parts
from kernels.common.words import dense_scales, groups
from kernels.common.work import Work
from model import fixed_point as fp
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array

ALONE = {"size": 0, "balanced": 2, "speed": 2}  # up to so many columns, four rows alone are faster than two pairs

STEP_ROWS, ONCE_ROWS = (0, 1, 2, 3), ONCE_GATES  # gates A B C D of a unit, as lstm_s8.inc pairs them
PAIRS = {4: "P2", 3: "M", 2: "P1", 1: "W1"}  # rows: packing
WORDS = {4: "W4", 3: "W3", 2: "W2", 1: "W1"}
# rows in the order of the registers r4 .. r7, where sums of the rows alone start there
STEP_ORDER, ONCE_ORDER = (1, 0, 3, 2), (1, 0, 2)


# ---- columns and rows to words ----


def column_pairs(count: int) -> list[tuple[int, int]]:
    """Columns that share a word, in the order of ``widen`` in mac_s8.inc; -1: none."""
    pairs = [pair for first in range(0, count - 3, 4) for pair in ((first, first + 2), (first + 1, first + 3))]
    first = count - count % 4
    rest = {0: [], 1: [(first, -1)], 2: [(first, first + 1)], 3: [(first, first + 2), (first + 1, -1)]}
    return pairs + rest[count % 4]


def vector_words(count: int) -> int:
    """Words of a vector of int8 as halfwords."""
    return (count + 1) // 2


def _words(halves: Array) -> Array:
    """(R, I) halfwords to (R, words) int32: two columns a word."""
    padded = np.concatenate([halves, np.zeros((len(halves), 1), halves.dtype)], axis=1)
    low, high = np.array(column_pairs(halves.shape[1])).T
    return np.asarray((padded[:, low] & 0xFFFF) | (padded[:, high] << 16)).astype(np.int32)


def packed(rows: Array, pairs: bool) -> Array:
    """Rows (R, I) of int8 to weight words (words of a vector, words of the packing)."""
    wide = rows.astype(np.int64)
    if not pairs:
        return _words(2 * wide).T
    halves = [wide[k] + 256 * wide[k + 1] for k in range(0, len(wide) - 1, 2)]
    halves += [wide[-1]] if len(wide) % 2 else []
    return _words(np.stack(halves)).T


def sums(bias: Array, pairs: bool) -> Array:
    """What the sums of rows (R,) start from, doubled, in the order of the registers r4, r5, r6, r7."""
    wide = 2 * bias.astype(np.int64)
    if not pairs:
        return wide
    starts = [value for k in range(0, len(wide) - 1, 2) for value in (wide[k] + 256 * wide[k + 1], wide[k])]
    return np.array(starts + ([wide[-1]] if len(wide) % 2 else []))


def pairs_proved(rows: Array, bias: Array) -> bool:
    """Whether two rows can share a halfword: weights in +-127, twice every sum within 24 bits."""
    return bool(rows.min() >= -127 and lower.peak(rows, bias).max() < 1 << 22)


# ---- LSTM ----


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    name, layer, source, once, optimize = work.name, work.layer, work.source, work.once, work.optimize
    assembly.prove_cell(layer)
    gates, order = (ONCE_ROWS, ONCE_ORDER) if once else (STEP_ROWS, STEP_ORDER)
    matrices, proved = lower.gate_matrices(layer, source, once), True
    for matrix in matrices:
        rows, starts = matrix.rows, matrix.starts
        for gate in gates:
            prove_doubled(rows[gate], starts[gate], [matrix.factors[gate]])
        proved = proved and pairs_proved(rows[list(gates)], starts[list(gates)])
    pairs = [proved and (once or layer.features > ALONE[optimize]), proved][: len(matrices)]
    packings = [(PAIRS if paired else WORDS)[len(gates)] for paired in pairs]
    matrices = [matrix if paired else _shifted(matrix) for matrix, paired in zip(matrices, pairs, strict=True)]
    hidden = assembly.hidden_factor(layer)
    addend = output_addend(hidden, layer.output.zero_point, 1 << 30)
    hidden_starts = not proved or bool(layer.recurrent_bias.any())
    text = "".join(assembly.set_factors(matrix.which, gates, matrix.factors) for matrix in matrices)
    text += set_symbols(
        inputs=layer.features,
        units=layer.units,
        input_packing=packings[0],
        packing=packings[-1],
        hidden_starts=int(hidden_starts),
        **assembly.hidden_symbols(layer),
        hidden_late=int(addend is None),
    )
    parts = []
    for unit in range(layer.units):
        for matrix, paired in zip(matrices, pairs, strict=True):
            chosen = list(gates) if paired else [gates[k] for k in order]
            if matrix.which == "kernel" or hidden_starts:
                parts.append(sums(matrix.starts[chosen, unit], paired))
            parts.append(packed(matrix.rows[chosen, unit], paired))
    what = "input, candidate, output gate" if once else "each gate"
    comment = f"{layer.units} units: starts of the sums and rows of {what}, packed as {packings[-1]}"
    array = stream(f"{name}_weights", parts, comment)
    words = vector_words(layer.features) + (0 if once else vector_words(layer.units))
    least = None if once else bound(layer.units, words, starts=5, split=8, requantise=38)
    return assembly.cell(work, text, array, 4 * words + 3, _notes(work, proved), bound=least)  # 3 to align it


def bound(units: int, words: int, starts: float, split: float, requantise: float) -> Bound:
    """The least cycles of a step, see lstm_s8.inc: of all units, and words of both vectors."""
    gates = 8.75 * words + 1 + starts + split
    each = {"gates": gates, "requantise": requantise, "activation": 30.0, "cell": 26.0}
    return Bound("cortex-m4", {phase: units * cycles for phase, cycles in each.items()})


def _shifted(matrix: lower.GateMatrix) -> lower.GateMatrix:
    """Rows alone have room for the left shift of their sums."""
    left = np.maximum(matrix.by_row.shift, 0)  # (G, 1)
    if left.max() > 7:
        return matrix
    rows, starts = matrix.rows.astype(np.int64) << left[..., None], matrix.starts << left
    by_row = fp.Multipliers(matrix.by_row.value, np.minimum(matrix.by_row.shift, 0))
    return replace(matrix, rows=rows, starts=starts, by_row=by_row)


def _notes(work: Work[Lstm] | Work[Dense], pairs: bool) -> tuple[str, ...]:
    if pairs:
        return ()
    return (work.note("one weight a halfword", "pairs of rows could overflow"),)


# ---- Dense ----


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    name, layer, source, parts = work.name, work.layer, work.source, work.parts
    outputs = len(layer.bias)
    bias, scales, symbols = dense_scales(layer, source)
    kernel = dense_parts(layer, work.steps, work.blocks)[0].reshape(parts, outputs, -1)  # (parts, O, I)
    starts = bias if parts == 1 else np.zeros(outputs, np.int64)
    pairs = pairs_proved(kernel, np.broadcast_to(starts, (parts, outputs)))
    packings = PAIRS if pairs else WORDS
    words: list[Array] = []
    for part in range(parts):
        for rows in groups(outputs):
            words += [sums(starts[rows], pairs)] if parts == 1 else []
            words.append(packed(kernel[part, rows], pairs))
            words += [scales[rows]] if parts == 1 else []
    array = stream(f"{name}_weights", words, f"({parts} parts) four rows at a time, packed as {packings[4]}")
    text = set_symbols(
        inputs=kernel.shape[-1],
        outputs=outputs,
        packing=packings[4],
        input_packing=packings[4],
        rest_packing=packings[outputs % 4 or 4],
        part_bytes=4 * len(array.values) // parts,
        **symbols,
    )
    twice = ConstArray(f"{name}_bias", (2 * bias).astype(np.int32), "int32_t", f"({outputs} outputs), doubled")
    rows_array = stream(f"{name}_scales", [scales], f"({outputs} outputs): multiplier, addend, shift")
    scratch = 4 * vector_words(kernel.shape[-1]) + 3  # 3 to align it
    return assembly.dense(work, text, array, (twice, rows_array), scratch, _notes(work, pairs))


# ---- tables ----


def prologue(optimize: str, formats: Iterable[str]) -> str:
    """What stands before the layers' code: options, the formats' macros, and the table of the activations."""
    return thumb2.prologue("armv7em", optimize, formats, line=(16, 16))
