# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Keras files as they were found: read or refused, whatever groups of HDF5 that Keras, and which system, gave them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.readers.keras import hdf5
from model.signal import Array

CASES = Path(__file__).parent / "data" / "cases"


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """These files are sound; a process for each would cost ten times the reading."""
    monkeypatch.setattr(hdf5, "load", hdf5.parse)


# The cases that were found, by what must become of them.
FOUND = {
    "quantised": r"\(Dense\): dtype='int8' is not supported; .*before any model.quantize",
    "constant_mask": r"\(LSTM\): in its call: mask=an array is not supported",
    "custom_dense": r"\(Dense\): is a class of your own, registered as 'Custom>Dense'",
    "channels_first": r"\(Flatten\): data_format='channels_first' is not supported",
    "time_major": r"\(LSTM\): time_major=True is not supported",
    "masking": r"\(Masking\): this kind of layer is not supported.*without Masking",
}


@pytest.mark.parametrize("case", FOUND)
def test_cases_that_are_refused(case: str) -> None:
    with pytest.raises(UserError, match=FOUND[case]):
        readers.read(CASES / f"{case}.keras")


def error_of(path: Path, name: str) -> float:
    """How far the reference is from what the framework said."""
    with np.load(CASES / f"{name}.npz") as said:
        return float(np.abs(reference.run(readers.read(path), said["inputs"]) - said["targets"]).max())


def test_bfloat16_that_was_found() -> None:
    assert 1e-6 < error_of(CASES / "bf16.keras", "bf16") < 0.01


def renamed(path: Path, change: Callable[[str], str]) -> Path:
    """The Keras 2.13 archive with its arrays elsewhere."""
    with zipfile.ZipFile(CASES / "h15_keras213_lstm2.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    arrays: dict[str, Array] = {}
    with h5py.File(io.BytesIO(members["model.weights.h5"])) as file:
        file.visititems(
            lambda name, item: arrays.update({name: np.asarray(item)}) if isinstance(item, h5py.Dataset) else None
        )
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, array in arrays.items():
            file[change(name)] = array
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**members, "model.weights.h5": buffer.getvalue()}.items():
            archive.writestr(name, data)
    return path


def windows(name: str) -> str:
    r"""As Keras 2 on Windows wrote it: layers\lstm\cell/vars/0."""
    above, vars_, number = name.rpartition("vars")
    return above.rstrip("/").replace("/", "\\") + "/" + vars_ + number


GROUPS: dict[str, Callable[[str], str]] = {
    "as it was": lambda name: name,
    "on Windows": windows,
    "each counted once": lambda name: name.replace("_2", "_1"),
    "under another root": lambda name: name.replace("_layer_checkpoint_dependencies", "layers").replace("_2", "_1"),
    "on Windows, later": lambda name: windows(
        name.replace("_layer_checkpoint_dependencies", "layers").replace("_2", "_1")
    ),
}


@pytest.mark.parametrize("case", GROUPS)
def test_groups_of_keras_212_to_215(case: str, tmp_path: Path) -> None:
    path = renamed(tmp_path / "m.keras", GROUPS[case])
    assert error_of(path, "h15_keras213_lstm2") < 2e-6


AMBIGUOUS: dict[str, Callable[[str], str]] = {
    "a gap that no Keras leaves": lambda name: name.replace("_2", "_3"),
    "some once, some twice": lambda name: name.replace("lstm_2", "lstm_1"),
    "another class": lambda name: name.replace("dense_2", "gru"),
    "two roots": lambda name: name.replace("_layer_checkpoint_dependencies/lstm", "layers/lstm"),
    "an array of nobody's": lambda name: name.replace("dense_2/vars", "dense_2/lora/vars"),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_groups_that_tell_no_layer(case: str, tmp_path: Path) -> None:
    path = renamed(tmp_path / "m.keras", AMBIGUOUS[case])
    with pytest.raises(UserError, match=r"its weights lie in .*save it again|no part of it is known to read"):
        readers.read(path)
