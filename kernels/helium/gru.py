# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 GRU in kernel set ``asm`` for Armv8.1-M with MVE (gru_s8.inc)."""

from __future__ import annotations

from kernels.common import assembly
from kernels.common.assembly import set_symbols
from kernels.common.constants import Constants
from kernels.common.grus import kept_symbols, prove
from kernels.common.work import Work
from kernels.helium.layout import stream
from kernels.helium.rows import stream_of
from model.layers.gru import Gru

ORDER = (1, 0, 2)  # of work: r, z, h


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of a GRU's step."""
    prove(work)
    text, parts, scratch = stream_of(work, ORDER)
    text = f'#include "helium/gru_s8.inc"\n{text}{set_symbols(**kept_symbols(work.layer))}'
    comment = f"{work.layer.units} units, eight at a time: starts of the sums and rows of r, z, h, scales"
    return assembly.cell(work, text, stream(f"{work.name}_weights", parts, comment), scratch)
