# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""States that lie in an input in another order than side by side, as (N, layers, H, 2) has h and c: as rows.

Such an input, and the output that hands them on, become (rows, N, H), which the reader of states knows. Element by
element it is proven that each row goes to one recurrent operator, and comes back from it to where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from model.readers.onnx import states
from model.readers.onnx.elements import MISFITS, Elements
from model.readers.onnx.file import End, Graph, Node
from model.signal import Array


@dataclass(frozen=True, eq=False)
class Kept:
    """A first state of a recurrent operator, and what becomes of it, by the numbers of its elements."""

    node: Node
    at: int  # of its inputs
    before: Array
    after: Array

    @property
    def output(self) -> int:
        """Of its outputs: h and c follow what is given of every step."""
        return self.at - 4


def _kept(graph: Graph, elements: Elements) -> list[Kept]:
    """All of a graph that are known."""
    found = []
    for node in graph.nodes:
        for at in states.GIVEN.get(node.operator, {}):
            try:
                found.append(Kept(node, at, elements.one(node.input(at)), elements.one(_named(node).output(at - 4))))
            except MISFITS:
                continue
    return found


def _named(node: Node) -> Node:
    """A recurrent operator with names for all that it gives."""
    count = 1 + len(states.GIVEN[node.operator])
    names = (node.output(at) or f"{node.number}/output{at}" for at in range(count))
    return replace(node, outputs=tuple(names))


class Rows:
    """A graph anew, input by input."""

    def __init__(self, graph: Graph, elements: Elements) -> None:
        self.graph, self.elements = graph, elements
        self.kept = _kept(graph, elements)
        self.count = max((node.number for node in graph.nodes), default=0)

    def node(self, operator: str, inputs: tuple[str, ...], output: str, **attributes: object) -> Node:
        """A new one."""
        self.count += 1
        return Node(self.count, operator, "", inputs, (output,), attributes)

    def turned(self, node: Node, name: str, made: str) -> Node:
        """(D, N, H) of what an operator gives or takes, which may begin with N."""
        perm = (1, 0, 2) if node.attributes.get("layout", 0) else (0, 1, 2)
        return self.node("Transpose", (name,), made, perm=perm)

    def handed_on(self, own: Array, parts: list[Kept]) -> str:
        """The output that has what becomes of each element where the input had it; empty if there is none."""
        before, after = (np.concatenate([getattr(each, what) for each in parts]) for what in ("before", "after"))
        order = np.argsort(after)
        for name in self.graph.outputs:
            try:
                given = self.elements.one(name)
            except MISFITS:
                continue
            places = order[np.minimum(np.searchsorted(after[order], given), len(after) - 1)]
            read = any(name in node.inputs for node in self.graph.nodes)
            if not read and np.array_equal(after[places], given) and np.array_equal(before[places], own):
                return name
        return ""

    def with_rows(self, end: End, axis: int | None) -> None:
        """Let an input be rows if it is proven that it can be."""
        own = self.elements.one(end.name)
        parts = [each for each in self.kept if np.isin(each.before, own).all()]
        units = {self.elements.shape(each.node.input(2))[2] for each in parts}
        if len(units) != 1 or not np.array_equal(np.sort(np.concatenate([each.before for each in parts])), own):
            return
        output = self.handed_on(own, parts)
        if output:
            self.replaced(end, axis, parts, units.pop(), output)

    def replaced(self, end: End, axis: int | None, parts: list[Kept], units: int, output: str) -> None:
        """The graph with rows in an input and an output."""
        first, last, at = list[Node](), list[Node](), 0
        nodes = {node.number: node for node in self.graph.nodes}
        for number, each in enumerate(parts):
            count, name = len(each.before) // units, f"{end.name}/row{at}"
            taken = self.node("Slice", (end.name,), f"{name}/taken", starts=(at,), ends=(at + count,), axes=(0,))
            first += [taken, self.turned(each.node, taken.output(0), name)]
            node = _named(nodes[each.node.number])
            inputs = tuple(name if index == each.at else old for index, old in enumerate(node.inputs))
            nodes[node.number] = replace(node, inputs=inputs)
            last.append(self.turned(node, node.output(each.output), f"{output}/row{number}"))
            at += count
        last.append(self.node("Concat", tuple(node.output(0) for node in last), output, axis=0))
        others = [node for node in nodes.values() if output not in node.outputs]
        rows = replace(end, shape=(at, 1 if axis is None else (end.shape or ())[axis], units))
        ends = tuple(rows if each is end else each for each in self.graph.inputs)
        made = replace(self.graph, nodes=(*first, *others, *last), inputs=ends)
        wanted = made.wanted
        kept = tuple(node for node in made.nodes if not wanted.isdisjoint(node.outputs))
        if not any(end.name in node.inputs for node in kept if node not in first):
            self.graph = replace(made, nodes=kept)


def with_rows(graph: Graph, samples: int, axes: Mapping[str, int | None]) -> Graph:
    """The graph with rows in each input of states that lie otherwise; ``axes`` of its inputs are the batch."""
    firsts = states.of_inputs(graph)
    others = [end for end in graph.inputs if end.name in firsts and not states.rows(end, samples, axes[end.name])]
    if not others:
        return graph
    rows = Rows(graph, Elements(graph, samples, axes))
    for end in others:
        try:
            rows.with_rows(end, axes[end.name])
        except MISFITS:
            continue
    return rows.graph
