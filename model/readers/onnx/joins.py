# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Operators on two signals or more, element by element, and on a signal and a constant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model import functions
from model.layers.merge import Merge
from model.readers.onnx.file import Node
from model.readers.onnx.layers import activated, normalised
from model.readers.onnx.reader import Reader
from model.readers.onnx.shapes import widened
from model.readers.onnx.values import Signals, Tensor
from model.signal import Array

MERGES = {
    "Add": "add",
    "Sub": "subtract",
    "Mul": "multiply",
    "Max": "maximum",
    "Min": "minimum",
    "Mean": "average",
    "Sum": "add",
}


def merged(reader: Reader, node: Node, function: str, one: Signals, other: Signals) -> Tensor:
    """Two signals; one that is shorter along an axis is repeated."""
    shape = np.broadcast_shapes(one.shape, other.shape)
    one, other = (widened(reader, node, each, shape) for each in (one, other))
    first, second = reader.whole(node, one), reader.whole(node, other)
    numbers = [reader.number(each.source) for each in (first, second)]
    shapes = [reader.signal(number).shape for number in numbers]
    made = first
    if (first.axes, first.sizes, shapes[0]) != (second.axes, second.sizes, shapes[1]):
        last = len(one.shape) - 1
        (numbers[0], made), (numbers[1], _) = (reader.features(node, each, last) for each in (first, second))
        numbers[1] = reader.shaped(numbers[1], reader.signal(numbers[0]).shape)
    layer = Merge(reader.name(function), function, reader.signal(numbers[0]))
    return replace(made, source=reader.add(layer, *numbers))


def _with_constant(reader: Reader, node: Node, value: Signals, constant: Array, first: bool) -> Tensor:
    """A factor, an offset, or a largest or smallest value; ``first``: whether the constant stands before the signal."""
    operator = node.operator
    if operator in ("Max", "Min"):
        if operator == "Max" and not constant.any():
            return activated(reader, node, value, functions.named("relu"))
        raise reader.refuse(node, "compares with a constant; supported: Max with 0")
    if operator == "Div" and first:
        raise reader.refuse(node, "divides a constant by a signal, which is not supported; train without")
    number, laid, numbers = reader.by_feature(node, value, constant.astype(np.float64))
    one, none = np.ones_like(numbers), np.zeros_like(numbers)
    if operator == "Div" and not numbers.all():
        raise reader.refuse(node, "divides by 0")
    with np.errstate(divide="ignore"):
        scale, offset = {
            "Add": (one, numbers),
            "Sum": (one, numbers),
            "Sub": (-one, numbers) if first else (one, -numbers),
            "Mul": (numbers, none),
            "Div": (1 / numbers, none),
            "Mean": (one / 2, numbers / 2),
        }[operator]
    return replace(laid, source=normalised(reader, node, number, scale, offset))


def _two(reader: Reader, node: Node, one: Signals | Array, other: Signals | Array) -> Signals:
    if isinstance(other, np.ndarray):
        assert not isinstance(one, np.ndarray)
        return _with_constant(reader, node, one, other, False)
    if isinstance(one, np.ndarray):
        return _with_constant(reader, node, other, one, True)
    if node.operator not in MERGES:
        raise reader.refuse(node, "divides a signal by another, which is not supported; train without")
    return merged(reader, node, MERGES[node.operator], one, other)


def _all(reader: Reader, node: Node) -> Signals:
    """Of any number, one after the other."""
    given = [reader.value(name, node) for name in node.inputs]
    if not given or (node.operator == "Mean" and len(given) > 2):
        raise reader.refuse(node, f"has {len(given)} inputs; supported: two")
    result = given[0]
    for each in given[1:]:
        result = _two(reader, node, result, each)
    if isinstance(result, np.ndarray):
        raise reader.refuse(node, "has constants alone; the file is damaged")
    return result


def _negative(reader: Reader, node: Node) -> Tensor:
    tensor = reader.whole(node, reader.signals(node))
    number = reader.number(tensor.source)
    features = reader.signal(number).shape[-1]
    return replace(tensor, source=normalised(reader, node, number, -np.ones(features), np.zeros(features)))


READERS: dict[str, Callable[[Reader, Node], Signals]] = {**dict.fromkeys((*MERGES, "Div"), _all), "Neg": _negative}
