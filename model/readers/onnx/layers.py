# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Operators with weights, normalisations, windows and functions. ONNX has (N, channels, steps) before these."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model import functions
from model.functions import Function
from model.layers.activation import Activation
from model.layers.conv1d import Conv1d
from model.layers.dense import Dense
from model.layers.global_pool import GlobalAveragePool, GlobalMaxPool, GlobalPool
from model.layers.layer_norm import LayerNorm
from model.layers.normalise import Normalise
from model.layers.pad import ZeroPadding
from model.layers.pool import AveragePool, MaxPool
from model.layers.prelu import Prelu
from model.layers.window import MOST, Window
from model.readers.onnx import quantised, values
from model.readers.onnx.constants import axis_of
from model.readers.onnx.file import Node
from model.readers.onnx.reader import BatchError, Reader
from model.readers.onnx.recurrent import hard_sigmoid
from model.readers.onnx.values import Signals, Tensor
from model.signal import Array, Signal, Weights

# ---- matrices ----


def dense(reader: Reader, node: Node, value: Signals, kernel: Array, bias: Array) -> Tensor:
    """kernel (O, I) and bias (O,) on the last axis."""
    axis = len(value.shape) - 1
    number, laid = reader.features(node, value, axis)
    shape = reader.signal(number).shape
    if kernel.shape[1] != shape[-1] or not len(kernel):
        raise reader.refuse(node, f"multiplies {shape[-1]} features by {kernel.shape}")
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise reader.refuse(node, "has weights that are not finite")
    output = Signal((*shape[:-1], len(kernel)))
    weights = Weights(np.ascontiguousarray(kernel, np.float32))
    quantised.keep(reader, node, weights)
    made = Dense(reader.name("dense"), weights, bias.astype(np.float32), "linear", output)
    return values.with_last(laid, reader.add(made, number), axis, len(kernel))


def _gemm(reader: Reader, node: Node) -> Tensor:
    value = reader.signals(node)
    if node.attributes.get("transA", 0) or len(value.shape) != 2:
        raise reader.refuse(node, "multiplies a transposed signal (transA); supported: (batch, features)")
    kernel = reader.constant(node, 1, "its matrix", None, None).astype(np.float64)
    if not node.attributes.get("transB", 0):
        kernel = kernel.T
    alpha, beta = (float(node.attributes.get(name, 1.0)) for name in ("alpha", "beta"))
    bias = np.zeros(len(kernel))
    if node.input(2):
        given = reader.constant(node, 2, "its bias").astype(np.float64)
        rows = np.broadcast_to(given, (value.shape[0], len(kernel))) if given.size else np.zeros((1, len(kernel)))
        if (rows != rows[0]).any():
            raise reader.refuse(node, f"has a bias of {given.shape}, other from row to row; supported: (units,)")
        bias = beta * rows[0]
    return dense(reader, node, value, alpha * kernel, bias)


def _matmul(reader: Reader, node: Node) -> Tensor:
    value = reader.optional(node, 0)
    if isinstance(value, np.ndarray) or value is None:
        raise reader.refuse(node, "multiplies a constant by a signal; supported: a signal by a constant matrix")
    if not isinstance(reader.optional(node, 1), np.ndarray):
        raise reader.refuse(node, "multiplies two signals, as attention does, which is not supported: train without")
    kernel = reader.constant(node, 1, "its matrix")
    if kernel.ndim > 2 and math.prod(kernel.shape[:-2]) == 1:
        kernel = kernel.reshape(kernel.shape[-2:])
    if kernel.ndim != 2:
        raise reader.refuse(node, f"multiplies by constants of shape {kernel.shape}; supported: a matrix")
    return dense(reader, node, value, kernel.T, np.zeros(kernel.shape[1]))


# ---- windows ----


