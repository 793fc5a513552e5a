# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``dynamic`` for RISC-V vectors (dense_dyn.inc): rows side by side as in float32, their weights in bytes."""

from __future__ import annotations

import numpy as np

from kernels.common import floats
from kernels.common.assembly import stream
from kernels.common.constants import Constants
from kernels.common.words import bytes_of
from kernels.common.work import UnprovenError, Work
from kernels.rvv.layout import ONCE_ROWS, STEP_ROWS
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Weights, scale_of

FURTHEST = 255  # a quantised number from its zero point


def _prove(*matrices: Weights) -> None:
    for matrix in matrices:
        largest = FURTHEST * int(np.abs(matrix.values.astype(np.int64)).sum(axis=-1).max())
        if largest >= 1 << 31:
            raise UnprovenError(f"a sum can reach {largest} and overflow 32 bits")


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    layer, rows = work.layer, list(ONCE_ROWS if work.once else STEP_ROWS)
    matrices = [layer.kernel] if work.once else [layer.kernel, layer.recurrent]
    _prove(*matrices)
    parts = [floats.bits(scale_of(matrix)[rows]) for matrix in matrices]
    parts.append(floats.bits(layer.bias[rows]))
    columns = [matrix.values[two].transpose(2, 0, 1) for matrix in matrices for two in (rows[:-2], rows[-2:])]
    parts.append(bytes_of(np.concatenate([each.reshape(-1) for each in columns])))
    comment = f"scales, biases and columns of {len(rows)} gates' rows"
    halfwords = layer.features + (0 if work.once else layer.units)
    return floats.lstm(work, stream(f"{work.name}_weights", parts, comment), -(-halfwords // 2))


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    layer, whole = work.layer, work.parts == 1
    _prove(layer.kernel)
    before = [floats.bits(each) for each in ([layer.bias] if whole else []) + [scale_of(layer.kernel)]]
    columns = [bytes_of(part.T) for part in floats.parts_of(work)]
    inputs = layer.kernel.values.shape[1] // work.parts
    return floats.dense(
        work,
        stream(f"{work.name}_weights", [*before, *columns], f"({work.parts} parts) scales, then columns of rows"),
        -(-inputs // 2),
        before=sum(map(len, before)),
    )
