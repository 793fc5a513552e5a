# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What each kind of Keras layer becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from model.errors import UserError
from model.network import Activation, Array, Bidirectional, Dense, Layer, Lstm, Normalise, Reshape, Signal, Weights

Config = dict[str, Any]

ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh", "softmax")


class Source(NamedTuple):
    """One layer as the file gives it: where it stands, its settings, its arrays in Keras's order."""

    where: str  # "forecast.keras: layer 'lstm' (LSTM)", the start of every complaint
    name: str
    config: Config
    arrays: tuple[Array, ...]
    input: Signal

    def refuse(self, what: str) -> UserError:
        """A complaint about this layer."""
        return UserError(f"{self.where}: {what}")

    def choice(self, key: str, supported: tuple[str, ...]) -> str:
        """A named setting, checked against what is supported."""
        value = self.config.get(key, supported[0])
        if isinstance(value, dict):  # {"class_name": "function", "config": "tanh"} or a registered object
            value = value.get("config", value.get("class_name"))
        if value not in supported:
            raise self.refuse(f"{key}={value!r} is not supported; supported: {', '.join(supported)}")
        return str(value)

    def array(self, index: int, *shape: int) -> Array:
        """Array ``index`` as float32 of exactly this shape, every value finite."""
        if index >= len(self.arrays):
            raise self.refuse(f"weight array {index} is missing from the file")
        array = np.asarray(self.arrays[index])
        if array.shape != shape:
            raise self.refuse(f"weight array {index} has shape {array.shape}, its settings ask for {shape}")
        array = array.astype(np.float32)
        if not np.isfinite(array).all():
            raise self.refuse(f"weight array {index} has values that are not finite")
        return array


def _read_lstm(source: Source) -> Lstm:
    config = source.config
    source.choice("activation", ("tanh",))
    source.choice("recurrent_activation", ("sigmoid",))
    for unsupported in ("stateful", "return_state"):
        if config.get(unsupported):
            raise source.refuse(f"{unsupported}=True is not supported; save the model with {unsupported}=False")
    if len(source.input.shape) != 2:
        raise source.refuse(f"needs a sequence (steps, features) as input, got shape {source.input.shape}")
    steps, features = source.input.shape
    units = int(config["units"])

    def by_gate(array: Array) -> Array:  # Keras keeps the gates as column blocks i, f, c, o
        return np.ascontiguousarray(array.reshape(-1, 4, units).transpose(1, 2, 0))

    kernel = by_gate(source.array(0, features, 4 * units))
    recurrent = by_gate(source.array(1, units, 4 * units))
    bias = np.zeros((4, units), np.float32)
    if config.get("use_bias", True):
        bias = source.array(2, 4 * units).reshape(4, units)
    sequences = bool(config.get("return_sequences"))
    return Lstm(
        name=source.name,
        kernel=Weights(kernel),
        recurrent=Weights(recurrent),
        bias=bias,
        return_sequences=sequences,
        go_backwards=bool(config.get("go_backwards")),
        cell_clip=0.0,
        output=Signal((steps, units) if sequences else (units,)),
    )


def _lstm(source: Source) -> list[Layer]:
    return [_read_lstm(source)]


def _bidirectional(source: Source) -> list[Layer]:
    if source.config.get("merge_mode") != "concat":
        raise source.refuse(f"merge_mode={source.config.get('merge_mode')!r} is not supported; supported: concat")
    halves = []
    forward = source.config["layer"]
    # Keras leaves backward_layer out when it is the forward layer turned round
    backward = source.config.get("backward_layer") or forward
    count = len(source.arrays) // 2
    halves_of_file = (("forward", forward, source.arrays[:count]), ("backward", backward, source.arrays[count:]))
    for key, inner, arrays in halves_of_file:
        if inner.get("class_name") != "LSTM":
            raise source.refuse(f"of a {inner.get('class_name')} is not supported; supported: Bidirectional(LSTM)")
        part = source._replace(name=f"{source.name}_{key}", config=inner["config"], arrays=arrays)
        halves.append(replace(_read_lstm(part), go_backwards=key == "backward"))
    one, other = halves
    if one.output.shape != other.output.shape or bool(forward["config"].get("go_backwards")):
        raise source.refuse("its LSTMs must have the same units and return_sequences, the second one backwards")
    return [Bidirectional(source.name, one, other, Signal((*one.output.shape[:-1], 2 * one.units)))]


