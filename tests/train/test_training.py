# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Training again reaches the stated accuracy, and the shipped files are what their metadata say."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.host import HANG, ROOT

FORECASTS = ("forecast", "forecast-window")
MODELS = (*FORECASTS, "exercises")

# What the project states: °C over 16 hours ahead on the test part, which persistence misses by 2.55, and the share
# of windows recognised. A little looser than the shipped models, since processors differ in the last bits
# and training magnifies them.
STATED_MAE = {"forecast": 2.27, "forecast-window": 2.34}
STATED_ACCURACY = 0.82

needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
)


def metadata(name: str, folder: Path | None = None) -> dict[str, Any]:
    file = (folder or ROOT / "models" / name) / f"{name}.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def samples(name: str) -> dict[str, np.ndarray]:
    with np.load(ROOT / "models" / name / f"{name}.npz", allow_pickle=False) as archive:
        return dict(archive)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=HANG,
    )


def retrain(name: str, out: Path) -> str:
    """Train ``name`` in a process of its own; return what it printed."""
    command = ["train.exercises"] if name == "exercises" else ["train.forecast", "--model", name]
    result = run(*command, "--out", str(out))
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


# ---- the shipped files


@pytest.mark.parametrize("name", MODELS)
def test_shipped_files_are_the_declared_ones(name: str) -> None:
    folder = ROOT / "models" / name
    declared = metadata(name)["files"]
    assert {file.name for file in folder.iterdir()} == {*declared, f"{name}.json"}
    for file, digest in declared.items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest, file


@pytest.mark.parametrize("name", MODELS)
def test_metadata_state_provenance_and_nothing_local(name: str) -> None:
    content = metadata(name)
    assert content["name"] == name
    assert content["data"].keys() >= {"package", "version", "file", "sha256", "licence"}
    assert content["training"].keys() >= {"command", "seed", "epochs", "versions"}
    assert content["scaling"]["input"].keys() == content["scaling"]["output"].keys() == {"scale", "offset"}
    text = json.dumps(content)
    assert str(ROOT) not in text
    assert "/home" not in text
    assert "/tmp" not in text


@pytest.mark.parametrize("name", FORECASTS)
def test_forecast_samples(name: str) -> None:
    shape = (32, 1) if name == "forecast" else (1, 32)
    arrays = samples(name)
    assert {key: (array.shape, array.dtype.name) for key, array in arrays.items()} == {
        "inputs": ((1000, *shape), "float32"),
        "targets": ((1000, 16), "float32"),
        "calibration": ((500, *shape), "float32"),
    }
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert (arrays["calibration"].min(), arrays["calibration"].max()) >= (0, 0)
    assert arrays["calibration"].max() <= 1
    assert (ROOT / "models" / name / f"{name}.npz").stat().st_size < 300_000


def test_both_forecasts_see_the_same_samples() -> None:
    one, other = samples("forecast"), samples("forecast-window")
    for key in one:
        np.testing.assert_array_equal(one[key].reshape(len(one[key]), -1), other[key].reshape(len(one[key]), -1))


def test_exercise_samples() -> None:
    arrays = samples("exercises")
    assert {key: (array.shape, array.dtype.name) for key, array in arrays.items()} == {
        "inputs": ((500, 50, 6), "float32"),
        "targets": ((500,), "int32"),
        "calibration": ((250, 50, 6), "float32"),
    }
    assert set(arrays["targets"].tolist()) == set(range(len(metadata("exercises")["labels"])))
    assert (ROOT / "models/exercises/exercises.npz").stat().st_size < 400_000


@pytest.mark.parametrize("name", MODELS)
def test_archives_hold_no_time_stamps_or_addresses(name: str) -> None:
    with zipfile.ZipFile(ROOT / "models" / name / f"{name}.keras") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert json.loads(archive.read("metadata.json")).keys() == {"keras_version"}
        config = archive.read("config.json").decode()
    numbers = [int(text.split(",")[0].split("}")[0]) for text in config.split('"shared_object_id": ')[1:]]
    assert max(numbers) < 100


@pytest.mark.parametrize("name", FORECASTS)
def test_stated_metrics_beat_the_baselines(name: str) -> None:
    test = metadata(name)["metrics"]["test"]
    for score in ("mae", "rmse"):
        assert test["network"][score] < min(test[other][score] for other in ("persistence", "seasonal_naive", "linear"))
    assert test["network"]["mae"] <= STATED_MAE[name]


