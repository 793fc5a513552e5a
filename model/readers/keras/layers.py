# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What each kind of Keras layer becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from model.layers.base import Layer
from model.layers.dense import Dense
from model.layers.normalise import Normalise
from model.layers.reshape import Reshape
from model.readers.keras import activations, recurrent
from model.readers.keras.activations import fused
from model.readers.keras.source import Source
from model.signal import Array, Signal, Weights


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
    """What the layer within makes of a step, at every one."""
    steps, *step = source.input.shape
    inner = source.config["layer"]
    made = LAYERS[inner["class_name"]](source._replace(config=inner["config"], input=Signal(tuple(step))))
    return [replace(layer, output=replace(layer.output, shape=(steps, *layer.output.shape))) for layer in made]


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
    **recurrent.LAYERS,
    "Dense": _dense,
    "TimeDistributed": _time_distributed,
    **activations.LAYERS,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
    "Dropout": _nothing,
    "InputLayer": _nothing,
}
