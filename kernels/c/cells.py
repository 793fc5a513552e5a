# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Constants that the layouts of this set share, those of recurrent cells above all: a unit's rows lie together."""

from __future__ import annotations

from collections.abc import Sequence

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
    scale,
    scales,
)
from model import fixed_point as fp
from model import lower
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


def per_gate(factors: Sequence[fp.Multiplier]) -> str:
    """An ``lstmcu_scale`` for each gate; of a cell with a single one no array."""
    return scales(list(factors)) if len(factors) > 1 else scale(factors[0])


def floats_per_gate(values: Array, comment: str) -> Member:
    """A float for each gate; of a cell with a single one no array."""
    return floats(values, comment) if len(values) > 1 else (float_literal(values[0]), comment)


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
        """Matrices with what their sums start from, and the factors to Q3.12."""
        name, bias = self.name, self.layer.format.bias.name
        matrices, arrays = lower.gate_matrices(self.layer, source, self.once), list(self.matrices)
        if self.layer.format.zero_points:
            for matrix in matrices:
                starts = by_unit(matrix.starts, self.gates).astype(bias)
                arrays.append(numbers(f"{name}_{matrix.which}_bias", starts, f"({self.rows}), zero point folded in"))
        else:
            arrays.append(numbers(f"{name}_bias", self.bias.astype(bias), f"({self.rows})"))
        each = ", a gate" if len(self.layer.all_gates) > 1 else ""
        factors = [per_gate([matrix.factors[g] for g in self.gates]) for matrix in matrices]
        return arrays, [(text, f"accumulator to Q3.12{each}") for text in factors]

    def reals(self) -> tuple[list[ConstArray], list[Member]]:
        """Matrices and biases; of int8 weights with row sums and scales."""
        name, layer = self.name, self.layer
        bias = numbers(f"{name}_bias", self.bias, f"({self.rows})")
        if not layer.format.hybrid:
            return [*self.matrices, bias], []
        gates, each = list(self.gates), ", a gate" if len(layer.all_gates) > 1 else ""
        sums = [totals(name, "kernel", self.kernel, self.rows)]
        members = [floats_per_gate(scale_of(layer.kernel)[gates], f"of the kernel{each}")]
        if self.recurrent is not None:
            sums.append(totals(name, "recurrent", self.recurrent, self.rows))
            members.append(floats_per_gate(scale_of(layer.recurrent)[gates], f"of the recurrent kernel{each}"))
        return [*self.matrices, *sums, bias], members

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
