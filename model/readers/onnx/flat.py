# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions and pools over time that stand as ones of images of one row or column, as tf2onnx leaves Conv1D."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from model.readers.onnx.file import Graph, Node
from model.signal import Array

OVER_TIME = ("Conv", "MaxPool", "AveragePool")
IMAGE = 2  # axes of a kernel
FIRST = 2  # axis of an image that a kernel moves along
LISTS = ("kernel_shape", "strides", "dilations")  # attributes of a number for each axis, all 1 along a single row


def _kernel(node: Node, constants: dict[str, Array]) -> list[int]:
    """Its lengths."""
    kernel = constants.get(node.input(1))
    return [int(n) for n in node.attributes.get("kernel_shape") or (() if kernel is None else kernel.shape[FIRST:])]


def _across(node: Node, kernel: list[int]) -> int | None:
    """Which axis of the kernel does nothing where there is one row; None if both do something."""
    pads = [int(n) for n in node.attributes.get("pads") or (0,) * 2 * IMAGE]
    held = [kernel, *(node.attributes.get(name) or (1, 1) for name in LISTS[1:])]
    if len(kernel) != IMAGE or len(pads) != 2 * IMAGE or any(len(each) != IMAGE for each in held):
        return None
    idle = [axis for axis in range(IMAGE) if all(each[axis] == 1 for each in held) and not any(pads[axis::IMAGE])]
    return next(iter(idle), None)


def over_time(graph: Graph) -> Graph:
    """The same with one axis less in each, which is dropped before it and made again behind: it must be of one."""
    nodes, constants = list[Node](), dict(graph.constants)
    count = max((node.number for node in graph.nodes), default=0)
    for node in graph.nodes:
        kernel = _kernel(node, constants) if node.operator in OVER_TIME and len(node.outputs) == 1 else []
        axis = _across(node, kernel)
        weights = constants.get(node.input(1))
        if axis is None or (node.input(1) and (weights is None or weights.ndim != FIRST + IMAGE)):
            nodes.append(node)
            continue
        before, made, held = (f"{node.output(0)}/{what}" for what in ("before", "made", "kernel"))
        attributes: dict[str, Any] = {**node.attributes, "kernel_shape": kernel}
        for name in (*LISTS, "pads"):
            if attributes.get(name):
                attributes[name] = tuple(attributes[name])[1 - axis :: IMAGE]
        inputs = (before, *node.inputs[1:])
        if weights is not None:
            constants[held] = np.squeeze(weights, FIRST + axis)
            inputs = (before, held, *node.inputs[2:])
        around = {"axes": (FIRST + axis,)}
        nodes += [
            Node(count + 1, "Squeeze", node.name, node.inputs[:1], (before,), around),
            replace(node, inputs=inputs, outputs=(made,), attributes=attributes),
            Node(count + 2, "Unsqueeze", node.name, (made,), node.outputs, around),
        ]
        count += 2
    return replace(graph, nodes=tuple(nodes), constants=constants)
