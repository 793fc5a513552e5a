# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The Keras reader: what it reads from files made here, and the sentence for everything it refuses."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.layers.activation import Activation
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.reshape import Reshape
from model.network import Network
from tests.support.keras_files import (
    Layer,
    archive,
    config_of,
    dense,
    input_layer,
    legacy,
    lstm,
    values,
    weights_of,
    write_archive,
)

SIMPLE = [input_layer(5, 3), lstm(3, 4), dense(4, 2)]


def refusal(path: Path) -> str:
    """The sentence for a file that is refused; it names the file."""
    with pytest.raises(UserError) as caught:
        readers.read(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    return sentence


def refused(tmp_path: Path, *layers: Layer) -> str:
    return refusal(archive(tmp_path / "m.keras", list(layers)))


def test_structure_and_shapes(tmp_path: Path) -> None:
    layers = [
        input_layer(5, 3),
        lstm(3, 4, "first", return_sequences=True),
        ("Dropout", {"name": "dropout", "rate": 0.2}, []),
        lstm(4, 2, "second", return_sequences=True, go_backwards=True, use_bias=False),
        ("Flatten", {"name": "flat"}, []),
        dense(10, 6, activation="relu"),
        ("Reshape", {"name": "shaped", "target_shape": [3, -1]}, []),
        dense(2, 7, "last", activation="softmax", use_bias=False),
    ]
    network = readers.read(archive(tmp_path / "My net-2.keras", layers))
    assert network.name == "my_net_2"
    assert network.source == "My net-2.keras"
    assert network.sha256 == hashlib.sha256((tmp_path / "My net-2.keras").read_bytes()).hexdigest()
    assert network.quantisation == "float32"
    assert network.input.shape == (5, 3)
    kinds = [type(layer) for layer in network.layers]
    assert kinds == [Lstm, Lstm, Reshape, Dense, Reshape, Dense, Activation]
    shapes = [layer.output.shape for layer in network.layers]
    assert shapes == [(5, 4), (5, 2), (10,), (6,), (3, 2), (3, 7), (3, 7)]
    second = network.layers[1]
    assert isinstance(second, Lstm)
    assert second.go_backwards
    assert not second.bias.any()


def test_gates_come_in_the_order_input_forget_candidate_output(tmp_path: Path) -> None:
    kernel = np.arange(2 * 12, dtype=np.float32).reshape(2, 12)  # F = 2, H = 3
    recurrent = 100 + np.arange(3 * 12, dtype=np.float32).reshape(3, 12)
    bias = 1000 + np.arange(12, dtype=np.float32)
    kind, settings, _ = lstm(2, 3)
    layers = [input_layer(4, 2), (kind, settings, [kernel, recurrent, bias])]
    network = readers.read(archive(tmp_path / "m.keras", layers))
    layer = network.layers[0]
    assert isinstance(layer, Lstm)
    for gate in range(4):
        columns = slice(3 * gate, 3 * gate + 3)
        np.testing.assert_array_equal(layer.kernel.values[gate], kernel[:, columns].T)
        np.testing.assert_array_equal(layer.recurrent.values[gate], recurrent[:, columns].T)
        np.testing.assert_array_equal(layer.bias[gate], bias[columns])


def same(a: Network, b: Network) -> None:
    x = np.random.default_rng(5).normal(0, 1, (4, *a.input.shape))
    np.testing.assert_array_equal(reference.run(a, x), reference.run(b, x))


def test_a_functional_model_is_the_chain_it_draws(tmp_path: Path) -> None:
    layers = [*SIMPLE[:2], dense(4, 4, "a", activation="tanh"), dense(4, 3, "b")]
    config = config_of(layers, "Functional")
    # the calls say what reads what, the order in the file whose weights are whose
    config["config"]["layers"].reverse()
    members = {"config.json": json.dumps(config).encode(), "model.weights.h5": weights_of(layers[::-1])}
    path = write_archive(tmp_path / "functional.keras", members)
    drawn = readers.read(path)
    assert [layer.name for layer in drawn.layers] == ["lstm", "a", "a_tanh", "b"]


def test_h5_and_keras_files_of_one_model_give_one_network(tmp_path: Path) -> None:
    layers = [*SIMPLE, dense(2, 2, "second")]
    same(readers.read(archive(tmp_path / "m.keras", layers)), readers.read(legacy(tmp_path / "m.h5", layers)))


def test_a_sequential_model_as_a_list_of_layers(tmp_path: Path) -> None:
    """As Keras before 2.2.3 wrote it."""
    config = config_of(SIMPLE)
    config["config"] = config["config"]["layers"]
    members = {"config.json": json.dumps(config).encode(), "model.weights.h5": weights_of(SIMPLE)}
    old = write_archive(tmp_path / "old.keras", members)
    same(readers.read(old), readers.read(archive(tmp_path / "new.keras", SIMPLE)))


def test_the_contents_decide_and_not_the_ending(tmp_path: Path) -> None:
    """Keras 2.11 and earlier wrote HDF5 under either name."""
    new, old = archive(tmp_path / "new.keras", SIMPLE), legacy(tmp_path / "old.h5", SIMPLE)
    same(readers.read(new.rename(tmp_path / "new.h5")), readers.read(old.rename(tmp_path / "old.keras")))


def test_keras_2_settings_of_the_input_are_understood(tmp_path: Path) -> None:
    kind, settings, arrays = lstm(3, 4)
    first = (kind, {**settings, "batch_input_shape": [None, 5, 3]}, arrays)
    old = archive(tmp_path / "old.keras", [first, dense(4, 2)])
    same(readers.read(old), readers.read(archive(tmp_path / "new.keras", SIMPLE)))


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        (
            [input_layer(5, 3), ("ConvLSTM1D", {"name": "g", "filters": 4}, [])],
            "layer 'g' (ConvLSTM1D): this kind of layer is not supported; supported: LSTM, ",
        ),
        (
            [input_layer(5, 3), lstm(3, 4, "mine", time_major=True)],
            "layer 'mine' (LSTM): time_major=True is not supported",
        ),
        (
            [input_layer(5, 3), lstm(3, 4, activation="softmax")],
            "layer 'lstm' (LSTM): activation='softmax' is not supported; supported: linear, relu",
        ),
        (
            [input_layer(5, 3), lstm(3, 4, recurrent_activation="hard_sigmoid")],
            "layer 'lstm' (LSTM): hard_sigmoid is another function in Keras 2 than in Keras 3",
        ),
        (
            [*SIMPLE[:2], dense(4, 2, activation="celu")],
            "(Dense): activation='celu' is not supported; supported: linear, relu, sigmoid, tanh, softmax",
        ),
        (
            [*SIMPLE[:2], dense(4, 2, activation={"class_name": "Custom>mine", "config": {}})],
            "layer 'dense' (Dense): activation='Custom>mine' is not supported",
        ),
        (
            [*SIMPLE[:2], ("Activation", {"name": "a", "activation": "celu"}, [])],
            "layer 'a' (Activation): activation='celu' is not supported",
        ),
        (
            [input_layer(12), lstm(3, 4)],
            "layer 'lstm' (LSTM): needs a sequence (steps, features) as input, got shape (12,)",
        ),
        (
            [input_layer(None, 3), lstm(3, 4)],
            "the input shape is [None, None, 3]; steps and features must be fixed",
        ),
        (
            [input_layer(5, 2), lstm(3, 4)],
            "weight array 0 has shape (3, 16), its settings ask for (2, 16)",
        ),
        (
            [input_layer(5, 3), ("LSTM", lstm(3, 4)[1], lstm(3, 4)[2][:2])],
            "layer 'lstm' (LSTM): weight array 2 is missing from the file",
        ),
        (
            [*SIMPLE[:2], ("Dense", dense(4, 2)[1], [values(4, 2), np.full(2, np.nan, np.float32)])],
            "layer 'dense' (Dense): weight array 1 has values that are not finite",
        ),
        (
            [*SIMPLE[:2], ("Reshape", {"name": "r", "target_shape": [3, 2]}, [])],
            "layer 'r' (Reshape): target_shape [3, 2] does not hold the 4 elements of its input",
        ),
        (
            [input_layer(5, 3), ("TimeDistributed", {"name": "t", "layer": {"class_name": "LSTM", "config": {}}}, [])],
            "layer 't' (TimeDistributed): of a LSTM is not supported; supported: TimeDistributed(Dense, ",
        ),
        (
            [input_layer(5, 3), dense(3, 2)],
            "holds no recurrent layer, as LSTM; lstmcu builds recurrent networks",
        ),
        (
            [input_layer(5, 3), ("Bidirectional", {"name": "b", "merge_mode": None, "layer": {}}, [])],
            "layer 'b' (Bidirectional): merge_mode=None is not supported; supported: concat or sum or ave or mul; set",
        ),
        (
            [input_layer(5, 3), ("Normalization", {"name": "n", "axis": [-1], "mean": 1.0}, []), lstm(3, 4)],
            "layer 'n' (Normalization): was never adapted",
        ),
        (
            [input_layer(5, 3), ("Rescaling", {"name": "s", "scale": [1, 2], "offset": 0}, []), lstm(3, 4)],
            "layer 's' (Rescaling): must have one value or one per feature (3)",
        ),
    ],
)
def test_what_is_not_supported_is_named(tmp_path: Path, layers: list[Layer], sentence: str) -> None:
    assert sentence in refused(tmp_path, *layers)


