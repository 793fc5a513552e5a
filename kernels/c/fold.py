# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Both halves of a vector as one: functions of kernels/c/fold.h."""

from __future__ import annotations

from dataclasses import replace

from kernels.c.elementwise import apply
from kernels.common.constants import Constants
from kernels.common.work import Work
from model.layers.base import Layer


def fold(work: Work[Layer]) -> Constants:
    """Constants of a sum, mean or product of halves."""
    return replace(apply(work), declarations=('#include "fold.h"',))
