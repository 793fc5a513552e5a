# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``dynamic`` for Arm's cores with the DSP extension and an FPU (vfp_dyn.inc): int16x8's products, float32's cell."""

from __future__ import annotations

from kernels.armv7em.s16 import DENSE_LOOPS, LSTM_LOOPS, packed, turn, vector_words
from kernels.common import floats
from kernels.common.assembly import stream
from kernels.common.constants import Constants
from kernels.common.words import groups
from kernels.common.work import Work
from kernels.vfp.layout import ONCE_ROWS, STEP_ROWS
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import scale_of


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    layer, rows = work.layer, list(ONCE_ROWS if work.once else STEP_ROWS)
    matrices = [layer.kernel] if work.once else [layer.kernel, layer.recurrent]
    parts = [floats.bits(scale_of(matrix)[rows]) for matrix in matrices]
    for unit in range(layer.units):
        parts.append(floats.bits(layer.bias[rows, unit]))
        parts += [packed(matrix.values[rows, unit]) for matrix in matrices]
    comment = f"scales; {layer.units} units: bias and rows of {len(rows)} gates, packed in pairs"
    words, hidden_words = vector_words(layer.features), 0 if work.once else vector_words(layer.units)
    loops, of_layer = LSTM_LOOPS[work.optimize], words + hidden_words
    return floats.lstm(
        work,
        stream(f"{work.name}_weights", parts, comment),
        of_layer,
        input_turn=turn(words, of_layer, loops),
        hidden_turn=turn(hidden_words, of_layer, loops),
    )


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    bias, scales = floats.bits(work.layer.bias), floats.bits(scale_of(work.layer.kernel))
    whole = work.parts == 1
    order = [] if whole else [scales]
    for part in floats.parts_of(work):
        for rows in groups(len(bias)):
            order += [bias[rows], scales[rows]] if whole else []
            order.append(packed(part[rows]))
    words = vector_words(work.layer.kernel.values.shape[1] // work.parts)
    return floats.dense(
        work,
        stream(f"{work.name}_weights", order, f"({work.parts} parts) four rows at a time, packed in pairs"),
        words,
        before=0 if whole else len(scales),
        input_turn=turn(words, words, DENSE_LOOPS[work.optimize]),
    )
