# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``dynamic`` for MVE (helium_dyn.inc): int8's sums of eight rows, float32's cell of four units."""

from __future__ import annotations

import numpy as np

from kernels.common import floats
from kernels.common.constants import Constants
from kernels.common.words import groups
from kernels.common.work import Work
from kernels.helium.layout import ROWS, blocks, packed, stream, vector_bytes, words
from kernels.helium_f32.layout import ONCE_ROWS, STEP_ROWS, UNITS
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array, scale_of


def _filled(values: Array) -> Array:
    """Zeros behind them, up to whole vectors."""
    return np.pad(values, (0, -len(values) % UNITS))


def _floats(values: Array) -> bytes:
    return _filled(values).astype("<f4").tobytes()


def _rows(rows: Array) -> bytes:
    """Rows (R <= 8, I) of int8, and the sum of each."""
    return packed(rows) + words(_filled(rows.astype(np.int64).sum(axis=1)))


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    layer, gates = work.layer, list(ONCE_ROWS if work.once else STEP_ROWS)
    matrices = [layer.kernel] if work.once else [layer.kernel, layer.recurrent]
    parts = [_floats(scale_of(matrix)[gates]) for matrix in matrices]
    for units in blocks(layer.units):
        for gate in gates:
            parts += [_rows(layer.kernel.values[gate, units]), _floats(layer.bias[gate, units])]
            parts += [_rows(matrix.values[gate, units]) for matrix in matrices[1:]]
    scratch = vector_bytes(layer.features) + (0 if work.once else vector_bytes(layer.units))
    shown = 4 * ROWS * len(gates)
    comment = f"scales; {layer.units} units, eight at a time: rows of each gate, their sums, biases"
    return floats.lstm(work, stream(f"{work.name}_weights", parts, comment), (scratch + shown) // 4)


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    bias, scales = work.layer.bias, _floats(scale_of(work.layer.kernel))
    order = [scales]
    for part in floats.parts_of(work):
        for rows in groups(len(bias), ROWS):
            order += [_rows(part[rows]), *([_floats(bias[rows])] if work.parts == 1 else [])]
    comment = f"scales; ({work.parts} parts) eight rows at a time, their sums"
    scratch = vector_bytes(work.layer.kernel.values.shape[1] // work.parts) // 4
    weights = stream(f"{work.name}_weights", order, comment)
    return floats.dense(work, weights, scratch, before=len(scales) // 4)
