# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Training again reaches the stated accuracy, and the shipped files are what their metadata say."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from measure import anomalies
from tests.support.host import HANG, ROOT
from train import anomaly, classifiers

FORECASTS = ("forecast", "forecast-window")
# (samples, calibration windows, shape of one, largest bytes of the samples)
CLASSIFIERS = {"exercises": (500, 250, (50, 6), 400_000), "speakers": (185, 54, (24, 12), 100_000)}
MODELS = (*FORECASTS, *CLASSIFIERS, "anomaly")

# What the project states: °C over 16 hours ahead on the test part, which persistence misses by 2.55, and the share
# of windows recognised. A little looser than the shipped models, since processors differ in the last bits
# and training magnifies them.
STATED_MAE = {"forecast": 2.27, "forecast-window": 2.34}
STATED_ACCURACY = {"exercises": 0.82, "speakers": 0.965}
STATED_AREA = 0.95  # of the anomaly detector, below its ROC curve


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
    command = ["train.forecast", "--model", name] if name in FORECASTS else [f"train.{name}"]
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


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_samples_of_classifiers(name: str) -> None:
    count, calibration, shape, size = CLASSIFIERS[name]
    arrays = samples(name)
    assert {key: (array.shape, array.dtype.name) for key, array in arrays.items()} == {
        "inputs": ((count, *shape), "float32"),
        "targets": ((count,), "int32"),
        "calibration": ((calibration, *shape), "float32"),
    }
    assert set(arrays["targets"].tolist()) == set(range(len(metadata(name)["labels"])))
    assert (ROOT / "models" / name / f"{name}.npz").stat().st_size < size


def test_anomaly_samples() -> None:
    arrays = samples("anomaly")
    assert {key: (array.shape, array.dtype.name) for key, array in arrays.items()} == {
        "inputs": ((168, 32, 6), "float32"),
        "targets": ((168,), "int32"),
        "calibration": ((70, 32, 6), "float32"),
    }
    assert arrays["targets"].mean() == 0.5
    assert (ROOT / "models/anomaly/anomaly.npz").stat().st_size < 100_000


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


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_stated_accuracy_beats_the_baselines(name: str) -> None:
    test = metadata(name)["metrics"]["test"]
    assert test["accuracy"] > max(test[other]["accuracy"] for other in classifiers.ALL)
    assert test["accuracy"] >= STATED_ACCURACY[name]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_shipped_classifier_gives_the_stated_accuracy(name: str) -> None:
    from train import backend

    keras = backend.start(seed=0)
    network = keras.saving.load_model(ROOT / "models" / name / f"{name}.keras")
    arrays, content = samples(name), metadata(name)
    right = backend.predict(network, arrays["inputs"]).argmax(axis=1) == arrays["targets"]
    assert right.mean() == pytest.approx(content["metrics"]["samples"]["accuracy"], abs=0.004)
    confusion = np.array(content["metrics"]["test"]["confusion"])
    assert np.trace(confusion) / confusion.sum() == pytest.approx(content["metrics"]["test"]["accuracy"], abs=1e-4)


def test_stated_area_beats_the_baselines() -> None:
    test = metadata("anomaly")["metrics"]["test"]
    assert test["roc_auc"] > max(test[other]["roc_auc"] for other in anomaly.RIVALS)
    assert test["roc_auc"] >= STATED_AREA
    assert test["found"] > test["false_alarms"]


def test_shipped_autoencoder_gives_the_stated_area() -> None:
    from train import backend

    keras = backend.start(seed=0)
    network = keras.saving.load_model(ROOT / "models/anomaly/anomaly.keras")
    arrays, content = samples("anomaly"), metadata("anomaly")
    area = anomalies.roc_auc(
        anomalies.errors(arrays["inputs"], backend.predict(network, arrays["inputs"])), arrays["targets"]
    )
    assert area == pytest.approx(content["metrics"]["samples"]["roc_auc"], abs=1e-3)


# ---- training again


def test_training_window_forecast_again(tmp_path: Path) -> None:
    """The whole training as shipped, about 15 s: progress, table, accuracy, files."""
    printed = retrain("forecast-window", tmp_path / "out")
    assert "epoch   5  MAE" in printed
    assert all(line in printed for line in ("persistence", "seasonal naive (24 h)", "linear, same window"))
    content = metadata("forecast-window", tmp_path / "out")
    assert content["metrics"]["test"]["network"]["mae"] <= STATED_MAE["forecast-window"]
    shipped = {file.name for file in (ROOT / "models/forecast-window").iterdir()}
    assert {file.name for file in (tmp_path / "out").iterdir()} == shipped


@pytest.mark.parametrize("trainings", [1, pytest.param(2, marks=pytest.mark.long)])
def test_training_forecast_again(tmp_path: Path, trainings: int) -> None:
    """As shipped, about 70 s; and the same training gives the same bytes."""
    folders = [tmp_path / str(number) for number in range(trainings)]
    for folder in folders:
        retrain("forecast", folder)
        assert metadata("forecast", folder)["metrics"]["test"]["network"]["mae"] <= STATED_MAE["forecast"]
    for file in sorted(folders[0].iterdir()):
        assert file.read_bytes() == (folders[-1] / file.name).read_bytes(), file.name


@pytest.mark.parametrize("name", [pytest.param("exercises", marks=pytest.mark.long), "speakers"])
def test_training_classifiers_again(name: str, tmp_path: Path) -> None:
    printed = retrain(name, tmp_path)
    assert all(line in printed for line in ("commonest", "nearest centroid", "logistic regression"))
    assert metadata(name, tmp_path)["metrics"]["test"]["accuracy"] >= STATED_ACCURACY[name]
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in (ROOT / "models" / name).iterdir()}


@pytest.mark.long
def test_training_anomaly_again(tmp_path: Path) -> None:
    retrain("anomaly", tmp_path)
    assert metadata("anomaly", tmp_path)["metrics"]["test"]["roc_auc"] >= STATED_AREA


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
