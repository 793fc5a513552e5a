# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""An int8 LSTM of any activations in kernel set ``asm`` for MVE: its gates in assembly (gates_s8.inc), then C."""

from __future__ import annotations

from kernels.c.lstm_functions import update
from kernels.common.constants import Constants
from kernels.common.rows import prove_steps
from kernels.common.work import Work
from kernels.helium.layout import ROWS, stream
from kernels.helium.rows import stream_of
from model.layers.lstm import Lstm


def lstm_functions(work: Work[Lstm]) -> Constants:
    """Constants and code of its step."""
    prove_steps(work, "LSTM of other functions")
    text, parts, scratch = stream_of(work, range(len(work.layer.all_gates)))
    comment = f"{work.layer.units} units, eight at a time: starts of the sums and rows of i, f, c, o, scales"
    text = f'#include "helium/gates_s8.inc"\n{text}    gates_s8 {work.name}_gates\n'
    return update(work, stream(f"{work.name}_weights", parts, comment), text, scratch, ROWS)
