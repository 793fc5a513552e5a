# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""float32 GRU in kernel set ``vfp`` (gru_f32.inc)."""

from __future__ import annotations

from dataclasses import replace

from kernels.common import floats
from kernels.common.constants import Constants
from kernels.common.grus import prove
from kernels.common.work import Work
from model.layers.gru import CANDIDATE, Gru

ROWS = [1, 0, 2]  # gates r, z, h~: the order of the registers s0 ..


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of a GRU's step."""
    prove(work)
    layer, parts = work.layer, []
    for unit in range(layer.units):
        parts += [layer.bias[ROWS, unit], layer.kernel.values[ROWS, unit].T]
        parts += [layer.recurrent_bias[CANDIDATE:, unit], layer.recurrent.values[ROWS, unit].T]
    comment = f"{layer.units} units: biases and columns of the rows of r, z, h; the same of the hidden state"
    made = floats.cell(work, floats.stream(work.name, parts, comment))
    return replace(made, assembly=f'#include "vfp/gru_f32.inc"\n{made.assembly}')
