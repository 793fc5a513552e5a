# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kinds of model files: what is not read is refused by one sentence, with a way out, before samples are asked for."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model import kinds, readers
from model.errors import UserError
from tests.support import json_files
from tests.support.host import ROOT
from tests.support.keras_files import archive, dense, input_layer, legacy, lstm

sys.path.insert(0, str(ROOT / "site_scons"))
from commandline import models

DATA = Path(__file__).parent / "data"
PLAIN = {**os.environ, "PYTHONPATH": str(ROOT)}
LAYERS = [input_layer(5, 3), lstm(3, 4), dense(4, 2)]


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("class_name: Sequential")


def structure(path: Path) -> None:
    path.write_text('{"class_name": "Sequential", "config": {"layers": []}}')


def amplifier(path: Path) -> None:
    json_files.write(path, json_files.amplifier(np.random.default_rng(0)))


def amp_modeler(path: Path) -> None:
    path.write_text('{"version": "0.5.4", "architecture": "WaveNet", "config": {}, "weights": []}')


def torch(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps({}))


def exported(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("m/models/model.json", "{}")
        file.writestr("m/data/weights/weight_0", b"")


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"weights": [1, 2, 3]}))


def saved_model(path: Path) -> None:
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"\x08\x01")


def unpacked(path: Path) -> None:
    path.mkdir()
    (path / "config.json").write_text("{}")
    (path / "model.weights.h5").write_bytes(b"")


def keras(path: Path) -> None:
    archive(path, LAYERS)


def keras_h5(path: Path) -> None:
    legacy(path, LAYERS)


def tflite(path: Path) -> None:
    path.write_bytes((DATA / "cases" / "fp16.tflite").read_bytes())


def safetensors(path: Path) -> None:
    path.write_bytes((DATA / "torch_both.safetensors").read_bytes())


def onnx(path: Path) -> None:
    path.write_bytes((DATA / "onnx" / "ts_rnn_relu.onnx").read_bytes())


