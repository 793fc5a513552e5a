# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A JSON file as a network: the layers of its format, what is added to their output, and gains around them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model import reference
from model.errors import NoModelError, UserError
from model.formats import REAL
from model.layers.base import Layer, Place
from model.layers.dense import Dense
from model.layers.merge import Merge
from model.layers.normalise import Normalise
from model.network import ENDLESS, Network, Node
from model.readers.weights_json import guitarml, nam, rtneural, smartamp
from model.readers.weights_json.document import load
from model.readers.weights_json.part import Part
from model.readers.weights_json.told import SMARTAMP, told
from model.signal import Signal, Weights

ELEMENT_LIMIT = 1 << 24  # elements of a signal
RATES = 1.0, 1e9  # Hz
BATCH = 1 << 14  # steps that are compared with the trainer's
# what a file may say that changes nothing of the numbers
ABOUT = ("metadata", "samplerate", "input_batch", "output_batch", "author", "esr", "name", "license", "version")
AROUND = ("in_skip", "in_gain", "out_gain")


class Held(NamedTuple):
    """What a file holds."""

    source: Signal  # one step, or a window
    layers: list[Layer]
    skip: int = 0  # how many of the first features of the input are added to the output
    gain: float = 1.0  # factor of the first feature of the input, the audio
    out_gain: float = 1.0  # factor of all outputs
    notes: tuple[str, ...] = ()  # what windows are, of a network that has any


def _rtneural(document: Part, path: Path) -> Held:
    document.known("in_shape", "layers", *AROUND, *ABOUT)
    source, layers = rtneural.read(document)
    skip = document.count("in_skip", 0) if document.held.get("in_skip") is not None else 0
    if skip > 1 or (skip and layers and layers[-1].output.shape[-1] != 1):
        raise document.refuse(f"in_skip={skip} of a model of this many outputs; supported: 0, or 1 of one output")
    gains = document.gain("in_gain"), document.gain("out_gain")
    return Held(source, layers, skip, *gains)


def _guitarml(document: Part, path: Path) -> Held:
    document.known("model_data", "state_dict", *ABOUT)
    return Held(*guitarml.read(document, path))


def _nam(document: Part, path: Path) -> Held:
    document.known("architecture", "config", "weights", "sample_rate", *ABOUT)
    return Held(*nam.read(document, path))


def _smartamp(document: Part, path: Path) -> Held:
    source, layers, notes = smartamp.read(document)
    return Held(source, layers, notes=notes)


READ = {"rtneural": _rtneural, "guitarml": _guitarml, "nam": _nam, SMARTAMP: _smartamp}


def _rate(document: Part) -> float:
    """Hz; 0 if the file does not tell it. It may be a text."""
    metadata = document.held.get("metadata")
    parts = [part for part in (metadata, document.held) if isinstance(part, dict)]
    told = [part.get(key) for part in parts for key in ("samplerate", "sample_rate")]
    given = next((each for each in told if each is not None), None)
    if given is None:
        return 0.0
    try:
        rate = float(given) if type(given) in (int, float, str) else math.nan
    except (ValueError, OverflowError):
        rate = math.nan
    if not RATES[0] <= rate <= RATES[1]:
        raise document.refuse(
            f"its sample rate is {str(given)[:60]!r}; give samples a second, as 48000, or leave it out"
        )
    return rate


def _scaled(name: str, factors: Sequence[float], like: Signal) -> Normalise:
    return Normalise(name, np.array(factors, np.float32), np.zeros(len(factors), np.float32), like)


def _first(name: str, count: int, of: int) -> Dense:
    """The first of the features."""
    kernel = Weights(np.eye(count, of, dtype=np.float32))
    return Dense(name, kernel, np.zeros(count, np.float32), "linear", Signal((1, count)))


def _nodes(held: Held) -> tuple[Node, ...]:
    """Layers, each with what it reads; signal 0 is the input."""
    nodes: list[Node] = []

    def add(layer: Layer, *reads: int) -> int:
        nodes.append(Node(layer, reads))
        return len(nodes)

    features, given = held.source.shape[-1], 0
    if held.gain != 1.0:
        given = add(_scaled("in_gain", [held.gain] + [1.0] * (features - 1), held.source), given)
    last = given
    for layer in held.layers:
        last = add(layer, last)
    output = held.layers[-1].output
    if held.skip:
        added = given if held.skip == features else add(_first("skip_first", held.skip, features), given)
        last = add(Merge("skip", "add", output), last, added)
    if held.out_gain != 1.0:
        add(_scaled("out_gain", [held.out_gain] * output.shape[-1], output), last)
    return tuple(nodes)


def _batch(document: Part, held: Held, network: Network) -> tuple[str, ...]:
    """How far what is computed here is from what the trainer of AIDA-X says of its own, where it does.

    It knows no gains.
    """
    keys = "input_batch", "output_batch"
    if any(document.held.get(key) is None for key in keys) or (held.gain, held.out_gain) != (1.0, 1.0):
        return ()
    given, due = (document.array(document.held[key], f"'{key}'").reshape(-1) for key in keys)
    steps = given.size // network.input.size
    if steps > BATCH or not 0 < steps * network.output.size == due.size:
        return (f"its output_batch of {due.size} numbers for {given.size} is not compared",)
    made = reference.run(network, given.astype(np.float32).reshape(steps, *network.input.shape), goes_on=True)
    away = float(np.abs(made.reshape(-1) - due).max())
    return (f"its output_batch, {steps} steps of its trainer's, is up to {away:.2g} from what is computed here",)


def _read(path: Path, name: str, sha256: str) -> Network:
    document = load(path)
    part = Part(str(path), document)
    held, rate = READ[told(document, path.stem)](part, path), _rate(part)
    if not any(each.keeps_state for layer in held.layers for _, each in layer.parts(Place(0))):
        raise NoModelError("holds no recurrent layer, as lstm; lstmcu builds recurrent networks")
    for what, signal in (("its input", held.source), *((layer.name, layer.output) for layer in held.layers)):
        if signal.size > ELEMENT_LIMIT:
            raise part.refuse(f"{what} has {signal.size} values; supported: up to {ELEMENT_LIMIT}")
    nodes, notes = _nodes(held), held.notes or (f"{ENDLESS}, {rate:g} a second" if rate else ENDLESS,)
    ends = (held.source,), nodes, (len(nodes),)
    network = Network(name, path.name, sha256, REAL, *ends, notes, endless=not held.notes, rate=rate)
    return replace(network, notes=(*notes, *_batch(part, held, network)))


DAMAGE = (ArithmeticError, LookupError, TypeError, ValueError, MemoryError, RecursionError)


def read(path: Path, name: str, sha256: str) -> Network:
    """Read one; raises ``UserError`` naming file and layer for what cannot be read or is unsupported."""
    try:
        return _read(path, name, sha256)
    except UserError as error:
        if str(error).startswith(str(path)):
            raise
        raise type(error)(f"{path}: {error}") from None
    except DAMAGE as error:
        raise UserError(f"{path}: is damaged: {type(error).__name__} {error}; export the model again"[:400]) from None
