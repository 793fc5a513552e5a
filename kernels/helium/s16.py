# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int16x8 in kernel set ``asm`` for Armv8.1-M with MVE (mac_s16.inc): one byte a weight, widened as it is loaded."""

from __future__ import annotations

import itertools

import numpy as np

from kernels.common import assembly, wide
from kernels.common.assembly import set_symbols
from kernels.common.constants import Constants
from kernels.common.words import groups
from kernels.common.work import Work
from kernels.helium import layout
from kernels.helium.layout import ONCE_GATES, ROWS, STEP_GATES, eight, packed, words
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array

CHUNK = 8  # columns that a vector register holds


def _block(matrix: lower.GateMatrix, gate: int, units: slice, by_column: bool) -> list[bytes]:
    """A gate's share of the stream for up to eight units: what the sums of the input start from, and rows."""
    rows, starts = matrix.rows[gate, units], matrix.starts[gate, units]
    count = len(rows)
    weights = eight(rows, count).T.tobytes() if by_column else packed(rows[layout.unit_rows(count)], CHUNK)
    return [words(eight(starts, count)), weights] if matrix.which == "kernel" else [weights]


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    layer, once, units = work.layer, work.once, work.layer.units
    assembly.prove_cell(layer)
    gates, columns, text = ONCE_GATES if once else STEP_GATES, layout.by_columns(layer), ""
    matrices = lower.gate_matrices(layer, work.source, once)
    for matrix in matrices:
        text += assembly.set_factors(matrix.which, gates, wide.gate_factors(matrix))
    text += set_symbols(
        inputs=layer.features,
        units=units,
        columns=columns,
        left_rows=layout.left_rows(units),
        **assembly.hidden_symbols(layer),
    )
    parts = [
        part
        for block, gate, matrix in itertools.product(layout.blocks(units), gates, reversed(matrices))
        for part in _block(matrix, gate, block, bool(columns) and matrix is matrices[0])
    ]
    comment = f"{units} units, eight at a time: rows of each gate, starts of the input's sums"
    vectors = (0 if columns else layer.features, 0 if once else units)
    scratch = sum(layout.vector_bytes(2 * count) for count in vectors) + 3  # 3 to align it
    return assembly.cell(work, text, layout.stream(f"{work.name}_weights", parts, comment), scratch)


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    held = wide.dense_rows(work)
    order: list[bytes] = []
    parts, outputs, inputs = held.kernel.shape
    for part in range(parts):
        for rows in groups(outputs, ROWS):
            order += [words(held.starts[rows])] if parts == 1 else []
            order.append(packed(held.kernel[part, rows], CHUNK))
            order += [_in_fours(held.factors[rows])] if parts == 1 else []
    array = layout.stream(f"{work.name}_weights", order, f"({parts} parts), eight rows at a time")
    return wide.dense(work, held, array, layout.vector_bytes(2 * inputs) + 3)  # 3 to align it


def _in_fours(factors: Array) -> bytes:
    """Factors of rows, up to whole registers."""
    return words(np.pad(factors, (0, -len(factors) % 4)))
