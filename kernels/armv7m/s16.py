# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int16x8 in kernel set ``asm`` for ARMv7-M (mac_s16.inc): a product a weight, one byte a weight."""

from __future__ import annotations

import numpy as np

from kernels.armv7m.layout import PAIRS, STEP_ROWS, hidden_forms
from kernels.common import assembly, wide
from kernels.common.assembly import set_symbols, stream
from kernels.common.constants import ONCE_GATES, Constants
from kernels.common.words import bytes_of, groups
from kernels.common.work import Work
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array

STRAIGHT = {"size": 4, "balanced": 20, "speed": 40}  # columns of one matrix's code in an LSTM: its constants are near
DENSE_STRAIGHT = {"size": 4, "balanced": 8, "speed": 64}
HEAD = 4  # words ahead of a vector


def turn(columns: int, straight: int) -> int:
    """Columns that a turn of a loop takes, in fours; 0: no loop."""
    return 4 * wide.turn(columns // 4, straight // 4)


def _rows(rows: Array, starts: Array | None) -> list[Array]:
    """Rows (R, I) of int8 as words, with what their sums start from (R,) if it is there."""
    more = [] if starts is None else [starts]
    if len(rows) == wide.ROWS:
        return [wide.raised(rows), *more]
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))
    return [*more, bytes_of(padded.reshape(len(rows), -1, 4).swapaxes(0, 1))]


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    name, layer, once, optimize = work.name, work.layer, work.once, work.optimize
    assembly.prove_cell(layer)
    gates, text = list(ONCE_GATES if once else STEP_ROWS), ""
    matrices = lower.gate_matrices(layer, work.source, once)
    for matrix in matrices:
        text += assembly.set_factors(matrix.which, gates, wide.gate_factors(matrix))
    text += set_symbols(
        inputs=layer.features,
        units=layer.units,
        input_turn=turn(layer.features, STRAIGHT[optimize]),
        hidden_turn=turn(layer.units, STRAIGHT[optimize]),
        **hidden_forms(layer),
    )
    parts: list[Array] = []
    for unit in range(layer.units):
        parts += _rows(matrices[0].rows[gates, unit], matrices[0].starts[gates, unit])
        for matrix in matrices[1:]:
            parts += _rows(matrix.rows[gates, unit], None)
    what = "input, candidate, output gate, each alone" if once else "each gate, side by side"
    array = stream(f"{name}_weights", parts, f"{layer.units} units: rows of {what}, and starts of their sums")
    words = layer.features + HEAD + (0 if once else layer.units + HEAD)
    return assembly.cell(work, text, array, 4 * words + 3)  # 3 to align it


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    held = wide.dense_rows(work)
    order: list[Array] = []
    parts, outputs, inputs = held.kernel.shape
    for part in range(parts):
        for rows in groups(outputs):
            order += _rows(held.kernel[part, rows], held.starts[rows] if parts == 1 else None)
            order += [held.factors[rows]] if parts == 1 else []
    return wide.dense(
        work,
        held,
        stream(f"{work.name}_weights", order, f"({parts} parts) four rows at a time, side by side"),
        4 * (inputs + HEAD) + 3,  # 3 to align it
        input_turn=turn(inputs, DENSE_STRAIGHT[work.optimize]),
        rest_packing=PAIRS[outputs % 4 or 4],
    )
