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
    scales,
)
from model import fixed_point as fp
from model import lower
from model.formats import types
from model.layers.recurrent import Recurrent
from model.signal import Array, Signal, scale_of


def constants(
    name: str, ctype: str, calls: dict[str, Kernel], sizes: tuple[Member, ...], arrays: list[ConstArray], *rest: Member
) -> Constants:
    """The layer's struct ``<name>_layer``: its sizes, then its arrays in order, then the rest."""
    members = (*sizes, *((array.name, "") for array in arrays), *rest)
    return Constants(tuple(arrays), ConstStruct(f"{name}_layer", ctype, members), calls)


def floats(values: Array, comment: str) -> Member:
    """An array of floats within a struct."""
    return "{" + ", ".join(float_literal(v) for v in values) + "}", comment


def totals(name: str, what: str, weights: Array, shape: str) -> ConstArray:
    """Row sums, to take the zero point of a vector quantised at run time out of its products."""
    sums = weights.astype(np.int64).sum(axis=-1)
    return numbers(f"{name}_{what}_total", sums.astype(np.int32), f"({shape}): sum of each row")


class Rows:
    """A cell's matrices, a unit's rows together, with what the arrays' comments say of their shapes."""

    def __init__(self, name: str, layer: Recurrent, once: bool) -> None:
        self.name, self.layer, self.once = name, layer, once
        gates = layer.once_gates if once else layer.all_gates
        self.gates = tuple(map(layer.all_gates.index, gates))
        self.rows = f"{layer.units} units" + (f", {len(self.gates)} gates" if len(layer.all_gates) > 1 else "")
        self.kernel = by_unit(layer.kernel.values, self.gates)
        self.recurrent = None if once else by_unit(layer.recurrent.values, self.gates)
        self.bias = by_unit(layer.bias, self.gates)
        self.matrices = [numbers(f"{name}_kernel", self.kernel, f"({self.rows}, {layer.features} inputs)")]
        if self.recurrent is not None:
            self.matrices.append(numbers(f"{name}_recurrent", self.recurrent, f"({self.rows}, {layer.units} units)"))
        self.sizes: tuple[Member, ...] = ((str(layer.features), "inputs"), (str(layer.units), "units"))

    def integers(self, source: Signal) -> tuple[list[ConstArray], list[Member]]:
        """Matrices with what their sums start from and, by row or by gate, the factors to the gates' scales."""
        name, bias = self.name, self.layer.format.bias.name
        matrices, arrays = lower.gate_matrices(self.layer, source, self.once), list(self.matrices)
        if self.layer.format.zero_points:
            for matrix in matrices:
                starts = by_unit(matrix.starts, self.gates).astype(bias)
                arrays.append(numbers(f"{name}_{matrix.which}_bias", starts, f"({self.rows}), zero point folded in"))
        else:
            arrays.append(numbers(f"{name}_bias", self.bias.astype(bias), f"({self.rows})"))
        if not self.layer.by_row:
            factors = [scales([matrix.factors[g] for g in self.gates]) for matrix in matrices]
            return arrays, [(text, "accumulator to Q3.12, a gate") for text in factors]
        for matrix in matrices:
            arrays.append(
                self._scale(matrix.which, fp.packed(matrix.by_row), "uint32_t", "accumulator to gate, packed")
            )
        return arrays, []

    def _scale(self, which: str, of_rows: Array, ctype: str, what: str) -> ConstArray:
        """(G, H), or (G, 1) where those of a gate are alike, in the rows' order."""
        each = by_unit(np.broadcast_to(of_rows, self.layer.bias.shape), self.gates)
        return ConstArray(f"{self.name}_{which}_scale", each.reshape(-1), ctype, f"({self.rows}): {what}")

    def reals(self) -> tuple[list[ConstArray], list[Member]]:
        """Matrices and biases; of int8 weights with row sums and scales."""
        name, layer = self.name, self.layer
        bias = numbers(f"{name}_bias", self.bias, f"({self.rows})")
        if not layer.format.hybrid:
            return [*self.matrices, bias], []
        held = [("kernel", "kernel", self.kernel, scale_of(layer.kernel))]
        if self.recurrent is not None:
            held.append(("recurrent", "recurrent kernel", self.recurrent, scale_of(layer.recurrent)))
        arrays = [*self.matrices, *(totals(name, which, values, self.rows) for which, _, values, _ in held), bias]
        if not layer.by_row:
            return arrays, [floats(each[list(self.gates)], f"of the {called}, a gate") for _, called, _, each in held]
        for which, called, _, each in held:
            of_rows = each.reshape(len(layer.all_gates), -1)
            arrays.append(self._scale(which, of_rows, types.FLOAT32.c, f"of the {called}"))
        return arrays, []

    def struct(self, calls: dict[str, Kernel], arrays: list[ConstArray], *rest: Member) -> Constants:
        """All of the layer, its type named after its kind and format."""
        once = "once_" if self.once else ""
        ctype = f"lstmcu_{self.layer.kind}_{once}{self.layer.suffix}"
        return constants(self.name, ctype, calls, self.sizes, arrays, *rest)

    def calls(self, step: str = "step", scratch: tuple[tuple[str, int], ...] | None = None) -> dict[str, Kernel]:
        """Its function: that of a single step from reset, or ``step``; what that needs while it runs.

        None: the new hidden state, while the old one is still read.
        """
        layer = self.layer
        needs = ((layer.output.dtype, layer.units),) if scratch is None else scratch
        if layer.format.hybrid:
            length = layer.features + (0 if self.once else layer.units)
            needs = (*(() if self.once else needs), (layer.format.weights.name, length))
        elif self.once:
            needs = ()
        which = "once" if self.once else step
        kind = f"{layer.kind}_once" if self.once else layer.kind
        return {kind: Kernel(f"lstmcu_{layer.kind}_{layer.suffix}_{which}", f"&{self.name}_layer", needs)}
