# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A row of a table: functions of kernels/c/embedding.h."""

from __future__ import annotations

from dataclasses import replace

from kernels.c.elementwise import apply
from kernels.common.constants import Constants
from kernels.common.work import Work
from model.layers.base import Layer


def embedding(work: Work[Layer]) -> Constants:
    """Constants of a table."""
    return replace(apply(work), declarations=('#include "embedding.h"',))
