# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int16x8 in kernel set ``asm`` for ARMv7E-M (mac_s16.inc): two rows share a halfword, one byte a weight."""

from __future__ import annotations

import numpy as np

from kernels.armv7em import gru as of_gru
from kernels.armv7em.layout import bound
from kernels.common import assembly, wide
from kernels.common.assembly import output_addend, set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.grus import prove
from kernels.common.words import groups
from kernels.common.work import UnprovenError, Work
from model import lower
from model.layers.dense import Dense
from model.layers.gru import Gru
from model.layers.lstm import Lstm
from model.signal import Array

FOUR = np.array([1, 1 << 16, 1 << 8, 1 << 24])  # where the four columns of a row alone stand in a word
PACKINGS = {4: "P2", 3: "M", 2: "P1", 1: "W1"}  # by rows
# by level: words of a layer's vectors that are taken straight, else so many in a turn of a loop, or of one of 4 turns
LSTM_LOOPS = {"size": (3, 2, 2), "balanced": (20, 4, 8), "speed": (96, 24, 24)}
DENSE_LOOPS = {"size": (3, 2, 2), "balanced": (3, 2, 4), "speed": (48, 24, 24)}
MOST_RIGHT = 24  # bits that a GRU's new share of the hidden state is shifted by
STEP_ROWS, ONCE_ROWS = (3, 1, 0, 2), (3, 2, 0)  # gates A B C D of a unit: o, f, i, c; A B and one alone: o, c, i


# ---- columns and rows to words ----


def vector_words(count: int) -> int:
    """Words of a vector of int16."""
    return (count + 1) // 2


def turn(words: int, of_layer: int, loops: tuple[int, int, int]) -> int:
    """Words of a vector that a turn of a loop takes; 0: none, all are taken straight."""
    straight, short, long = loops
    chosen = long if words >= 4 * long else short
    return chosen if of_layer > straight and words >= 2 * chosen else 0


def packed(rows: Array) -> Array:
    """Rows (R, I) of int8 to weight words in the order of use, see mac_s16.inc."""
    if rows.min() < -127:
        raise UnprovenError("a weight is -128, and the products of pairs of rows could overflow")
    values, paired, words = np.pad(rows.astype(np.int64), ((0, 0), (0, rows.shape[1] % 2))), len(rows) & ~1, []
    for first in range(0, values.shape[1], 4):
        columns = values[:, first : first + 4]
        words.append(_halves(columns[0:paired:2] + 256 * columns[1:paired:2]))
        alone = columns[paired:]
        words.append((alone & 0xFF) @ FOUR if alone.shape[1] == len(FOUR) else _halves(alone))
    return np.concatenate([each.reshape(-1) for each in words])


def _halves(rows: Array) -> Array:
    """(R, I) to words of two columns each (I / 2, R)."""
    return np.asarray((rows[:, 0::2] & 0xFFFF) | (rows[:, 1::2] << 16)).T


def _starts(bias: Array) -> Array:
    """What the sums of rows (R,) start from, as words in the order of the registers: of a pair raw low, high, and A."""
    words = []
    for k in range(0, len(bias) - 1, 2):
        first, second = int(bias[k]), int(bias[k + 1])
        raw = first + 256 * second
        words += [raw & 0xFFFFFFFF, raw >> 32, first]
    return np.array(words + ([int(bias[-1])] if len(bias) % 2 else []), np.int64)


