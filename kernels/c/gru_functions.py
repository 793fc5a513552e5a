# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A GRU of any activations: the steps of gru_*.h with these in them."""

from __future__ import annotations

from kernels.c.gru import gru
from kernels.c.of_gate import given
from kernels.common.constants import Constants
from kernels.common.work import Work
from model.layers.gru import CANDIDATE, Gru


def gru_functions(work: Work[Gru]) -> Constants:
    """Constants and code of its step, or of its only one from reset."""
    return given(gru(work), work.layer, work.once, work.name, {"recurrent_activation": 0, "activation": CANDIDATE})
