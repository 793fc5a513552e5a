# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Layers over windows as the operators of a .tflite, as TensorFlow's converter writes them: over two axes, one of 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.layers.base import Layer
from model.layers.conv1d import Conv1d
from model.layers.global_pool import GlobalAveragePool, GlobalMaxPool
from model.layers.pad import Cropping, ZeroPadding
from model.layers.pool import AveragePool, MaxPool, Pool
from model.layers.window import Window, padded
from model.signal import Signal
from tests.oracle.flatbuffer import File, Tensor

SAME, VALID = 0, 1  # Padding
RELU = 1  # ActivationFunctionType


def _tensor(signal: Signal, *shape: int) -> Tensor:
    scale = None if signal.real else np.float32([signal.scale])
    return Tensor(shape, signal.dtype, b"", scale, signal.zero_point)


def _reshaped(file: File, number: int, signal: Signal, *shape: int) -> int:
    return file.operator("RESHAPE", [number, file.constant(np.int32(shape))], _tensor(signal, *shape), "ReshapeOptions")


def _pad(file: File, number: int, source: Signal, left: int, right: int) -> tuple[int, Signal]:
    """Zeros before and behind a sequence, and the signal with them."""
    longer = replace(source, shape=(left + source.shape[0] + right, source.shape[1]))
    pads = file.constant(np.int32([[0, 0], [left, right], [0, 0]]))
    return file.operator("PAD", [number, pads], _tensor(longer, 1, *longer.shape), "PadOptions"), longer


def _padding(file: File, number: int, source: Signal, window: Window) -> tuple[int, Signal, int]:
    """As the converter does it: by the operator itself, or before it."""
    if window == padded("same", source.shape[0], window.length, window.stride, window.dilation):
        return number, source, SAME if window.padded else VALID
    return *_pad(file, number, source, window.left, window.right), VALID


def _conv(file: File, layer: Conv1d, number: int, source: Signal) -> int:
    window, outputs = layer.window, len(layer.kernel.values)
    number, source, padding = _padding(file, number, source, window)
    features = source.shape[1]
    number = _reshaped(file, number, source, 1, 1, *source.shape)
    rows = layer.kernel.values.reshape(outputs, 1, window.length, -1)
    depthwise = 1 < layer.groups == features
    values = rows.transpose(3, 1, 2, 0) if depthwise else rows
    kernel = file.constant(np.ascontiguousarray(values), layer.kernel.scale)
    file.tensors[kernel].axis = 3 if depthwise else 0
    scale = None if layer.kernel.scale is None else np.float32(source.scale) * layer.kernel.scale
    fields = {"Padding": padding, "StrideW": window.stride, "StrideH": 1, "DilationHFactor": 1}
    if depthwise:
        fields["DepthMultiplier"] = outputs // features
    number = file.operator(
        "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D",
        [number, kernel, file.constant(layer.bias, scale)],
        _tensor(layer.output, 1, 1, *layer.output.shape),
        "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions",
        DilationWFactor=window.dilation,
        FusedActivationFunction=RELU * (layer.activation == "relu"),
        **fields,
    )
    return _reshaped(file, number, layer.output, 1, *layer.output.shape)


def _pool(file: File, layer: Pool, number: int, source: Signal) -> int:
    window, (steps, features) = layer.window, source.shape
    padding = SAME if window == padded("same", steps, window.length, window.stride) and window.padded else VALID
    number = _reshaped(file, number, source, 1, steps, 1, features)
    number = file.operator(
        "MAX_POOL_2D" if isinstance(layer, MaxPool) else "AVERAGE_POOL_2D",
        [number],
        _tensor(layer.output, 1, layer.output.shape[0], 1, features),
        "Pool2DOptions",
        Padding=padding,
        StrideH=window.stride,
        StrideW=window.stride,
        FilterHeight=window.length,
        FilterWidth=1,
    )
    return _reshaped(file, number, layer.output, 1, *layer.output.shape)


def layer(file: File, layer: Layer, number: int, source: Signal) -> int | None:
    """The tensor that the layer writes; None if it is none of these."""
    if isinstance(layer, Conv1d):
        return _conv(file, layer, number, source)
    if isinstance(layer, MaxPool | AveragePool):
        return _pool(file, layer, number, source)
    if isinstance(layer, GlobalAveragePool | GlobalMaxPool):
        name = "MEAN" if isinstance(layer, GlobalAveragePool) else "REDUCE_MAX"
        axis, output = file.constant(np.int32([1])), _tensor(layer.output, 1, *layer.output.shape)
        return file.operator(name, [number, axis], output, "ReducerOptions", KeepDims=False)
    if isinstance(layer, Cropping):
        limits = ([0, layer.left, 0], [0, source.shape[0] - layer.right, 0], [1, 1, 1])
        reads = [number, *(file.constant(np.int32(values)) for values in limits)]
        output = _tensor(layer.output, 1, *layer.output.shape)
        return file.operator("STRIDED_SLICE", reads, output, "StridedSliceOptions", BeginMask=5, EndMask=5)
    if isinstance(layer, ZeroPadding):
        return _pad(file, number, source, layer.left, layer.right)[0]
    return None
