# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""QuantizeLinear and DequantizeLinear, as onnxruntime's quantize_static and quantisation-aware training write them.

Each is read as the layer that it is, so that what lies between is of real values, as the file has it. Afterwards a
layer that reads what was dequantised and whose output is quantised computes in integers, with the scales of the file;
all others, as the recurrent cells, go on with real values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from model.formats import types
from model.formats.int8 import FORMAT
from model.layers.base import Layer, Place
from model.layers.convert import Convert
from model.network import Network
from model.network import Node as Placed
from model.readers.onnx.constants import FoldError, axis_of, numpy_type
from model.readers.onnx.file import Node
from model.readers.onnx.reader import Reader
from model.readers.onnx.values import Join, Signals, Tensor, Value
from model.signal import Array, Signal, Weights

NONE = (
    "holds no LSTM, GRU or RNN as one operator, and in a quantised file none is found in parts: give the model from "
    "before, quant=int8 quantises"
)
UINT8 = 2  # ONNX's number of the type that is meant where none is said
WAY_OUT = "quantise with activation_type=QuantType.QInt8 or QUInt8, or give the model from before"


# ---- what a file says ----


def _steps(reader: Reader, node: Node, rank: int, of_type: np.dtype[Any] | str) -> tuple[Array, Array, int]:
    """Scales (n,), zero points (n,) and the axis that they are along; n is 1 where all have one."""
    scale = reader.constant(node, 1, "its scale").astype(np.float32)
    zero = np.zeros(scale.shape, of_type)
    if node.input(2):
        zero = reader.constant(node, 2, "its zero point")
    if scale.ndim > 1 or zero.size != scale.size or node.attributes.get("block_size", 0):
        raise reader.refuse(node, "has scales in blocks; supported: one, or one for each output of a matrix")
    if not ((scale > 0).all() and np.issubdtype(zero.dtype, np.integer)):
        raise reader.refuse(node, "has a scale that is not positive, or a zero point that is no integer; it is damaged")
    axis = 0 if scale.size == 1 else axis_of(int(node.attributes.get("axis", 1)), rank)
    return scale.reshape(-1), zero.reshape(-1), axis


def _along(values: Array, shape: tuple[int, ...], axis: int) -> Array:
    """One for each place on an axis, beside an array of this shape."""
    if len(values) not in (1, shape[axis] if shape else 1):
        raise FoldError(f"it has {len(values)} scales for shape {shape}")
    return values.reshape([len(values) if at == axis else 1 for at in range(len(shape))])


def _type(reader: Reader, node: Node) -> np.dtype[Any]:
    """What a QuantizeLinear writes."""
    if node.input(2):
        return reader.constant(node, 2, "its zero point").dtype
    return np.dtype(numpy_type(int(node.attributes.get("output_dtype", 0)) or UINT8))


def _quantise(reader: Reader, node: Node) -> Signals | Array:
    value, of_type = reader.optional(node, 0), _type(reader, node)
    if of_type.kind not in "iu" or of_type.itemsize != types.INT8.bytes:
        raise reader.refuse(node, f"quantises to {of_type}; supported: 8 bits: {WAY_OUT}")
    ends = np.iinfo(of_type)
    moved = int(ends.min) - types.INT8.low  # what is taken from stored values and zero points, so that they are int8
    if isinstance(value, np.ndarray):
        value = reader.constant(node, 0, "what it reads")
        scale, zero, axis = _steps(reader, node, value.ndim, of_type)
        steps = np.rint(value.astype(np.float32) / _along(scale, value.shape, axis))
        return np.asarray(np.clip(steps + _along(zero, value.shape, axis), ends.min, ends.max), of_type)
    tensor = reader.whole(node, reader.signals(node))
    scale, zero, _ = _steps(reader, node, len(tensor.axes), of_type)
    if scale.size != 1:
        raise reader.refuse(node, f"has {scale.size} scales for what is computed; supported: one: {WAY_OUT}")
    number = reader.number(tensor.source)
    output = Signal(reader.signal(number).shape, types.INT8.name, float(scale[0]), int(zero[0]) - moved)
    made = reader.add(Convert(reader.name("quantise"), output), number)
    reader.moved[made] = moved
    return replace(tensor, source=made)


def _dequantise(reader: Reader, node: Node) -> Signals | Array:
    value = reader.optional(node, 0)
    if isinstance(value, np.ndarray):
        if not np.issubdtype(value.dtype, np.integer):
            raise reader.refuse(node, f"reads {value.dtype}; the file is damaged")
        scale, zero, axis = _steps(reader, node, value.ndim, value.dtype)
        reader.scales[node.output(0)] = scale
        moved = np.asarray(value.astype(np.int64) - _along(zero.astype(np.int64), value.shape, axis))
        return np.asarray(moved.astype(np.float32) * _along(scale, value.shape, axis), np.float32)
    tensor = reader.whole(node, reader.signals(node))
    number = reader.number(tensor.source)
    source = reader.signal(number)
    if source.real:
        raise reader.refuse(node, "reads what no QuantizeLinear wrote; export with real inputs")
    scale, zero, _ = _steps(reader, node, len(tensor.axes), types.INT32.name)
    steps = (float(scale[0]), int(zero[0]) - reader.moved[number]) if scale.size == 1 else None
    if (source.scale, source.zero_point) != steps:
        raise reader.refuse(
            node, "has another scale or zero point than what it reads was quantised with; quantise the model again"
        )
    return replace(tensor, source=reader.add(Convert(reader.name("dequantise"), Signal(source.shape)), number))