def _normalise(source: Source, scale: Array, offset: Array) -> list[Layer]:
    features = source.input.shape[-1]
    try:
        scale, offset = (np.broadcast_to(a.reshape(-1), (features,)).astype(np.float32) for a in (scale, offset))
    except ValueError:
        raise source.refuse(f"must have one value or one per feature ({features})") from None
    if not (np.isfinite(scale).all() and np.isfinite(offset).all()):
        raise source.refuse("has values that are not finite")
    return [Normalise(source.name, scale, offset, source.input)]


def _normalization(source: Source) -> list[Layer]:
    axis = source.config.get("axis")
    last = len(source.input.shape)
    if axis not in (None, -1, [-1], [], last, [last]) or source.config.get("invert"):
        raise source.refuse(f"axis={axis}, invert={source.config.get('invert')} is not supported; supported: axis=-1")
    given = (source.config.get("mean"), source.config.get("variance"))
    mean, variance = source.arrays[:2] if given[0] is None and len(source.arrays) >= 2 else given
    if mean is None or variance is None:
        raise source.refuse("was never adapted: it has no mean and variance")
    scale = 1.0 / np.maximum(np.sqrt(np.asarray(variance, np.float64)), 1e-7)  # Keras's epsilon
    return _normalise(source, scale, -np.asarray(mean, np.float64) * scale)


def _rescaling(source: Source) -> list[Layer]:
    scale, offset = (np.asarray(source.config[key], np.float64) for key in ("scale", "offset"))
    return _normalise(source, scale, offset)


def _activation(name: str, function: str, output: Signal) -> list[Layer]:
    return [] if function == "linear" else [Activation(name, function, output)]


def _dense(source: Source) -> list[Layer]:
    units = int(source.config["units"])
    function = source.choice("activation", ACTIVATIONS)
    kernel = source.array(0, source.input.shape[-1], units)
    bias = source.array(1, units) if source.config.get("use_bias", True) else np.zeros(units, np.float32)
    output = Signal((*source.input.shape[:-1], units))
    clamp = function == "relu"
    dense = Dense(source.name, Weights(np.ascontiguousarray(kernel.T)), bias, function if clamp else "linear", output)
    return [dense] if clamp else [dense, *_activation(f"{source.name}_{function}", function, output)]


def _time_distributed(source: Source) -> list[Layer]:
    inner = source.config["layer"]
    if inner.get("class_name") != "Dense":
        raise source.refuse(f"of a {inner.get('class_name')} is not supported; supported: TimeDistributed(Dense)")
    return _dense(source._replace(config=inner["config"]))


def _activation_layer(source: Source) -> list[Layer]:
    return _activation(source.name, source.choice("activation", ACTIVATIONS), source.input)


def _flatten(source: Source) -> list[Layer]:
    return [Reshape(source.name, Signal((source.input.size,)))]


def _reshape(source: Source) -> list[Layer]:
    shape = [int(n) for n in source.config["target_shape"]]
    if shape.count(-1) == 1:
        shape[shape.index(-1)] = source.input.size // max(1, -int(np.prod(shape)))
    if any(n < 1 for n in shape) or int(np.prod(shape)) != source.input.size:
        raise source.refuse(f"target_shape {shape} does not hold the {source.input.size} elements of its input")
    return [Reshape(source.name, Signal(tuple(shape)))]


def _nothing(source: Source) -> list[Layer]:
    return []


# class name: (where its arrays lie below its group in the weights file, what it becomes)
LAYERS: dict[str, tuple[tuple[str, ...], Callable[[Source], list[Layer]]]] = {
    "LSTM": (("cell/vars",), _lstm),
    "Bidirectional": (("forward_layer/cell/vars", "backward_layer/cell/vars"), _bidirectional),
    "Dense": (("vars",), _dense),
    "TimeDistributed": (("layer/vars",), _time_distributed),
    "Activation": ((), _activation_layer),
    "Flatten": ((), _flatten),
    "Reshape": ((), _reshape),
    "Normalization": (("vars",), _normalization),
    "Rescaling": ((), _rescaling),
    "Dropout": ((), _nothing),
    "InputLayer": ((), _nothing),
}
