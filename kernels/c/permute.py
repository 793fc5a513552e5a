# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One feature of a window: functions of kernels/c/permute.h."""

from __future__ import annotations

from dataclasses import replace

from kernels.c.elementwise import apply
from kernels.common.constants import Constants
from kernels.common.work import Work
from model.layers.base import Layer


def permute(work: Work[Layer]) -> Constants:
    """No constants."""
    return replace(apply(work), declarations=('#include "permute.h"',))
