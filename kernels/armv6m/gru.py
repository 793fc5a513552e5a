# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 GRU in kernel set ``asm`` for ARMv6-M (gru_s8.inc)."""

from __future__ import annotations

from kernels.armv6m.layout import hidden_symbols
from kernels.armv6m.rows import stream_of
from kernels.common import assembly
from kernels.common.assembly import set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.grus import kept_symbols, prove
from kernels.common.work import Work
from model.layers.gru import Gru

ORDER = (1, 2, 0)  # of the sums: r, h, z
PAIRED = 2  # rows z, r; that of the candidate is alone


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of a GRU's step."""
    prove(work, small=False)
    name, layer = work.name, work.layer
    text, parts, scratch = stream_of(work, PAIRED, ORDER)
    text += set_symbols(**{**kept_symbols(layer), **hidden_symbols(layer.update.shown, layer.output.zero_point)})
    comment = f"{layer.units} units: starts of the sums, rows of z, r, h and scales; the same of the hidden state"
    text = f'#include "armv6m/gru_s8.inc"\n{text}'
    return assembly.cell(work, text, stream(f"{name}_weights", parts, comment), scratch)
