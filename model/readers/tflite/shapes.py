# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Shapes that a file leaves open: they follow from those of its inputs, of which no axis but the batch is open.

A converter that was given an open batch says of no tensor behind a transposed one what its shape is, and of the
outputs of a loop at times not even how many steps they have.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model.formats import REAL
from model.readers.tflite.file import LIST_STACK, Graph, Operator, Refuse
from model.readers.tflite.functions import FUNCTIONS
from model.readers.tflite.live import only_needed
from model.readers.tflite.rules import run
from model.readers.tflite.symbols import Reserved, Symbols

Shape = tuple[int, ...]
Shapes = list[Shape]


def _transposed(_: Operator, shapes: Shapes, values: list[list[int] | None]) -> Shape | None:
    order = values[1]
    if order is None or sorted(order) != list(range(len(shapes[0]))):
        return None
    return tuple(shapes[0][axis] for axis in order)


def _reshaped(_: Operator, shapes: Shapes, values: list[list[int] | None]) -> Shape | None:
    asked, size = values[1] if len(values) > 1 else None, math.prod(shapes[0])
    if asked is None or asked.count(-1) > 1 or any(n < 1 for n in asked if n != -1):
        return None
    rest = math.prod(n for n in asked if n != -1)
    made = tuple(size // rest if n == -1 else n for n in asked)
    return made if math.prod(made) == size else None


def _alike(_: Operator, shapes: Shapes, __: list[list[int] | None]) -> Shape | None:
    return shapes[0]


def _broadcast(_: Operator, shapes: Shapes, __: list[list[int] | None]) -> Shape | None:
    try:
        return tuple(int(n) for n in np.broadcast_shapes(*shapes))
    except ValueError:
        return None


def _dense(operator: Operator, shapes: Shapes, _: list[list[int] | None]) -> Shape | None:
    if len(shapes[1]) != 2 or not shapes[0]:
        return None
    rows = math.prod(shapes[0]) // max(1, shapes[1][1])
    return (*shapes[0][:-1], shapes[1][0]) if operator.options.get("KeepNumDims") else (rows, shapes[1][0])


def _deeper(_: Operator, shapes: Shapes, values: list[list[int] | None]) -> Shape | None:
    axes = values[1]
    if axes is None or len(axes) != 1 or not -len(shapes[0]) - 1 <= axes[0] <= len(shapes[0]):
        return None
    at = axes[0] + (len(shapes[0]) + 1) * (axes[0] < 0)
    return (*shapes[0][:at], 1, *shapes[0][at:])


def _packed(operator: Operator, shapes: Shapes, _: list[list[int] | None]) -> Shape | None:
    axis = operator.options.get("Axis", 0)
    axis += (len(shapes[0]) + 1) * (axis < 0)
    return (*shapes[0][:axis], len(shapes), *shapes[0][axis:]) if len(set(shapes)) == 1 else None


def _joined(operator: Operator, shapes: Shapes, _: list[list[int] | None]) -> Shape | None:
    axis, rank = operator.options.get("Axis", 0), len(shapes[0])
    axis += rank * (axis < 0)
    rest = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    if not 0 <= axis < rank or len(rest) != 1 or {len(shape) for shape in shapes} != {rank}:
        return None
    return (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])


RULES: dict[str, Callable[[Operator, Shapes, list[list[int] | None]], Shape | None]] = {
    "TRANSPOSE": _transposed,
    "RESHAPE": _reshaped,
    "FULLY_CONNECTED": _dense,
    "EXPAND_DIMS": _deeper,
    "PACK": _packed,
    "CONCATENATION": _joined,
    **dict.fromkeys((*FUNCTIONS, "REVERSE_V2", "QUANTIZE", "DEQUANTIZE"), _alike),
    **dict.fromkeys(("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM"), _broadcast),
}


def _of_a_loop(operator: Operator, symbols: Symbols) -> list[tuple[int, Shape]]:
    """What goes around keeps its shape; a list that is stacked has as many vectors as room was reserved for."""
    tensors, values = symbols.tensors, symbols.values
    if operator.name == "WHILE" and len(operator.inputs) == len(operator.outputs):
        pairs = [(n, out) for n, out in zip(operator.inputs, operator.outputs, strict=True) if min(n, out) >= 0]
        values.update({out: values[n] for n, out in pairs if isinstance(values.get(n), Reserved)})
        return [(out, tensors[n].shape) for n, out in pairs if tensors[n].fixed]
    kept = values.get(operator.inputs[0]) if operator.name == LIST_STACK and operator.inputs else None
    size = symbols.numbers(operator, 1)[-1] if isinstance(kept, Reserved) else 0
    return [(operator.outputs[0], (kept.length, 1, size))] if isinstance(kept, Reserved) and size > 0 else []


def _by_rule(operator: Operator, symbols: Symbols) -> list[tuple[int, Shape]]:
    rule = RULES.get(operator.name)
    if rule is None or min(operator.inputs[:2], default=-1) < 0 or len(operator.outputs) != 1:
        return []
    read = [symbols.tensors[n] for n in operator.inputs if n >= 0]
    values: list[list[int] | None] = []
    for index in range(len(read)):
        try:
            values.append(symbols.numbers(operator, index))
        except ValueError:
            values.append(None)
    shape = rule(operator, [each.shape for each in read], values)
    return [(operator.outputs[0], shape)] if shape is not None and all(each.fixed for each in read) else []


def settled(graph: Graph, refuse: Refuse) -> Graph:
    """The graph with those shapes that follow, and no longer computed; what is still open stays so."""
    symbols, operators = Symbols(graph, refuse), []
    for operator in graph.operators:
        try:
            found = (_of_a_loop(operator, symbols) if operator.outputs else []) or _by_rule(operator, symbols)
        except (ValueError, IndexError):  # what does not fit is refused by its reader
            found = []
        for number, shape in found:
            tensor = symbols.tensors[number]
            if min(tensor.signature, default=0) < 0:
                symbols.tensors[number] = replace(tensor, shape=shape, fixed=True)
        if operator.outputs and symbols.tensors[operator.outputs[0]].dtype != REAL:
            run(symbols, operator)
        known = operator.name == "RESHAPE" and len(operator.inputs) == 2 and bool(found)
        computed = known and not symbols.tensors[operator.inputs[1]].data.size
        operators.append(replace(operator, inputs=operator.inputs[:1]) if computed else operator)
    return only_needed(graph, replace(graph, tensors=tuple(symbols.tensors), operators=tuple(operators)))
