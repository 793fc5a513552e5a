# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Layer normalisation, which converters write as means, differences and a root, in many orders, as one operator.

Its mean, its variance and its epsilon are found from the root back. What is done with them is tried with numbers: it is
a factor and an offset for each feature of what was normalised, or no layer normalisation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from model.readers.tflite.file import Graph, Norm, Operator, Refuse, Tensor
from model.readers.tflite.live import only_needed
from model.readers.tflite.steps import integers
from model.readers.tflite.symbols import Symbols
from model.signal import Array

ROOT = "RSQRT"
MEAN = "MEAN"
ARITHMETIC: dict[str, Callable[..., Array]] = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
    "NEG": lambda a: -a,
    "SQUARED_DIFFERENCE": lambda a, b: (a - b) ** 2,
    "SQUARE": lambda a: a * a,
    ROOT: lambda a: 1 / np.sqrt(a),
}
SPREADS = (0.01, 0.1, 1.0, 10.0)  # of the numbers that it is tried with
TRIES = 4  # of each
MOST = 1 << 20  # elements that are tried
CLOSE = 1e-5  # what two ways to compute it may differ by, of the largest value


@dataclass(frozen=True, eq=False)
class Found:
    """A root with what it is of."""

    x: int  # the tensor that is normalised
    axes: tuple[int, ...]  # along which
    epsilon: float


