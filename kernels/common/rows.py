# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What assembly of cells whose rows have scales of their own has in common."""

from __future__ import annotations

import numpy as np

from kernels.common.work import UnprovenError, Work
from model.layers.recurrent import Recurrent
from model.lower import GateMatrix
from model.signal import Array


def prove_steps(work: Work[Recurrent], what: str, small: bool = True) -> None:
    """Steps go on from others, and the level has code for them; ``what``: a cell of this kind."""
    if work.once:
        raise UnprovenError(f"a single step from reset is written for no {what}")
    if work.optimize == "size" and not small:
        raise UnprovenError(f"no {what} is written for size")


def any_shift(matrix: GateMatrix, least: int = 1) -> bool:
    """Whether a row is shifted right by less than ``least`` bits, or to the left, on its way to a gate's scale."""
    return bool(((matrix.by_row.shift > -least) & (matrix.by_row.value > 0)).any())


def in_bytes(shifts: Array) -> Array:
    """(1,) a word of up to four numbers (R,), that of the first row in its low byte."""
    return np.array([sum(int(each) << 8 * k for k, each in enumerate(shifts))])
