# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a Keras model may be at all: Sequential or Functional, of layers that are Keras's own, of a supported kind, with
settings that are known. Models within it likewise. Whatever else its configuration says is refused by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from model.errors import NoModelError, UserError
from model.readers.keras.settings import (
    DTYPE,
    MODEL_SETTINGS,
    MODEL_SPEC,
    OTHER_KINDS,
    SETTINGS,
    Config,
    check_layer,
    check_value,
    of_keras,
    shown,
)

RECURRENT = re.compile("LSTM|GRU|RNN|Bidirectional|>", re.IGNORECASE)  # in names of kinds; `own>Kind` may be anything
CLASSES = {"Model": ("Model", "Functional"), "Functional": ("Functional", "Model"), "Sequential": ("Sequential",)}


def described(spec: Config) -> str:
    """A layer in a complaint."""
    settings = spec.get("config")
    name = settings.get("name") if isinstance(settings, dict) else None
    return f"layer '{name}' ({spec['class_name']})"


def is_model(spec: Config) -> bool:
    """Whether a layer is a model of layers."""
    return spec["class_name"] in CLASSES


def layers_of(model: Config) -> list[Config]:
    """The layers of a model in the order of the file; models within it are layers of it."""
    settings = model["config"]
    return list(settings) if isinstance(settings, list) else list(settings["layers"])  # a list: Keras before 2.2.3


def leaves(model: Config) -> Iterator[Config]:
    """The layers of a model and of all models within it."""
    for layer in layers_of(model):
        yield from leaves(layer) if is_model(layer) else (layer,)


def _models(model: Config) -> Iterator[Config]:
    """The models within a model, at any depth."""
    for layer in layers_of(model):
        if is_model(layer):
            yield layer
            yield from _models(layer)


def _check_model(model: Config, where: str, what: str) -> None:
    """Refuse a model that is not Keras's Sequential or Functional, and what is unknown of it."""
    kind, registered = model["class_name"], model.get("registered_name")
    own = registered not in (None, *CLASSES.get(kind, ())) or not of_keras(model.get("module", "keras"))
    if not is_model(model) or own:
        name = shown(registered or kind).strip("'")
        raise UserError(
            f"{where}: a {name} model is not supported; save a Sequential or Functional one, not a subclass"
        )
    for key in model:
        if key not in MODEL_SPEC:
            raise UserError(f"{where}: {what} has '{key}', which lstmcu does not know; save it without")
    settings = model["config"]
    for key in settings if isinstance(settings, dict) else ():
        if key not in MODEL_SETTINGS:
            raise UserError(f"{where}: {what} has the setting '{key}', which lstmcu does not know; save it without")
    if isinstance(settings, dict) and "dtype" in settings:
        check_value("dtype", settings["dtype"], DTYPE, f"{where}: {what}")


def _kinds(layers: list[Config]) -> Iterator[str]:
    """The kinds of layers, and of those within them. Of a class of the user's own nothing is known."""
    for layer in layers:
        yield layer["class_name"] if of_keras(layer.get("module", "keras")) else f"own>{layer['class_name']}"
        held = [layer["config"].get(key) for key in ("layer", "backward_layer")]
        yield from _kinds([inner for inner in held if inner])


def _check_layers(layers: list[Config], path: Path) -> None:
    """Refuse kinds that are not supported: of several, the one that explains the others. Then what layers say."""
    if not any(RECURRENT.search(kind) for kind in _kinds(layers)):
        raise NoModelError(f"{path}: holds no recurrent layer, as LSTM; lstmcu builds recurrent networks")
    known = [layer for kind in OTHER_KINDS for layer in layers if layer["class_name"] == kind]
    for layer in (*known, *layers):
        kind = layer["class_name"]
        if kind not in SETTINGS:
            way_out = f"; {OTHER_KINDS[kind]}" if kind in OTHER_KINDS else ""
            supported = ", ".join(SETTINGS)
            what = f"this kind of layer is not supported; supported: {supported}{way_out}"
            raise UserError(f"{path}: {described(layer)}: {what}")
    for layer in layers:
        check_layer(layer, f"{path}: {described(layer)}")


def check(model: Config, path: Path) -> None:
    """Refuse a model by whatever of it is not supported, but for how its layers read one another."""
    _check_model(model, str(path), "the model")
    for inner in _models(model):
        _check_model(inner, f"{path}: {described(inner)}", "it")
    _check_layers(list(leaves(model)), path)