def _sequence(reader: Reader, node: Node) -> tuple[int, Tensor]:
    """A signal (T, F) of (N, F, T)."""
    tensor = reader.whole(node, reader.signals(node))
    if len(tensor.axes) != 3:
        raise reader.refuse(
            node, f"works on {len(tensor.axes)} axes; supported: (batch, channels, steps), a convolution over time"
        )
    if not tensor.is_batch(0):
        raise BatchError(str(reader.refuse(node, f"takes axis 0 of {tensor.shape} for the batch, which it is not")))
    return reader.laid(node, tensor, [[2], [1]])


def _of_sequence(reader: Reader, number: int) -> Tensor:
    """(N, F, T) of a new signal (T, F)."""
    made = values.of_signal(number, reader.signal(number).shape, reader.batch)
    return made.transposed([0, 2, 1])


def _numbers(node: Node, name: str, count: int, default: int) -> list[int]:
    return [int(n) for n in node.attributes.get(name) or [default] * count]


def _window(reader: Reader, node: Node, steps: int, length: int) -> Window:
    """Which steps each of the next is made of."""
    if length < 1 or _numbers(node, "kernel_shape", 1, length) != [length]:
        raise reader.refuse(node, f"has a kernel_shape that is not ({length},)")
    (stride,), (dilation,) = _numbers(node, "strides", 1, 1), _numbers(node, "dilations", 1, 1)
    left, right = _numbers(node, "pads", 2, 0)
    if stride < 1 or dilation < 1 or not (0 <= left <= MOST and 0 <= right <= MOST):
        raise reader.refuse(node, f"has strides {stride}, dilations {dilation}, pads {left} and {right}")
    window = Window(length, stride, dilation, left, right)
    auto = node.attributes.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        zeros = max(0, (-(-steps // stride) - 1) * stride + window.reach - steps)
        less, more = zeros // 2, zeros - zeros // 2
        left, right = (less, more) if auto == "SAME_UPPER" else (more, less)
    elif auto == "VALID":
        left = right = 0
    window = replace(window, left=left, right=right)
    if not window.fits or window.steps(steps) < 1:
        raise reader.refuse(
            node, f"takes {window.reach} steps at a time, every {stride}, of {steps}; supported: up to {MOST}"
        )
    return window


def _conv(reader: Reader, node: Node) -> Tensor:
    number, _ = _sequence(reader, node)
    steps, features = reader.signal(number).shape
    kernel = reader.constant(node, 1, "its kernel", None, None, None)
    groups, (outputs, inputs, length) = int(node.attributes.get("group", 1)), kernel.shape
    if min(kernel.shape) < 1 or groups < 1 or inputs * groups != features or outputs % groups:
        raise reader.refuse(node, f"has a kernel {kernel.shape} in {groups} groups for {features} features")
    bias = reader.constant(node, 2, "its bias", outputs) if node.input(2) else np.zeros(outputs)
    window = _window(reader, node, steps, length)
    weights = Weights(np.ascontiguousarray(kernel.transpose(0, 2, 1).reshape(outputs, -1), np.float32))
    quantised.keep(reader, node, weights)
    output, bias = Signal((window.steps(steps), outputs)), bias.astype(np.float32)
    if window.single and groups == 1:
        layer: Dense = Dense(reader.name("dense"), weights, bias, "linear", output)
    else:
        layer = Conv1d(reader.name("conv1d"), weights, bias, "linear", output, window=window, groups=groups)
    return _of_sequence(reader, reader.add(layer, number))


def _pool(kind: type[MaxPool | AveragePool]) -> Callable[[Reader, Node], Tensor]:
    def read(reader: Reader, node: Node) -> Tensor:
        number, _ = _sequence(reader, node)
        steps, features = reader.signal(number).shape
        if node.attributes.get("storage_order", 0) or len(node.outputs) > 1:
            raise reader.refuse(node, "puts out where the largest values stand; supported: the values alone")
        window = _window(reader, node, steps, _numbers(node, "kernel_shape", 1, 0)[0])
        if node.attributes.get("ceil_mode", 0):
            full = -(-(steps + window.left + window.right - window.reach) // window.stride) + 1
            if full != window.steps(steps):
                raise reader.refuse(node, "has a last window that is not whole (ceil_mode=1); pool without ceil_mode")
        if window.padded and not kind.ignores_padding:
            if not node.attributes.get("count_include_pad", 0):
                raise reader.refuse(node, "averages windows at the ends over fewer steps; pool without padding")
            padded = Signal((steps + window.left + window.right, features))
            number = reader.add(ZeroPadding(reader.name("zero_padding"), window.left, window.right, padded), number)
            window = replace(window, left=0, right=0)
        if kind.ignores_padding and max(window.left, window.right) >= window.reach:
            raise reader.refuse(node, "has windows of nothing but padding")
        output = Signal((window.steps(reader.signal(number).shape[0]), features))
        return _of_sequence(reader, reader.add(kind(reader.name(kind.kind), window, output), number))

    return read


def _global(kind: type[GlobalPool]) -> Callable[[Reader, Node], Tensor]:
    def read(reader: Reader, node: Node) -> Tensor:
        number, _ = _sequence(reader, node)
        features = reader.signal(number).shape[1]
        number = reader.add(kind(reader.name(kind.kind), Signal((features,))), number)
        return values.of_signal(number, (features,), reader.batch).unsqueezed([2])

    return read


def _sum(reader: Reader, node: Node) -> Tensor:
    """Over the steps: their mean times their number."""
    steps, made = reader.signals(node).shape, _reduce(GlobalAveragePool)(reader, node)
    (axis,) = reader.axes(node, 1, len(steps))
    number = reader.number(made.source)
    features = reader.signal(number).shape[-1]
    return replace(made, source=normalised(reader, node, number, np.full(features, steps[axis]), np.zeros(features)))


def _reduce(kind: type[GlobalPool]) -> Callable[[Reader, Node], Tensor]:
    """Over the steps of a sequence."""

    def read(reader: Reader, node: Node) -> Tensor:
        tensor = reader.whole(node, reader.signals(node))
        axes = reader.axes(node, 1, len(tensor.axes))
        if node.input(1) == "" and not node.attributes.get("axes"):
            axes = list(range(len(tensor.axes)))
        if len(axes) != 1 or values.BATCH in tensor.axes[axes[0]]:
            raise reader.refuse(node, f"works along axes {tuple(axes)}; supported: the steps of a sequence")
        (axis,) = axes
        others = [at for at in range(len(tensor.axes)) if at != axis]
        number, laid = reader.laid(node, tensor, [[axis], others])
        if reader.signal(reader.number(tensor.source)).shape[:1] != (laid.length(axis),):
            raise reader.refuse(
                node,
                f"works along axis {axis}, no steps; supported: the steps (a LayerNormalization: export with opset 17)",
            )
        number = reader.add(kind(reader.name(kind.kind), Signal((reader.signal(number).shape[1],))), number)
        made = values.first_axis(laid, number, axis, 1)
        return made if node.attributes.get("keepdims", 1) else made.squeezed([axis])

    return read


# ---- normalisations ----


def normalised(reader: Reader, node: Node, number: int, scale: Array, offset: Array) -> int:
    """scale (F,) and offset (F,) of a signal's last axis."""
    with np.errstate(over="ignore"):
        scale, offset = scale.astype(np.float32), offset.astype(np.float32)
    if not (np.isfinite(scale).all() and np.isfinite(offset).all()):
        raise reader.refuse(node, "scales by numbers that are not finite")
    return reader.add(Normalise(reader.name("normalise"), scale, offset, reader.signal(number)), number)


def _batch_norm(reader: Reader, node: Node) -> Tensor:
    value = reader.signals(node)
    if node.attributes.get("training_mode", 0) or sum(map(bool, node.outputs)) > 1:
        raise reader.refuse(node, "trains (training_mode); export after model.eval()")
    number, laid = reader.features(node, value, 1)
    features = reader.signal(number).shape[-1]
    scale, offset, mean, variance = (
        reader.constant(node, at, what, features).astype(np.float64)
        for at, what in enumerate(("its scale", "its bias", "its mean", "its variance"), 1)
    )
    epsilon = float(node.attributes.get("epsilon", 1e-5))
    if not (variance + epsilon > 0).all():
        raise reader.refuse(node, "has a negative variance")
    factor = scale / np.sqrt(variance + epsilon)
    return replace(laid, source=normalised(reader, node, number, factor, offset - mean * factor))


def _of_features(reader: Reader, node: Node, index: int, what: str, features: int) -> Array:
    """A constant (F,), or (1, ..., F)."""
    value = reader.constant(node, index, what)
    if value.shape[-1:] != (features,) or value.size != features:
        raise reader.refuse(node, f"{what} has shape {value.shape}, ({features}) is due")
    return value.reshape(-1)


def _layer_norm(reader: Reader, node: Node) -> Tensor:
    value = reader.signals(node)
    if axis_of(int(node.attributes.get("axis", -1)), len(value.shape)) != len(value.shape) - 1:
        raise reader.refuse(node, "normalises over several axes; supported: the last")
    if sum(map(bool, node.outputs)) > 1:
        raise reader.refuse(node, "puts out its mean; supported: the normalised values alone")
    number, laid = reader.features(node, value, len(value.shape) - 1)
    features = reader.signal(number).shape[-1]
    scale, offset = (
        _of_features(reader, node, at, what, features) if node.input(at) else np.full(features, 2.0 - at)
        for at, what in ((1, "its scale"), (2, "its bias"))
    )
    epsilon = float(node.attributes.get("epsilon", 1e-5))
    if not 0 < epsilon <= 1:
        raise reader.refuse(node, f"has epsilon {epsilon}; supported: above 0 and up to 1")
    layer = LayerNorm(
        reader.name("layer_norm"), scale.astype(np.float32), offset.astype(np.float32), epsilon, reader.signal(number)
    )
    return replace(laid, source=reader.add(layer, number))


# ---- functions ----


def activated(reader: Reader, node: Node, value: Signals, function: Function) -> Tensor:
    """A function of each element."""
    tensor = reader.whole(node, value)
    number = reader.number(tensor.source)
    layer = Activation(reader.name(function.name), function.name, reader.signal(number), parameters=function.parameters)
    return replace(tensor, source=reader.add(layer, number))


def _number(node: Node, name: str, default: float) -> float:
    return float(node.attributes.get(name, default))


def _hard_sigmoid(reader: Reader, node: Node) -> Function:
    alpha, beta = _number(node, "alpha", 0.2), _number(node, "beta", 0.5)
    found = hard_sigmoid(alpha, beta)
    if found is None:
        raise reader.refuse(node, f"has alpha {alpha:g} and beta {beta:g}; supported: 1/5 or 1/6, and 1/2")
    return found


def _clip(reader: Reader, node: Node) -> Function:
    """As its two ends are: what a ReLU6, a hard tanh or a ReLU with a largest value is."""
    ends = []
    for at, (name, default) in enumerate((("min", -math.inf), ("max", math.inf)), 1):
        given = reader.constant(node, at, f"its {name}").reshape(-1) if node.input(at) else None
        if given is not None and given.size != 1:
            raise reader.refuse(node, f"has a {name} of {given.size} numbers")
        ends.append(_number(node, name, default) if given is None else float(given[0]))
    low, high = ends
    if (low, high) == (-1.0, 1.0):
        return functions.named("hard_tanh")
    if low == 0.0 and high > 0:
        plain = {6.0: "relu6", math.inf: "relu"}.get(high)
        return functions.named(plain) if plain else Function("bent_relu", (high, 0.0, 0.0))
    raise reader.refuse(node, f"clips to {low:g} and {high:g}; supported: 0 to any, -1 to 1")


def _gelu(reader: Reader, node: Node) -> Function:
    return functions.named("gelu_tanh" if node.attributes.get("approximate", "none") == "tanh" else "gelu")


def _selu(reader: Reader, node: Node) -> Function:
    alpha, gamma = _number(node, "alpha", functions.SELU_ALPHA), _number(node, "gamma", functions.SELU_SCALE)
    if not np.allclose((alpha, gamma), (functions.SELU_ALPHA, functions.SELU_SCALE), rtol=1e-5):
        raise reader.refuse(node, f"has alpha {alpha:g} and gamma {gamma:g}; supported: those of SELU")
    return functions.named("selu")


def _swish(reader: Reader, node: Node) -> Function:
    if _number(node, "alpha", 1.0) != 1.0:
        raise reader.refuse(node, f"has alpha {_number(node, 'alpha', 1.0):g}; supported: 1")
    return functions.named("silu")


def _slope(name: str, attribute: str, default: float) -> Callable[[Reader, Node], Function]:
    def read(reader: Reader, node: Node) -> Function:
        value = _number(node, attribute, default)
        if not abs(value) <= 1e6:
            raise reader.refuse(node, f"has {attribute} {value:g}; supported: up to 1e6")
        return Function(name, (value,))

    return read


def _plain(name: str) -> Callable[[Reader, Node], Function]:
    return lambda reader, node: functions.named(name)


FUNCTIONS: dict[str, Callable[[Reader, Node], Function]] = {
    "Relu": _plain("relu"),
    "Sigmoid": _plain("sigmoid"),
    "Tanh": _plain("tanh"),
    "Exp": _plain("exponential"),
    "Softplus": _plain("softplus"),
    "Softsign": _plain("softsign"),
    "Mish": _plain("mish"),
    "HardSwish": _plain("hard_swish"),
    "Gelu": _gelu,
    "Selu": _selu,
    "Clip": _clip,
    "Swish": _swish,
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": _slope("leaky_relu", "alpha", 0.01),
    "Elu": _slope("elu", "alpha", 1.0),
    "ThresholdedRelu": lambda reader, node: Function("bent_relu", (math.inf, 0.0, _number(node, "alpha", 1.0))),
}


def _function(reader: Reader, node: Node) -> Tensor:
    return activated(reader, node, reader.signals(node), FUNCTIONS[node.operator](reader, node))


def _softmax(reader: Reader, node: Node) -> Tensor:
    """Over the last axis. Before opset 13 over all from ``axis`` on, which are to be one."""
    value = reader.signals(node)
    rank, since = len(value.shape), reader.graph.opset >= 13
    axis = axis_of(int(node.attributes.get("axis", -1 if since else 1)), rank)
    if not since and math.prod(value.shape[axis + 1 :]) != 1:
        raise reader.refuse(node, "goes over several axes; export with opset 13 or later")
    number, laid = reader.features(node, value, axis)
    layer = Activation(reader.name("softmax"), "softmax", reader.signal(number))
    return replace(laid, source=reader.add(layer, number))


def _prelu(reader: Reader, node: Node) -> Tensor:
    """A slope for each feature, or one."""
    value, slopes = reader.signals(node), reader.constant(node, 1, "its slopes")
    number, laid, alpha = reader.by_feature(node, value, slopes.astype(np.float32))
    layer = Prelu(reader.name("prelu"), alpha.astype(np.float32), Signal(alpha.shape), reader.signal(number))
    return replace(laid, source=reader.add(layer, number))


READERS: dict[str, Callable[[Reader, Node], Signals]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Conv": _conv,
    "MaxPool": _pool(MaxPool),
    "AveragePool": _pool(AveragePool),
    "GlobalMaxPool": _global(GlobalMaxPool),
    "GlobalAveragePool": _global(GlobalAveragePool),
    "ReduceMax": _reduce(GlobalMaxPool),
    "ReduceMean": _reduce(GlobalAveragePool),
    "ReduceSum": _sum,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "Softmax": _softmax,
    "PRelu": _prelu,
    **dict.fromkeys(FUNCTIONS, _function),
}
