# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A float32 LSTM of any activations in kernel set ``helium_f32``: its gates in assembly (gates_f32.inc), then C."""

from __future__ import annotations

import numpy as np

from kernels.c.lstm_functions import update
from kernels.common import floats
from kernels.common.assembly import set_symbols
from kernels.common.constants import Constants
from kernels.common.rows import prove_steps
from kernels.common.work import Work
from kernels.helium_f32.layout import ROWS
from model.layers.lstm import Lstm
from model.signal import Array


def _rows(values: Array) -> Array:
    """(4, H, ...) to (4 H, ...): the gates of a unit side by side."""
    return np.swapaxes(values, 0, 1).reshape(-1, *values.shape[2:])


def lstm_functions(work: Work[Lstm]) -> Constants:
    """Constants and code of its step."""
    prove_steps(work, "LSTM of other functions")
    layer, parts = work.layer, list[Array]()
    bias, kernel, recurrent = map(_rows, (layer.bias, layer.kernel.values, layer.recurrent.values))
    for first in range(0, len(bias), ROWS):
        rows = slice(first, first + ROWS)
        parts += [bias[rows], kernel[rows].T, recurrent[rows].T]
    comment = f"{layer.units} units: biases and columns of the rows of i, f, c, o of {ROWS // 4} units at a time"
    text = '#include "helium_f32/gates_f32.inc"\n' + set_symbols(inputs=layer.features, units=layer.units)
    return update(work, floats.stream(work.name, parts, comment), f"{text}    gates_f32 {work.name}_gates\n")
