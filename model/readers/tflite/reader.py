# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What is read of a .tflite so far, and its constants and signals: types, shapes and scales checked before use."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from model import formats
from model.errors import UserError
from model.formats import types
from model.formats.base import Format
from model.layers.base import Layer
from model.layers.reshape import Reshape
from model.network import Node
from model.readers.tflite.file import ELEMENT_LIMIT, Graph, Operator, Tensor
from model.readers.tflite.steps import LSTM
from model.signal import Array, Signal, Weights

VALUES = tuple(dict.fromkeys(format.values.name for format in formats.every()))  # types of signals
INSTEAD = "give the Keras file instead"  # a way out of what only a converter writes


@dataclass
class Reader:
    """The layers read so far, and the signal that the next one will read."""

    path: Path
    graph: Graph
    inputs: list[Signal] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    at: int = 0  # the number of the signal
    numbers: dict[int, int] = field(default_factory=dict)  # of signals, by the tensors that hold them
    notes: list[str] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    states: set[int] = field(default_factory=set)  # tensors that an LSTM keeps its state in
    one_step: bool = False  # whether all that flows is a step of a stream, vectors too

    def refuse(self, what: str) -> UserError:
        """A complaint about the file."""
        return UserError(f"{self.path}: {what}")

    def note(self, what: str) -> None:
        """What a user should know, once."""
        self.notes += [] if what in self.notes else [what]

    def note_of_inputs(self, operator: Operator) -> None:
        """Tell where a file quantises real inputs in another way."""
        if operator.options.get("AsymmetricQuantizeInputs") is False:
            self.note(
                f"{operator}: the file asks for inputs without a zero point; they get one, outputs differ a little"
            )

    def name(self, kind: str) -> str:
        """A layer's name in Keras's manner: lstm, lstm_1, ..."""
        count = self.names.get(kind, 0)
        self.names[kind] = count + 1
        return f"{kind}_{count}" if count else kind

    @property
    def signal(self) -> Signal:
        """What the next layer will read."""
        return self.at_number(self.at)

    def at_number(self, number: int) -> Signal:
        """The signal of a number."""
        inputs = len(self.inputs)
        return self.nodes[number - inputs].layer.output if number >= inputs else self.inputs[number]

    def begin(self, tensor: int) -> None:
        """Let the next layer read what a tensor holds."""
        number = self.numbers.get(tensor)
        if number is None:
            constant = ": it is a constant" * bool(self.graph.tensors[tensor].data.size)
            raise self.refuse(f"tensor {tensor} is read as a signal but nothing computes it{constant}")
        self.at = number

    def end(self, tensor: int) -> None:
        """What the last layer writes is in this tensor."""
        self.numbers[tensor] = self.at

    def add(self, layer: Layer, *others: int) -> None:
        """Append a layer that reads the signal, and others by their numbers."""
        self.nodes.append(Node(layer, (self.at, *others)))
        self.at = len(self.inputs) + len(self.nodes) - 1

    def stepped(self, signal: Signal) -> Signal:
        """A vector as the step that it is."""
        return replace(signal, shape=(1, *signal.shape)) if self.one_step and len(signal.shape) == 1 else signal

    def relabel(self, signal: Signal) -> None:
        """Let the same stored values pass as ``signal``: another shape, or another scale."""
        signal = self.stepped(signal)
        if signal.size != self.signal.size or signal.dtype != self.signal.dtype:
            raise self.refuse(f"{self.signal.size} {self.signal.dtype} values are read as {signal.size} {signal.dtype}")
        if signal != self.signal:
            self.add(Reshape(self.name("reshape"), signal))

    def shaped(self, *shape: int) -> None:
        """Let the current signal have this shape."""
        self.relabel(replace(self.signal, shape=shape))

    def tensor(self, operator: Operator, index: int) -> Tensor | None:
        """Input ``index`` of an operator, None if it is absent."""
        number = operator.inputs[index] if index < len(operator.inputs) else -1
        return None if number < 0 else self.graph.tensors[number]

    def signal_of(self, tensor: Tensor) -> Signal:
        """How a tensor's values are stored; its shape without the batch axis."""
        return self.stepped(signal_of(tensor, self.refuse))

    def array(self, operator: Operator, index: int, what: str, dtypes: tuple[str, ...], *shape: int) -> Array:
        """A constant input of an operator: its type, size and, for numbers, finiteness checked."""
        tensor = self.tensor(operator, index)
        if tensor is None:
            raise self.refuse(f"{operator}: {what} is missing")
        if tensor.dtype not in dtypes or tensor.sparse:
            kind = "sparse" if tensor.sparse else tensor.dtype
            raise self.refuse(f"{operator}: {what} is {kind}; supported: {' or '.join(dtypes)}")
        if tensor.shape != shape:
            raise self.refuse(f"{operator}: {what} has shape {tensor.shape}, the operator asks for {shape}")
        if not tensor.data.size:
            raise self.refuse(
                f"{operator}: {what} is not stored in the file as {tensor.dtype}; convert with constant weights"
            )
        if tensor.data.nbytes != tensor.size * np.dtype(tensor.dtype).itemsize:
            raise self.refuse(f"{operator}: {what} has {tensor.data.nbytes} bytes for shape {tensor.shape}; damaged")
        array = np.frombuffer(tensor.data.tobytes(), tensor.dtype).reshape(shape)
        if not np.isfinite(array).all():
            raise self.refuse(f"{operator}: {what} has values that are not finite")
        return array

    def weights(self, operator: Operator, index: int, what: str, *shape: int, rows: int = 1, axis: int = 0) -> Weights:
        """A weight matrix: float32, or int8 with one scale, or with one a row (along ``axis``) of many ``rows``."""
        allowed = tuple(format.weights.name for format in formats.every() if format.values is self.signal.stored)
        values = self.array(operator, index, what, allowed, *shape)
        if types.of(values).real:
            return Weights(values)
        tensor = self.tensor(operator, index)
        assert tensor is not None
        scale = tensor.scale
        if len(scale) not in (1, rows) or (len(scale) > 1 and tensor.axis != axis):
            along = f" along axis {tensor.axis}" if tensor.axis else ""
            one = f"one{' or one a row' * (rows > 1)}"
            raise self.refuse(f"{operator}: {what} has {len(scale)} scales{along}; supported: {one}")
        if not (np.isfinite(scale).all() and (scale > 0).all()) or tensor.zero_point.any():
            raise self.refuse(f"{operator}: {what} needs positive scales and zero points of 0")
        if self.signal.real:
            self.note_of_inputs(operator)
        return Weights(values, np.broadcast_to(scale, rows).astype(np.float32))

    def bias(self, operator: Operator, index: int, what: str, scale: float | Array, units: int) -> Array:
        """A bias, in units of ``scale``, the product of those of the input and the weights."""
        allowed = bias_types(self.signal)
        array = self.array(operator, index, what, allowed if operator.name != LSTM else allowed[:1], units)
        tensor = self.tensor(operator, index)
        assert tensor is not None
        if not self.signal.real and len(tensor.scale):
            one_each = len(tensor.scale) in (1, units) and (len(tensor.scale) == 1 or tensor.axis == 0)
            if tensor.zero_point.any() or not one_each or not np.allclose(tensor.scale, scale, rtol=1e-3, atol=0):
                raise self.refuse(
                    f"{operator}: {what} has other scales than its input times its weights, or a zero point; convert "
                    "the model again"
                )
        return array


