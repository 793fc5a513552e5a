# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The activation of a Keras layer, as a layer or within the one before it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from model import functions
from model.functions import Function
from model.layers.activation import Activation
from model.layers.base import Layer
from model.readers.keras.settings import Config, check_layer, function_name, number
from model.readers.keras.source import Source
from model.signal import Signal

# Keras's names of functions that are called otherwise here
NAMES = {"swish": "silu", "hard_silu": "hard_swish"}
HARD_SIGMOIDS = {2: "hard_sigmoid_keras2", 3: "hard_sigmoid_keras3"}  # by the version of Keras


def named(source: Source, name: str) -> Function:
    """The function that Keras, in the version that wrote the file, calls so."""
    if name == "hard_sigmoid":
        if source.keras not in HARD_SIGMOIDS:
            raise source.refuse(
                "hard_sigmoid is another function in Keras 2 than in Keras 3, and the file does not say which wrote it;"
                " save the model again"
            )
        return functions.named(HARD_SIGMOIDS[source.keras])
    return functions.named(NAMES.get(name, name))


def _relu(most: float, slope: float, threshold: float) -> Function:
    """A ReLU by its settings, the plain ones by their names."""
    plain = {math.inf: "relu", 6.0: "relu6"}.get(most)
    if plain and (slope, threshold) == (0.0, 0.0):
        return functions.named(plain)
    return functions.named("bent_relu", most, slope, threshold)


def _of_relu(config: Config) -> Function:
    most = config.get("max_value")
    slope, threshold = (number(config.get(key, 0.0)) for key in ("negative_slope", "threshold"))
    return _relu(math.inf if most is None else number(most), slope, threshold)


def _of_leaky_relu(config: Config) -> Function:
    slopes = [number(config[key]) for key in ("negative_slope", "alpha") if key in config]
    return functions.named("leaky_relu", *(slopes or [0.3])[:1])  # Keras's default


OF_LAYERS: dict[str, Callable[[Config], Function]] = {
    "ReLU": _of_relu,
    "LeakyReLU": _of_leaky_relu,
    "ThresholdedReLU": lambda config: _relu(math.inf, 0.0, number(config.get("theta", 1.0))),
    "ELU": lambda config: functions.named("elu", number(config["alpha"])),
    "Softmax": lambda config: functions.named("softmax"),
}


def _of_layer(source: Source, kind: str) -> Function:
    """What a layer that is a function computes; ``source`` has its settings."""
    axis = source.config.get("axis", -1)
    if axis not in (-1, [-1], len(source.input.shape), [len(source.input.shape)]):
        raise source.refuse(f"axis={axis} is not supported; supported: -1")
    made = OF_LAYERS[kind](source.config)
    pieces = made.pieces
    if pieces is not None and made.name == "bent_relu" and made.parameters[0] < made.parameters[2]:
        raise source.refuse("its max_value is below its threshold; give them the other way round")
    return made


def function_of(source: Source, key: str = "activation") -> Function:
    """The function that a setting names, or that the layer computes which stands there."""
    value: Any = source.config.get(key)
    name = function_name(value)
    if name is not None:
        return named(source, name)
    where = f"{source.where}: its {key}"
    check_layer(value, where)
    return _of_layer(source._replace(where=where, config=value["config"]), value["class_name"])


def activation(name: str, function: Function, output: Signal) -> list[Layer]:
    """A layer of its own, none of a function that changes nothing."""
    return (
        [] if function.name == "linear" else [Activation(name, function.name, output, parameters=function.parameters)]
    )


def fused(source: Source, output: Signal) -> tuple[str, list[Layer]]:
    """Of a layer with weights: what a clamp at its output does, and the layer that does the rest."""
    function = function_of(source)
    if function.name == "relu":
        return function.name, []
    return "linear", activation(f"{source.name}_{function.name}", function, output)


def _activation(source: Source) -> list[Layer]:
    return activation(source.name, function_of(source), source.input)


def _reader(kind: str) -> Callable[[Source], list[Layer]]:
    return lambda source: activation(source.name, _of_layer(source, kind), source.input)


LAYERS: dict[str, Callable[[Source], list[Layer]]] = {
    "Activation": _activation,
    **{kind: _reader(kind) for kind in OF_LAYERS},
}
