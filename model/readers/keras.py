# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Keras 3 archives (.keras): config.json says the layers, model.weights.h5 holds their arrays.

Nothing is unpickled and no code from the file is run.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from model.errors import UserError
from model.network import Activation, Array, Dense, Layer, Lstm, Network, Reshape, Signal, Weights

Config = dict[str, Any]

ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh", "softmax")
MEMBER_LIMIT = 256 << 20  # bytes: no model for a microcontroller comes near, a zip bomb does


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


def _lstm(source: Source) -> list[Layer]:
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
    return [
        Lstm(
            name=source.name,
            kernel=Weights(kernel),
            recurrent=Weights(recurrent),
            bias=bias,
            return_sequences=sequences,
            go_backwards=bool(config.get("go_backwards")),
            cell_clip=0.0,
            output=Signal((steps, units) if sequences else (units,)),
        )
    ]


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
    "Dense": (("vars",), _dense),
    "TimeDistributed": (("layer/vars",), _time_distributed),
    "Activation": ((), _activation_layer),
    "Flatten": ((), _flatten),
    "Reshape": ((), _reshape),
    "Dropout": ((), _nothing),
    "InputLayer": ((), _nothing),
}


def _snake_case(class_name: str) -> str:
    """The name Keras gives a layer's group in the weights file."""
    name = re.sub(r"\W+", "", class_name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise UserError(f"{path}: is not a Keras archive: it holds no {name}") from None
    if info.file_size > MEMBER_LIMIT:
        raise UserError(f"{path}: {name} claims {info.file_size} bytes; no more than {MEMBER_LIMIT} are read")
    return archive.read(info)


def _chain(config: Config, path: Path) -> list[Config]:
    """The layers in the order data flows; a model that branches is refused."""
    model_class, layers = config["class_name"], config["config"]["layers"]
    if model_class not in ("Sequential", "Functional", "Model"):
        raise UserError(f"{path}: a {model_class} model is not supported; save a Sequential or Functional one")
    if model_class == "Sequential":
        return list(layers)
    by_name = {layer["config"]["name"]: layer for layer in layers}
    follows: dict[str | None, list[str]] = {}
    for name, layer in by_name.items():
        sources = sorted(set(_history(layer.get("inbound_nodes", []))))
        if len(sources) > 1:
            raise UserError(f"{path}: layer '{name}' reads {len(sources)} layers; only a chain of layers is supported")
        follows.setdefault(sources[0] if sources else None, []).append(name)
    chain: list[Config] = []
    at: str | None = None
    while at in follows:
        if len(follows[at]) > 1:
            raise UserError(f"{path}: {' and '.join(follows[at])} read the same layer; only a chain is supported")
        at = follows.pop(at)[0]
        chain.append(by_name[at])
    if len(chain) != len(layers):
        raise UserError(f"{path}: the layers do not form one chain from input to output")
    return chain


def _history(node: Any) -> list[str]:
    """Names of the layers that an inbound node reads, in Keras 3's form or Keras 2's."""
    if isinstance(node, dict):
        if "keras_history" in node:
            return [str(node["keras_history"][0])]
        return [name for value in node.values() for name in _history(value)]
    if isinstance(node, list):
        if len(node) >= 3 and isinstance(node[0], str) and isinstance(node[1], int):
            return [node[0]]
        return [name for value in node for name in _history(value)]
    return []


def _input_signal(config: Config, chain: list[Config], path: Path) -> Signal:
    first = chain[0]
    settings = first["config"]
    shape = settings.get("batch_shape") or settings.get("batch_input_shape") or config.get("build_input_shape")
    if not shape or any(n is None for n in shape[1:]):
        raise UserError(
            f"{path}: the input shape is {shape}; steps and features must be fixed: save the model with "
            "Input(shape=(steps, features))"
        )
    return Signal(tuple(int(n) for n in shape[1:]))


def _group_arrays(group: h5py.Group, below: tuple[str, ...]) -> tuple[Array, ...]:
    arrays: list[Array] = []
    for where in below:
        variables = group.get(where)
        if isinstance(variables, h5py.Group):
            for key in sorted(variables, key=int):
                arrays.append(np.asarray(variables[key]))
    return tuple(arrays)


def _build(config: Config, weights: h5py.File, path: Path) -> tuple[Signal, list[Layer]]:
    chain = _chain(config, path)
    signal = _input_signal(config["config"], chain, path)
    first = signal
    layers: list[Layer] = []
    seen: dict[str, int] = {}
    for spec in chain:
        kind, settings = spec["class_name"], spec["config"]
        where = f"{path}: layer '{settings.get('name')}' ({kind})"
        if kind not in LAYERS:
            raise UserError(f"{where}: this kind of layer is not supported; supported: {', '.join(LAYERS)}")
        below, make = LAYERS[kind]
        base = _snake_case(kind)
        count = seen.get(base, 0)
        seen[base] = count + (kind != "InputLayer")
        group = weights.get(f"layers/{base}_{count}" if count else f"layers/{base}")
        arrays = _group_arrays(group, below) if isinstance(group, h5py.Group) else ()
        layers += make(Source(where, str(settings["name"]), settings, arrays, signal))
        signal = layers[-1].output if layers else signal
    return first, layers


def read(path: Path, name: str, sha256: str) -> Network:
    """Read a .keras archive; raises ``UserError`` naming file and layer for what cannot be read or is unsupported."""
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(_member(archive, "config.json", path))
            weights_file = _member(archive, "model.weights.h5", path)
        with h5py.File(io.BytesIO(weights_file), "r") as weights:
            first, layers = _build(config, weights, path)
    except (zipfile.BadZipFile, EOFError) as error:
        raise UserError(f"{path}: is not a Keras archive, or is truncated ({error}); save it again as .keras") from None
    except (OSError, KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError) as error:
        raise UserError(f"{path}: the archive is damaged: {type(error).__name__} {error}") from None
    if not any(isinstance(layer, Lstm) for layer in layers):
        raise UserError(f"{path}: holds no LSTM layer; lstmcu builds recurrent networks")
    return Network(name, path.name, sha256, "float32", first, tuple(layers))