def _branch(config: dict[str, Any]) -> None:
    config["config"]["layers"][2]["inbound_nodes"][0]["args"].append(
        {"class_name": "__keras_tensor__", "config": {"keras_history": ["input", 0, 0]}}
    )


def _fork(config: dict[str, Any]) -> None:
    config["config"]["layers"][2]["inbound_nodes"] = config["config"]["layers"][1]["inbound_nodes"]


def _loose(config: dict[str, Any]) -> None:
    config["config"]["layers"][2]["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = "nobody"


def _circle(config: dict[str, Any]) -> None:
    config["config"]["layers"][1]["inbound_nodes"] = [[["dense", 0, 0, {}]]]


def _constant(config: dict[str, Any]) -> None:
    config["config"]["layers"][2]["inbound_nodes"][0]["args"] = [1.5]


def _second(config: dict[str, Any]) -> None:
    config["config"]["layers"][2]["inbound_nodes"][0]["args"][0]["config"]["keras_history"][2] = 1


def _subclassed(config: dict[str, Any]) -> None:
    config["class_name"] = "MyModel"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_branch, "layer 'dense' (Dense): reads 2 layers; supported: one"),
        (_fork, "layer 'lstm' (LSTM): nothing reads it, and it is no output of the model"),
        (_loose, "layer 'dense' (Dense): reads what no layer before it gives"),
        (_circle, "layer 'lstm' (LSTM): reads what no layer before it gives"),
        (_constant, "layer 'dense' (Dense): reads 1.5; supported: what other layers give"),
        (_second, "layer 'lstm' (LSTM): its output 1 is read or put out, a state; supported: the first one"),
        (_subclassed, "a MyModel model is not supported; save a Sequential or Functional one"),
        (lambda config: config.update(strange=1), "the model has 'strange', which lstmcu does not know"),
        (lambda config: config["config"].update(strange=1), "the model has the setting 'strange', which lstmcu does"),
        (lambda config: config["config"].pop("output_layers"), "its output_layers name nothing, which is no output"),
        (lambda config: config["config"].update(output_layers=[["no", 0, 0]]), "its output_layers name 'no', which is"),
        (lambda config: config["config"].update(input_layers=[["lstm", 0, 0]]), "its input_layers name 'lstm', but"),
        (lambda config: config["config"].update(input_layers=[]), "name nothing, but its inputs are 'input'"),
        (lambda config: config["config"]["layers"].insert(0, config["config"]["layers"][1]), "have one name"),
        (lambda config: config.pop("config"), "the archive is damaged"),
        (lambda config: config["config"].update(layers=[]), "holds no recurrent layer"),
        (lambda config: config["config"]["layers"][1]["config"].pop("units"), "(LSTM): does not say its units"),
    ],
)
def test_models_that_are_no_graph(tmp_path: Path, change: Callable[[dict[str, Any]], object], sentence: str) -> None:
    config = config_of(SIMPLE, "Functional")
    change(config)
    members = {"config.json": json.dumps(config).encode(), "model.weights.h5": weights_of(SIMPLE)}
    assert sentence in refusal(write_archive(tmp_path / "m.keras", members))


