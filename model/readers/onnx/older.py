# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Opset 6, before operators on two tensors spread the smaller one as numpy does, as opset 7 has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from model.readers.onnx.file import Body, Graph, Node

NEWER = 7  # from here on nothing is to be done

Reading = Callable[[Graph, Node], str]  # why a node cannot be read as of opset 7; empty if it can


def _spread(graph: Graph, node: Node) -> str:
    """The second is spread from ``axis`` on, by default from where its axes are the first one's last."""
    from_axis = node.attributes.get("broadcast", 0) and "axis" in node.attributes
    return "spreads its second input from an axis on (axis)" if from_axis else ""


def _without_training(graph: Graph, node: Node) -> str:
    return "" if node.attributes.get("is_test", 0) else "trains (is_test=0)"


def _norm(graph: Graph, node: Node) -> str:
    apart = "" if node.attributes.get("spatial", 1) else "has numbers for each step of a channel (spatial=0)"
    return _without_training(graph, node) or apart


def _slopes(graph: Graph, node: Node) -> str:
    slopes = graph.constants.get(node.input(1))
    return "" if slopes is not None and slopes.size == 1 else "has slopes along the second axis"


def _alike(graph: Graph, node: Node) -> str:
    return ""


READINGS: dict[str, Reading] = {
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Equal", "Less", "Greater"), _spread),
    "BatchNormalization": _norm,
    "Dropout": _without_training,
    "Gemm": _alike,
    "PRelu": _slopes,
}
GONE = ("axis", "broadcast", "is_test", "spatial")  # attributes that opset 7 has no more


class OlderError(Exception):
    """What is of another meaning than in opset 7."""


def as_newer(graph: Graph) -> Graph:
    """The same of opset 7; raises ``OlderError``."""
    if graph.opset >= NEWER:
        return graph
    nodes = []
    for node in graph.nodes:
        reading = READINGS.get(node.operator)
        inner = any(isinstance(value, Body) for value in node.attributes.values())
        why = "holds a graph" if inner else reading(graph, node) if reading else ""
        if why:
            raise OlderError(f"{node} {why}, in the way of opset {graph.opset}")
        kept = {name: value for name, value in node.attributes.items() if reading is None or name not in GONE}
        nodes.append(replace(node, attributes=kept))
    return replace(graph, opset=NEWER, nodes=tuple(nodes))
