# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Constants and arguments of functions on vectors: ``function(x, y, count, arguments...)`` of elementwise.h."""

from __future__ import annotations

from collections.abc import Sequence

from kernels.common.constants import Constants, ConstArray, Kernel, float_literal, numbers
from kernels.common.work import Work
from model.formats.base import Elementwise
from model.layers.base import Layer


def call(made: Elementwise, arrays: Sequence[ConstArray] = ()) -> Kernel:
    """The call of a function on vectors."""
    told = (float_literal(number) if isinstance(number, float) else str(number) for number in made.numbers)
    return Kernel(made.function, "", arguments=(*(array.name for array in arrays), *told))


def apply(work: Work[Layer]) -> Constants:
    """Constants of a layer on vectors, as the layer itself lowers it."""
    made = work.layer.lowered(work.source)
    arrays = tuple(numbers(f"{work.name}_{which}", values, comment) for which, values, comment in made.arrays)
    return Constants(arrays, calls={"apply": call(made, arrays)})
