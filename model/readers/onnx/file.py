# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What an .onnx file says, as plain values: constants, nodes, inputs and outputs, every size checked before use."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from model.errors import UserError
from model.readers.onnx.wire import has_more_fields
from model.signal import Array

FILE_LIMIT = 64 << 20  # bytes: no model for a microcontroller comes near
COUNT_LIMIT = 20_000  # nodes, constants, or inputs
FIELD_LIMIT = 500_000
ELEMENT_LIMIT = 1 << 24  # elements of one tensor
RANK_LIMIT = 8  # axes
OPSETS = (6, 28)  # of the standard operators, from the oldest to the newest that is read
TYPES = {
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "FLOAT16": "float16",
    "BFLOAT16": "bfloat16",
    "INT64": "int64",
    "INT32": "int32",
    "INT16": "int16",
    "UINT16": "uint16",
    "INT8": "int8",
    "UINT8": "uint8",
    "BOOL": "bool",
}  # of tensors, and what numpy calls them
MISSING = (
    "reading .onnx files takes the Python package 'onnx': ./scons installs it for a model= that names one; elsewhere "
    "pip install -r requirements/onnx.txt"
)

WITH_BODIES = ("Loop",)  # operators whose graphs are read

Dimension = int | str  # a number, or the name of what is left open


@dataclass(frozen=True, eq=False)
class Node:
    """An operator."""

    number: int
    operator: str
    name: str
    inputs: tuple[str, ...]  # names of tensors; empty where an optional one is left out
    outputs: tuple[str, ...]
    attributes: dict[str, Any] = field(default_factory=dict)  # numbers, texts, lists of them, arrays

    def __str__(self) -> str:
        return f"{self.operator} '{self.name}'" if self.name else f"{self.operator}, node {self.number},"

    @property
    def reads(self) -> set[str]:
        """The names of its inputs, and of what its graphs read."""
        bodies = [value for value in self.attributes.values() if isinstance(value, Body)]
        return set(self.inputs).union(*(node.reads for body in bodies for node in body.nodes))

    def input(self, index: int) -> str:
        """The name of an input; empty if it is left out."""
        return self.inputs[index] if index < len(self.inputs) else ""

    def output(self, index: int) -> str:
        """The name of an output; empty if it is left out."""
        return self.outputs[index] if index < len(self.outputs) else ""


@dataclass(frozen=True, eq=False)
class Body:
    """A graph within an operator: what is not named in it is of the graph around it."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: dict[str, Array]
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class End:
    """An input of the graph."""

    name: str
    type: str  # of TYPES
    shape: tuple[Dimension, ...] | None


@dataclass(frozen=True, eq=False)
class Graph:
    """The whole model."""

    opset: int
    nodes: tuple[Node, ...]
    constants: dict[str, Array]
    inputs: tuple[End, ...]
    outputs: tuple[str, ...]  # names: of what type and shape they are, the nodes say
    loops: int = 0  # that it had before their copies

    @property
    def wanted(self) -> frozenset[str]:
        """The names that lead to an output."""
        wanted = set(self.outputs)
        for node in reversed(self.nodes):
            if wanted & set(filter(None, node.outputs)):
                wanted |= node.reads
        return frozenset(wanted - {""})


class _File:
    """Messages of the file as plain values."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def refuse(self, what: str) -> UserError:
        """A complaint about the file."""
        return UserError(f"{self.path}: {what}")

    def few(self, what: str, messages: Any) -> Any:
        """The same, if there are not too many."""
        if len(messages) > COUNT_LIMIT:
            raise self.refuse(f"has {len(messages)} {what}; no more than {COUNT_LIMIT} are read")
        return messages

    def type(self, number: int, where: str) -> str:
        """A name of TYPES."""
        import onnx

        names = onnx.TensorProto.DataType
        name = names.Name(number) if number in names.values() else str(number)
        if name not in TYPES:
            raise self.refuse(f"{where} is of type {name}; supported: {', '.join(TYPES)}")
        return name

    def array(self, tensor: Any, where: str) -> Array:
        """A constant: its sizes agree before anything is made of them."""
        from onnx import numpy_helper

        if tensor.data_location or tensor.external_data:
            raise self.refuse(
                f"{where} lies in a file of its own: export with external_data=False, or load and save the model once "
                "more: onnx.save(onnx.load('model.onnx'), 'whole.onnx')"
            )
        name, dims = self.type(tensor.data_type, where), tuple(tensor.dims)
        if len(dims) > RANK_LIMIT or any(n < 0 for n in dims) or math.prod(dims) > ELEMENT_LIMIT:
            raise self.refuse(f"{where} has shape {dims}; supported: up to {ELEMENT_LIMIT} elements"[:400])
        size = 2 if name == "BFLOAT16" else np.dtype(TYPES[name]).itemsize
        if tensor.HasField("raw_data") and len(tensor.raw_data) != math.prod(dims) * size:
            raise self.refuse(f"{where} has {len(tensor.raw_data)} bytes for shape {dims}; the file is damaged"[:400])
        try:
            array = np.asarray(numpy_helper.to_array(tensor))
        except ValueError:
            raise self.refuse(f"{where} has other data than {dims} of {name}; the file is damaged"[:400]) from None
        if array.shape != dims:
            raise self.refuse(f"{where} has shape {array.shape}, not {dims}; the file is damaged"[:400])
        if not np.issubdtype(array.dtype, np.integer) and array.dtype != np.bool_:
            array = array.astype(np.float32)  # an overflow is found where the values are used
        return array

    def attribute(self, message: Any, where: str) -> Any:
        """A number, a text, a list or an array; a graph as it is, for nobody to read."""
        import onnx

        if message.ref_attr_name:
            raise self.refuse(f"{where}: attribute '{message.name}' refers to a function's; the file is damaged")
        if message.type == onnx.AttributeProto.TENSOR:
            return self.array(message.t, f"{where}: attribute '{message.name}'")
        value = onnx.helper.get_attribute_value(message)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, list):
            return tuple(each.decode("utf-8", "replace") if isinstance(each, bytes) else each for each in value)
        return value

    def node(self, number: int, message: Any) -> Node:
        """An operator of the standard set."""
        node = Node(number, message.op_type, message.name, tuple(message.input), tuple(message.output))
        if message.domain not in ("", "ai.onnx"):
            raise self.refuse(
                f"{node} is of '{message.domain}', not ONNX's own; give the model from before it was optimised or "
                "quantised for a runtime: quant=int8 quantises"
            )
        node.attributes.update({each.name: self.attribute(each, str(node)) for each in message.attribute})
        if node.operator in WITH_BODIES and "body" in node.attributes:
            node.attributes["body"] = self.body(node.attributes["body"], node)
        return node

    def body(self, message: Any, node: Node) -> Body:
        """The graph within an operator."""
        parts = (message.node, message.initializer, message.input, message.output)
        if message.sparse_initializer or any(len(each) > COUNT_LIMIT for each in parts):
            raise self.refuse(f"{node} holds a graph with sparse tensors, or more than {COUNT_LIMIT} nodes")
        constants = {each.name: self.array(each, f"constant '{each.name}'") for each in message.initializer}
        nodes = tuple(self.node(number, each) for number, each in enumerate(message.node))
        inputs, outputs = (tuple(each.name for each in ends) for ends in (message.input, message.output))
        return Body(inputs, outputs, constants, nodes)

    def end(self, message: Any) -> End:
        """An input of the graph."""
        what = f"'{message.name}'"
        if not message.type.HasField("tensor_type"):
            raise self.refuse(f"input {what} is no tensor; export a model of tensors")
        tensor = message.type.tensor_type
        shape: tuple[Dimension, ...] | None = None
        if tensor.HasField("shape"):
            shape = tuple(
                each.dim_value if each.HasField("dim_value") and each.dim_value > 0 else each.dim_param or "?"
                for each in tensor.shape.dim
            )
            if len(shape) > RANK_LIMIT:
                raise self.refuse(f"{what} has {len(shape)} axes; no more than {RANK_LIMIT} are read")
        return End(message.name, self.type(tensor.elem_type, what), shape)


