# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Loops, as tf2onnx makes one of each recurrent layer of Keras, as so many copies of their bodies.

A copy computes what its pass of the loop does, and what it counts is worked out, so that the number of passes is known
and nothing needs to be proven here. The copies are found to be a layer as those of an exporter that unrolls are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.readers.onnx import constants as fold
from model.readers.onnx.file import Body, Graph, Node
from model.signal import Array

LOOP = "Loop"
MOST_NODES = 100_000  # of all copies
MOST_ELEMENTS = 1 << 24  # of all that is worked out
MISFITS = (fold.FoldError, ArithmeticError, IndexError, KeyError, TypeError, ValueError)
TOO_MANY = "its copies have too many nodes, or constants that are too large"


class LoopError(Exception):
    """Why a loop cannot be taken apart."""


class Copies:
    """A graph anew, node by node."""

    def __init__(self, graph: Graph) -> None:
        self.wanted = graph.wanted
        self.constants: dict[str, Array] = dict(graph.constants)
        self.nodes: list[Node] = []
        self.count = max((node.number for node in graph.nodes), default=0)
        self.elements = MOST_ELEMENTS  # that are left

    def add(self, node: Node) -> None:
        """Append a node; what is made of constants is worked out."""
        given = [self.constants.get(name) if name else None for name in node.inputs]
        known = all(each is not None or not name for each, name in zip(given, node.inputs, strict=True))
        if known and (node.inputs or node.operator == "Constant") and self._worked_out(node, given):
            return
        self.count += 1
        if self.count > MOST_NODES:
            raise LoopError(TOO_MANY)
        self.nodes.append(replace(node, number=self.count) if node.number < 0 else node)

    def _worked_out(self, node: Node, given: list[Array | None]) -> bool:
        try:
            with np.errstate(all="ignore"):
                if node.operator == "Split":
                    whole, axis = fold.need(given[0]), int(node.attributes.get("axis", 0))
                    sizes = fold.split_sizes(node, whole.shape[fold.axis_of(axis, whole.ndim)], given)
                    self.constants |= dict(zip(node.outputs, np.split(whole, np.cumsum(sizes)[:-1], axis), strict=True))
                else:
                    self.constants[node.output(0)] = fold.FOLDED[node.operator](node, given)
        except MISFITS:
            return False
        self.elements -= sum(self.constants[name].size for name in node.outputs if name)
        if self.elements < 0:
            raise LoopError(TOO_MANY)
        return True

    def number(self, name: str, what: str) -> int:
        """A constant of one number."""
        value = self.constants.get(name)
        if value is None or value.size != 1:
            raise LoopError(f"{what} is not known while reading")
        return int(value.reshape(-1)[0])

    # ---- one loop ----

    def loop(self, node: Node) -> None:
        """All passes of a loop, and what it gives."""
        body = node.attributes.get("body")
        if not isinstance(body, Body) or len(node.inputs) < 2 or len(body.inputs) != len(node.inputs):
            raise LoopError("its body takes other inputs than it gives")
        carried = list(node.inputs[2:])
        if len(body.outputs) != 1 + len(node.outputs) or len(node.outputs) < len(carried):
            raise LoopError("its body gives other outputs than it has")
        limit = self.number(node.input(0), "how often it runs") if node.input(0) else MOST_NODES + 1
        goes_on = self.number(node.input(1), "its condition") if node.input(1) else 1
        start = f"{next(filter(None, node.outputs))}/"
        self.constants |= {f"{start}{name}": value for name, value in body.constants.items()}
        names = {name: f"{start}{name}" for name in body.constants}
        made: list[list[str]] = []  # of each pass, what it gives to be put together
        while goes_on and len(made) < limit:
            names = self.one_pass(body, names, carried, f"{start}{len(made)}/", len(made))
            given = [names.get(name, name) for name in body.outputs]
            carried = given[1 : 1 + len(carried)]
            made.append(given[1 + len(carried) :])
            goes_on = self.number(given[0], "its condition")
            if len(made) > MOST_NODES:
                raise LoopError(TOO_MANY)
        if not made:
            raise LoopError("it does not run at all")
        for name, value in zip(node.outputs, carried, strict=False):
            self.give("Identity", (value,), name)
        for at, name in enumerate(node.outputs[len(carried) :]):
            if name in self.wanted:
                parts = [f"{start}{number}/put out/{at}" for number in range(len(made))]
                for part, each in zip(parts, made, strict=True):
                    self.add(Node(-1, "Unsqueeze", "", (each[at],), (part,), {"axes": (0,)}))
                self.give("Concat", tuple(parts), name, axis=0)

    def give(self, operator: str, inputs: tuple[str, ...], name: str, **attributes: object) -> None:
        """An output of a loop, if anything reads it."""
        if name in self.wanted:
            self.add(Node(-1, operator, "", inputs, (name,), attributes))

    def one_pass(
        self, body: Body, before: dict[str, str], carried: list[str], prefix: str, number: int
    ) -> dict[str, str]:
        """A copy of a body; returns what its names are called, by what they were ``before``."""
        self.constants[f"{prefix}number"] = np.array(number, np.int64)
        self.constants[f"{prefix}goes on"] = np.array(True)
        names = {name: before[name] for name in body.constants}
        names |= dict(zip(body.inputs, (f"{prefix}number", f"{prefix}goes on", *carried), strict=True))
        for node in body.nodes:
            inputs = tuple(names.get(name, name) for name in node.inputs)
            if number and inputs == tuple(before.get(name, name) for name in node.inputs):
                names |= {name: before[name] for name in filter(None, node.outputs)}  # the same as in the pass before
                continue
            names |= {name: f"{prefix}{name}" for name in filter(None, node.outputs)}
            outputs = tuple(names[name] if name else "" for name in node.outputs)
            self.add(replace(node, number=-1, inputs=inputs, outputs=outputs))
        return names


def without_loops(graph: Graph) -> Graph:
    """The graph with copies of their bodies for loops; raises ``LoopError``, with the loop in its text."""
    loops = sum(node.operator == LOOP for node in graph.nodes)
    if not loops:
        return graph
    copies = Copies(graph)
    for node in graph.nodes:
        try:
            if node.operator != LOOP:
                copies.add(node)
            elif copies.wanted & set(node.outputs):
                copies.loop(node)
        except LoopError as why:
            raise LoopError(f"{node} is a loop that cannot be taken apart: {why}") from None
    return replace(graph, nodes=tuple(copies.nodes), constants=copies.constants, loops=loops)
