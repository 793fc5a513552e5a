# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""float32 layers for RISC-V vectors (kernels/rvv/dense_f32.inc): all rows side by side, column by column.

The operations and their order are those of kernel set ``c``: the same bits.
"""

from __future__ import annotations

import numpy as np

from kernels.common import floats
from kernels.common.constants import Constants
from kernels.common.work import Work
from kernels.rvv.layout import ONCE_ROWS, STEP_ROWS
from model.layers.dense import Dense
from model.layers.lstm import Lstm


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    layer, rows = work.layer, list(ONCE_ROWS if work.once else STEP_ROWS)
    matrices = [layer.kernel.values] if work.once else [layer.kernel.values, layer.recurrent.values]
    parts = [layer.bias[rows], *(matrix[rows].transpose(2, 0, 1) for matrix in matrices)]
    return floats.lstm(work, floats.stream(work.name, parts, f"bias and columns of {len(rows)} gates' rows"))


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    bias = [work.layer.bias] if work.parts == 1 else []
    columns = np.swapaxes(floats.parts_of(work), 1, 2)  # (parts, I, O)
    return floats.dense(work, floats.stream(work.name, [*bias, columns], f"({work.parts} parts) columns of rows"))
