# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A float32 LSTM of any activations in kernel set ``vfp``: its gates in assembly (gates_f32.inc), then C."""

from __future__ import annotations

from kernels.c.lstm_functions import update
from kernels.common import floats
from kernels.common.assembly import set_symbols
from kernels.common.constants import Constants
from kernels.common.rows import prove_steps
from kernels.common.work import Work
from model.layers.lstm import Lstm
from model.signal import Array


def lstm_functions(work: Work[Lstm]) -> Constants:
    """Constants and code of its step."""
    prove_steps(work, "LSTM of other functions")
    layer, parts = work.layer, list[Array]()
    for unit in range(layer.units):
        parts += [layer.bias[:, unit], layer.kernel.values[:, unit].T, layer.recurrent.values[:, unit].T]
    comment = f"{layer.units} units: biases and columns of the rows of i, f, c, o"
    text = '#include "vfp/gates_f32.inc"\n' + set_symbols(inputs=layer.features, units=layer.units)
    return update(work, floats.stream(work.name, parts, comment), f"{text}    gates_f32 {work.name}_gates\n")
