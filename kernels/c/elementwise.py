# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Constants and arguments of functions on vectors: ``function(x, y, count, arguments...)`` of elementwise.h."""

from __future__ import annotations

from kernels.common.constants import Constants, Kernel, float_literal, numbers
from kernels.common.work import Work
from model.layers.base import Layer


def apply(work: Work[Layer]) -> Constants:
    """Constants of a layer on vectors, as the layer itself lowers it."""
    made = work.layer.lowered(work.source)
    arrays = tuple(numbers(f"{work.name}_{which}", values, comment) for which, values, comment in made.arrays)
    told = (float_literal(number) if isinstance(number, float) else str(number) for number in made.numbers)
    arguments = (*(array.name for array in arrays), *told)
    return Constants(arrays, calls={"apply": Kernel(made.function, "", arguments=arguments)})