@needs_tensorflow
@pytest.mark.parametrize("name", FORECASTS)
def test_shipped_forecast_gives_the_stated_error(name: str) -> None:
    from train import backend

    keras = backend.start(seed=0)
    network = keras.saving.load_model(ROOT / "models" / name / f"{name}.keras")
    arrays, content = samples(name), metadata(name)
    error = (backend.predict(network, arrays["inputs"]) - arrays["targets"]) * content["scaling"]["output"]["scale"]
    stated = content["metrics"]["samples"]["network"]
    assert abs(error).mean() == pytest.approx(stated["mae"], abs=2e-4)
    assert np.sqrt((error**2).mean()) == pytest.approx(stated["rmse"], abs=2e-4)


@needs_tensorflow
def test_shipped_classifier_gives_the_stated_accuracy() -> None:
    from train import backend

    keras = backend.start(seed=0)
    network = keras.saving.load_model(ROOT / "models/exercises/exercises.keras")
    arrays, content = samples("exercises"), metadata("exercises")
    right = backend.predict(network, arrays["inputs"]).argmax(axis=1) == arrays["targets"]
    assert right.mean() == pytest.approx(content["metrics"]["samples"]["accuracy"], abs=0.004)
    confusion = np.array(content["metrics"]["test"]["confusion"])
    assert np.trace(confusion) / confusion.sum() == pytest.approx(content["metrics"]["test"]["accuracy"], abs=1e-4)
    assert content["metrics"]["test"]["accuracy"] >= STATED_ACCURACY


# ---- training again


@needs_tensorflow
def test_training_window_forecast_again(tmp_path: Path) -> None:
    """The whole training as shipped, about 15 s: progress, table, accuracy, files."""
    printed = retrain("forecast-window", tmp_path / "out")
    assert "epoch   5  MAE" in printed
    assert all(line in printed for line in ("persistence", "seasonal naive (24 h)", "linear, same window"))
    content = metadata("forecast-window", tmp_path / "out")
    assert content["metrics"]["test"]["network"]["mae"] <= STATED_MAE["forecast-window"]
    shipped = {file.name for file in (ROOT / "models/forecast-window").iterdir()}
    assert {file.name for file in (tmp_path / "out").iterdir()} == shipped


@needs_tensorflow
@pytest.mark.parametrize("trainings", [1, pytest.param(2, marks=pytest.mark.long)])
def test_training_forecast_again(tmp_path: Path, trainings: int) -> None:
    """As shipped, about 70 s; and the same training gives the same bytes."""
    folders = [tmp_path / str(number) for number in range(trainings)]
    for folder in folders:
        retrain("forecast", folder)
        assert metadata("forecast", folder)["metrics"]["test"]["network"]["mae"] <= STATED_MAE["forecast"]
    for file in sorted(folders[0].iterdir()):
        assert file.read_bytes() == (folders[-1] / file.name).read_bytes(), file.name


@needs_tensorflow
@pytest.mark.long
def test_training_exercises_again(tmp_path: Path) -> None:
    retrain("exercises", tmp_path)
    assert metadata("exercises", tmp_path)["metrics"]["test"]["accuracy"] >= STATED_ACCURACY


# ---- mistakes


def test_missing_tensorflow_gets_a_sentence(tmp_path: Path) -> None:
    # A package that fails to import stands in front of the real one, if there is any.
    (tmp_path / "tensorflow.py").write_text("raise ModuleNotFoundError('no', name='tensorflow')\n")
    (tmp_path / "keras.py").write_text("raise ModuleNotFoundError('no', name='keras')\n")
    result = run("train.forecast", "--out", str(tmp_path / "out"), PYTHONPATH=str(tmp_path))
    assert result.returncode == 2
    assert result.stderr.startswith("lstmcu: error: ")
    assert "./scons train" in result.stderr
    assert "Traceback" not in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_unwritable_place_gets_a_sentence_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("train.forecast", "--out", str(tmp_path / "file"))
    assert result.returncode == 2
    assert result.stderr.startswith("lstmcu: error: cannot read or write")
    assert result.stdout == ""


def test_nothing_is_left_of_a_failed_training(tmp_path: Path) -> None:
    from train import delivery

    out = tmp_path / "out"
    out.mkdir()
    (out / "a").write_text("old")

    def fails() -> None:
        with delivery.all_or_nothing(out) as folder:
            (folder / "a").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert [(file.name, file.read_text()) for file in out.iterdir()] == [("a", "old")]


def test_samples_are_spread_over_the_whole_part() -> None:
    from train import delivery

    assert delivery.evenly_spaced(5, 9).tolist() == [0, 2, 4, 6, 8]
    assert delivery.evenly_spaced(10, 3).tolist() == [0, 1, 2]
    assert len(set(delivery.evenly_spaced(1000, 1263).tolist())) == 1000
