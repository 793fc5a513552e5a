# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Keras's layers that bring features to another scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from model.layers.base import Layer
from model.layers.layer_norm import LayerNorm
from model.layers.normalise import Normalise
from model.readers.keras.source import Source
from model.signal import Array


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
    axis, axes = source.config.get("axis", -1), _axes(source)
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


def _axes(source: Source) -> list[int]:
    """The axes that a layer normalises along, as a list; none of all of them."""
    axis = source.config.get("axis", -1)
    return axis if isinstance(axis, list) else [] if axis is None else [axis]


def _check_last_axis(source: Source) -> None:
    """Refuse every axis but the last."""
    if _axes(source) not in ([-1], [len(source.input.shape)]):
        raise source.refuse(f"axis={source.config.get('axis')} is not supported; supported: -1")


def _gamma_beta(source: Source) -> tuple[Array, Array, int]:
    """What a layer scales with and adds (F,), and how many of its arrays these are."""
    features, held = source.input.shape[-1], 0
    found = []
    for key, neutral in (("scale", np.ones), ("center", np.zeros)):
        if source.config.get(key, True):
            found.append(source.array(held, features).astype(np.float64))
            held += 1
        else:
            found.append(neutral(features))
    return found[0], found[1], held


def _batch_normalization(source: Source) -> list[Layer]:
    """A scale and an offset: the mean and variance are those that training kept."""
    _check_last_axis(source)
    gamma, beta, held = _gamma_beta(source)
    features = source.input.shape[-1]
    mean, variance = (source.array(held + k, features).astype(np.float64) for k in range(2))
    source.only(held + 2)
    if (variance < 0).any():
        raise source.refuse("has a negative variance")
    scale = gamma / np.sqrt(variance + float(source.config.get("epsilon", 1e-3)))
    return _normalise(source, scale, beta - mean * scale)


def _layer_normalization(source: Source) -> list[Layer]:
    """Over the last axis, with a mean and a variance of each vector."""
    _check_last_axis(source)
    gamma, beta, held = _gamma_beta(source)
    source.only(held)
    epsilon = float(source.config.get("epsilon", 1e-3))
    return [LayerNorm(source.name, gamma.astype(np.float32), beta.astype(np.float32), epsilon, source.input)]


LAYERS: dict[str, Callable[[Source], list[Layer]]] = {
    "Normalization": _normalization,
    "Rescaling": _rescaling,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
}
