# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Every setting of every supported layer, as Keras 2 and 3 write it, set to something else or joined by one more.

One file of each Keras holds all kinds of layers. An unknown key is refused by its name, wherever it stands; a value
that is not supported is refused by its setting's name; what is read computes what Keras computes from the same file.
"""

from __future__ import annotations

import copy
import importlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.readers.keras import hdf5
from model.readers.keras.settings import ANY, COMMON, KNOWN, PAIRWISE
from tests.support.keras_files import write_archive

pytestmark = pytest.mark.filterwarnings("ignore")
Place = tuple[str | int, ...]  # keys that lead to a part of a configuration
INNER = ("layer", "backward_layer", "cell")  # settings that are layers themselves
CUDNN = {"CuDNNLSTM", "CuDNNGRU"}  # which neither Keras has any more: see test_keras_cells.py


class Specimen:
    """A model of every kind of layer, saved by one Keras."""

    def __init__(self, keras: Any, folder: Path) -> None:
        self.keras = keras
        keras.utils.set_random_seed(1)
        layers = keras.layers
        first, ids = layers.Input((6, 2)), layers.Input((6,), dtype="int32")
        x = first
        for layer in (
            layers.Normalization(mean=[1.0, -2.0], variance=[4.0, 0.25]),
            layers.Rescaling(0.5, offset=0.1),
            lambda x: layers.Add()([x, layers.Embedding(4, 2)(ids)]),
            layers.LSTM(3, return_sequences=True),
            layers.Dropout(0.3),
            *(lambda x, name=name: getattr(layers, name)()([x, x]) for name in (*PAIRWISE, "Average", "Concatenate")),
            lambda x: layers.Subtract()([layers.Add()([x, x]), x]),
            layers.ZeroPadding1D((1, 0)),
            layers.Conv1D(3, 2),
            layers.DepthwiseConv1D(2, padding="same"),
            layers.SeparableConv1D(3, 2, padding="same"),
            layers.MaxPooling1D(2, 1, "same"),
            layers.AveragePooling1D(2, 1),
            layers.Cropping1D((0, 1)),
            layers.Permute((2, 1)),
            layers.GRU(3, return_sequences=True),
            layers.SimpleRNN(3, return_sequences=True),
            layers.RNN(
                layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(3), layers.SimpleRNNCell(2)]),
                return_sequences=True,
            ),
            layers.Bidirectional(
                layers.LSTM(4, return_sequences=True),
                backward_layer=layers.LSTM(4, return_sequences=True, go_backwards=True),
            ),
            layers.TimeDistributed(layers.Dense(2, "tanh")),
            layers.Flatten(),
            layers.Dense(6, activation="relu"),
            layers.Activation("sigmoid"),
            layers.BatchNormalization(),
            layers.LayerNormalization(),
            layers.ReLU(negative_slope=0.5, threshold=0.25),
            layers.LeakyReLU(0.1),
            layers.ELU(0.5),
            layers.PReLU(),
            *(layers.ThresholdedReLU(0.2) for _ in range(hasattr(layers, "ThresholdedReLU"))),  # of Keras 2 alone
            layers.Softmax(),
            layers.RepeatVector(2),
            layers.GlobalMaxPooling1D(),
            layers.RepeatVector(2),
            layers.GlobalAveragePooling1D(),
            layers.Reshape((3, 2)),
        ):
            x = layer(x)
        path = folder / f"{keras.__name__}.keras"
        keras.Model([first, ids], x).save(path)
        with zipfile.ZipFile(path) as archive:
            self.members = {name: archive.read(name) for name in archive.namelist()}
        self.config = json.loads(self.members["config.json"])
        random = np.random.default_rng(2)
        self.given = [random.normal(0, 2, (8, 6, 2)).astype(np.float32), random.integers(0, 4, (8, 6))]
        self.inputs = np.hstack([part.reshape(8, -1) for part in self.given]).astype(np.float32)
        self.path = folder / f"changed_{keras.__name__}.keras"

    def changed(self, change: Callable[[Any], object]) -> Path:
        """The file with another configuration."""
        config = copy.deepcopy(self.config)
        change(config)
        return write_archive(self.path, {**self.members, "config.json": json.dumps(config).encode()})

    def layers(self) -> Iterator[tuple[str, Place]]:
        """Kinds and places of all layers, inner ones too."""
        for number in range(len(self.config["config"]["layers"])):
            yield from self._within(("config", "layers", number))

    def _within(self, place: Place) -> Iterator[tuple[str, Place]]:
        spec = at(self.config, place)
        yield spec["class_name"], place
        inner = [(*place, "config", key) for key in INNER if key in spec["config"]]
        inner += [(*place, "config", "cells", number) for number in range(len(spec["config"].get("cells", ())))]
        for each in inner:
            yield from self._within(each)


@pytest.fixture(scope="module", params=["keras", "tf_keras"])
def specimen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    """Of Keras 3, then of Keras 2."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    return Specimen(importlib.import_module(request.param), tmp_path_factory.mktemp("specimen"))


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights are sound; a process for each reading would cost ten times as much."""
    monkeypatch.setattr(hdf5, "load", hdf5.parse)


def at(config: Any, place: Place) -> Any:
    for key in place:
        config = config[key]
    return config


def complaint(path: Path) -> str:
    """What the file is refused with; empty if it is read."""
    try:
        readers.read(path)
    except UserError as error:
        return str(error)
    return ""


def differs(specimen: Specimen, path: Path) -> bool:
    """Whether the reference computes something else than Keras does from this file."""
    due = specimen.keras.models.load_model(path, compile=False).predict(specimen.given, verbose=0)
    return bool(np.abs(reference.run(readers.read(path), specimen.inputs) - due).max() > 3e-6)


def test_as_it_is(specimen: Specimen) -> None:
    due = {kind for kind in set(KNOWN) - CUDNN if kind.endswith("Cell") or hasattr(specimen.keras.layers, kind)}
    assert {kind for kind, _ in specimen.layers()} == due
    assert not differs(specimen, specimen.changed(lambda config: None))


@pytest.fixture(params=[pytest.param(6, id="some"), pytest.param(1, id="all", marks=pytest.mark.long)])
def every(request: pytest.FixtureRequest) -> int:
    """Each changed file is read as a whole: the sixth change of a sweep is tried, or each."""
    return int(request.param)


def test_keys_that_nobody_knows(specimen: Specimen, every: int) -> None:
    """In the model, its settings, a layer, its settings, its call, and layers within layers."""
    places: list[Place] = [(), ("config",)]
    for kind, place in specimen.layers():
        places += [place, (*place, "config")]
        nodes = at(specimen.config, place).get("inbound_nodes")
        if nodes:
            call = ("kwargs",) if isinstance(nodes[0], dict) else (0, 3)
            places.append((*place, "inbound_nodes", 0, *call))
        assert kind in KNOWN
    for place in places[::every]:
        for key, value in (("strange_setting", None), ("strange_setting", {"a": 1}), ("time_axis", 1)):
            path = specimen.changed(lambda config, p=place, k=key, v=value: at(config, p).update({k: v}))  # type: ignore[misc]
            sentence = complaint(path)
            assert key in sentence, (place, key, sentence)
    assert len(places) > 35


STRANGE = (-5, 0.25, "strange", {"class_name": "Strange", "config": {}}, ["strange"], {"registered_name": "a>b"})


def test_values_that_nobody_knows(specimen: Specimen, every: int) -> None:
    """Of each setting whose value matters at all; the settings that the file leaves out too."""
    tried = 0
    for kind, place in specimen.layers():
        for key, rule in {**COMMON, **KNOWN[kind]}.items():
            for value in STRANGE:
                if rule is ANY or rule.holds(value):
                    continue
                tried += 1
                if tried % every:
                    continue
                path = specimen.changed(lambda config, p=place, k=key, v=value: at(config, p)["config"].update({k: v}))  # type: ignore[misc]
                sentence = complaint(path)
                assert f"{key}=" in sentence, (kind, key, value, sentence)
    assert tried > 400


WEIGHTS = (
    *("embeddings", "kernel", "recurrent", "bias", "beta", "gamma", "moving_mean", "moving_variance"),
    *("depthwise", "pointwise", "alpha"),
)
# what settings that do not matter may be
ELSE: dict[str, Any] = {
    **{f"{weights}_initializer": "zeros" for weights in WEIGHTS},
    **{f"{weights}_regularizer": "l2" for weights in (*WEIGHTS, "activity")},
    **{f"{weights}_constraint": "non_neg" for weights in WEIGHTS},
    "trainable": False,
    "dropout": 0.4,
    "recurrent_dropout": 0.3,
    "seed": 7,
    "unroll": True,
    "unit_forget_bias": False,
    "implementation": 1,
    "rate": 0.9,
    "noise_shape": None,
    "momentum": 0.5,
    "synchronized": False,
    "input_length": 6,
    "renorm_momentum": 0.5,
    "renorm_clipping": None,
}


def test_settings_that_do_not_matter(specimen: Specimen, every: int) -> None:
    """All of a layer's at once: Keras computes the same, and so does what is read."""
    tried = 0
    for kind, place in specimen.layers():
        written = at(specimen.config, place)["config"]
        rules = {**COMMON, **KNOWN[kind]}
        free = [key for key in written if rules[key] is ANY and key not in (*INNER, "cells")]
        assert set(free) <= set(ELSE), (kind, free)
        tried += len(free)
        if tried % every:
            continue
        path = specimen.changed(lambda config, p=place, f=free: at(config, p)["config"].update({k: ELSE[k] for k in f}))  # type: ignore[misc]
        assert not differs(specimen, path), (kind, free)
    assert tried > 60


