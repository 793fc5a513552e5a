# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Simple recurrent layer: structs of kernels/c/simple_rnn.h."""

from __future__ import annotations

from dataclasses import replace

from kernels.c.cells import Rows
from kernels.common.constants import Constants, scale
from kernels.common.work import Work
from model.layers.simple_rnn import SimpleRnn


def simple_rnn(work: Work[SimpleRnn]) -> Constants:
    """Constants of its step, or of its only one from reset."""
    layer, rows = work.layer, Rows(work.name, work.layer, work.once)
    arrays, members = rows.integers(work.source) if layer.format.integer else rows.reals()
    if layer.format.integer:
        members.append((scale(layer.shown), "tanh to the hidden state"))
    if layer.format.zero_points:
        members.append((str(layer.output.zero_point), "zero point of the hidden state"))
    return replace(rows.struct(rows.calls(), arrays, *members), declarations=('#include "simple_rnn.h"',))
