# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 matrices whose rows have scales of their own, in kernel set ``asm`` for RV32IM (rows_s8.inc)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kernels.common.assembly import set_symbols
from kernels.common.rows import any_shift
from kernels.common.work import Work
from kernels.rv32im.layout import STRAIGHT_COLUMNS, Vectors, packed, packing_of, planned, prove_high, starts_of
from model.layers.recurrent import Recurrent
from model.lower import GateMatrix
from model.signal import Array


def _scales(matrix: GateMatrix, unit: int) -> Array:
    """(2 G,) of a unit's rows: twice the multiplier, and the shifts."""
    values, shifts = matrix.by_row.value[:, unit], matrix.by_row.shift[:, unit]
    entries = 1 + np.maximum(shifts, 0) + 256 * np.maximum(-shifts, 0) if any_shift(matrix) else -shifts
    return np.stack([2 * values, entries], axis=1).reshape(-1)


def _prove(matrix: GateMatrix) -> None:
    for gate, rows in enumerate(matrix.rows):
        for row, start, factor in zip(rows, matrix.starts[gate], matrix.by_row.at(gate).each(), strict=True):
            prove_high(row, start, factor)


def stream_of(
    work: Work[Recurrent], matrices: Sequence[GateMatrix], paired: int, function: str
) -> tuple[str, list[Array], int]:
    """Symbols and macros of a function, what it reads unit after unit, and bytes of scratch.

    ``paired``: rows of a unit that share words; others are alone.
    """
    layer, optimize = work.layer, work.optimize
    for matrix in matrices:
        _prove(matrix)
    plans = planned([matrix.rows[:paired] for matrix in matrices], optimize, STRAIGHT_COLUMNS[optimize])
    vectors, packing = Vectors(plans, optimize, False), packing_of(len(matrices[0].rows), optimize)
    text = set_symbols(inputs=layer.features, units=layer.units, packing=packing)
    text += set_symbols(**{f"{matrix.which}_any": int(any_shift(matrix)) for matrix in matrices})
    parts = [vectors.orders]
    for unit in range(layer.units):
        for matrix, plan in zip(matrices, plans, strict=True):
            parts.append(starts_of(matrix.starts[:, unit], packing, len(plan.segments)))
            parts.append(packed(matrix.rows[:, unit][:, plan.order], packing))
            parts.append(_scales(matrix, unit))
    return text + vectors.code(function, [packing]), parts, vectors.scratch
