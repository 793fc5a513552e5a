# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Conversion to .tflite: three files that lstmcu reads and computes as the interpreters do, or one sentence."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.network import Network
from tests.support import keras_files
from tests.support.graphs import Graph
from tests.support.keras_files import dense, input_layer, lstm, values
from train import convert, keras_twin

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "model" / "data"
MODES = ("float", "dynamic", "int8")


def run(model: Path, samples: Path, out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "train.convert", str(model), "--samples", str(samples), "--out", str(out), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def converted(model: Path, samples: Path, out: Path) -> list[dict[str, Any]]:
    """Convert, and check what holds for every model; the rows of conversion.json."""
    done = run(model, samples, out)
    assert done.returncode == 0, done.stdout + done.stderr
    names = {f"{model.stem}_{mode}.tflite" for mode in MODES}
    assert {file.name for file in out.iterdir()} == {*names, "conversion.json"}
    rows: list[dict[str, Any]] = json.loads((out / "conversion.json").read_text())["files"]
    for row in rows:
        assert row["file"] in done.stdout
        assert row["bytes"] == (out / row["file"]).stat().st_size
        assert "UNIDIRECTIONAL_SEQUENCE_LSTM" in row["operators"]
        assert readers.read(out / row["file"]).quantisation == row["quantisation"]
    real, dynamic, int8 = rows
    assert real["max_error"] < 1e-5
    assert real["max_difference"] < 1e-5
    assert dynamic["max_difference"] < 0.02
    assert (int8["quantisation"], int8["differing"]) == ("int8", 0)
    return rows


def test_keras_model(tmp_path: Path) -> None:
    folder = ROOT / "models" / "forecast-window"
    rows = converted(folder / "forecast-window.keras", folder / "forecast-window.npz", tmp_path / "a folder")
    assert [row["quantisation"] for row in rows] == ["float32", "dynamic", "int8"]
    assert 0 < rows[1]["mean_error"] < 0.01
    assert 0 < rows[2]["mean_error"] < 0.01
    assert rows[0]["bytes"] > 2 * rows[2]["bytes"]


@pytest.mark.long
def test_cells_that_become_loops(tmp_path: Path) -> None:
    """They are read again as the layers they were; int8 is left out with a word."""
    make = (
        "import sys, keras\n"
        "from keras import layers as k\n"
        "rnn = k.SimpleRNN(4, return_sequences=True)\n"
        "cells = [k.GRU(4, return_sequences=True), rnn, k.LSTM(4, activation='relu')]\n"
        "keras.Sequential([k.Input((5, 3)), *cells, k.Dense(2)]).save(sys.argv[1])\n"
    )
    model = tmp_path / "m.keras"
    subprocess.run([sys.executable, "-c", make, model], check=True, capture_output=True)
    np.savez(tmp_path / "m.npz", inputs=values(20, 5, 3))
    done = run(model, tmp_path / "m.npz", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "int8 is left out: TensorFlow's converter makes a loop of layer 'gru'" in done.stdout
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "m_float.tflite",
        "m_dynamic.tflite",
        "conversion.json",
    }
    rows = json.loads((tmp_path / "out/conversion.json").read_text())["files"]
    for row in rows:
        kinds = [layer.kind for layer in readers.read(tmp_path / "out" / row["file"]).layers]
        assert kinds == ["gru", "simple_rnn", "lstm", "dense"]
        assert max(row["max_error"], row["max_difference"]) < 1e-5


@pytest.mark.long
def test_pytorch_model_with_both_directions_and_a_normalisation(tmp_path: Path) -> None:
    for name in ("torch_both", "torch_every"):
        rows = converted(DATA / f"{name}.safetensors", DATA / f"{name}.npz", tmp_path / name)
        assert rows[2]["max_error"] < 0.3


@pytest.mark.long
def test_a_converter_that_crashes_is_a_sentence(tmp_path: Path) -> None:
    """Full int8 of an LSTM that the converter leaves a loop takes its process down."""
    make = (
        "import numpy, sys, tf_keras as keras\n"
        "layers = [keras.layers.InputLayer(batch_input_shape=(1, 8, 3)), keras.layers.LSTM(4, activation='relu')]\n"
        "keras.Sequential(layers).export(sys.argv[1])\n"
        "numpy.save(sys.argv[2], numpy.zeros((2, 8, 3), 'f4'))\n"
    )
    saved, windows, out = tmp_path / "saved", tmp_path / "windows.npy", tmp_path / "m.tflite"
    subprocess.run([sys.executable, "-c", make, saved, windows], check=True, capture_output=True)
    command = [sys.executable, "-m", "train.conversion", "int8", str(saved), str(windows), str(out)]
    with pytest.raises(
        UserError, match=r"^loop\.keras: converting to int8 (took its whole process down|failed)"
    ) as error:
        convert.run_step("loop.keras: converting to int8", command, 120)
    assert "\n" not in str(error.value)
    assert not out.exists()


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_death_of_a_step() -> None:
    kill = "import os; os.kill(os.getpid(), 11)"
    with pytest.raises(UserError, match=r"^m: int8 took its whole process down \(SIGSEGV\), a fault of TensorFlow"):
        convert.run_step("m: int8", python(kill), 60)
    with pytest.raises(UserError, match=r"^m: int8 failed: ValueError: no$"):
        convert.run_step("m: int8", python("raise ValueError('no')"), 60)
    with pytest.raises(UserError, match=r"^m: int8 did not end within 0\.5 s"):
        convert.run_step("m: int8", python("import time; time.sleep(60)"), 0.5)


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    model = keras_files.archive(tmp_path / "m.keras", [input_layer(5, 3), lstm(3, 4), dense(4, 2)])
    np.savez(tmp_path / "m.npz", inputs=np.zeros((3, 5, 3), np.float32))
    done = run(model, tmp_path / "m.npz", tmp_path / "out", "--timeout", "0.01")
    assert done.returncode == 2
    assert done.stderr.startswith(f"lstmcu: error: {model}: asking Keras for the trained model's outputs did not end")
    assert done.stderr.count("\n") == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_a_network_with_branches_is_refused() -> None:
    graph = Graph(1, (4, 2))
    shared = graph.word(("lstm", 3, False, False), 0)
    trained = graph.network(graph.word(("dense", 2, "linear"), shared), graph.word(("dense", 2, "relu"), shared))
    with pytest.raises(UserError, match=r"has branches, or several inputs or outputs, .* build from this file itself"):
        keras_twin.check(trained)
    keras_twin.check(replace(trained, nodes=trained.nodes[:2], outputs=(2,)))


def test_refusals_before_any_work(tmp_path: Path) -> None:
    samples = tmp_path / "m.npz"
    np.savez(samples, inputs=np.zeros((3, 5, 3), np.float32))
    norm = ("LayerNormalization", {"name": "mine", "axis": -1, "epsilon": 1e-3}, [values(4), values(4)])
    for name, layers in (("mine", [lstm(3, 4), norm]), ("lstm", [lstm(3, 4, activation="hard_tanh")])):
        model = keras_files.archive(tmp_path / "m.keras", [input_layer(5, 3), *layers, dense(4, 2)])
        with pytest.raises(UserError, match=rf"layer '{name}' .* is not supported in a conversion to TensorFlow Lite"):
            convert.convert(model, samples, tmp_path / "out", 60)
    model = keras_files.archive(tmp_path / "m.keras", [input_layer(6, 3), lstm(3, 4)])
    with pytest.raises(UserError, match=r"has shape \(3, 5, 3\); the model's input asks for \(N, 6, 3\)"):
        convert.convert(model, samples, tmp_path / "out", 60)
    assert not (tmp_path / "out").exists()


def test_normalisation_is_worked_into_the_weights() -> None:
    network = readers.read(DATA / "torch_every.safetensors")
    plain = keras_twin.without_normalise(network)
    assert len(plain.layers) == len(network.layers) - 1
    with np.load(DATA / "torch_every.npz") as made:
        error = np.abs(reference.run(plain, made["inputs"]) - made["targets"])
    assert error.max() < 1e-5


def test_normalisation_that_cannot_be(tmp_path: Path) -> None:
    shutil.copy(DATA / "torch_every.safetensors", tmp_path / "m.safetensors")
    toml = (DATA / "torch_every.toml").read_text()
    norm = '[[layer]]\nkind = "normalise"\nmean = [0.0, 0.0]\nstd = [1.0, 2.0]\n'
    for text, sentence in (
        (toml + norm, "normalises the output"),
        (toml + norm + '[[layer]]\nkind = "flatten"\n', "right before an LSTM or Dense"),
    ):
        (tmp_path / "m.toml").write_text(text)
        network: Network = readers.read(tmp_path / "m.safetensors")
        with pytest.raises(UserError, match=sentence):
            keras_twin.without_normalise(network)
