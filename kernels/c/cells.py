# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Constants that the layouts of this set share, those of recurrent cells above all: a unit's rows lie together."""

from __future__ import annotations

import numpy as np

from kernels.common.constants import (
    Constants,
    ConstArray,
    ConstStruct,
    Kernel,
    Member,
    by_unit,
    float_literal,
    numbers,
)
from model.layers.recurrent import Recurrent
from model.signal import Array


def constants(
    name: str, ctype: str, calls: dict[str, Kernel], sizes: tuple[Member, ...], arrays: list[ConstArray], *rest: Member
) -> Constants:
    """The layer's struct ``<name>_layer``: its sizes, then its arrays in order, then the rest."""
    members = (*sizes, *((array.name, "") for array in arrays), *rest)
    return Constants(tuple(arrays), ConstStruct(f"{name}_layer", ctype, members), calls)


def floats(values: Array, comment: str) -> Member:
    """An array of floats within a struct."""
    return "{" + ", ".join(float_literal(v) for v in values) + "}", comment


class Rows:
    """A cell's matrices, a unit's rows together, with what the arrays' comments say of their shapes."""

    def __init__(self, name: str, layer: Recurrent, once: bool) -> None:
        gates = layer.once_gates if once else layer.all_gates
        self.gates = tuple(map(layer.all_gates.index, gates))
        self.rows = f"{layer.units} units, {len(self.gates)} gates"
        self.kernel = by_unit(layer.kernel.values, self.gates)
        self.recurrent = None if once else by_unit(layer.recurrent.values, self.gates)
        self.bias = by_unit(layer.bias, self.gates)
        self.matrices = [numbers(f"{name}_kernel", self.kernel, f"({self.rows}, {layer.features} inputs)")]
        if self.recurrent is not None:
            self.matrices.append(numbers(f"{name}_recurrent", self.recurrent, f"({self.rows}, {layer.units} units)"))
        self.sizes: tuple[Member, ...] = ((str(layer.features), "inputs"), (str(layer.units), "units"))


def totals(name: str, what: str, weights: Array, shape: str) -> ConstArray:
    """Row sums, to take the zero point of a vector quantised at run time out of its products."""
    sums = weights.astype(np.int64).sum(axis=-1)
    return numbers(f"{name}_{what}_total", sums.astype(np.int32), f"({shape}): sum of each row")