def test_a_cut_archive_at_every_length(tmp_path: Path) -> None:
    whole = archive(tmp_path / "whole.keras", SIMPLE).read_bytes()
    cut = tmp_path / "cut.keras"
    for length in range(0, len(whole), 97):
        cut.write_bytes(whole[:length])
        assert "is not a Keras archive, or is truncated" in refusal(cut)


def test_flipped_bytes_never_give_a_traceback(tmp_path: Path) -> None:
    """Any byte may be damaged: the file is refused in a sentence or, where a checksum allows it, still read."""
    whole = archive(tmp_path / "whole.keras", SIMPLE).read_bytes()
    random = np.random.default_rng(0)
    damaged = tmp_path / "damaged.keras"
    refusals: list[str] = []
    for position in random.integers(0, len(whole), 150):
        data = bytearray(whole)
        data[position] ^= int(random.integers(1, 256))
        damaged.write_bytes(data)
        try:
            readers.read(damaged)
        except UserError as error:
            refusals.append(str(error))
    assert len(refusals) > 100
    assert all(str(damaged) in sentence for sentence in refusals)


def test_archives_that_are_not_keras(tmp_path: Path) -> None:
    text = tmp_path / "text.keras"
    text.write_text("not a zip file")
    assert "is not a Keras archive" in refusal(text)
    other = write_archive(tmp_path / "other.keras", {"readme.txt": b"hello"})
    assert "is not a Keras archive: it holds no config.json" in refusal(other)
    half = write_archive(tmp_path / "half.keras", {"config.json": json.dumps(config_of(SIMPLE)).encode()})
    assert "it holds no model.weights.h5" in refusal(half)
    wrong = write_archive(tmp_path / "wrong.keras", {"config.json": b"{", "model.weights.h5": b""})
    assert "the archive is damaged" in refusal(wrong)
    no_h5 = {"config.json": json.dumps(config_of(SIMPLE)).encode(), "model.weights.h5": b"not HDF5"}
    assert "the archive is damaged" in refusal(write_archive(tmp_path / "no_h5.keras", no_h5))


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", bytes(300 << 20))
        file.writestr("model.weights.h5", b"")
    assert path.stat().st_size < 1 << 20
    assert re.search(r"config.json claims \d+ bytes; no more than \d+ are read", refusal(path))


def test_h5_files_that_are_no_model(tmp_path: Path) -> None:
    weights_only = tmp_path / "w.h5"
    weights_only.write_bytes(weights_of(SIMPLE))
    assert "holds weights only; save the whole model" in refusal(weights_only)
    text = tmp_path / "t.h5"
    text.write_text("not HDF5")
    assert "is not a Keras .h5 file, or is damaged" in refusal(text)
    whole = legacy(tmp_path / "m.h5", SIMPLE).read_bytes()
    cut = tmp_path / "cut.h5"
    cut.write_bytes(whole[: len(whole) // 2])
    assert "is not a Keras .h5 file, or is damaged" in refusal(cut)
