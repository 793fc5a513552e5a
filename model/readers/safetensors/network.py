# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch weights: a state_dict saved as .safetensors, and a .toml of the same name beside it that lists the layers.

A state_dict holds tensors and no structure, so the structure is told:

    input = [32, 1]              # steps, features

    [[layer]]
    kind = "lstm"
    weights = "lstm"             # its tensors are lstm.weight_ih_l0, ...
    return_sequences = false     # false: h_n, the last hidden state; true: all of them

    [[layer]]
    kind = "linear"
    weights = "head"
    activation = "relu"          # optional

Sizes, stacked layers and both directions are seen from the tensors. Nothing is unpickled.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from model.errors import UserError
from model.formats import REAL
from model.layers.activation import Activation
from model.layers.base import Layer, Place
from model.layers.bidirectional import Bidirectional
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.normalise import Normalise
from model.layers.reshape import Reshape
from model.network import Network, chained
from model.readers.safetensors.tensors import parse
from model.signal import Array, Signal, Weights

FILE_LIMIT = 256 << 20  # bytes: no model for a microcontroller comes near
TOML_LIMIT = 1 << 16  # bytes
ELEMENT_LIMIT = 1 << 24  # elements of a signal
ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh", "softmax")


@dataclass
class Reader:
    """The layers read so far, and what the next one will read."""

    path: Path
    tensors: dict[str, Array]
    signal: Signal
    layers: list[Layer] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def add(self, layer: Layer) -> None:
        """Append a layer."""
        self.layers.append(layer)
        self.signal = layer.output


@dataclass
class Entry:
    """One [[layer]] of the .toml."""

    reader: Reader
    where: str  # "model.toml: layer 2 (lstm)", the start of every complaint
    name: str
    settings: dict[str, Any]

    def refuse(self, what: str) -> UserError:
        """A complaint about this layer."""
        return UserError(f"{self.where}: {what}")

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        """A setting, removed, of this type."""
        value = self.settings.pop(key, default)
        if type(value) is not kind:
            raise self.refuse(f"needs {key} = a {kind.__name__}, got {value!r}"[:300])
        return value

    def choice(self, key: str, supported: tuple[str, ...], default: str | None = None) -> str:
        """A named setting, checked against what is supported."""
        value = self.take(key, str, default)
        if value not in supported:
            raise self.refuse(f"{key} = {value!r} is not supported; supported: {', '.join(supported)}"[:300])
        return str(value)

    def has(self, tensor: str) -> bool:
        """Whether the file holds a tensor."""
        return tensor in self.reader.tensors

    def tensor(self, name: str, *shape: int | None) -> Array:
        """A tensor of this shape (None: any length), every value finite."""
        if not self.has(name):
            held = ", ".join(sorted(self.reader.tensors)[:12])
            raise self.refuse(f"{self.reader.path.name} holds no tensor '{name}'; it holds {held}"[:600])
        array = self.reader.tensors[name]
        if array.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, array.shape, strict=True)):
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            raise self.refuse(f"tensor '{name}' has shape {array.shape}, ({wanted}) is due")
        if not np.isfinite(array).all():
            raise self.refuse(f"tensor '{name}' has values that are not finite")
        self.reader.used.add(name)
        return array


