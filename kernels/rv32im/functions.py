# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""An int8 LSTM of any activations in kernel set ``asm`` for RV32IM: its gates in assembly (gates_s8.inc), then C."""

from __future__ import annotations

from kernels.c.lstm_functions import update
from kernels.common.assembly import stream
from kernels.common.constants import Constants
from kernels.common.rows import prove_steps
from kernels.common.work import Work
from kernels.rv32im.rows import stream_of
from model import lower
from model.layers.lstm import Lstm


def lstm_functions(work: Work[Lstm]) -> Constants:
    """Constants and code of its step."""
    prove_steps(work, "LSTM of other functions", small=False)
    layer, function = work.layer, f"{work.name}_gates"
    matrices = lower.gate_matrices(layer, work.source)
    text, parts, scratch = stream_of(work, matrices, len(layer.all_gates), function)
    comment = f"{layer.units} units: starts of the sums, rows of i, f, c, o and scales; the same of the hidden state"
    text = f'#include "rv32im/gates_s8.inc"\n{text}    gates_s8 {function}\n'
    return update(work, stream(f"{work.name}_weights", parts, comment), text, scratch)
