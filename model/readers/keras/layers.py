# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What each kind of Keras layer becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model.layers.base import Layer
from model.layers.dense import Dense
from model.layers.permute import Permute
from model.layers.prelu import Prelu
from model.layers.repeat import Repeat
from model.layers.reshape import Reshape
from model.readers.keras import activations, convolutions, ids, merges, normalise, recurrent
from model.readers.keras.activations import fused
from model.readers.keras.source import Source
from model.signal import Signal, Weights


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


def _prelu(source: Source) -> list[Layer]:
    source.only(1)
    shared, features = source.config.get("shared_axes") or (), source.input.shape[-1]
    shape = tuple(1 if axis in shared else size for axis, size in enumerate(source.input.shape, 1))
    alpha = source.array(0, *shape)
    if alpha.size not in (1, features) or max((*shape, 1)) != alpha.size:
        raise source.refuse(
            f"has slopes of shape {shape}; supported: one for each of the {features} features: train the model with "
            "shared_axes=[1]"
        )
    slopes = np.array(np.broadcast_to(alpha.reshape(-1), (features,)))
    return [Prelu(source.name, slopes, Signal((features,)), source.input)]


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


def _permute(source: Source) -> list[Layer]:
    """Of a sequence of one step or one feature the elements stay in their order."""
    dims, shape = list(source.config["dims"]), source.input.shape
    if dims == list(range(1, len(shape) + 1)):
        return []
    if dims != [2, 1] or len(shape) != 2:
        raise source.refuse(f"dims={tuple(dims)} of shape {shape} is not supported; supported: (2, 1) of a sequence")
    output = Signal(shape[::-1])
    return [Reshape(source.name, output) if 1 in shape else Permute(source.name, output)]


def _repeat(source: Source) -> list[Layer]:
    if len(source.input.shape) != 1:
        raise source.refuse(f"needs a vector as input, got shape {source.input.shape}")
    return [Repeat(source.name, Signal((int(source.config["n"]), source.input.size)))]


def _nothing(source: Source) -> list[Layer]:
    return []


LAYERS: dict[str, Callable[[Source], list[Layer]]] = {
    **recurrent.LAYERS,
    "Dense": _dense,
    "TimeDistributed": _time_distributed,
    **activations.LAYERS,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "PReLU": _prelu,
    **normalise.LAYERS,
    **convolutions.LAYERS,
    **ids.LAYERS,
    "Dropout": _nothing,
    **merges.READ,
}