# ---- layers ----


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    name, layer, once = work.name, work.layer, work.once
    assembly.prove_cell(layer)
    rows, text = ONCE_ROWS if once else STEP_ROWS, ""
    matrices = lower.gate_matrices(layer, work.source, once)
    for matrix in matrices:
        text += assembly.set_factors(matrix.which, rows, wide.gate_factors(matrix))
    addend = output_addend(assembly.hidden_factor(layer), layer.output.zero_point, 1 << 30)
    words, hidden_words = vector_words(layer.features), 0 if once else vector_words(layer.units)
    loops, of_layer = LSTM_LOOPS[work.optimize], words + hidden_words
    text += set_symbols(
        inputs=layer.features,
        units=layer.units,
        input_turn=turn(words, of_layer, loops),
        hidden_turn=turn(hidden_words, of_layer, loops),
        **assembly.hidden_symbols(layer),
        hidden_late=int(addend is None),
    )
    chosen = list(rows)
    parts = [
        part
        for unit in range(layer.units)
        for part in (
            _starts(matrices[0].starts[chosen, unit]),
            *(packed(matrix.rows[chosen, unit]) for matrix in matrices),
        )
    ]
    what = (
        "output and candidate gate paired, input gate" if once else "output and forget gate, input gate and candidate"
    )
    comment = f"{layer.units} units: starts of the sums and rows of {what}, packed as {PACKINGS[len(rows)]}"
    array = stream(f"{name}_weights", parts, comment)
    least = None if once else bound(layer.units, of_layer, starts=7, split=12, requantise=26)
    return assembly.cell(work, text, array, 4 * of_layer + 3, bound=least)  # 3 to align it


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of a GRU's step (gru_s16.inc)."""
    prove(work)
    layer, each = work.layer, []
    for matrix in lower.gate_matrices(layer, work.source):
        factors = _row_factors(matrix)
        rows, starts = matrix.rows[of_gru.IN_PAIRS], matrix.starts[of_gru.IN_PAIRS]
        each.append(
            [
                [
                    _starts(starts[:, unit]) if matrix.which == "kernel" else starts[-1:, unit],
                    packed(rows[:, unit]),
                    factors[of_gru.ALONE, unit],
                ]
                for unit in range(layer.units)
            ]
        )
    words, hidden_words = vector_words(layer.features), vector_words(layer.units)
    loops, of_layer, added = LSTM_LOOPS[work.optimize], words + hidden_words, layer.update.added
    if not -MOST_RIGHT <= added.shift < 0:
        raise UnprovenError(f"the hidden state's scale is {layer.output.scale:g}")
    text = of_gru.opening(
        layer,
        cell_log2=0,
        cell_limit=lower.NO_LIMIT,
        added_m=added.value,
        added_s=added.shift,
        input_turn=turn(words, of_layer, loops),
        hidden_turn=turn(hidden_words, of_layer, loops),
    )
    parts = [part for unit in zip(*each, strict=True) for of_matrix in unit for part in of_matrix]
    comment = f"{layer.units} units: starts, rows of z, r, h packed as {PACKINGS[3]}, scales; the same of h"
    return assembly.cell(work, text, stream(f"{work.name}_weights", parts, comment), 4 * of_layer + 3)  # to align it


def _row_factors(matrix: lower.GateMatrix) -> Array:
    """(3, H): with which the high word of a sum's product is the row's gate in Q3.12."""
    made = []
    for gate in range(len(matrix.rows)):
        rows = zip(matrix.by_row.at(gate).each(), matrix.rows[gate], matrix.starts[gate], strict=True)
        made.append([wide.high_word(factor, wide.peak(row, start)) for factor, row, start in rows])
    if any(factor.shift for gate in made for factor in gate):
        raise UnprovenError("a row's scale is above 1/2 or below 2^-18")
    return np.array([[factor.value for factor in gate] for gate in made], np.int64)


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    held = wide.dense_rows(work)
    order: list[Array] = []
    parts, outputs, inputs = held.kernel.shape
    for part in range(parts):
        for rows in groups(outputs):
            order += [_starts(held.starts[rows])] if parts == 1 else []
            order.append(packed(held.kernel[part, rows]))
            order += [held.factors[rows]] if parts == 1 else []
    words = vector_words(inputs)
    return wide.dense(
        work,
        held,
        stream(f"{work.name}_weights", order, f"({parts} parts) four rows at a time, packed as P2"),
        4 * words + 3,  # 3 to align it
        input_turn=turn(words, words, DENSE_LOOPS[work.optimize]),
        packing=PACKINGS[4],
        rest_packing=PACKINGS[outputs % 4 or 4],
    )
