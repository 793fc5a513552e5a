# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 GRU in kernel set ``asm`` for RV32IM (gru_s8.inc)."""

from __future__ import annotations

from kernels.common import assembly
from kernels.common.assembly import set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.grus import kept_symbols, prove
from kernels.common.work import Work
from kernels.rv32im.rows import stream_of
from model import lower
from model.layers.gru import Gru

PAIRED = 2  # rows z, r; that of the candidate is alone


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of a GRU's step."""
    prove(work, small=False)
    name, layer = work.name, work.layer
    matrices = lower.gate_matrices(layer, work.source)
    text, parts, scratch = stream_of(work, matrices, PAIRED, f"{name}_step")
    comment = f"{layer.units} units: starts of the sums, rows of z, r, h and scales; the same of the hidden state"
    text = '#include "rv32im/gru_s8.inc"\n' + set_symbols(**kept_symbols(layer)) + text
    return assembly.cell(work, text, stream(f"{name}_weights", parts, comment), scratch)
