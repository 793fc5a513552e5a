# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A slope for each feature: functions of kernels/c/prelu.h."""

from __future__ import annotations

from dataclasses import replace

from kernels.c.elementwise import apply
from kernels.common.constants import Constants
from kernels.common.work import Work
from model.layers.base import Layer


def prelu(work: Work[Layer]) -> Constants:
    """Slopes and factors."""
    return replace(apply(work), declarations=('#include "prelu.h"',))