TORCH = r"is PyTorch's own format.*save_file\(model.state_dict\(\), 'm.safetensors'\) .*m.toml"
KNOWN = r"supported: .keras, .h5, .hdf5, .onnx, .safetensors, .tflite, .json, .nam"
# name: (what lies there, the sentence)
OTHERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "m.pth": (torch, TORCH),
    "m.pt": (pickled, TORCH),
    "m.ckpt": (empty, TORCH),
    "m.bin": (torch, TORCH),
    "m.pt2": (exported, r"is a program of torch.export, .*torch.onnx.export\(.*'m.onnx'"),
    "n.pt2": (empty, "is a program of torch.export"),
    "g.keras": (exported, "is a program of torch.export"),
    "M.PTH": (torch, "is PyTorch's own format"),
    "m.pb": (empty, r"SavedModel: .*tf_keras.models.load_model\(folder\).save\('m.keras'\)"),
    "m.index": (empty, r"holds weights only: .*model.save\('m.keras'\)"),
    "m.json": (structure, r"is the structure of a Keras model without its weights; .*model.save\('m.keras'\)"),
    "n.json": (text, "is no JSON that can be read"),
    "m.nam": (amp_modeler, "is of Neural Amp Modeler and no recurrent network"),
    "m.yaml": (text, r"is text, and a trained model is not: save it whole.*model.save\('m.keras'\)"),
    "n.yaml": (structure, "is the structure of a Keras model without its weights"),
    "m.pkl": (pickled, "is pickled Python, which is never read: save the model whole"),
    "m.joblib": (empty, "is pickled Python, which is never read"),
    "m.xyz": (empty, f"unknown kind of model file '.xyz'; {KNOWN}"),
    "bare": (empty, f"unknown kind of model file ''; {KNOWN}"),
    "folder": (Path.mkdir, f"is a folder: give the path of a trained model's file; {KNOWN}"),
    "folder.keras": (Path.mkdir, "is a folder: give the path"),
    "saved": (saved_model, r"is TensorFlow's SavedModel: .*load_model\(folder\).save\('saved.keras'\)"),
    "saved.h5": (saved_model, "is TensorFlow's SavedModel"),
    "open.keras": (unpacked, "is an unpacked .keras file: zip the files in it"),
    # by the contents another kind than by name
    "a.keras": (tflite, "is by its contents a .tflite file, not '.keras': rename it to a.tflite"),
    "a.h5": (safetensors, "is by its contents a .safetensors file, not '.h5': rename it to a.safetensors"),
    "a.tflite": (keras, "is by its contents a .keras file, not '.tflite': rename it to a.keras"),
    "b.tflite": (keras_h5, "is by its contents a .keras file, not '.tflite': rename it to b.keras"),
    "a.safetensors": (keras_h5, "is by its contents a .keras file"),
    "b.safetensors": (tflite, "is by its contents a .tflite file"),
    "c.safetensors": (torch, "is PyTorch's own format"),
    "c.h5": (torch, "is PyTorch's own format"),
    "d.h5": (pickled, "is pickled Python, which is never read"),
    "a.onnx": (tflite, "is by its contents a .tflite file, not '.onnx': rename it to a.tflite"),
    "b.onnx": (keras, "is by its contents a .keras file, not '.onnx': rename it to b.keras"),
    "b.keras": (onnx, "is by its contents a .onnx file, not '.keras': rename it to b.onnx"),
    "c.tflite": (onnx, "is by its contents a .onnx file"),
    "d.safetensors": (onnx, "is by its contents a .onnx file"),
    "b.bin": (onnx, "is by its contents a .onnx file, not '.bin': rename it to b.onnx"),
    "b.pb": (onnx, "is by its contents a .onnx file, not '.pb': rename it to b.onnx"),
    "a.bin": (keras, "is by its contents a .keras file, not '.bin': rename it to a.keras"),
    "b.json": (tflite, "is by its contents a .tflite file, not '.json': rename it to b.tflite"),
    "c.json": (pickled, "is pickled Python, which is never read"),
    "e.h5": (amplifier, "is by its contents a .json file, not '.h5': rename it to e.json"),
    "a.aidax": (amplifier, "is by its contents a .json file, not '.aidax': rename it to a.json"),
    "f.h5": (structure, "is the structure of a Keras model without its weights"),
    "a.pt": (safetensors, "is by its contents a .safetensors file"),
    "absent.keras": (lambda path: None, "no such model file; give model= the path"),
    "absent.pth": (lambda path: None, "no such model file; give model= the path"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_refused(name: str, tmp_path: Path) -> None:
    make, sentence = OTHERS[name]
    make(tmp_path / name)
    with pytest.raises(UserError, match=sentence) as error:
        readers.read(tmp_path / name)
    assert str(error.value).startswith(f"{tmp_path / name}: ")
    with pytest.raises(UserError, match=sentence) as error:  # there are no samples, and none are asked for
        models.model(str(tmp_path / name), "", tmp_path)
    assert str(error.value).startswith(f"model={tmp_path / name}: ")


@pytest.mark.parametrize("name", ["m.pth", "m.pb", "m.json", "folder", "bare", "m.xyz"])
def test_a_name_without_its_folder(name: str, tmp_path: Path) -> None:
    """Of a file that is there, the kind is told; it is not taken for the name of a shipped model."""
    make, sentence = OTHERS[name]
    make(tmp_path / name)
    with pytest.raises(UserError, match=sentence):
        models.model(name, "", tmp_path)
    with pytest.raises(UserError, match="no shipped model of this name"):
        models.model("nothing", "", tmp_path)


def test_a_shipped_model_beside_a_folder_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    archive(tmp_path / "models" / "mine" / "mine.keras", LAYERS)
    (tmp_path / "models" / "mine" / "mine.npz").write_bytes(b"")
    (tmp_path / "mine").mkdir()
    assert models.model("mine", "", tmp_path).path == Path("models/mine/mine.keras")


@pytest.mark.parametrize(
    ("name", "make", "kind"),
    [
        ("a.keras", keras, "keras"),
        ("A.KERAS", keras, "keras"),
        ("b.keras", keras_h5, "keras"),
        ("b.h5", keras_h5, "keras"),
        ("a.hdf5", keras, "keras"),
        ("a.tflite", tflite, "tflite"),
        ("a.safetensors", safetensors, "safetensors"),
        ("a.json", amplifier, "weights_json"),
        ("a.nam", amplifier, "weights_json"),
    ],
)
def test_what_is_read(name: str, make: Callable[[Path], None], kind: str, tmp_path: Path) -> None:
    make(tmp_path / name)
    assert kinds.check(tmp_path / name).name == kind


def test_what_lies_beside_and_what_may_come_quantised() -> None:
    """Of names alone, as builds ask that cannot import the readers."""
    done = subprocess.run([sys.executable, "-P", "-m", "model.endings"], cwd=ROOT, env=PLAIN, capture_output=True)
    told = json.loads(done.stdout)
    assert kinds.companions(Path("a b/M.safetensors")) == (Path("a b/M.toml"),)
    assert kinds.companions(Path("m.keras")) == kinds.companions(Path("m.onnx")) == ()
    assert {ending for ending, beside in told["companions"].items() if beside} == {".safetensors", ".tflite"}
    assert set(told["companions"]) == set(kinds.endings())
    assert told["quantised"] == [".onnx", ".tflite"]
    assert told["samples"][0] == ".npz"


@pytest.mark.parametrize("path", sorted((DATA / "cases").glob("*.tflite")))
def test_the_look_at_a_file_says_what_its_reader_says(path: Path) -> None:
    """Also in what it refuses."""
    told = []
    for look in (lambda: kinds.check(path).came_as(path), lambda: readers.read(path).quantisation):
        try:
            told.append(look())
        except UserError as error:
            told.append(str(error))
    assert told[0] == told[1] or "its sums can reach" in told[1]  # which only its weights tell
