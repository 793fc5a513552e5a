# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""float32 GRU in kernel set ``helium_f32`` (gru_f32.inc)."""

from __future__ import annotations

from dataclasses import replace

from kernels.common import floats
from kernels.common.constants import Constants
from kernels.common.grus import prove
from kernels.common.work import Work
from kernels.helium_f32.layout import UNITS
from model.layers.gru import CANDIDATE, Gru
from model.signal import Array

ROWS = [1, 0, 2]  # gates r, z, h: the order of the registers


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of a GRU's step."""
    prove(work)
    layer, parts = work.layer, list[Array]()
    for first in range(0, layer.units, UNITS):
        units = slice(first, first + UNITS)
        parts += [layer.bias[ROWS, units], layer.kernel.values[ROWS, units].transpose(2, 0, 1)]  # column by column
        parts += [layer.recurrent_bias[CANDIDATE, units], layer.recurrent.values[ROWS, units].transpose(2, 0, 1)]
    comment = f"{layer.units} units, four at a time: biases and columns of r, z, h; the same of the hidden state"
    made = floats.cell(work, floats.stream(work.name, parts, comment))
    return replace(made, assembly=f'#include "helium_f32/gru_f32.inc"\n{made.assembly}')
