# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What each kind of Keras layer becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from model.layers.base import Layer
from model.layers.bidirectional import Bidirectional
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.normalise import Normalise
from model.layers.reshape import Reshape
from model.readers.keras.activations import activation, fused
from model.readers.keras.settings import Config
from model.readers.keras.source import Source
from model.signal import Array, Signal, Weights


def _lstm_arrays(config: Config) -> int:
    """How many arrays an LSTM has."""
    return 3 if config.get("use_bias", True) else 2


def _read_lstm(source: Source) -> Lstm:
    config = source.config
    if len(source.input.shape) != 2:
        raise source.refuse(f"needs a sequence (steps, features) as input, got shape {source.input.shape}")
    steps, features = source.input.shape
    units = int(config["units"])

    def by_gate(array: Array) -> Array:  # Keras keeps the gates as column blocks i, f, c, o
        return np.ascontiguousarray(array.reshape(-1, 4, units).transpose(1, 2, 0))

    kernel = by_gate(source.array(0, features, 4 * units))
    recurrent = by_gate(source.array(1, units, 4 * units))
    source.only(_lstm_arrays(config))
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
    forward = source.config["layer"]["config"]
    given = source.config.get("backward_layer")
    # Keras leaves it out when it is the forward layer turned round
    backward = given["config"] if given else {**forward, "go_backwards": True}
    if forward.get("go_backwards") or not backward.get("go_backwards"):
        raise source.refuse("its first LSTM must have go_backwards=False and its second go_backwards=True")
    count = _lstm_arrays(forward)
    halves = []
    for key, config, arrays in (
        ("forward", forward, source.arrays[:count]),
        ("backward", backward, source.arrays[count:]),
    ):
        part = source._replace(name=f"{source.name}_{key}", config=config, arrays=arrays)
        halves.append(_read_lstm(part))
    one, other = halves
    if one.output.shape != other.output.shape:
        raise source.refuse("its LSTMs must have the same units and return_sequences")
    return [Bidirectional(source.name, one, other, Signal((*one.output.shape[:-1], 2 * one.units)))]


def _values(value: Any) -> Array:
    """Numbers of the configuration."""
    if isinstance(value, dict):  # {"class_name": "__numpy__", ...}
        value = value["config"]["value"]
    return np.asarray(value, np.float64)


def _by_feature(source: Source, values: Array) -> Array:
    """One value of each feature, from one of all or one of each."""
    features = source.input.shape[-1]
    if values.size not in (1, features) or values.size != (values.shape[-1] if values.ndim else 1):
        raise source.refuse(f"must have one value or one per feature ({features})")
    return np.broadcast_to(values.reshape(-1), (features,)).astype(np.float64)


def _normalise(source: Source, scale: Array, offset: Array) -> list[Layer]:
    with np.errstate(over="ignore"):
        scale, offset = scale.astype(np.float32), offset.astype(np.float32)
    if not (np.isfinite(scale).all() and np.isfinite(offset).all()):
        raise source.refuse("has values that are not finite")
    return [Normalise(source.name, scale, offset, source.input)]


def _normalization(source: Source) -> list[Layer]:
    axis = source.config.get("axis", -1)
    axes = axis if isinstance(axis, list) else [] if axis is None else [axis]
    if axes not in ([], [-1], [len(source.input.shape)]):
        raise source.refuse(f"axis={axis} is not supported; supported: -1")
    given = (source.config.get("mean"), source.config.get("variance"))
    if given[0] is None and len(source.arrays) >= 2:
        source.only(3)  # the third counts samples
        mean, variance = (source.array(index, *source.arrays[index].shape) for index in range(2))
    elif None in given:
        raise source.refuse("was never adapted: it has no mean and variance")
    else:
        mean, variance = (_values(value) for value in given)
    if not axes and max(mean.size, variance.size) > 1:
        raise source.refuse(f"axis={axis} asks for one mean and one variance")
    mean, variance = _by_feature(source, mean), _by_feature(source, variance)
    if (variance < 0).any():
        raise source.refuse("has a negative variance")
    scale = 1.0 / np.maximum(np.sqrt(variance), 1e-7)  # Keras's epsilon
    return _normalise(source, scale, -mean * scale)


def _rescaling(source: Source) -> list[Layer]:
    scale, offset = (_by_feature(source, _values(source.config[key])) for key in ("scale", "offset"))
    return _normalise(source, scale, offset)


def _dense(source: Source) -> list[Layer]:
    units = int(source.config["units"])
    kernel = source.array(0, source.input.shape[-1], units)
    source.only(2 if source.config.get("use_bias", True) else 1)
    bias = source.array(1, units) if source.config.get("use_bias", True) else np.zeros(units, np.float32)
    output = Signal((*source.input.shape[:-1], units))
    clamp, rest = fused(source, output)
    return [Dense(source.name, Weights(np.ascontiguousarray(kernel.T)), bias, clamp, output), *rest]


def _time_distributed(source: Source) -> list[Layer]:
    return _dense(source._replace(config=source.config["layer"]["config"]))


def _activation_layer(source: Source) -> list[Layer]:
    return activation(source.name, source.function("activation"), source.input)


def _flatten(source: Source) -> list[Layer]:
    several = [length for length in source.input.shape if length > 1]
    if source.config.get("data_format") == "channels_first" and len(several) > 1:  # with one axis both are the same
        raise source.refuse(
            "data_format='channels_first' is not supported; supported: channels_last: train the model with that, or "
            "reorder the rows of the next Dense kernel"
        )
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


LAYERS: dict[str, Callable[[Source], list[Layer]]] = {
    "LSTM": _lstm,
    "Bidirectional": _bidirectional,
    "Dense": _dense,
    "TimeDistributed": _time_distributed,
    "Activation": _activation_layer,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
    "Dropout": _nothing,
    "InputLayer": _nothing,
}
