# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The layer says itself what it is told; its functions have a header of their own."""

from __future__ import annotations

from dataclasses import replace

from kernels.c.elementwise import apply
from kernels.common.constants import Constants
from kernels.common.work import Work
from model.layers.base import Layer


def layer_norm(work: Work[Layer]) -> Constants:
    """Constants of a normalisation of vectors."""
    return replace(apply(work), declarations=('#include "layer_norm.h"',))
