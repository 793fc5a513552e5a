# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""An int8 LSTM of any activations in kernel set ``asm`` for ARMv7-M: its gates in assembly (gates_s8.inc), then C."""

from __future__ import annotations

from kernels.armv7m.rows import less_one, stream_of
from kernels.c.lstm_functions import update
from kernels.common.assembly import stream
from kernels.common.constants import Constants
from kernels.common.rows import in_bytes, prove_steps
from kernels.common.work import Work
from model.layers.lstm import Lstm
from model.signal import Array

ROWS = [0, 1, 2, 3]  # i, f, c, o: r4 .. r7


def _scales(values: Array, left: Array, right: Array, any_shift: bool) -> list[Array]:
    """See gates_s8.inc."""
    if not any_shift:
        return [values[:3], in_bytes(less_one(right)), values[3:]]
    halves = (1 << right) >> 1
    return [in_bytes(left), in_bytes(right), values[:2], halves[:2], values[2:], halves[2:]]


def lstm_functions(work: Work[Lstm]) -> Constants:
    """Constants and code of its step."""
    prove_steps(work, "LSTM of other functions", small=False)
    text, parts, scratch = stream_of(work, ROWS, _scales)
    comment = (
        f"{work.layer.units} units: starts of the sums, rows of i, f, c, o and scales; the same of the hidden state"
    )
    text = f'#include "armv7m/gates_s8.inc"\n{text}    gates_s8 {work.name}_gates\n'
    return update(work, stream(f"{work.name}_weights", parts, comment), text, scratch)
