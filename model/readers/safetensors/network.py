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

Sizes, stacked layers and both directions are seen from the tensors. Where there is no .toml and they leave one reading,
that is taken, step by step: see ``untold``. Nothing is unpickled.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from model import declaration
from model.errors import UserError
from model.formats import REAL
from model.layers.base import Place
from model.network import ENDLESS, Network, chained
from model.readers.safetensors import layers, recurrent
from model.readers.safetensors.entry import Entry, Reader
from model.readers.safetensors.tensors import parse
from model.readers.safetensors.untold import layers as layers_of
from model.signal import Signal

FILE_LIMIT = 256 << 20  # bytes: no model for a microcontroller comes near
ELEMENT_LIMIT = 1 << 24  # elements of a signal
KINDS = {**recurrent.KINDS, **layers.KINDS}


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
        raise UserError(f"{toml}: layer {number} is of kind {kind!r}; supported: {', '.join(KINDS)}"[:500])
    given = settings.get("weights")
    name = given if isinstance(given, str) and given else f"{kind}_{number}"
    entry = Entry(reader, f"{toml}: layer {number} ({kind})", name, settings)
    KINDS[kind](entry)
    if entry.settings:
        raise entry.refuse(f"has no setting '{next(iter(entry.settings))[:100]}'; remove it (docs/your-model.md)")
    if reader.signal.size > ELEMENT_LIMIT:
        raise entry.refuse(f"gives {reader.signal.size} values; no more than {ELEMENT_LIMIT} are supported")


def _told(toml: Path) -> tuple[Signal, list[Any]]:
    """The input and the layers that a .toml lists."""
    listed = declaration.values(toml)
    source = _input(listed.pop("input", None), toml)
    entries = listed.pop("layer", None)
    for key in listed:
        what = f"{toml}: has '{key[:100]}', which lstmcu does not know"
        raise UserError(f"{what}; it needs input = [steps, features] and [[layer]] tables, and nothing else")
    if not isinstance(entries, list):
        raise UserError(f"{toml}: needs input = [steps, features] and [[layer]] tables, and nothing else")
    return source, entries


def _read(path: Path, toml: Path, name: str, sha256: str) -> Network:
    if path.stat().st_size > FILE_LIMIT:
        raise UserError(f"{path}: has {path.stat().st_size} bytes; no more than {FILE_LIMIT} are read")
    tensors, untold = parse(path.read_bytes()), not toml.is_file()
    notes: tuple[str, ...] = ()
    if untold:
        features, entries, note = layers_of(path, tensors)
        source, notes, toml = _input([1, features], path), (note, ENDLESS), path
    else:
        source, entries = _told(toml)
    reader = Reader(path, tensors, source)
    for number, settings in enumerate(entries, 1):
        _entry(reader, toml, number, settings)
    if unused := sorted(set(reader.tensors) - reader.used):
        raise UserError(
            f"{toml}: no layer reads tensor '{unused[0][:200]}' of {path.name}; list every layer of the model"
        )
    if not any(part.keeps_state for layer in reader.layers for _, part in layer.parts(Place(0))):
        raise UserError(f"{toml}: lists no lstm, gru or rnn layer; lstmcu builds recurrent networks")
    network = chained(name, path.name, sha256, REAL, source, tuple(reader.layers), notes)
    return replace(network, endless=untold)


def read(path: Path, name: str, sha256: str) -> Network:
    """Read a .safetensors and its .toml, if it has one; raises ``UserError`` for what is damaged or unsupported."""
    try:
        return _read(path, path.with_suffix(".toml"), name, sha256)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError, OverflowError) as error:
        raise UserError(f"{path}: is not a .safetensors file, or is damaged: {error}"[:400]) from None