def _direction(entry: Entry, prefix: str, number: int, backwards: bool, sequences: bool, name: str) -> Lstm:
    """One direction of one layer. PyTorch's gates i, f, g, o are our i, f, c, o."""
    steps, features = entry.reader.signal.shape
    tail = f"_l{number}{'_reverse' * backwards}"
    if entry.has(f"{prefix}weight_hr{tail}"):
        raise entry.refuse("proj_size is not supported; train with proj_size=0")
    recurrent = entry.tensor(f"{prefix}weight_hh{tail}", None, None)
    rows, units = recurrent.shape
    if units < 1 or rows != 4 * units:
        raise entry.refuse(f"tensor '{prefix}weight_hh{tail}' has shape {recurrent.shape}, which is no LSTM's (4H, H)")
    kernel = entry.tensor(f"{prefix}weight_ih{tail}", rows, features)
    bias = np.zeros(rows)
    if entry.has(f"{prefix}bias_ih{tail}"):  # two biases that are only ever added
        for kind in ("bias_ih", "bias_hh"):
            bias = bias + entry.tensor(f"{prefix}{kind}{tail}", rows)
    return Lstm(
        name=name,
        kernel=Weights(kernel.reshape(4, units, features)),
        recurrent=Weights(recurrent.reshape(4, units, units)),
        bias=bias.reshape(4, units).astype(np.float32),
        return_sequences=sequences,
        go_backwards=backwards,
        cell_clip=0.0,
        output=Signal((steps, units) if sequences else (units,)),
    )


def _prefix(entry: Entry) -> str:
    """What the names of a layer's tensors start with."""
    module = entry.take("weights", str)
    return f"{module}." if module else ""


def _lstm(entry: Entry) -> None:
    prefix, sequences = _prefix(entry), entry.take("return_sequences", bool, False)
    number = 0
    while number == 0 or entry.has(f"{prefix}weight_hh_l{number}"):
        if len(entry.reader.signal.shape) != 2:
            raise entry.refuse(f"needs a sequence (steps, features) as input, got shape {entry.reader.signal.shape}")
        stacked = entry.has(f"{prefix}weight_hh_l1")
        name = f"{entry.name}_l{number}" if stacked else entry.name
        # all but the last of stacked layers hand on every step
        every = sequences or entry.has(f"{prefix}weight_hh_l{number + 1}")
        both = entry.has(f"{prefix}weight_hh_l{number}_reverse")
        forward = _direction(entry, prefix, number, False, every, f"{name}_forward" if both else name)
        layer: Layer = forward
        if both:
            backward = _direction(entry, prefix, number, True, every, f"{name}_backward")
            if backward.units != forward.units:
                raise entry.refuse(f"its two directions have {forward.units} and {backward.units} units")
            layer = Bidirectional(name, forward, backward, Signal((*forward.output.shape[:-1], 2 * forward.units)))
        entry.reader.add(layer)
        number += 1


def _activate(entry: Entry, name: str, function: str) -> None:
    if function != "linear":
        entry.reader.add(Activation(name, function, entry.reader.signal))


def _linear(entry: Entry) -> None:
    prefix, function = _prefix(entry), entry.choice("activation", ACTIVATIONS, "linear")
    source = entry.reader.signal.shape
    kernel = entry.tensor(f"{prefix}weight", None, source[-1])
    units = len(kernel)
    if units < 1:
        raise entry.refuse("has no outputs")
    bias = entry.tensor(f"{prefix}bias", units) if entry.has(f"{prefix}bias") else np.zeros(units, np.float32)
    clamp = function == "relu"
    output = Signal((*source[:-1], units))
    entry.reader.add(Dense(entry.name, Weights(kernel), bias, function if clamp else "linear", output))
    if not clamp:
        _activate(entry, f"{entry.name}_{function}", function)


def _activation(entry: Entry) -> None:
    _activate(entry, entry.name, entry.choice("function", ACTIVATIONS))


def _flatten(entry: Entry) -> None:
    entry.reader.add(Reshape(entry.name, Signal((entry.reader.signal.size,))))


def _normalise(entry: Entry) -> None:
    features = entry.reader.signal.shape[-1]

    def feature_values(key: str) -> Array:
        values = entry.take(key, list)
        if len(values) != features or not all(type(v) in (int, float) and abs(v) < 1e30 for v in values):
            raise entry.refuse(f"needs {key} = a list of {features} numbers, one per feature")
        return np.array(values, np.float64)

    mean, deviation = feature_values("mean"), feature_values("std")
    if (deviation < 1e-30).any():
        raise entry.refuse("needs std above 0")
    scale, offset = (1 / deviation).astype(np.float32), (-mean / deviation).astype(np.float32)
    if not (np.isfinite(scale).all() and np.isfinite(offset).all()):
        raise entry.refuse("its mean and std give values that are not finite")
    entry.reader.add(Normalise(entry.name, scale, offset, entry.reader.signal))


