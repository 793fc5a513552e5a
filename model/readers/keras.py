# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Keras 2 and 3 models: .keras archives (config.json and model.weights.h5) and whole-model .h5 files.

Nothing is unpickled and no code from the file is run.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model.errors import UserError
from model.network import Array, Layer, Network, Signal, directions
from model.readers import hdf5
from model.readers.hdf5 import Contents
from model.readers.keras_layers import LAYERS, Config, Source

MEMBER_LIMIT = 256 << 20  # bytes: no model for a microcontroller comes near, a zip bomb does
ELEMENT_LIMIT = 1 << 24  # elements of a signal

# (class name, layer name, where its arrays lie below its group) -> the layer's arrays in Keras's order
ArraysOf = Callable[[str, str, tuple[str, ...]], tuple[Array, ...]]


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


class _ArchiveArrays:
    """Arrays of model.weights.h5: a layer's group is named after its class and counted, not after the layer."""

    def __init__(self, weights: Contents) -> None:
        self.weights = weights
        old = "_layer_checkpoint_dependencies"  # Keras 2.12
        self.root = old if any(path.startswith(f"{old}/") for path in weights.arrays) else "layers"
        self.seen: dict[str, int] = {}

    def __call__(self, kind: str, name: str, below: tuple[str, ...]) -> tuple[Array, ...]:
        base = _snake_case(kind)
        count = self.seen.get(base, 0)
        self.seen[base] = count + (kind != "InputLayer")
        group = f"{self.root}/{base}_{count}" if count else f"{self.root}/{base}"
        return tuple(array for where in below for array in self.weights.numbered(f"{group}/{where}"))


def _legacy_arrays(weights: Contents) -> ArraysOf:
    """Arrays of a whole-model .h5 file: each layer's group lists them in order."""

    def arrays_of(kind: str, name: str, below: tuple[str, ...]) -> tuple[Array, ...]:
        group = f"model_weights/{name}"
        return tuple(weights.arrays[f"{group}/{array}"] for array in weights.texts.get(f"{group}/weight_names", ()))

    return arrays_of


def _check(signal: Signal, where: str) -> None:
    """Refuse a signal without elements, or with more than any device holds."""
    if min(signal.shape, default=0) < 1 or math.prod(signal.shape) > ELEMENT_LIMIT:
        raise UserError(f"{where}: has shape {signal.shape}; supported: 1 to {ELEMENT_LIMIT} elements")


def _build(config: Config, arrays_of: ArraysOf, path: Path) -> tuple[Signal, tuple[Layer, ...]]:
    chain = _chain(config, path)
    signal = _input_signal(config["config"], chain, path)
    _check(signal, f"{path}: the input")
    first = signal
    layers: list[Layer] = []
    for spec in chain:
        kind, settings = spec["class_name"], spec["config"]
        where = f"{path}: layer '{settings.get('name')}' ({kind})"
        if kind not in LAYERS:
            raise UserError(f"{where}: this kind of layer is not supported; supported: {', '.join(LAYERS)}")
        below, make = LAYERS[kind]
        name = str(settings["name"])
        layers += make(Source(where, name, settings, arrays_of(kind, name, below), signal))
        signal = layers[-1].output if layers else signal
        _check(signal, where)
    if not any(directions(layer) for layer in layers):
        raise UserError(f"{path}: holds no LSTM layer; lstmcu builds recurrent networks")
    return first, tuple(layers)


DAMAGE = (
    OSError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    MemoryError,
)


def read(path: Path, name: str, sha256: str) -> Network:
    """Read a .keras archive; raises ``UserError`` naming file and layer for what cannot be read or is unsupported."""
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(_member(archive, "config.json", path))
            weights_file = _member(archive, "model.weights.h5", path)
        first, layers = _build(config, _ArchiveArrays(hdf5.load(weights_file)), path)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UserError(f"{path}: is not a Keras archive, or is truncated ({error}); save it again as .keras") from None
    except DAMAGE as error:
        raise UserError(f"{path}: the archive is damaged: {type(error).__name__} {error}") from None
    return Network(name, path.name, sha256, "float32", first, layers)


def read_h5(path: Path, name: str, sha256: str) -> Network:
    """Read a whole-model .h5 file of Keras 2 or 3; raises like ``read``."""
    try:
        if path.stat().st_size > MEMBER_LIMIT:
            raise UserError(f"{path}: has {path.stat().st_size} bytes; no more than {MEMBER_LIMIT} are read")
        contents = hdf5.load(path.read_bytes())
        if "model_config" not in contents.texts:
            raise UserError(f"{path}: holds weights only; save the whole model: model.save('{path.stem}.keras')")
        first, layers = _build(json.loads(contents.texts["model_config"][0]), _legacy_arrays(contents), path)
    except DAMAGE as error:
        raise UserError(f"{path}: is not a Keras .h5 file, or is damaged: {type(error).__name__} {error}") from None
    return Network(name, path.name, sha256, "float32", first, layers)
