# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A sound .tflite with a few things changed that a reader could pass over: the file stays well-formed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

ALIKE = (
    ("LOGISTIC", "TANH", "RELU", "RELU6", "ABS", "EXP"),
    ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"),
    ("LESS", "GREATER", "LESS_EQUAL"),
)  # operators that take each other's inputs, by options of no effect
NAMES = {number: name for name, number in vars(schema.BuiltinOperator).items() if name.isupper()}


def _code(model: Any, operator: Any) -> str:
    code = model.operatorCodes[operator.opcodeIndex]
    return str(NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)])


def _swapped(numbers: Any, rng: random.Random) -> list[int]:
    """Two of them in each other's place."""
    found = [int(number) for number in numbers]
    a, b = (rng.randrange(len(found)) for _ in range(2))
    found[a], found[b] = found[b], found[a]
    return found


def _other_operator(model: Any, graph: Any, rng: random.Random) -> None:
    operator = rng.choice(graph.operators)
    for alike in ALIKE:
        if _code(model, operator) in alike:
            name = rng.choice(alike)
            code = schema.OperatorCodeT()
            code.builtinCode = getattr(schema.BuiltinOperator, name)
            code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
            model.operatorCodes.append(code)
            operator.opcodeIndex = len(model.operatorCodes) - 1
            if alike != ALIKE[1] or name in ("MAXIMUM", "MINIMUM"):
                operator.builtinOptionsType, operator.builtinOptions = 0, None
            else:
                kind = f"{name.capitalize()}Options"
                operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
                operator.builtinOptions = getattr(schema, f"{kind}T")()


def _other_input(model: Any, graph: Any, rng: random.Random) -> None:
    """Another tensor of the same shape and type."""
    operator = rng.choice(graph.operators)
    at = rng.randrange(len(operator.inputs))
    was = graph.tensors[operator.inputs[at]]
    alike = [n for n, each in enumerate(graph.tensors) if list(each.shape) == list(was.shape) and each.type == was.type]
    operator.inputs = [*operator.inputs[:at], rng.choice(alike), *operator.inputs[at + 1 :]]


def _swapped_inputs(model: Any, graph: Any, rng: random.Random) -> None:
    operator = rng.choice(graph.operators)
    operator.inputs = _swapped(operator.inputs, rng)


def _swapped_outputs(model: Any, graph: Any, rng: random.Random) -> None:
    """Of an operator, or of the graph."""
    writer = rng.choice([graph, *(each for each in graph.operators if len(each.outputs) > 1)])
    writer.outputs = _swapped(writer.outputs, rng)


def _other_constant(model: Any, graph: Any, rng: random.Random) -> None:
    """One element of a constant, of this tensor alone."""
    constants = [each for each in graph.tensors if model.buffers[each.buffer].data is not None]
    tensor = rng.choice([each for each in constants if len(model.buffers[each.buffer].data)])
    dtype = {schema.TensorType.FLOAT32: "<f4", schema.TensorType.INT32: "<i4"}.get(tensor.type)
    if dtype is None:
        return
    values = np.frombuffer(bytes(bytearray(model.buffers[tensor.buffer].data)), dtype).copy()
    at = rng.randrange(values.size)
    values[at] = values[at] + rng.choice((1, -1, 0.25) if dtype == "<f4" else (1, -1, 2))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    model.buffers.append(buffer)
    tensor.buffer = len(model.buffers) - 1


def _other_option(model: Any, graph: Any, rng: random.Random) -> None:
    operators = [each for each in graph.operators if each.builtinOptions is not None]
    options = rng.choice(operators).builtinOptions if operators else None
    fields = [name for name, value in vars(options or object).items() if isinstance(value, int | bool)]
    if fields:
        name = rng.choice(fields)
        value = getattr(options, name)
        setattr(options, name, not value if isinstance(value, bool) else value + rng.choice((1, -1)))


CHANGES: tuple[Callable[[Any, Any, random.Random], None], ...] = (
    _other_operator,
    _other_input,
    _swapped_inputs,
    _swapped_outputs,
    _other_constant,
    _other_option,
)


def changed(data: bytes, rng: random.Random) -> bytes:
    """The bytes of a .tflite with one thing changed, in one of its graphs."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    rng.choice(CHANGES)(model, rng.choice([each for each in model.subgraphs if each.operators]), rng)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
