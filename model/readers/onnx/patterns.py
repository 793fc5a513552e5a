# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Groups of nodes that are one operator of later opsets: LayerNormalization before 17, Gelu before 20, Swish before 24.

The last node of a group becomes that operator. What the others compute nobody reads then, if nobody else does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from model.readers.onnx.file import Graph, Node
from model.signal import Array

APART = ("QuantizeLinear", "DequantizeLinear")  # each belongs to what is beside it
CLOSE = 1e-3  # relative: constants may have been written with few digits


class View:
    """Who writes and reads what."""

    def __init__(self, graph: Graph) -> None:
        self.constants: dict[str, Array] = dict(graph.constants)
        self.writers: dict[str, Node] = {}
        self.readers: dict[str, list[Node]] = {}
        for node in graph.nodes:
            value = node.attributes.get("value")
            if node.operator == "Constant" and isinstance(value, np.ndarray):
                self.constants[node.output(0)] = value
            self.writers |= dict.fromkeys(filter(None, node.outputs), node)
            for name in dict.fromkeys(node.inputs):
                self.readers.setdefault(name, []).append(node)

    def is_number(self, name: str, due: float) -> bool:
        """Whether a name stands for this one number."""
        value = self.constants.get(name)
        return value is not None and value.size == 1 and math.isclose(float(value.reshape(-1)[0]), due, rel_tol=CLOSE)

    def other(self, node: Node | None, operator: str, number: float) -> str:
        """What an operator of two has beside a number; empty if it is another one."""
        if node is None or node.operator != operator or len(node.inputs) != 2:
            return ""
        one, two = node.inputs
        return one if self.is_number(two, number) else two if self.is_number(one, number) else ""

    def joined(self, operator: str, one: str, other: str) -> Node | None:
        """The operator that reads these two."""
        pairs = ((one, other), (other, one))
        return next(
            (
                each
                for each in self.readers.get(one, [])
                if (each.operator, each.inputs) in [(operator, pair) for pair in pairs]
            ),
            None,
        )

    def beside(self, node: Node, name: str) -> str:
        """What an operator of two reads beside a name; empty if it does not read that."""
        one, other = (*node.inputs, "", "")[:2]
        return other if one == name else one if other == name else ""

    def reader(self, node: Node, operator: str) -> Node | None:
        """The first node of an operator that reads what a node writes."""
        return next((each for each in self.readers.get(node.output(0), []) if each.operator == operator), None)


def _gelu(view: View, erf: Node) -> tuple[Node, Node] | None:
    """The last node of x * (1 + erf(x / sqrt(2))) / 2, and what it is."""
    inner = view.writers.get(erf.input(0))
    x = view.other(inner, "Mul", math.sqrt(0.5))
    if inner and inner.operator == "Div" and view.is_number(inner.input(1), math.sqrt(2.0)):
        x = inner.input(0)
    plus = view.reader(erf, "Add")
    product = view.reader(plus, "Mul") if plus and view.other(plus, "Add", 1.0) == erf.output(0) else None
    if not x or not plus or not product or plus.output(0) not in product.inputs:
        return None
    beside = next((name for name in product.inputs if name != plus.output(0)), "")
    last = view.reader(product, "Mul") if beside == x else product
    halved = view.other(last, "Mul", 0.5) if beside == x else view.other(view.writers.get(beside), "Mul", 0.5)
    if last is None or halved != (product.output(0) if beside == x else x):
        return None
    return last, replace(last, operator="Gelu", inputs=(x,), attributes={})


def _silu(view: View, sigmoid: Node) -> tuple[Node, Node] | None:
    """The product of x and sigmoid(x)."""
    x, product = sigmoid.input(0), view.reader(sigmoid, "Mul")
    if product is None or set(product.inputs) != {x, sigmoid.output(0)}:
        return None
    return product, replace(product, operator="Swish", inputs=(x,), attributes={})


def _axis(view: View, node: Node) -> int | None:
    """The only axis of a mean that keeps it."""
    axes = (
        view.constants[node.input(1)].reshape(-1)
        if node.input(1) in view.constants
        else node.attributes.get("axes", ())
    )
    return int(axes[0]) if len(axes) == 1 and node.attributes.get("keepdims", 1) else None


