# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The layers of a Keras model in the order data flows: one chain from its one input to its one output.

Every layer must be Keras's own, of a supported kind, and called once with its input alone; whatever else a model's
configuration says is refused by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from model.errors import NoModelError, UserError
from model.readers.keras.settings import (
    CALL,
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
MODELS = ("Sequential", "Functional", "Model")
CLASSES = {"Model": ("Model", "Functional"), "Functional": ("Functional", "Model"), "Sequential": ("Sequential",)}


class Tensor(NamedTuple):
    """One output of one call of a layer."""

    layer: str
    call: int
    output: int


class Call(NamedTuple):
    """One call of a layer: its positional arguments, or what Keras 2 took as its inputs, and those given by name."""

    inputs: tuple[Any, ...]
    named: Config


def described(spec: Config) -> str:
    """A layer in a complaint."""
    settings = spec.get("config")
    name = settings.get("name") if isinstance(settings, dict) else None
    return f"layer '{name}' ({spec['class_name']})"


def _tensor(node: Any) -> Tensor | None:
    """What a part of a call refers to, in Keras 3's form or Keras 2's; None if it is no tensor."""
    if isinstance(node, dict) and node.get("class_name") == "__keras_tensor__":
        node = node["config"]["keras_history"]
    if isinstance(node, list) and len(node) in (3, 4) and isinstance(node[0], str):
        name, call, output = node[:3]
        if type(call) is int and type(output) is int:
            return Tensor(name, call, output)
    return None


def _calls(spec: Config) -> list[Call]:
    """The calls of a layer, each with its inputs."""
    calls = []
    for node in spec["inbound_nodes"]:
        if isinstance(node, dict):  # Keras 3
            calls.append(Call(tuple(node.get("args", [])), dict(node.get("kwargs", {}))))
            continue
        tensors = [node] if _tensor(node) else node
        named: Config = {}
        for tensor in tensors:
            named.update(tensor[3] if len(tensor) == 4 else {})
        calls.append(Call(tuple(tensors), named))
    return calls


def _source(spec: Config, where: str) -> str | None:
    """The layer whose output a layer reads; None for a model's input."""
    calls = _calls(spec)
    if spec["class_name"] == "InputLayer" and not calls:
        return None
    if len(calls) != 1:
        raise UserError(f"{where}: is called {len(calls)} times; supported: once; give each call a layer of its own")
    inputs, named = list(calls[0].inputs), calls[0].named
    inputs += [named.pop(key) for key in ("inputs", "sequences") if key in named]
    for key, value in named.items():
        if key not in CALL:
            raise UserError(f"{where}: is called with {key}={shown(value)}, which is not supported; call it without")
        check_value(key, value, CALL[key], f"{where}: in its call")
    tensors = [_tensor(value) for value in inputs]
    others = [value for value, tensor in zip(inputs, tensors, strict=True) if tensor is None and value is not None]
    sources = [tensor for tensor in tensors if tensor]
    if others or len(sources) != 1:
        what = f"{len(sources)} layers" if len(sources) > 1 else f"{shown(others[0]) if others else 'nothing'}"
        raise UserError(f"{where}: reads {what}; only a chain of layers is supported, each called with its input alone")
    if (sources[0].call, sources[0].output) != (0, 0):
        raise UserError(
            f"{where}: reads output {sources[0].output} of call {sources[0].call} of layer '{sources[0].layer}'; "
            "supported: the first output of a layer that is called once"
        )
    return sources[0].layer


def _ends(structure: Any) -> list[Tensor]:
    """The tensors that a model's input_layers or output_layers name, whatever list or dict they stand in."""
    tensor = _tensor(structure)
    if tensor:
        return [tensor]
    inner = structure.values() if isinstance(structure, dict) else structure
    return [tensor for item in inner for tensor in _ends(item)] if isinstance(structure, dict | list) else []


def _check_end(settings: Config, key: str, due: str, path: Path) -> None:
    """Refuse more than one input or output, and one that is not the chain's end."""
    found = _ends(settings.get(key))
    what = key.partition("_")[0]
    if len(found) > 1:
        names = " and ".join(f"'{tensor.layer}'" for tensor in found)
        way_out = (
            f"save a model of one of them: keras.Model(model.input, model.get_layer('{found[-1].layer}').output)"
            if what == "output"
            else "join them outside, into the features of one input"
        )
        raise UserError(f"{path}: the model has {len(found)} {what}s, {names}; supported: one; {way_out}")
    if found != [Tensor(due, 0, 0)]:
        says = f"'{found[0].layer}'" if found else "nothing"
        raise UserError(f"{path}: its {key} name {says}, but the chain of its layers has '{due}' there; save it again")


def _functional(settings: Config, layers: list[Config], path: Path) -> list[Config]:
    """The chain that the layers' calls draw."""
    by_name = {layer["config"]["name"]: layer for layer in layers}
    if len(by_name) != len(layers):
        raise UserError(f"{path}: two of its layers have one name; give each a name of its own and save it again")
    follows: dict[str | None, list[str]] = {}
    for name, layer in by_name.items():
        follows.setdefault(_source(layer, f"{path}: {described(layer)}"), []).append(name)
    chain: list[Config] = []
    at: str | None = None
    while at in follows:
        if len(follows[at]) > 1 and at is None:
            _check_end(settings, "input_layers", follows[at][0], path)
        if len(follows[at]) > 1:
            raise UserError(f"{path}: {' and '.join(follows[at])} read the same layer; only a chain is supported")
        at = follows.pop(at)[0]
        chain.append(by_name[at])
    if len(chain) != len(layers):
        raise UserError(f"{path}: the layers do not form one chain from input to output")
    _check_end(settings, "input_layers", chain[0]["config"]["name"], path)
    _check_end(settings, "output_layers", chain[-1]["config"]["name"], path)
    return chain


def _kinds(specs: list[Config]) -> Iterator[str]:
    """The kinds of layers, and of those within them. Of a class of the user's own nothing is known."""
    for spec in specs:
        settings = spec["config"]
        yield spec["class_name"] if of_keras(spec.get("module", "keras")) else f"RNN of {spec['module']}"
        held = [settings.get(key) for key in ("layer", "backward_layer")] if isinstance(settings, dict) else []
        yield from _kinds([layer for layer in held if layer])
        yield from _kinds(settings.get("layers", []) if isinstance(settings, dict) else settings)


def _check_recurrent(layers: list[Config], path: Path) -> None:
    """Refuse a model that nothing would make a recurrent one."""
    if not any(RECURRENT.search(kind) for kind in _kinds(layers)):
        raise NoModelError(f"{path}: holds no recurrent layer, as LSTM; lstmcu builds recurrent networks")


def _check_layers(layers: list[Config], path: Path) -> None:
    """Refuse kinds that are not supported: of several, the one that explains the others. Then what layers say."""
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


def _check_model(config: Config, path: Path) -> None:
    """Refuse a model that is not Keras's Sequential or Functional, and what is unknown of it."""
    kind, registered = config["class_name"], config.get("registered_name")
    own = registered not in (None, *CLASSES.get(kind, ())) or not of_keras(config.get("module", "keras"))
    if kind not in MODELS or own:
        name = shown(registered or kind).strip("'")
        raise UserError(f"{path}: a {name} model is not supported; save a Sequential or Functional one, not a subclass")
    for key in config:
        if key not in MODEL_SPEC:
            raise UserError(f"{path}: the model has '{key}', which lstmcu does not know; save it without")
    settings = config["config"]
    for key in settings if isinstance(settings, dict) else ():
        if key not in MODEL_SETTINGS:
            raise UserError(f"{path}: the model has the setting '{key}', which lstmcu does not know; save it without")
    if isinstance(settings, dict) and "dtype" in settings:
        check_value("dtype", settings["dtype"], DTYPE, f"{path}: the model")


def chain(config: Config, path: Path) -> list[Config]:
    """The layers in the order data flows; raises ``UserError`` for a model that is anything but one chain."""
    _check_model(config, path)
    settings = config["config"]
    layers = list(settings) if isinstance(settings, list) else list(settings["layers"])  # a list: Keras before 2.2.3
    _check_recurrent(layers, path)
    _check_layers(layers, path)
    if config["class_name"] != "Sequential":
        return _functional(settings, layers, path)
    for layer in layers[1:]:
        if layer["class_name"] == "InputLayer":
            raise UserError(f"{path}: {described(layer)}: stands behind other layers; supported: as the first")
    return layers
