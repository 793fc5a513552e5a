# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Embedding as Keras 2 and 3 write it, against their predictions; and what of it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import quantise, readers, reference
from model.errors import UserError
from tests.support.keras_files import Layer, archive, dense, input_layer, lstm, values


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.filterwarnings("ignore")
def test_outputs_are_those_of_keras(keras: Any, tmp_path: Path, ending: str) -> None:
    k = keras.layers
    plain = [k.Input((6,)), k.Embedding(9, 4), k.BatchNormalization(), k.LSTM(3), k.Dense(2)]
    ids, other = k.Input((6,), dtype="int32"), k.Input((6, 2))
    joined = k.Concatenate()([k.Embedding(9, 3)(ids), other, k.Embedding(5, 2)(ids)])
    several = keras.Model([ids, other], k.GRU(3)(joined))
    random = np.random.default_rng(1)
    words = random.integers(0, 5, (20, 6))
    values = random.normal(0, 1, (20, 6, 2)).astype(np.float32)
    for model, given in ((keras.Sequential(plain), [words]), (several, [words, values])):
        model.save(tmp_path / f"m.{ending}")
        network = readers.read(tmp_path / f"m.{ending}")
        assert network.inputs[0].shape == (6, 1)
        assert not network.notes
        due = np.asarray(model(given if len(given) > 1 else given[0]))
        inputs = network.given.packed([part.astype(np.float32).reshape(20, 6, -1) for part in given])
        np.testing.assert_allclose(reference.run(network, inputs), due, rtol=2e-6, atol=2e-6)


def embedding(**settings: Any) -> Layer:
    config = {"name": "words", "input_dim": 5, "output_dim": 3, "mask_zero": False, **settings}
    return ("Embedding", config, [values(5, 3)])


def test_what_is_refused(tmp_path: Path) -> None:
    ids = input_layer(4)
    whole = ("InputLayer", {"name": "input", "batch_shape": [None, 4, 3], "dtype": "int32"}, [])
    every = lstm(3, 4, return_sequences=True)
    flat: Layer = ("Flatten", {"name": "flat"}, [])
    cases: dict[str, list[Layer]] = {
        r"mask_zero=True is not supported; supported: False; train on windows": [ids, embedding(mask_zero=True), every],
        r"\(Embedding\): reads ids of shape \(4, 1\); supported: \(steps,\)": [input_layer(4, 1), embedding(), every],
        r"'words' \(Embedding\): reads another layer; supported: an input": [input_layer(4, 3), every, embedding()],
        r"'input' \(InputLayer\): dtype=int32 is supported of an input that an Embedding reads": [whole, every],
        r"has the setting 'strange', which lstmcu does not know": [ids, embedding(strange=1), every],
        r"weight array 0 has shape \(5, 3\), its settings ask for \(5, 2\)": [ids, embedding(output_dim=2), every],
    }
    for sentence, layers in cases.items():
        with pytest.raises(UserError, match=sentence):
            readers.read(archive(tmp_path / "m.keras", [*layers, flat, dense(16, 2)]))


@pytest.mark.filterwarnings("ignore")
def test_an_input_that_is_read_otherwise_too_is_refused(keras: Any, tmp_path: Path) -> None:
    k, ids = keras.layers, keras.layers.Input((4,))
    keras.Model(ids, [k.LSTM(2)(k.Embedding(5, 3)(ids)), k.Dense(2)(ids)]).save(tmp_path / "m.keras")
    with pytest.raises(UserError, match="reads an input that is read otherwise, too; give each its own input"):
        readers.read(tmp_path / "m.keras")


@pytest.mark.parametrize(("wrong", "shown"), [(5, "5"), (-1, "-1"), (1.5, "1.5")])
def test_samples_that_are_no_ids_are_refused(tmp_path: Path, wrong: float, shown: str) -> None:
    network = readers.read(archive(tmp_path / "m.keras", [input_layer(4), embedding(), lstm(3, 2)]))
    inputs = np.array([[0, 1, 2, 4], [3, 1, wrong, 0]], np.float64)
    np.savez(tmp_path / "m.npz", inputs=inputs[:1])
    assert quantise.calibrated(network, tmp_path / "m.npz", "int8").input.dtype == "int16"
    np.savez(tmp_path / "m.npz", inputs=inputs)
    with pytest.raises(UserError, match=f"'inputs' has {shown}, but input 0 of model 'm' is ids; give whole numbers"):
        quantise.calibrated(network, tmp_path / "m.npz", "float32")


def test_ids_beside_values_of_another_type_are_refused(keras: Any, tmp_path: Path) -> None:
    k = keras.layers
    ids, other = k.Input((4,)), k.Input((4, 2))
    keras.Model([ids, other], k.LSTM(2)(k.Concatenate()([k.Embedding(5, 3)(ids), other]))).save(tmp_path / "m.keras")
    network, given = readers.read(tmp_path / "m.keras"), np.zeros((2, 12), np.float32)
    quantise.quantise(network, given, "int16x8")
    with pytest.raises(UserError, match="reads ids and values, which int8 stores in two types; supported: one; use"):
        quantise.quantise(network, given, "int8")
