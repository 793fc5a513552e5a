# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A ``Network`` as a .tflite, so that tflite-micro can run what TensorFlow's converter would refuse to make.

Operators and tensors are those a conversion of a fused LSTM gives.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.layers.activation import Activation
from model.layers.base import Layer
from model.layers.bidirectional import Bidirectional
from model.layers.convert import Convert
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.merge import Merge
from model.layers.prelu import Prelu
from model.layers.reshape import Reshape
from model.layers.with_constant import WithConstant
from model.network import Network
from model.readers.tflite.joins import FUNCTIONS as MERGED
from model.readers.tflite.layers import FUNCTIONS
from model.signal import Array, Signal, Weights
from tests.oracle import tflite_convolutions
from tests.oracle.flatbuffer import File, Tensor, pack

NONE, RELU, TANH = 0, 1, 4  # ActivationFunctionType
OPERATORS = {function: operator for operator, function in FUNCTIONS.items()}
MERGES = {function: operator for operator, function in MERGED.items()}


def _tensor(signal: Signal, shape: tuple[int, ...] | None = None, variable: bool = False) -> Tensor:
    """The tensor that holds a signal, its batch axis in front."""
    scale = None if signal.dtype == "float32" else np.float32([signal.scale])
    return Tensor((1, *(shape or signal.shape)), signal.dtype, b"", scale, signal.zero_point, variable)


def _bias(file: File, bias: Array, source: Signal, weights: Weights, row: int | None = None) -> int:
    if weights.scale is None:
        return file.constant(bias)
    scale = weights.scale if row is None else weights.scale[row : row + 1]
    return file.constant(bias, np.float32(source.scale) * scale if source.dtype != "float32" else None)


def _reversed(file: File, number: int) -> int:
    output = replace(file.tensors[number], variable=False)
    return file.operator("REVERSE_V2", [number, file.constant(np.int32([1]))], output, "ReverseV2Options")


def _lstm(file: File, layer: Lstm, number: int, source: Signal, label: Signal) -> int:
    """The hidden states (1, T, H) in the order computed, or the last one (1, H); read at the label's scale."""
    if layer.go_backwards:
        number = _reversed(file, number)
    integer = source.dtype != "float32"

    def rows(weights: Weights) -> list[int]:
        scales = [None] * 4 if weights.scale is None else [weights.scale[g : g + 1] for g in range(4)]
        return [file.constant(weights.values[g], scales[g]) for g in range(4)]

    kernel, recurrent = rows(layer.kernel), rows(layer.recurrent)
    bias = [_bias(file, layer.bias[g], source, layer.kernel, g) for g in range(4)]
    state = (layer.units,)
    hidden = file.tensor(_tensor(layer.output, state, variable=True))
    cell_signal = Signal(state, "int16", layer.cell_scale) if integer else Signal(state)
    cell = file.tensor(_tensor(cell_signal, variable=True))
    inputs = [number, *kernel, *recurrent, -1, -1, -1, *bias, -1, -1, hidden, cell, -1, -1, -1, -1]
    sequence = file.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        inputs,
        _tensor(label, (source.shape[0], layer.units)),
        "UnidirectionalSequenceLSTMOptions",
        FusedActivationFunction=TANH,
        CellClip=layer.cell_clip,
        AsymmetricQuantizeInputs=layer.kernel.scale is not None and not integer,
    )
    if layer.return_sequences:
        return sequence
    begin, end, stride = (file.constant(np.int32(v)) for v in ([0, -1, 0], [0, 0, 0], [1, 1, 1]))
    masks = {"BeginMask": 5, "EndMask": 5, "ShrinkAxisMask": 2}
    last = _tensor(label, state)
    return file.operator("STRIDED_SLICE", [sequence, begin, end, stride], last, "StridedSliceOptions", **masks)