def bias_types(source: Signal) -> tuple[str, ...]:
    """Those that a bias may have, the usual one first; a Dense may have one of 32 bits where 64 are usual."""
    usual = format_of(source).bias
    return (usual.name, types.INT32.name) if usual.bytes > types.INT32.bytes else (usual.name,)


def format_of(source: Signal, weights: Weights | None = None) -> Format:
    """The format that computes with such values, and weights if there are any."""
    stored = None if weights is None else types.of(weights.values).name
    found = formats.computing(source.dtype, stored)
    assert found is not None, f"no format of {source.dtype} and {stored}"
    return found


def without_batch(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A tensor's shape as a signal's. What a convolution over time reads has an axis of 1 beside that of the steps."""
    shape = shape[1:] if len(shape) > 1 and shape[0] == 1 else shape or (1,)
    if len(shape) == 3 and 1 in shape[:2]:
        return (shape[0] * shape[1], shape[2])
    return shape


def signal_of(tensor: Tensor, refuse: Callable[[str], UserError]) -> Signal:
    """How a tensor's values are stored; its shape without the batch axis."""
    where = f"tensor {tensor.number} '{tensor.name}'"
    if tensor.sparse:
        raise refuse(f"{where} is sparse; convert without sparsity")
    if not tensor.fixed:
        raise refuse(f"{where} leaves its shape open; convert with fixed steps and features")
    if any(n < 1 for n in tensor.shape) or tensor.size > ELEMENT_LIMIT:
        raise refuse(f"{where} has shape {tensor.shape}; supported: up to {ELEMENT_LIMIT} elements, none of them zero")
    shape = without_batch(tensor.shape)
    if tensor.dtype not in VALUES:
        supported = ", ".join(VALUES)
        raise refuse(f"{where} is {tensor.dtype}; supported: {supported}; convert with int8 input and output")
    if types.named(tensor.dtype).real:
        return Signal(shape)
    if len(tensor.scale) != 1:
        raise refuse(f"{where} is {tensor.dtype} but has {len(tensor.scale)} scales; it must have one")
    signal = Signal(shape, tensor.dtype, float(tensor.scale[0]), int(tensor.zero_point[0]))
    low, high = (signal.low, signal.high) if format_of(signal).zero_points else (0, 0)
    if not (math.isfinite(signal.scale) and signal.scale > 0 and low <= signal.zero_point <= high):
        raise refuse(f"{where} has scale {signal.scale} and zero point {signal.zero_point}; the file is damaged")
    return signal
