# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``helium_f32``: float32 layers as assembly for MVE's floats (kernels/helium_f32/helium_f32.inc).

The operations and their order are those of kernel set ``c``: the same bits, but that vectors take numbers below 2^-126
for 0.
"""

from __future__ import annotations

from collections.abc import Iterable

from kernels.common import floats
from kernels.common.assembly import THUMB
from kernels.common.constants import Constants
from kernels.common.work import Work
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array

STEP_ROWS, ONCE_ROWS = (0, 3, 2, 1), (0, 3, 2)  # gates i, o, c, f and i, o, c: the order of the registers
UNITS = 4  # side by side
ROWS = 16  # of a Dense


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    layer, rows = work.layer, list(ONCE_ROWS if work.once else STEP_ROWS)
    matrices = [layer.kernel.values] if work.once else [layer.kernel.values, layer.recurrent.values]
    parts: list[Array] = []
    for first in range(0, layer.units, UNITS):
        units = slice(first, first + UNITS)
        parts.append(layer.bias[rows, units])
        parts += [matrix[rows, units].transpose(2, 0, 1) for matrix in matrices]  # column by column
    comment = f"{layer.units} units, four at a time: bias and columns of {len(rows)} gates' rows"
    return floats.lstm(work, floats.stream(work.name, parts, comment))


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    bias, parts = work.layer.bias, list[Array]()
    for part in floats.parts_of(work):
        for first in range(0, len(bias), ROWS):
            rows = slice(first, first + ROWS)
            parts += [bias[rows]] if work.parts == 1 else []
            parts.append(part[rows].T)
    comment = f"({work.parts} parts) columns of {ROWS} rows at a time"
    return floats.dense(work, floats.stream(work.name, parts, comment))


def prologue(optimize: str, formats: Iterable[str]) -> str:
    """What stands before the layers' code: the macros."""
    included = "".join(f'#include "helium_f32/helium_{format}.inc"\n' for format in formats)
    return THUMB + included
