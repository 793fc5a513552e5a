# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Damaged .keras and .h5 files."""

from __future__ import annotations

import copy
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.support import keras_files
from tests.support.damaged.values import Files, Kinds, damaged_bytes, damaged_json, dumped
from tests.support.host import ROOT
from tests.support.keras_files import archive, dense, input_layer, legacy, lstm

LAYERS = [
    input_layer(5, 3),
    lstm(3, 4, "first", return_sequences=True),
    lstm(4, 4, "second"),
    dense(4, 2, activation="softmax"),
]


class Keras(Files):
    """Of both forms."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        sequential = [[kind, dict(settings), arrays] for kind, settings, arrays in LAYERS]
        self.layers: list[Any] = sequential
        self.keras = [
            archive(folder / "a.keras", LAYERS).read_bytes(),
            archive(folder / "b.keras", LAYERS, "Functional").read_bytes(),
            *((ROOT / "models" / name / f"{name}.keras").read_bytes() for name in ("forecast", "exercises")),
        ]
        self.h5 = legacy(folder / "a.h5", LAYERS).read_bytes()
        self.weights = keras_files.weights_of(LAYERS)

    def keras_bytes(self, rng: random.Random) -> Path:
        """A .keras whose zip archive is damaged."""
        return self.write("m.keras", damaged_bytes(rng, rng.choice(self.keras)))

    def keras_weights(self, rng: random.Random) -> Path:
        """A .keras whose weights file is damaged, or holds other arrays than the configuration asks for."""
        config = json.dumps(keras_files.config_of(LAYERS)).encode()
        if rng.random() < 0.8:
            weights = damaged_bytes(rng, self.weights)
        else:
            layers = copy.deepcopy(self.layers)
            arrays = rng.choice(layers[1:])[2]
            at = rng.randrange(len(arrays))
            arrays[at] = self._other_array(rng, arrays[at])
            weights = keras_files.weights_of([tuple(layer) for layer in layers])
        members = {"config.json": config, "model.weights.h5": weights}
        if rng.random() < 0.05:
            members.pop(rng.choice(list(members)))
        return keras_files.write_archive(self.folder / "m.keras", members)

    def keras_config(self, rng: random.Random) -> Path:
        """A .keras whose configuration says something else."""
        with zipfile.ZipFile(self.folder / rng.choice(("a.keras", "b.keras"))) as sound:
            config = damaged_json(rng, json.loads(sound.read("config.json")))
        members = {"config.json": dumped(rng, config), "model.weights.h5": self.weights}
        return keras_files.write_archive(self.folder / "m.keras", members)

    def h5_bytes(self, rng: random.Random) -> Path:
        """A damaged .h5."""
        return self.write("m.h5", damaged_bytes(rng, self.h5))

    def h5_contents(self, rng: random.Random) -> Path:
        """A sound .h5 with another configuration, other arrays, or links that lead elsewhere."""
        path = self.write("m.h5", self.h5)
        with h5py.File(path, "r+") as file:
            kind = rng.randrange(6)
            group = file["model_weights/first"]
            name = "first/1:0"
            if kind == 0:
                config = damaged_json(rng, json.loads(file.attrs["model_config"]))
                file.attrs["model_config"] = dumped(rng, config).decode()
            elif kind == 1:
                array = self._other_array(rng, np.asarray(group[name]))
                del group[name]
                group[name] = array
            elif kind == 2:
                links = [h5py.SoftLink("/"), h5py.SoftLink("/no/where"), h5py.ExternalLink(str(path), "/"), file, group]
                del group[name]
                group[name] = rng.choice(links)
            elif kind == 3:
                values = [["nothing"], [b"\xff\xfe"], [], "x", 5, [1.5], ["first/0:0"] * 3, "y" * 60000]
                group.attrs["weight_names"] = rng.choice(values)
            elif kind == 4:
                del group[name]
                group.create_dataset(name, (2**20, 2**20), "f4", chunks=(1024, 1024), compression="gzip")
            else:
                del file[rng.choice(["model_weights", "model_weights/first", f"model_weights/first/{name}"])]
        return path

    def _other_array(self, rng: random.Random, array: Any) -> Any:
        others: list[Callable[[], Any]] = [
            lambda: array.T,
            lambda: array[:-1],
            lambda: array.astype(np.float64),
            lambda: array * np.float32("nan"),
            lambda: array.astype("S5"),
            lambda: np.float32(3),
            lambda: np.empty((0, 7), np.float32),
            lambda: array.astype(np.complex64),
        ]
        return rng.choice(others)()


KINDS: Kinds = {
    "keras-bytes": (Keras, Keras.keras_bytes),
    "keras-weights": (Keras, Keras.keras_weights),
    "keras-config": (Keras, Keras.keras_config),
    "h5-bytes": (Keras, Keras.h5_bytes),
    "h5-contents": (Keras, Keras.h5_contents),
}