Deviation = tuple[Node, Node, dict[str, float | int]]  # x less its mean, the deviation, epsilon and the axis


def _deviation(view: View, mean: Node) -> Deviation | None:
    """What there is of a layer normalisation before anything is divided."""
    x, less = mean.input(0), view.reader(mean, "Sub")
    if less is None or less.inputs != (x, mean.output(0)):
        return None
    square = view.reader(less, "Pow") or view.reader(less, "Mul")
    squared = square and (
        view.other(square, "Pow", 2.0) or (square.operator == "Mul" and set(square.inputs) == {less.output(0)})
    )
    variance = view.reader(square, "ReduceMean") if square and squared else None
    plus = view.reader(variance, "Add") if variance else None
    root = view.reader(plus, "Sqrt") if plus else None
    if not variance or not plus or not root:
        return None
    epsilon = next((view.constants[name] for name in plus.inputs if name in view.constants), None)
    axis = _axis(view, mean)
    if epsilon is None or epsilon.size != 1 or axis is None or _axis(view, variance) != axis:
        return None
    return less, root, {"epsilon": float(epsilon.reshape(-1)[0]), "axis": axis}


def _layer_norm(view: View, mean: Node) -> tuple[Node, Node] | None:
    """The last node of a layer normalisation, and what it is."""
    found = _deviation(view, mean)
    if found is None:
        return None
    less, root, settings = found
    quotient, x = view.reader(less, "Div"), mean.input(0)
    if quotient is None:
        return _spread_norm(view, mean, root, settings)
    if quotient.inputs != (less.output(0), root.output(0)):
        return None
    return quotient, replace(quotient, operator="LayerNormalization", inputs=(x,), attributes=settings)


def _spread_norm(view: View, mean: Node, root: Node, settings: dict[str, float | int]) -> tuple[Node, Node] | None:
    """The last node of x * s + (offset - mean * s), with s = scale / deviation, and what it is."""
    x, less, part = mean.input(0), view.reader(mean, "Neg"), view.reader(root, "Reciprocal")
    factor = view.reader(part, "Mul") if part else None
    if less is None or part is None or factor is None:
        return None
    one, other = (view.joined("Mul", name, factor.output(0)) for name in (x, less.output(0)))
    offset = view.reader(other, "Add") if other else None
    last = view.joined("Add", one.output(0), offset.output(0)) if one and offset else None
    if last is None or other is None or offset is None:
        return None
    scale, shift = view.beside(factor, part.output(0)), view.beside(offset, other.output(0))
    if scale not in view.constants or shift not in view.constants:
        return None
    return last, replace(last, operator="LayerNormalization", inputs=(x, scale, shift), attributes=settings)


PATTERNS = {"Erf": _gelu, "Sigmoid": _silu, "ReduceMean": _layer_norm}


def found(view: View, nodes: Iterable[Node]) -> dict[int, Node]:
    """What the last nodes of groups are, by their numbers."""
    made = (PATTERNS[node.operator](view, node) for node in nodes if node.operator in PATTERNS)
    return {last.number: whole for last, whole in filter(None, made)}


def without_copies(graph: Graph) -> Graph:
    """The same with one node for those that compute the same of the same."""
    first: dict[object, Node] = {}
    instead: dict[str, str] = {}
    nodes = []
    for node in graph.nodes:
        node = replace(node, inputs=tuple(instead.get(name, name) for name in node.inputs))
        settings = tuple(sorted(node.attributes.items()))
        plain = all(isinstance(value, int | float | str | tuple) for _, value in settings)
        copied = plain and len(node.outputs) == 1 and node.inputs and node.operator not in APART
        same = first.setdefault((node.operator, node.inputs, settings), node) if copied else node
        if same is node or node.output(0) in graph.outputs:
            nodes.append(node)
        else:
            instead[node.output(0)] = same.output(0)
    return replace(graph, nodes=tuple(nodes))


def gathered(graph: Graph) -> Graph:
    """The same with later operators for groups of nodes."""
    graph = without_copies(graph)
    later = found(View(graph), graph.nodes)
    return replace(graph, nodes=tuple(later.get(node.number, node) for node in graph.nodes)) if later else graph
