# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A simple recurrent layer of any activations: the steps of simple_rnn_*.h with these in them."""

from __future__ import annotations

from kernels.c.of_gate import given
from kernels.c.simple_rnn import simple_rnn
from kernels.common.constants import Constants
from kernels.common.work import Work
from model.layers.simple_rnn import SimpleRnn


def simple_rnn_functions(work: Work[SimpleRnn]) -> Constants:
    """Constants and code of its step, or of its only one from reset."""
    return given(simple_rnn(work), work.layer, work.once, work.name, {"activation": 0})