class Norms:
    """The layer normalisations of a graph."""

    def __init__(self, graph: Graph, refuse: Refuse) -> None:
        self.graph, self.symbols = graph, Symbols(graph, refuse)
        self.producers = {number: each for each in graph.operators for number in each.outputs}

    def constant(self, number: int) -> Array | None:
        """The real values of a tensor, if it is a constant."""
        tensor = self.graph.tensors[number]
        return self.symbols.constant(tensor) if number not in self.producers else None

    def mean(self, number: int) -> tuple[int, tuple[int, ...]] | None:
        """What a tensor is the mean of, and along which axes."""
        operator = self.producers.get(number)
        if operator is None or operator.name != MEAN or len(operator.inputs) != 2:
            return None
        tensor, axes = self.graph.tensors[operator.inputs[0]], integers(self.graph.tensors[operator.inputs[1]])
        rank = len(tensor.shape)
        if not axes or any(not -rank <= axis < rank for axis in axes):
            return None
        return tensor.number, tuple(sorted({axis % rank for axis in axes}))

    def found(self, root: Operator) -> Found | None:
        """The mean, the variance and the epsilon that a root is of; None if it is of anything else."""
        total = self.producers.get(root.inputs[0])
        if total is None or total.name != "ADD" or total.options.get("FusedActivationFunction"):
            return None
        for variance, added in (total.inputs, total.inputs[::-1]):
            epsilon, outer = self.constant(added), self.mean(variance)
            if epsilon is None or epsilon.size != 1 or outer is None:
                continue
            for number in self.sources(outer[0]):
                inner = self.mean(number)
                if inner is not None and inner[1] == outer[1] and self.whole(inner[0], inner[1]):
                    return Found(inner[0], inner[1], float(epsilon.reshape(-1)[0]))
        return None

    def sources(self, number: int) -> list[int]:
        """What squares of differences are made of, a step or two back."""
        first = self.producers.get(number)
        before = [] if first is None else list(first.inputs)
        seconds = (self.producers.get(n) for n in before)
        return before + [n for second in seconds if second is not None for n in second.inputs]

    def whole(self, number: int, axes: tuple[int, ...]) -> bool:
        """Whether along these axes lie all features of a vector: behind them and between is nothing."""
        shape = self.graph.tensors[number].shape
        long = [axis for axis, length in enumerate(shape) if length > 1]
        taken = [axis for axis in long if axis in axes]
        return bool(taken) and taken == long[-len(taken) :]

    def region(self, found: Found) -> dict[int, Operator]:
        """All that is computed of x and of its means, by the number of what is written."""
        region: dict[int, Operator] = {}
        for operator in self.graph.operators:
            if len(operator.outputs) != 1 or operator.options.get("FusedActivationFunction"):
                continue
            if operator.name == MEAN:
                inside = operator.inputs[0] == found.x or operator.inputs[0] in region
            else:
                reads = [n for n in operator.inputs if self.constant(n) is None]
                known = operator.name in ARITHMETIC and all(n == found.x or n in region for n in reads)
                inside = known and any(n in region for n in reads)
            if inside:
                region[operator.outputs[0]] = operator
        return region

    def value(self, region: dict[int, Operator], found: Found, x: Array, number: int) -> Array:
        """What a tensor of the region is, of an x."""
        values: dict[int, Array] = {found.x: x}
        for at, operator in region.items():
            if operator.name == MEAN:
                kept = bool(operator.options.get("KeepDims"))
                values[at] = values[operator.inputs[0]].mean(axis=found.axes, keepdims=kept)
            else:
                values[at] = ARITHMETIC[operator.name](*(self.operand(values, n) for n in operator.inputs))
            if at == number:
                break
        return values[number]

    def operand(self, values: dict[int, Array], number: int) -> Array:
        """A value that was computed, or a constant."""
        if number in values:
            return values[number]
        constant = self.constant(number)
        assert constant is not None, number
        return constant.astype(np.float64)

    def norm(self, region: dict[int, Operator], found: Found, number: int) -> Norm | None:
        """The factor and the offset of each feature, if that is all that a tensor is of what was normalised."""
        tensor = self.graph.tensors[found.x]
        if self.graph.tensors[number].shape != tensor.shape:
            return None
        random = np.random.default_rng(0)
        pairs = []
        for spread in np.repeat(SPREADS, TRIES):
            x = random.normal(spread, spread, tensor.shape)
            centred = x - x.mean(axis=found.axes, keepdims=True)
            variance = (centred**2).mean(axis=found.axes, keepdims=True)
            normalised = centred / np.sqrt(variance + found.epsilon)
            pairs.append((self.rows(normalised, found), self.rows(self.value(region, found, x, number), found)))
        xs, ys = (np.concatenate(each) for each in zip(*pairs, strict=True))
        spread = ((xs - xs.mean(axis=0)) ** 2).sum(axis=0)
        if not (spread > 0).all() or not np.isfinite(ys).all():
            return None
        scale = ((xs - xs.mean(axis=0)) * (ys - ys.mean(axis=0))).sum(axis=0) / spread
        offset = ys.mean(axis=0) - scale * xs.mean(axis=0)
        if not np.allclose(xs * scale + offset, ys, rtol=0, atol=CLOSE * max(np.abs(ys).max(), 1e-30)):
            return None
        return Norm(scale.astype(np.float32), offset.astype(np.float32), found.epsilon)

    def rows(self, x: Array, found: Found) -> Array:
        """A row for each vector that is normalised."""
        features = int(np.prod([x.shape[axis] for axis in found.axes]))
        return x.reshape(-1, features)

    def replaced(self, root: Operator) -> Operator | None:
        """The operator that stands for all of a layer normalisation, in the place of the last one."""
        found = self.found(root)
        if found is None or not _usual(self.graph.tensors[found.x]):
            return None
        region = self.region(found)
        inside = {each.number for each in region.values()}
        read = {n for each in self.graph.operators if each.number not in inside for n in each.inputs}
        ends = [number for number in region if number in read or number in self.graph.outputs]
        norm = self.norm(region, found, ends[0]) if len(ends) == 1 else None
        if norm is None:
            return None
        return replace(region[ends[0]], name=ROOT, inputs=(found.x,), options={}, norm=norm)


def _usual(tensor: Tensor) -> bool:
    return tensor.fixed and 0 < tensor.size <= MOST


def without_norms(graph: Graph, refuse: Refuse) -> Graph:
    """The graph with one operator for each layer normalisation."""
    for root in [each for each in graph.operators if each.name == ROOT]:
        made = Norms(graph, refuse).replaced(root)
        if made is not None:
            operators = tuple(made if each.number == made.number else each for each in graph.operators)
            graph = only_needed(graph, replace(graph, operators=operators))
    return graph
