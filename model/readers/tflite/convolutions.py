# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions, pools and padding of a .tflite over time: the converter writes them over two axes, one of them 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model.layers.conv1d import Conv1d
from model.layers.global_pool import GlobalAveragePool, GlobalMaxPool
from model.layers.pad import Cropping, ZeroPadding
from model.layers.pool import AveragePool, MaxPool, Pool
from model.layers.repeat import Repeat
from model.layers.window import MOST, Window, padded
from model.readers.tflite.file import Operator
from model.readers.tflite.fused import own, read_fused
from model.readers.tflite.reader import Reader, bias_types, format_of
from model.readers.tflite.steps import INDICES, integers, same_values, steps_axis, taken
from model.signal import Signal

PADDINGS = ("same", "valid")  # of schema's Padding
AXES = ("H", "W")


def _axis(reader: Reader, operator: Operator, kernel: tuple[int, ...]) -> int:
    """Which of the two axes is time: the other one has one element, and so has the kernel there."""
    shape = reader.graph.tensors[operator.inputs[0]].shape
    if len(shape) != 4 or shape[0] != 1:
        raise reader.refuse(f"{operator}: it reads shape {shape}; supported: sequences, as (1, 1, steps, features)")
    lengths = shape[1:3]
    axis = 1 if lengths[0] == 1 and kernel[0] == 1 else 0
    if lengths[1 - axis] != 1 or kernel[1 - axis] != 1:
        raise reader.refuse(f"{operator}: it goes over two axes, {lengths[0]} by {lengths[1]}; supported: over time")
    reader.shaped(lengths[axis], shape[3])
    return axis


def _window(reader: Reader, operator: Operator, length: int, axis: int) -> Window:
    options, letter = operator.options, AXES[axis]
    stride = options.get(f"Stride{letter}", 1)
    dilation = options.get(f"Dilation{letter}Factor", 1)
    if not (stride > 0 and dilation > 0 and length > 0 and options.get("Padding", 0) < len(PADDINGS)):
        raise reader.refuse(f"{operator}: its strides or its padding are none; the file is damaged")
    window = padded(PADDINGS[options.get("Padding", 0)], reader.signal.shape[0], length, stride, dilation)
    if not window.fits:
        raise reader.refuse(f"{operator}: it takes {window.reach} steps at a time, every {stride}; supported: {MOST}")
    return window


def _output(reader: Reader, operator: Operator, *shape: int) -> Signal:
    """The signal that it writes, of this shape."""
    output = reader.signal_of(reader.graph.tensors[operator.outputs[0]])
    due = Signal(shape)
    if min(shape) < 1 or output.dtype != reader.signal.dtype or output.size != due.size:
        raise reader.refuse(f"{operator}: its output is {output.shape} {output.dtype}; {shape} was due")
    return replace(output, shape=shape)


def _same(reader: Reader, operator: Operator) -> None:
    """Refuse other scales behind it than before it."""
    ends = (reader.graph.tensors[n] for n in (operator.inputs[0], operator.outputs[0]))
    if not same_values(*ends):
        raise reader.refuse(f"{operator}: its input and output have other scales or types; convert the model again")


def _convolution(reader: Reader, operator: Operator, depthwise: bool) -> None:
    kernel = reader.tensor(operator, 1)
    if kernel is None or len(kernel.shape) != 4 or min(kernel.shape) < 1:
        raise reader.refuse(f"{operator}: its weights have no four axes")
    axis = _axis(reader, operator, kernel.shape[1:3])
    source, last = reader.signal, kernel.shape[3]
    features, outputs = source.shape[1], last if depthwise else kernel.shape[0]
    each = 1 if depthwise else last  # features of a group
    groups = features // each
    if features % each or outputs % groups or (depthwise and kernel.shape[0] != 1):
        raise reader.refuse(f"{operator}: its weights {kernel.shape} do not fit {features} features")
    window = _window(reader, operator, kernel.shape[1 + axis], axis)
    weights = reader.weights(operator, 1, "its kernel", *kernel.shape, rows=outputs, axis=3 if depthwise else 0)
    if source.real and weights.scale is not None:
        reader.note(f"{operator}: each window is quantised by itself, not the whole input; outputs differ a little")
    values = weights.values.reshape(-1, outputs).T if depthwise else weights.values.reshape(outputs, -1)
    weights = replace(weights, values=np.ascontiguousarray(values))
    bias = np.zeros(outputs, bias_types(source)[-1])  # without one tflite-micro adds up in 32 bits
    if reader.tensor(operator, 2) is not None:
        scale = 1.0 if weights.scale is None else source.scale * weights.scale
        bias = reader.bias(operator, 2, "its bias", scale, outputs)
    output = _output(reader, operator, window.steps(source.shape[0]), outputs)
    function, format = own(reader, operator), format_of(source, weights)
    name = reader.name("depthwise_conv1d" if depthwise else "conv1d")
    reader.add(Conv1d(name, weights, bias, function, output, format, window=window, groups=groups))
    read_fused(reader, operator, done=function)


def _read_conv(reader: Reader, operator: Operator) -> None:
    _convolution(reader, operator, depthwise=False)


def _read_depthwise(reader: Reader, operator: Operator) -> None:
    _convolution(reader, operator, depthwise=True)


