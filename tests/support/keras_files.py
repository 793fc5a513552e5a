# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Model files as Keras writes them, made without Keras: layers as (class name, settings, arrays)."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from model.signal import Array

Layer = tuple[str, dict[str, Any], list[Array]]
PLACES = {**dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), "cell/vars"), "TimeDistributed": "layer/vars"}


def values(*shape: int, seed: int = 0) -> Array:
    """Random float32 weights."""
    return np.random.default_rng(seed).normal(0, 0.5, shape).astype(np.float32)


def input_layer(*shape: int | None) -> Layer:
    """Input(shape)."""
    return ("InputLayer", {"name": "input", "batch_shape": [None, *shape]}, [])


def lstm(features: int, units: int, name: str = "lstm", **settings: Any) -> Layer:
    """LSTM(units) with random weights."""
    arrays = [values(features, 4 * units), values(units, 4 * units, seed=1), values(4 * units, seed=2)]
    defaults = {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, "return_sequences": False}
    if settings.get("use_bias") is False:
        arrays.pop()
    return ("LSTM", {"name": name, "units": units, **defaults, **settings}, arrays)


def dense(inputs: int, units: int, name: str = "dense", **settings: Any) -> Layer:
    """Dense(units) with random weights."""
    config = {"name": name, "units": units, "activation": "linear", "use_bias": True, **settings}
    arrays = [values(inputs, units, seed=3), values(units, seed=4)]
    return ("Dense", config, arrays[:1] if settings.get("use_bias") is False else arrays)


def _group(kind: str) -> str:
    return re.sub("([a-z])([A-Z])", r"\1_\2", kind).lower()


def config_of(layers: list[Layer], model_class: str = "Sequential") -> dict[str, Any]:
    """config.json; a Functional model is the same chain, each layer reading the one before."""
    specs: list[dict[str, Any]] = [{"class_name": kind, "config": settings} for kind, settings, _ in layers]
    if model_class != "Sequential":
        for before, spec in zip([None, *specs], specs, strict=False):
            history = {"class_name": "__keras_tensor__", "config": {}}
            if before is not None:
                history["config"] = {"keras_history": [before["config"]["name"], 0, 0]}
            spec["inbound_nodes"] = [{"args": [history], "kwargs": {}}] if before is not None else []
    config: dict[str, Any] = {"name": "made_by_a_test", "layers": specs}
    if model_class != "Sequential":
        for key, spec in (("input_layers", specs[0]), ("output_layers", specs[-1])):
            config[key] = [[spec["config"]["name"], 0, 0]]
    return {"class_name": model_class, "config": config}


def weights_of(layers: list[Layer]) -> bytes:
    """model.weights.h5: a group for each layer, named after its class and counted."""
    buffer = io.BytesIO()
    counts: dict[str, int] = {}
    with h5py.File(buffer, "w") as file:
        for kind, _, arrays in layers:
            base = _group(kind)
            number = counts.get(base, 0)
            counts[base] = number + 1
            place = f"layers/{base}_{number}" if number else f"layers/{base}"
            group = file.create_group(f"{place}/{PLACES.get(kind, 'vars')}")
            for index, array in enumerate(arrays):
                group[str(index)] = array
    return buffer.getvalue()


def write_archive(path: Path, members: dict[str, bytes]) -> Path:
    """A zip file of these members."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def archive(path: Path, layers: list[Layer], model_class: str = "Sequential") -> Path:
    """A .keras file."""
    config = json.dumps(config_of(layers, model_class)).encode()
    return write_archive(path, {"config.json": config, "model.weights.h5": weights_of(layers)})


def legacy(path: Path, layers: list[Layer]) -> Path:
    """A whole-model .h5 file."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config_of(layers))
        for _, settings, arrays in layers:
            name = settings["name"]
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [f"{name}/{index}:0".encode() for index in range(len(arrays))]
            for index, array in enumerate(arrays):
                group[f"{name}/{index}:0"] = array
    return path