KINDS: dict[str, Callable[[Entry], None]] = {
    "lstm": _lstm,
    "linear": _linear,
    "activation": _activation,
    "flatten": _flatten,
    "normalise": _normalise,
}


def _input(shape: Any, toml: Path) -> Signal:
    good = isinstance(shape, list) and len(shape) == 2 and all(type(n) is int and n > 0 for n in shape)
    if not good or shape[0] * shape[1] > ELEMENT_LIMIT:
        raise UserError(f"{toml}: needs input = [steps, features], two numbers above 0")
    return Signal((shape[0], shape[1]))


def _entry(reader: Reader, toml: Path, number: int, settings: Any) -> None:
    if not isinstance(settings, dict):
        raise UserError(f"{toml}: layer {number} is not a [[layer]] table")
    settings = dict(settings)
    kind = settings.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        raise UserError(f"{toml}: layer {number} is of kind {kind!r}; supported: {', '.join(KINDS)}"[:300])
    given = settings.get("weights")
    name = given if isinstance(given, str) and given else f"{kind}_{number}"
    entry = Entry(reader, f"{toml}: layer {number} ({kind})", name, settings)
    KINDS[kind](entry)
    if entry.settings:
        raise entry.refuse(f"has no setting '{next(iter(entry.settings))[:100]}'; remove it (docs/your-model.md)")
    if reader.signal.size > ELEMENT_LIMIT:
        raise entry.refuse(f"gives {reader.signal.size} values; no more than {ELEMENT_LIMIT} are supported")


def _listed(toml: Path) -> dict[str, Any]:
    if toml.stat().st_size > TOML_LIMIT:
        raise UserError(f"{toml}: has {toml.stat().st_size} bytes; no more than {TOML_LIMIT} are read")
    try:
        return tomllib.loads(toml.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{toml}: is not TOML: {error}"[:400]) from None


def _read(path: Path, toml: Path, name: str, sha256: str) -> Network:
    if path.stat().st_size > FILE_LIMIT:
        raise UserError(f"{path}: has {path.stat().st_size} bytes; no more than {FILE_LIMIT} are read")
    listed = _listed(toml)
    source = _input(listed.pop("input", None), toml)
    entries = listed.pop("layer", None)
    for key in listed:
        what = f"{toml}: has '{key[:100]}', which lstmcu does not know"
        raise UserError(f"{what}; it needs input = [steps, features] and [[layer]] tables, and nothing else")
    if not isinstance(entries, list):
        raise UserError(f"{toml}: needs input = [steps, features] and [[layer]] tables, and nothing else")
    reader = Reader(path, parse(path.read_bytes()), source)
    for number, settings in enumerate(entries, 1):
        _entry(reader, toml, number, settings)
    if unused := sorted(set(reader.tensors) - reader.used):
        raise UserError(
            f"{toml}: no layer reads tensor '{unused[0][:200]}' of {path.name}; list every layer of the model"
        )
    if not any(part.keeps_state for layer in reader.layers for _, part in layer.parts(Place(0))):
        raise UserError(f"{toml}: lists no lstm layer; lstmcu builds recurrent networks")
    return chained(name, path.name, sha256, REAL, source, tuple(reader.layers))


def read(path: Path, name: str, sha256: str) -> Network:
    """Read a .safetensors and its .toml; raises ``UserError`` for what is damaged or unsupported."""
    toml = path.with_suffix(".toml")
    if not toml.is_file():
        raise UserError(f"{path}: needs {toml.name} beside it, which lists the layers: see docs/your-model.md")
    try:
        return _read(path, toml, name, sha256)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError, OverflowError) as error:
        raise UserError(f"{path}: is not a .safetensors file, or is damaged: {error}"[:400]) from None