def _pool(kind: type[Pool], name: str) -> Callable[[Reader, Operator], None]:
    def read(reader: Reader, operator: Operator) -> None:
        lengths = tuple(operator.options.get(key, 0) for key in ("FilterHeight", "FilterWidth"))
        axis = _axis(reader, operator, lengths)
        window = _window(reader, operator, lengths[axis], axis)
        _same(reader, operator)
        if window.padded and not kind.ignores_padding:
            raise reader.refuse(f"{operator}: the mean at its ends is of fewer steps; convert with padding='valid'")
        steps, features = reader.signal.shape
        reader.add(kind(reader.name(name), window, _output(reader, operator, window.steps(steps), features)))
        read_fused(reader, operator)

    return read


def _over_time(reader: Reader, operator: Operator) -> int:
    """Let the signal be the sequence of which an operator takes all steps together; returns its features."""
    shape, axes = reader.graph.tensors[operator.inputs[0]].shape, reader.tensor(operator, 1)
    found = None if axes is None else integers(axes)
    rank = len(shape)
    taken = {n % rank for n in found or () if -rank <= n < rank}
    steps = int(np.prod(shape[1:-1]))
    if rank not in (3, 4) or not found or taken & {0, rank - 1} or steps != np.prod([shape[n] for n in taken]):
        raise reader.refuse(f"{operator}: it does not take all steps of a sequence together, which alone is supported")
    reader.shaped(steps, shape[-1])
    return shape[-1]


def _read_mean(reader: Reader, operator: Operator) -> None:
    features = _over_time(reader, operator)
    reader.add(GlobalAveragePool(reader.name("global_average_pooling1d"), _output(reader, operator, features)))


def _read_largest(reader: Reader, operator: Operator) -> None:
    features = _over_time(reader, operator)
    _same(reader, operator)
    reader.add(GlobalMaxPool(reader.name("global_max_pooling1d"), _output(reader, operator, features)))


def _read_pad(reader: Reader, operator: Operator) -> None:
    tensor, shape = reader.tensor(operator, 1), reader.graph.tensors[operator.inputs[0]].shape
    known = tensor is not None and tensor.dtype in INDICES and tensor.shape == (len(shape), 2)
    if tensor is None or not known or tensor.data.nbytes != tensor.size * np.dtype(tensor.dtype).itemsize:
        raise reader.refuse(f"{operator}: how much it pads is not stored in the file")
    pads = tensor.data.view(tensor.dtype).reshape(-1, 2)
    padded_axes = [axis for axis in range(len(shape)) if pads[axis].any()]
    time = [axis for axis in range(1, len(shape) - 1) if shape[axis] > 1] or [len(shape) - 2]
    if len(shape) not in (3, 4) or len(time) != 1 or padded_axes not in ([], time) or pads.min() < 0:
        raise reader.refuse(f"{operator}: it pads other axes than the steps of a sequence")
    _same(reader, operator)
    reader.shaped(shape[time[0]], shape[-1])
    left, right = (int(n) for n in pads[time[0]])
    output = _output(reader, operator, left + shape[time[0]] + right, shape[-1])
    reader.add(ZeroPadding(reader.name("zero_padding1d"), left, right, output))


def _read_slice(reader: Reader, operator: Operator) -> None:
    """Steps at the ends left out; of a single step that is left, without its axis if the operator says so."""
    shape, steps = reader.graph.tensors[operator.inputs[0]].shape, taken(reader.graph, operator)
    time = steps_axis(shape)
    if time is None or not steps or steps.step != 1 or not 0 <= steps.start < steps.stop <= shape[time]:
        raise reader.refuse(f"{operator} does not take steps of a sequence, one after the other; no other is supported")
    _same(reader, operator)
    reader.shaped(shape[time], shape[2])
    left, right = steps.start, shape[time] - steps.stop
    reader.add(Cropping(reader.name("cropping1d"), left, right, _output(reader, operator, len(steps), shape[2])))
    reader.shaped(*reader.signal_of(reader.graph.tensors[operator.outputs[0]]).shape)


def _read_tile(reader: Reader, operator: Operator) -> None:
    """A vector at every step."""
    shape, multiples = reader.graph.tensors[operator.inputs[0]].shape, reader.tensor(operator, 1)
    times = None if multiples is None else integers(multiples)
    if times is None or len(shape) != 3 or shape[:2] != (1, 1) or len(times) != 3 or times[::2] != [1, 1]:
        raise reader.refuse(f"{operator}: it does not repeat a vector at every step, which alone is supported")
    _same(reader, operator)
    reader.shaped(shape[2])
    reader.add(Repeat(reader.name("repeat_vector"), _output(reader, operator, times[1], shape[2])))


READERS: dict[str, Callable[[Reader, Operator], None]] = {
    "CONV_2D": _read_conv,
    "DEPTHWISE_CONV_2D": _read_depthwise,
    "MAX_POOL_2D": _pool(MaxPool, "max_pooling1d"),
    "AVERAGE_POOL_2D": _pool(AveragePool, "average_pooling1d"),
    "MEAN": _read_mean,
    "REDUCE_MAX": _read_largest,
    "PAD": _read_pad,
    "STRIDED_SLICE": _read_slice,
    "TILE": _read_tile,
}
