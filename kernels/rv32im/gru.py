# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 GRU in kernel set ``asm`` for RV32IM (gru_s8.inc)."""

from __future__ import annotations

import numpy as np

from kernels.common import assembly
from kernels.common.assembly import set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.grus import any_shift, kept_symbols, prove
from kernels.common.work import UnprovenError, Work
from kernels.rv32im.layout import STRAIGHT_COLUMNS, Vectors, packed, packing_of, planned, prove_high, starts_of
from model import lower
from model.layers.gru import Gru
from model.lower import GateMatrix
from model.signal import Array

PAIRED = 2  # rows z, r; that of the candidate is alone


def _scales(matrix: GateMatrix, unit: int) -> Array:
    """(6,) of a unit's rows: twice the multiplier, and the shifts."""
    values, shifts = matrix.by_row.value[:, unit], matrix.by_row.shift[:, unit]
    entries = 1 + np.maximum(shifts, 0) + 256 * np.maximum(-shifts, 0) if any_shift(matrix) else -shifts
    return np.stack([2 * values, entries], axis=1).reshape(-1)


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of a GRU's step."""
    prove(work)
    name, layer, optimize = work.name, work.layer, work.optimize
    if optimize == "size":
        raise UnprovenError("no GRU is written for size")
    matrices = lower.gate_matrices(layer, work.source)
    for matrix in matrices:
        for gate in range(len(matrix.rows)):
            for row, start, factor in zip(
                matrix.rows[gate], matrix.starts[gate], matrix.by_row.at(gate).each(), strict=True
            ):
                prove_high(row, start, factor)
    plans = planned([matrix.rows[:PAIRED] for matrix in matrices], optimize, STRAIGHT_COLUMNS[optimize])
    vectors, packing = Vectors(plans, optimize, False), packing_of(len(matrices[0].rows), optimize)
    text = '#include "rv32im/gru_s8.inc"\n'
    text += set_symbols(inputs=layer.features, units=layer.units, packing=packing, **kept_symbols(layer))
    text += set_symbols(**{f"{matrix.which}_any": int(any_shift(matrix)) for matrix in matrices})
    parts = [vectors.orders]
    for unit in range(layer.units):
        for matrix, plan in zip(matrices, plans, strict=True):
            parts.append(starts_of(matrix.starts[:, unit], packing, len(plan.segments)))
            parts.append(packed(matrix.rows[:, unit][:, plan.order], packing))
            parts.append(_scales(matrix, unit))
    comment = f"{layer.units} units: starts of the sums, rows of z, r, h packed as {packing}, scales; the same of h"
    array = stream(f"{name}_weights", parts, comment)
    text += vectors.code(f"{name}_step", [packing])
    return assembly.cell(work, text, array, vectors.scratch)