def _opset(file: _File, imports: Iterable[Any]) -> int:
    """The version of ONNX's own operators."""
    found = [each.version for each in imports if each.domain in ("", "ai.onnx")]
    oldest, newest = OPSETS
    if len(found) != 1 or not oldest <= found[0] <= newest:
        raise file.refuse(
            f"is of opset {', '.join(map(str, found)) or 'none'}; supported: {oldest} to {newest}; export with "
            "opset_version=18"
        )
    return int(found[0])


def _loaded(path: Path) -> Any:
    """The message that a file is."""
    size = path.stat().st_size
    if size > FILE_LIMIT:
        raise UserError(f"{path}: has {size} bytes; no more than {FILE_LIMIT} are read")
    try:
        import onnx
    except ImportError:
        raise UserError(f"{path}: {MISSING}") from None
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    data = path.read_bytes()
    if has_more_fields(data, FIELD_LIMIT):
        raise UserError(
            f"{path}: has more than {FIELD_LIMIT} fields, as no model for a microcontroller; is it damaged?"
        )
    try:
        return onnx.ModelProto.FromString(data)
    except DecodeError:
        raise UserError(f"{path}: is no ONNX file, or is damaged; export the model again") from None


def load(path: Path) -> Graph:
    """Read the file; raises ``UserError``."""
    model, file = _loaded(path), _File(path)
    graph = model.graph
    if not graph.node:
        raise file.refuse("holds no graph of operators; export the model again")
    if model.functions:
        raise file.refuse(
            f"defines a function '{model.functions[0].name}'; take it apart: "
            "onnx.save(onnx.inliner.inline_local_functions(onnx.load('model.onnx')), 'plain.onnx')"
        )
    if graph.sparse_initializer:
        raise file.refuse("holds sparse tensors; export dense weights")
    opset = _opset(file, model.opset_import)
    for what, held in (
        ("nodes", graph.node),
        ("constants", graph.initializer),
        ("inputs", graph.input),
        ("outputs", graph.output),
    ):
        file.few(what, held)
    constants = {each.name: file.array(each, f"constant '{each.name}'") for each in graph.initializer}
    nodes = tuple(file.node(number, message) for number, message in enumerate(graph.node))
    written: set[str] = set(constants)
    for node in nodes:
        for name in filter(None, node.outputs):
            if name in written:
                raise file.refuse(f"{node} writes '{name}', which is there already; the file is damaged"[:400])
            written.add(name)
    inputs = tuple(file.end(each) for each in graph.input if each.name not in constants)
    return Graph(opset, nodes, constants, inputs, tuple(each.name for each in graph.output))