def _bidirectional(file: File, layer: Bidirectional, number: int, source: Signal) -> int:
    forward = _lstm(file, layer.forward, number, source, layer.output)
    backward = _lstm(file, layer.backward, number, source, layer.output)
    if layer.backward.return_sequences:
        backward = _reversed(file, backward)
    axis = len(layer.output.shape)
    both = _tensor(layer.output)
    return file.operator("CONCATENATION", [forward, backward], both, "ConcatenationOptions", Axis=axis)


def _dense(file: File, layer: Dense, number: int, source: Signal) -> int:
    weights = layer.kernel
    if weights.scale is not None and len(np.unique(weights.scale)) == 1:
        weights = replace(weights, scale=weights.scale[:1])  # one scale for all: the per-tensor form
    kernel = file.constant(weights.values, weights.scale)
    return file.operator(
        "FULLY_CONNECTED",
        [number, kernel, _bias(file, layer.bias, source, weights)],
        _tensor(layer.output),
        "FullyConnectedOptions",
        FusedActivationFunction=RELU if layer.activation == "relu" else NONE,
        KeepNumDims=len(source.shape) > 1,
        AsymmetricQuantizeInputs=weights.scale is not None and source.dtype == "float32",
    )


def _layer(file: File, layer: Layer, number: int, source: Signal) -> int:
    over_windows = tflite_convolutions.layer(file, layer, number, source)
    if over_windows is not None:
        return over_windows
    if isinstance(layer, Lstm):
        return _lstm(file, layer, number, source, layer.output)
    if isinstance(layer, Bidirectional):
        return _bidirectional(file, layer, number, source)
    if isinstance(layer, Dense):
        return _dense(file, layer, number, source)
    output = _tensor(layer.output)
    if isinstance(layer, Activation):
        options, fields = ("SoftmaxOptions", {"Beta": 1.0}) if layer.function == "softmax" else ("", {})
        if layer.function == "leaky_relu":
            options, fields = "LeakyReluOptions", {"Alpha": layer.parameters[0]}
        return file.operator(OPERATORS[layer.function], [number], output, options, **fields)
    if isinstance(layer, Prelu):
        held = replace(_tensor(layer.held), data=layer.alpha.tobytes(), shape=layer.held.shape)
        return file.operator("PRELU", [number, file.tensor(held)], output)
    if isinstance(layer, WithConstant):
        held = replace(_tensor(layer.held), data=layer.constant.tobytes(), shape=layer.held.shape)
        return _merge(file, layer.function, [number, file.tensor(held)], output)
    if isinstance(layer, Reshape):
        shape = file.constant(np.int32(output.shape))
        return file.operator("RESHAPE", [number, shape], output, "ReshapeOptions")
    if isinstance(layer, Convert):
        return file.operator("DEQUANTIZE" if output.dtype == "float32" else "QUANTIZE", [number], output)
    raise AssertionError(f"{layer.name}: no operator stands for this layer")


def _merge(file: File, function: str, reads: list[int], output: Tensor, activation: int = NONE) -> int:
    operator = MERGES[function]
    fields = {"FusedActivationFunction": activation} if operator in ("ADD", "SUB", "MUL") else {}
    options = f"{operator.capitalize()}Options" if fields else "MaximumMinimumOptions"
    return file.operator(operator, reads, output, options, **fields)


def _join(file: File, layer: Layer, reads: list[int]) -> int:
    output = _tensor(layer.output)
    if isinstance(layer, Merge):
        return _merge(file, layer.function, reads, output)
    axis = len(layer.output.shape)
    return file.operator("CONCATENATION", reads, output, "ConcatenationOptions", Axis=axis)


def write(network: Network) -> bytes:
    """The network as the bytes of a .tflite."""
    file = File()
    tensors = [file.tensor(_tensor(signal)) for signal in network.inputs]
    for index, (layer, node) in enumerate(zip(network.layers, network.nodes, strict=True)):
        reads = [tensors[number] for number in node.reads]
        one = _join(file, layer, reads) if layer.joins else _layer(file, layer, reads[0], network.input_of(index))
        tensors.append(one)
    return pack(file, tensors[: len(network.inputs)], [tensors[number] for number in network.outputs])