def others(value: Any) -> list[Any]:
    """Values that a setting might have instead."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value * 2]
    if isinstance(value, str):
        return ["relu", "sigmoid", "linear", "softmax", "channels_first", "sum", "mul", "float64", "mixed_float16"]
    if isinstance(value, list):
        numbers = [item * 2 for item in value if isinstance(item, int | float)]
        return [value[::-1], value[1:], [*value, 1], numbers]
    return [None, 1, 2.0, True]


def test_settings_that_matter(specimen: Specimen, every: int) -> None:
    """Each other value is refused, or honoured as Keras honours it; where Keras refuses it, nothing is to compare."""
    tried = read = refused = 0
    for kind, place in specimen.layers():
        for key, value in at(specimen.config, place)["config"].items():
            rule = {**COMMON, **KNOWN[kind]}[key]
            if rule is ANY or key == "name":
                continue
            for other in others(value):
                tried += 1
                if tried % every:
                    continue
                path = specimen.changed(lambda config, p=place, k=key, v=other: at(config, p)["config"].update({k: v}))  # type: ignore[misc]
                sentence = complaint(path)
                refused += bool(sentence)
                if sentence:
                    # another shape is the mistake of whichever layer cannot read it
                    assert "layer '" in sentence or "input shape" in sentence or "the input: has shape" in sentence, (
                        kind,
                        key,
                        other,
                        sentence,
                    )
                    continue
                try:
                    wrong = differs(specimen, path)
                except (ValueError, TypeError, AttributeError, ImportError):
                    continue
                read += 1
                # Keras rounds where it computes in other types, and a note says so
                assert not wrong or readers.read(path).notes, (kind, key, value, other)
    assert read > 20 // every
    assert refused > 60 // every
