# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 GRU in kernel set ``asm`` for ARMv7-M (gru_s8.inc)."""

from __future__ import annotations

from kernels.armv7m.rows import less_one, stream_of
from kernels.common import assembly
from kernels.common.assembly import output_addend, set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.grus import kept_symbols, prove
from kernels.common.rows import in_bytes
from kernels.common.work import Work
from model.layers.gru import Gru
from model.lower import NO_LIMIT
from model.signal import Array

ROWS = [1, 0, 2]  # r, z in a pair, and h: r4, r5, r6


def _scales(values: Array, left: Array, right: Array, any_shift: bool) -> list[Array]:
    """See gru_s8.inc."""
    if not any_shift:
        return [values, in_bytes(less_one(right))]
    return [values[:2], in_bytes(left), values[2:], (1 << right) >> 1, in_bytes(right)]


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of a GRU's step."""
    prove(work, small=False)
    name, layer = work.name, work.layer
    text, parts, scratch = stream_of(work, ROWS, _scales)
    late = output_addend(layer.update.shown, layer.output.zero_point, NO_LIMIT) is None
    symbols = set_symbols(hidden_late=int(late), hidden_power=0, **kept_symbols(layer))
    comment = f"{layer.units} units: starts of the sums, rows of r, z, h and scales; the same of the hidden state"
    text = f'#include "armv7m/gru_s8.inc"\n{text}{symbols}'
    return assembly.cell(work, text, stream(f"{name}_weights", parts, comment), scratch)
