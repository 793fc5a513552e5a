# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``vfp``: float32 layers as assembly for Arm's FPU (kernels/vfp/vfp_f32.inc).

The operations and their order are those of kernel set ``c``: the same bits.
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

STEP_ROWS, ONCE_ROWS = (1, 0, 3, 2), (0, 3, 2)  # gates f, i, o, c and i, o, c: the order of the registers s0 ..


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    layer, rows = work.layer, list(ONCE_ROWS if work.once else STEP_ROWS)
    matrices = [layer.kernel.values] if work.once else [layer.kernel.values, layer.recurrent.values]
    parts: list[Array] = []
    for unit in range(layer.units):
        parts.append(layer.bias[rows, unit])
        parts += [matrix[rows, unit].T for matrix in matrices]  # column by column
    comment = f"{layer.units} units: bias and columns of {len(rows)} gates' rows"
    return floats.lstm(work, floats.stream(work.name, parts, comment))


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    bias, parts = work.layer.bias, list[Array]()
    for part in floats.parts_of(work):
        for first in range(0, len(bias), 4):
            rows = slice(first, min(first + 4, len(bias)))
            parts += [bias[rows]] if work.parts == 1 else []
            parts.append(part[rows].T)
    return floats.dense(work, floats.stream(work.name, parts, f"({work.parts} parts) columns of four rows at a time"))


def prologue(optimize: str, formats: Iterable[str]) -> str:
    """What stands before the layers' code: the macros."""
    return THUMB + "".join(f'#include "vfp/vfp_{format}.inc"\n' for format in formats)
