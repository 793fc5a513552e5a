# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""RTNeural's layers: Keras's, with what its own library makes of them.

It runs without end and gives an output for every step: a cell hands on every step, whatever shape Keras gave it, its
functions are tanh and sigmoid, and a convolution is causal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from model.escape import visible
from model.layers.base import Layer
from model.readers.keras.layers import LAYERS
from model.readers.keras.source import Source
from model.readers.weights_json.document import shown
from model.readers.weights_json.part import Part
from model.signal import Array, Signal

FUNCTIONS = ("", "tanh", "relu", "sigmoid", "softmax", "elu")  # none: what the exporter does not know, and linear
OWN = ("type", "activation", "shape", "weights", "name")
CELL = {"return_sequences": True, "activation": "tanh", "recurrent_activation": "sigmoid"}
Settings = dict[str, Any]


class Given(NamedTuple):
    """A layer of the file as a setting sees it."""

    part: Part
    units: int  # of its shape
    arrays: tuple[Array, ...]


class Type(NamedTuple):
    """A type of layer, and the Keras layer that it is."""

    kind: str
    settings: Callable[[Given], Settings]
    keys: tuple[str, ...] = ()  # that such a layer has beside ``OWN``
    functions: tuple[str, ...] = FUNCTIONS


def _function(given: Given) -> str:
    return given.part.text("activation") or "linear" if "activation" in given.part.held else "linear"


def _dense(given: Given) -> Settings:
    return {"units": given.units, "use_bias": len(given.arrays) > 1, "activation": _function(given)}


def _cell(given: Given) -> Settings:
    return {**CELL, "units": given.units, "use_bias": len(given.arrays) > 2, "reset_after": True}


def _conv1d(given: Given) -> Settings:
    part = given.part
    return {
        "filters": given.units,
        "kernel_size": part.count("kernel_size"),
        "dilation_rate": part.count("dilation"),
        "groups": part.count("groups") if "groups" in part.held else 1,
        "padding": "causal",
        "use_bias": len(given.arrays) > 1,
        "activation": _function(given),
    }


def _batch_norm(given: Given) -> Settings:
    count = len(given.arrays)
    if count not in (2, 4):
        raise given.part.refuse(
            f"has {count} arrays; supported: gamma, beta, mean and variance, or the last two: train it with "
            "both of scale and center, or without"
        )
    return {
        "epsilon": given.part.number("epsilon", 1e-3),
        "scale": count == 4,
        "center": count == 4,
    }


def _prelu(given: Given) -> Settings:
    """A slope for each feature, or one for all: in the file, the axes that share slopes have a single one."""
    shape = given.arrays[0].shape if given.arrays else ()
    return {"shared_axes": [axis for axis, size in enumerate(shape, 1) if size == 1]}


TYPES = {
    "dense": Type("Dense", _dense),
    "time-distributed-dense": Type("Dense", _dense),
    "lstm": Type("LSTM", _cell, functions=("", "tanh")),
    "gru": Type("GRU", _cell, functions=("", "tanh")),
    "conv1d": Type("Conv1D", _conv1d, ("kernel_size", "dilation", "groups")),
    "prelu": Type("PReLU", _prelu, functions=("",)),
    "batchnorm": Type("BatchNormalization", _batch_norm, ("epsilon",), functions=("",)),
    "activation": Type("Activation", lambda given: {"activation": _function(given)}),
}


def _dims(part: Part, key: str) -> list[int | None]:
    """A shape as Keras says it, the batch first: of a sequence or a vector."""
    shape = part.list(key)
    if len(shape) not in (2, 3) or not all(n is None or (type(n) is int and 0 < n < 1 << 24) for n in shape):
        raise part.refuse(f"'{key}' is {str(shape)[:80]}, [null, steps, features] is due")
    if shape[-1] is None:
        raise part.refuse(
            f"'{key}' does not tell the features, its last number; build the model with them and export it"
        )
    return shape


def _layer(part: Part, name: str, source: Signal, steps: int | None) -> list[Layer]:
    """What a layer becomes."""
    known = TYPES[part.text("type")]
    part.known(*OWN, *known.keys)
    function = part.text("activation") if "activation" in part.held else ""
    if function not in known.functions:
        does = ", ".join(each or "none" for each in known.functions)
        raise part.refuse(f"activation '{function[:60]}' is not what RTNeural computes there; supported: {does}")
    shape = _dims(part, "shape")
    if len(shape) == 3 and shape[1] != steps:
        raise part.refuse(
            f"gives {shape[1]} steps of {steps}; supported: an output for every step, as RTNeural streams: train with "
            "strides=1 and padding='causal'"
        )
    given = part.list("weights") if "weights" in part.held else []
    arrays = tuple(part.array(each, f"weight array {number}") for number, each in enumerate(given))
    if bool(arrays) == (known.kind == "Activation"):
        raise part.refuse(f"has {len(arrays)} weight arrays; export the model again")
    units = shape[-1] or 0
    settings = known.settings(Given(part, units, arrays))
    made = LAYERS[known.kind](Source(part.where, name, settings, arrays, source))
    output = made[-1].output if made else source
    if output.shape[-1] != units:
        raise part.refuse(f"gives {output.shape[-1]} features, its shape says {units}")
    return made


def _parts(document: Part) -> list[Part]:
    """The layers of the file, each of a type that is read."""
    parts = []
    for number, held in enumerate(document.list("layers")):
        where = f"{document.where}: layer {number}"
        if not isinstance(held, dict):
            raise Part(where, {}).refuse(f"is {shown(held)}, an object is due")
        kind = Part(where, held).text("type")
        part = Part(f"{where} ({visible(kind[:60])})", held)
        if kind not in TYPES:
            raise part.refuse(f"layers of this type are not read; supported: {', '.join(TYPES)}")
        parts.append(part)
    return parts


def read(document: Part) -> tuple[Signal, list[Layer]]:
    """One step of the input, and the layers."""
    parts, shape = _parts(document), _dims(document, "in_shape")
    source, steps = Signal((1, shape[-1] or 0)), shape[1] if len(shape) == 3 else None
    layers: list[Layer] = []
    for number, part in enumerate(parts):
        name = f"{part.held['type']}_{number}"
        layers += _layer(part, name, layers[-1].output if layers else source, steps)
    return source, layers