FORWARD, BACK = "QuantizeLinear", "DequantizeLinear"
READERS = {FORWARD: _quantise, BACK: _dequantise}


def check(reader: Reader, node: Node | None, value: Value | None) -> None:
    """Raise ``UserError`` where integers are read as if they were real values."""
    parts: tuple[Tensor, ...] = (value,) if isinstance(value, Tensor) else ()
    for part in value.parts if isinstance(value, Join) else parts:
        if isinstance(part.source, int) and not reader.signal(part.source).real:
            what = "reads" if node else "puts out"
            raise reader.refuse(node, f"{what} integers; supported: a {BACK} behind every {FORWARD}")


# ---- weights ----

Key = tuple[tuple[int, ...], bytes]
Known = Mapping[Key, Weights]  # integers of real weights


def key_of(weights: Weights) -> Key:
    """What tells real weights from others: their values."""
    return weights.values.shape, weights.values.tobytes()


def keep(reader: Reader, node: Node, weights: Weights) -> None:
    """Keep the integers that real weights (O, ...) of a node are, if they are exactly such."""
    scale = reader.scales.get(node.input(1))
    rows = len(weights.values)
    if scale is None or len(scale) not in (1, rows):
        return
    of_rows = np.broadcast_to(scale, rows).astype(np.float32)
    shaped = of_rows.reshape(-1, *[1] * (weights.values.ndim - 1))
    steps = np.rint(weights.values / shaped)
    if (steps * shaped == weights.values).all() and types.INT8.low <= steps.min() <= steps.max() <= types.INT8.high:
        reader.integers[key_of(weights)] = Weights(steps.astype(np.int8), of_rows)


# ---- layers in integers ----


@dataclass
class _Made:
    """The network as it becomes; signals by their numbers in the one that was read."""

    inputs: tuple[Signal, ...]
    nodes: list[Placed] = field(default_factory=list)
    real: dict[int, int] = field(default_factory=dict)
    stored: dict[int, int] = field(default_factory=dict)  # of integers that stand for its values
    steps: dict[tuple[int, Signal], int] = field(default_factory=dict)  # of signals here, as they were quantised

    def signal(self, number: int) -> Signal:
        inputs = len(self.inputs)
        return self.nodes[number - inputs].layer.output if number >= inputs else self.inputs[number]

    def add(self, layer: Layer, *reads: int) -> int:
        self.nodes.append(Placed(layer, reads))
        return len(self.inputs) + len(self.nodes) - 1

    def as_real(self, number: int) -> int:
        """The number of a signal's real values."""
        if number not in self.real:
            source = self.stored[number]
            self.real[number] = self.add(Convert("dequantise", Signal(self.signal(source).shape)), source)
        return self.real[number]

    def converted(self, layer: Layer, number: int) -> int:
        """A signal in the steps that a QuantizeLinear writes."""
        source = self.stored[number] if number in self.stored else self.real[number]
        if (source, layer.output) not in self.steps:
            alike = self.signal(source) == layer.output
            self.steps[source, layer.output] = source if alike else self.add(layer, source)
        return self.steps[source, layer.output]

    def computed(self, network: Network, index: int, known: Known) -> None:
        """A layer of real values, in integers where that can be."""
        layer, reads, written = network.layers[index], network.nodes[index].reads, network.written(index)
        if all(number in self.stored for number in reads):
            sources = [self.signal(self.stored[number]) for number in reads]
            output, ends = replace(sources[0], shape=layer.output.shape), written
            behind = None if layer.moves else network.follower(index)
            if behind is not None:
                output, ends = network.layers[behind].output, network.written(behind)
            made = None
            if layer.moves or (behind is not None and not output.real):
                made = layer.in_steps(sources, output, FORMAT, lambda real: known.get(key_of(real)))
            if made is not None:
                self.stored[ends] = self.add(made, *(self.stored[number] for number in reads))
                return
        self.real[written] = self.add(layer, *map(self.as_real, reads))


def in_integers(network: Network, known: Known) -> Network:
    """The network that a file with QuantizeLinear is; of one that has none the same."""
    if all(layer.output.real for layer in network.layers):
        return network
    made = _Made(network.inputs)
    made.real |= {number: number for number in range(len(network.inputs))}
    for index, node in enumerate(network.nodes):
        number = network.written(index)
        if number in made.stored:  # quantised by the layer before
            continue
        if not network.input_of(index).real:
            made.stored[number] = made.stored[node.reads[0]]
        elif not node.layer.output.real:
            made.stored[number] = made.converted(node.layer, node.reads[0])
        else:
            made.computed(network, index, known)
    outputs = tuple(map(made.as_real, network.outputs))
    network = replace(network, nodes=tuple(made.nodes), outputs=outputs, quantisation=FORMAT.name, came_quantised=True)
    return replace(network, notes=(*network.notes, _note(network)))


def _note(network: Network) -> str:
    """Which layers with weights compute in integers."""
    weighted = [(part.name, part.weighted) for layer in network.layers for _, part in layer.parts(Place(0))]
    whole = [name for name, format in weighted if format is not None and format.integer]
    rest = [name for name, format in weighted if format is not None and not format.integer]
    return (
        f"quantised by QuantizeLinear: in {network.format} with the scales of the file {', '.join(whole) or 'no layer'}"
        f"; in real numbers, as the file has them, {', '.join(rest) or 'none'}; integers are within one step of "
        "onnxruntime's where they start from the same ones"
    )
