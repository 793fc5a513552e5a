# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What Keras's convolutions, pools, padding and cropping in one dimension become."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from model.layers.base import Layer
from model.layers.conv1d import Conv1d
from model.layers.dense import Dense
from model.layers.global_pool import GlobalAveragePool, GlobalMaxPool, GlobalPool
from model.layers.pad import Cropping, ZeroPadding
from model.layers.pool import AveragePool, MaxPool, Pool
from model.layers.reshape import Reshape
from model.layers.window import MOST, Window, padded
from model.readers.keras.activations import fused
from model.readers.keras.source import Source
from model.signal import Array, Signal, Weights


def _sequence(source: Source) -> tuple[int, int]:
    """Steps and features of the input."""
    if len(source.input.shape) != 2:
        raise source.refuse(f"needs a sequence (steps, features) as input, got shape {source.input.shape}")
    steps, features = source.input.shape
    return steps, features


def _number(value: Any) -> int:
    """Of one dimension, which may stand in a list."""
    return int(value[0] if isinstance(value, list) else value)


def _taken(source: Source, window: Window) -> int:
    """How many windows the input has."""
    if not window.fits:
        raise source.refuse(f"takes {window.reach} steps at a time, every {window.stride}; supported: up to {MOST}")
    steps = window.steps(_sequence(source)[0])
    if steps < 1:
        raise source.refuse(f"takes {window.reach} steps at a time, but its input has {source.input.shape[0]}")
    return steps


def _window(source: Source) -> Window:
    """Of a convolution."""
    config = source.config
    stride, dilation = (_number(config.get(key, 1)) for key in ("strides", "dilation_rate"))
    return padded(config["padding"], _sequence(source)[0], _number(config["kernel_size"]), stride, dilation)


def _conv(source: Source, kernel: Array, bias: Array, window: Window, groups: int) -> list[Layer]:
    """``kernel`` (K, F / G, O) with the activation of the layer; of single vectors a Dense."""
    outputs = kernel.shape[-1]
    output = Signal((_taken(source, window), outputs))
    weights = Weights(np.ascontiguousarray(kernel.reshape(-1, outputs).T))
    clamp, rest = fused(source, output)
    if window.single and groups == 1:
        return [Dense(source.name, weights, bias, clamp, output), *rest]
    return [Conv1d(source.name, weights, bias, clamp, output, window=window, groups=groups), *rest]


def _bias(source: Source, index: int, outputs: int) -> Array:
    """Array ``index``, the last, where the layer has one."""
    has = bool(source.config.get("use_bias", True))
    source.only(index + has)
    return source.array(index, outputs) if has else np.zeros(outputs, np.float32)


def _conv1d(source: Source) -> list[Layer]:
    _, features = _sequence(source)
    outputs, groups, window = int(source.config["filters"]), int(source.config.get("groups", 1)), _window(source)
    if features % groups or outputs % groups:
        raise source.refuse(f"groups={groups} does not divide its {features} features and {outputs} filters")
    kernel = source.array(0, window.length, features // groups, outputs)
    return _conv(source, kernel, _bias(source, 1, outputs), window, groups)


def _each(source: Source, window: Window) -> Array:
    """The kernel of a depthwise convolution: output c * m + j reads feature c alone, (K, 1, F * m)."""
    _, features = _sequence(source)
    times = int(source.config.get("depth_multiplier", 1))
    return source.array(0, window.length, features, times).reshape(window.length, 1, features * times)


def _depthwise(source: Source) -> list[Layer]:
    window, (_, features) = _window(source), _sequence(source)
    kernel = _each(source, window)
    return _conv(source, kernel, _bias(source, 1, kernel.shape[-1]), window, features)


def _separable(source: Source) -> list[Layer]:
    """A depthwise convolution without bias, and a Dense."""
    window, (_, features) = _window(source), _sequence(source)
    kernel, outputs = _each(source, window), int(source.config["filters"])
    between = kernel.shape[-1]
    pointwise = source.array(1, 1, between, outputs)
    alone = source._replace(name=f"{source.name}_depthwise", config={**source.config, "activation": "linear"})
    first = _conv(alone, kernel, np.zeros(between, np.float32), window, features)
    second = source._replace(input=first[-1].output)
    return [*first, *_conv(second, pointwise, _bias(source, 2, outputs), Window(1), 1)]


def _pool(kind: type[Pool]) -> Callable[[Source], list[Layer]]:
    def read(source: Source) -> list[Layer]:
        steps, features = _sequence(source)
        length = _number(source.config["pool_size"])
        stride = length if source.config.get("strides") is None else _number(source.config["strides"])
        window = padded(source.config["padding"], steps, length, stride)
        if window.padded and not kind.ignores_padding:
            raise source.refuse(
                f"padding='same' would leave a mean of fewer than {length} steps at the ends of {steps}, which is not "
                "supported; supported: padding='valid', or lengths and strides without a rest"
            )
        return [kind(source.name, window, Signal((_taken(source, window), features)))]

    return read


def _global_pool(kind: type[GlobalPool]) -> Callable[[Source], list[Layer]]:
    def read(source: Source) -> list[Layer]:
        _, features = _sequence(source)
        pool = kind(source.name, Signal((features,)))
        kept = [Reshape(f"{source.name}_keepdims", Signal((1, features)))]
        return [pool, *(kept if source.config.get("keepdims") else [])]

    return read


def _ends(value: Any) -> tuple[int, int]:
    """How many steps at the start and at the end."""
    left, right = value if isinstance(value, list) else (value, value)
    return int(left), int(right)


def _zero_padding(source: Source) -> list[Layer]:
    (steps, features), (left, right) = _sequence(source), _ends(source.config["padding"])
    return [ZeroPadding(source.name, left, right, Signal((left + steps + right, features)))]


def _cropping(source: Source) -> list[Layer]:
    (steps, features), (left, right) = _sequence(source), _ends(source.config["cropping"])
    if left + right >= steps:
        raise source.refuse(f"cropping=({left}, {right}) leaves nothing of {steps} steps")
    return [Cropping(source.name, left, right, Signal((steps - left - right, features)))]


LAYERS: dict[str, Callable[[Source], list[Layer]]] = {
    "Conv1D": _conv1d,
    "DepthwiseConv1D": _depthwise,
    "SeparableConv1D": _separable,
    "MaxPooling1D": _pool(MaxPool),
    "AveragePooling1D": _pool(AveragePool),
    "GlobalMaxPooling1D": _global_pool(GlobalMaxPool),
    "GlobalAveragePooling1D": _global_pool(GlobalAveragePool),
    "ZeroPadding1D": _zero_padding,
    "Cropping1D": _cropping,
}
