# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int16x8 in kernel set ``asm`` for ARMv6-M (mac_s16.inc): a product a weight, one byte a weight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kernels.armv6m.layout import (
    ONCE_GATES,
    STEP_GATES,
    gates_of,
    lstm_symbols,
    prove_columns,
    small_lstm,
)
from kernels.common import assembly, wide
from kernels.common.assembly import set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.words import bytes_of, groups
from kernels.common.work import Work
from model import fixed_point as fp
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.lower import GateMatrix
from model.signal import Array

LOOPS = {"balanced": (15, 8), "speed": (64, 8)}  # columns of a matrix that stand straight, else those of a turn
DENSE_LOOPS = {"balanced": (7, 4), "speed": (23, 8)}
HEAD = 4  # words ahead of a vector


def _turn(columns: int, loops: tuple[int, int]) -> int:
    """Columns that a turn of a loop takes; 0: no loop."""
    straight, turn = loops
    return turn if columns > straight else 0


def scratch(*counts: int) -> int:
    """Bytes of vectors as words, each with its head, and 3 to align them."""
    return 4 * sum(count + HEAD for count in counts) + 3


# ---- factors ----


def gate_factor(factor: fp.Multiplier, rows: Array, starts: Array) -> tuple[fp.Multiplier, int]:
    """(m, s) and n as lstm_s16.inc has them; s is below 0 where more than 32 bits are shifted out."""
    word = wide.high_word(factor, wide.peak(rows, starts))
    reduced, right = (int(each) for each in fp.reduced16(factor))
    return fp.Multiplier(reduced, word.shift), max(right - 16, 0)


def row_scales(factors: Array) -> Array:
    """m + (n << 16) of each row of a Dense, from ``wide.dense_factors``: m of 16 bits, 1 <= n."""
    lengths = np.array([int(factor).bit_length() for factor in factors])
    shifts = np.where(factors > 0, 32 - lengths, 1)
    return np.asarray((factors << shifts >> 16) + (shifts << 16))


# ---- LSTM ----


def _matrices(work: Work[Lstm]) -> tuple[list[GateMatrix], str]:
    """The kernel and, unless once, the recurrent kernel, whose sums are proved to fit; symbols of the layer."""
    layer = work.layer
    assembly.prove_cell(layer)
    prove_columns(layer.features, layer.units)
    matrices, text = lower.gate_matrices(layer, work.source, work.once), lstm_symbols(layer)
    gates = ONCE_GATES if work.once else STEP_GATES
    for matrix in matrices:
        found = [gate_factor(*each) for each in zip(matrix.factors, matrix.rows, matrix.starts, strict=True)]
        text += assembly.set_factors(matrix.which, gates, [factor for factor, _ in found])
        text += set_symbols(**{f"{matrix.which}_{assembly.GATE_NAMES[gate]}_n": found[gate][1] for gate in gates})
    return matrices, text


def _unit(matrices: list[GateMatrix], unit: int, once: bool) -> list[Array]:
    """A unit's starts and weights in the order of use."""
    gates = list(ONCE_GATES if once else STEP_GATES)
    starts, rows = matrices[0].starts[gates, unit], matrices[0].rows[gates, unit]
    if once:
        return [wide.raw_starts(starts[:2]), starts[2:], wide.raised(rows[:2]), wide.raised(rows[2:])]
    return [wide.raw_starts(starts), *(wide.raised(matrix.rows[gates, unit]) for matrix in matrices)]


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    layer, once, optimize = work.layer, work.once, work.optimize
    matrices, text = _matrices(work)
    if optimize == "size":
        return small_lstm(work, matrices, 1, text)
    words = [part for unit in range(layer.units) for part in _unit(matrices, unit, once)]
    comment = f"{layer.units} units: starts of the sums and rows of {gates_of(once)}, side by side"
    array = stream(f"{work.name}_weights", words, comment)
    text += set_symbols(
        input_turn=_turn(layer.features, LOOPS[optimize]),
        hidden_turn=_turn(layer.units, LOOPS[optimize]),
        weights_bytes=4 * len(array.values),
    )
    return assembly.cell(work, text, array, scratch(layer.features, *([] if once else [layer.units])))


# ---- Dense ----


def _groups(outputs: int) -> list[slice]:
    """Four rows at a time, then two, then one."""
    fours = outputs & ~3
    rest = [slice(first, first + rows) for first, rows in ((fours, outputs & 2), (outputs - 1, outputs & 1)) if rows]
    return [*groups(fours), *rest]


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    held, optimize, whole = wide.dense_rows(work), work.optimize, work.parts == 1
    held = replace(held, factors=row_scales(held.factors))
    parts, outputs, inputs = held.kernel.shape
    prove_columns(inputs, outputs)
    if optimize == "size":
        ahead = [held.starts, held.factors] if whole else []
        words = [*ahead, *(bytes_of(part) for part in held.kernel)]
        array = stream(f"{work.name}_weights", words, f"({parts} parts, {outputs} rows)")
        return wide.dense(work, held, array, 1)
    words = []
    for part in range(parts):
        for rows in _groups(outputs):
            words += [wide.raw_starts(held.starts[rows])] if whole else []
            words.append(wide.raised(held.kernel[part, rows]))
            words += [held.factors[rows]] if whole else []
    array = stream(f"{work.name}_weights", words, f"({parts} parts) four rows at a time, side by side")
    return wide.dense(work, held, array, scratch(inputs), input_turn=_turn(inputs, DENSE_LOOPS[optimize]))
