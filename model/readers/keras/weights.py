# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which arrays of a Keras file belong to which layer, decided by the groups that are there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from model.errors import UserError
from model.readers.keras.checks import described, is_model, layers_of, leaves
from model.readers.keras.hdf5 import Contents
from model.readers.keras.settings import Config
from model.signal import Array

Arrays = tuple[Array, ...]
# where a kind's arrays lie below the layer's group in a .keras file; kinds without weights are left out
PLACES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), ("cell/vars",)),
    **dict.fromkeys(("LSTMCell", "GRUCell", "SimpleRNNCell"), ("vars",)),
    **dict.fromkeys(("CuDNNLSTM", "CuDNNGRU", "Dense", "Normalization", "Embedding"), ("vars",)),
    **dict.fromkeys(("BatchNormalization", "LayerNormalization"), ("vars",)),
    **dict.fromkeys(("Conv1D", "DepthwiseConv1D", "SeparableConv1D", "PReLU"), ("vars",)),
}
# … and those of the layers within a layer: the groups of each, by its setting
WITHIN: dict[str, tuple[tuple[str, str], ...]] = {
    "Bidirectional": (("layer", "forward_layer"), ("layer", "backward_layer")),  # both have the same
    "TimeDistributed": (("layer", "layer"),),
    "RNN": (("cell", "cell"),),
}
IGNORED = re.compile(r"/seed_generator/|^[^/]+/bidirectional(_\d+)?/layer/")  # random numbers; a template never called


def _snake_case(class_name: str) -> str:
    """The name Keras gives a layer's group in the weights file."""
    name = re.sub(r"\W+", "", class_name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _places(layer: Config) -> tuple[str, ...]:
    """Where a layer's arrays lie below its group."""
    kind, settings = layer["class_name"], layer["config"]
    if kind == "Normalization" and settings.get("mean") is not None:
        return ()
    if kind == "LayerNormalization" and not (settings.get("scale", True) or settings.get("center", True)):
        return ()
    inner = [(group, settings[key]) for key, group in WITHIN.get(kind, ())]
    cells = settings.get("cells", [])
    inner += [(f"cells/{name}", cell) for name, cell in zip(_names(cells, False), cells, strict=True)]
    found = tuple(f"{group}/{place}" for group, each in inner for place in _places(each))
    return found or PLACES.get(kind, ())


def has_weights(layer: Config) -> bool:
    """Whether a file holds arrays of a layer, or of one within a model."""
    return any(map(has_weights, layers_of(layer))) if is_model(layer) else bool(_places(layer))


def _names(layers: list[Config], twice: bool) -> list[str]:
    """Each layer's group: its class's name and, from the second on, a number. Keras 2.12 and 2.13 count a layer that
    has weights ``twice``."""
    seen: dict[str, int] = {}
    names = []
    for layer in layers:
        base = _snake_case(layer["class_name"])
        count = seen.get(base, 0)
        seen[base] = count + (2 if twice and has_weights(layer) else 1)
        names.append(f"{base}_{count}" if count else base)
    return names


def _below(weights: Contents, group: str) -> Contents:
    """What lies in a group."""
    held = {path: array for path, array in weights.arrays.items() if path.startswith(f"{group}/")}
    return Contents({path[len(group) + 1 :]: array for path, array in held.items()}, {})


def of_archive(weights: Contents, model: Config, path: Path) -> dict[int, Arrays]:
    """The arrays of each layer of a .keras file, by its identity, in Keras's order. A model's group has the groups of
    its layers in it."""
    layers = layers_of(model)
    paths = [name for name in weights.arrays if not IGNORED.search(name)]
    held = {tuple(name.split("/")[:2]) for name in paths}
    roots = {root for root, *_ in held}
    root = roots.pop() if len(roots) == 1 else "layers"
    for twice in (False, True):
        names = _names(layers, twice)
        if {(root, name) for name, layer in zip(names, layers, strict=True) if has_weights(layer)} == held:
            break
    else:
        wanted = ", ".join(described(layer) for layer in layers if has_weights(layer))
        found = ", ".join(sorted("/".join(group) for group in held)) or "nothing"
        raise UserError(f"{path}: its weights lie in {found}, which are not those of {wanted}; save it again"[:600])
    taken: dict[int, Arrays] = {}
    for name, layer in zip(names, layers, strict=True):
        if is_model(layer):
            taken |= of_archive(_below(weights, f"{root}/{name}"), layer, path)
            continue
        groups = [f"{root}/{name}/{place}" for place in _places(layer)]
        for other in paths:
            if other.startswith(f"{root}/{name}/") and other.rpartition("/")[0] not in groups:
                raise UserError(f"{path}: {described(layer)}: no part of it is known to read the array {other}")
        taken[id(layer)] = tuple(array for group in groups for array in weights.numbered(group))
    return taken


# what Keras calls an array, and the order in which a layer's arrays are read
ROLES = (
    "embeddings", "kernel", "depthwise_kernel", "pointwise_kernel", "recurrent_kernel", "bias",
    "mean", "variance", "count", "gamma", "beta", "moving_mean", "moving_variance",
)  # fmt: skip


def _ordered(names: list[str]) -> list[str]:
    """The arrays of an .h5 file's layer: forward before backward, cell after cell, then as in ``ROLES``."""
    groups = list(dict.fromkeys(name.rpartition("/")[0] for name in names))

    def order(name: str) -> tuple[int, int, int]:
        group, _, last = name.rpartition("/")
        role = re.sub(r"(_\d+)?(:\d+)?$", "", last)
        backward = not any(part.startswith("forward_") for part in group.split("/")[-2:])
        return backward, groups.index(group), ROLES.index(role) if role in ROLES else len(ROLES)

    return sorted(names, key=order)


def _check_names(layers: list[Config], path: Path) -> list[str]:
    """The names of layers, by which an .h5 file tells their arrays."""
    names = [layer["config"]["name"] for layer in layers]
    if len(set(names)) != len(names):
        raise UserError(f"{path}: two of its layers have one name; give each a name of its own and save it again")
    return names


def of_legacy(weights: Contents, model: Config, path: Path) -> dict[int, Arrays]:
    """The arrays of each layer of a whole-model .h5 file, by its identity: the group of the layer's name lists them.

    A model's group lists those of all layers within it; the name of each is a part of its arrays' names.
    """
    layers = layers_of(model)
    taken: dict[int, Arrays] = {}
    for name, layer in zip(_check_names(layers, path), layers, strict=True):
        group = f"model_weights/{name}"
        listed = _ordered(weights.texts.get(f"{group}/weight_names", []))
        if not is_model(layer):
            taken[id(layer)] = tuple(weights.arrays[f"{group}/{array}"] for array in listed)
            continue
        inner = list(leaves(layer))
        owners = dict(zip(_check_names(inner, path), inner, strict=True))
        for array in listed:
            owner = next((owners[part] for part in array.split("/")[:-1] if part in owners), None)
            if owner is None:
                raise UserError(f"{path}: {described(layer)}: no layer in it is known to read the array {array}")
            taken[id(owner)] = (*taken.get(id(owner), ()), weights.arrays[f"{group}/{array}"])
    return taken


ArraysOf = Callable[[Contents, Config, Path], dict[int, Arrays]]
