# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Pools are functions on vectors, with a header of their own; those of a whole sequence keep sums from step to step."""

from __future__ import annotations

from dataclasses import replace

from kernels.c.elementwise import apply, call
from kernels.common.constants import Constants, numbers
from kernels.common.work import Work
from model.layers.base import Layer
from model.layers.global_pool import GlobalPool

HEADER = ('#include "pool.h"',)


def max_pool(work: Work[Layer]) -> Constants:
    """Constants of a pool over a window."""
    return replace(apply(work), declarations=HEADER)


average_pool = max_pool


def global_max_pool(work: Work[GlobalPool]) -> Constants:
    """Constants of a pool over a whole sequence."""
    layer, source = work.layer, work.source
    start = numbers(f"{work.name}_bias", layer.start(source), "what the sums of a window start from")
    calls = {kind: call(part) for kind, part in layer.lowered_parts(source).items()}
    return Constants((start,), calls=calls, declarations=HEADER)


global_average_pool = global_max_pool
