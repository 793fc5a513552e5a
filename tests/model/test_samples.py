# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Samples: what is loaded, and the sentence for every mistake in the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model import samples
from model.errors import UserError
from model.network import Array, Signal

SIGNAL = Signal((3, 2))
GOOD = np.arange(24, dtype=np.float32).reshape(4, 3, 2)


def npz(path: Path, **arrays: Array) -> Path:
    np.savez(path, **arrays)
    return path


def refusal(path: Path, signal: Signal = SIGNAL) -> str:
    with pytest.raises(UserError) as caught:
        samples.load(path, signal)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_everything_in_the_file_arrives(tmp_path: Path) -> None:
    path = npz(tmp_path / "s.npz", inputs=GOOD, targets=GOOD[:, 0], calibration=GOOD[:2] + 1)
    loaded = samples.load(path, SIGNAL)
    np.testing.assert_array_equal(loaded.inputs, GOOD)
    np.testing.assert_array_equal(loaded.targets, GOOD[:, 0])
    np.testing.assert_array_equal(loaded.calibration, GOOD[:2] + 1)


def test_the_inputs_calibrate_where_nothing_else_does(tmp_path: Path) -> None:
    loaded = samples.load(npz(tmp_path / "s.npz", inputs=GOOD), SIGNAL)
    assert loaded.targets is None
    np.testing.assert_array_equal(loaded.calibration, GOOD)


def test_a_csv_has_a_window_a_row(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    np.savetxt(path, GOOD.reshape(4, 6), delimiter=",")
    np.testing.assert_array_equal(samples.load(path, SIGNAL).inputs, GOOD)
    path.write_text("1,2,3,4,5,6\n")
    assert samples.load(path, SIGNAL).inputs.shape == (1, 3, 2)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"inputs": GOOD[:, :2]}, "'inputs' has shape (4, 2, 2); the model's input asks for (N, 3, 2)"),
        ({"inputs": GOOD.reshape(4, 6)}, "'inputs' has shape (4, 6); the model's input asks for (N, 3, 2)"),
        ({"inputs": GOOD[:0]}, "'inputs' holds no samples"),
        ({"inputs": GOOD.astype(str)}, "'inputs' holds <U32, not numbers"),
        ({"x": GOOD, "y": GOOD}, "holds no array named 'inputs' (N, steps, features); it holds x, y"),
        ({}, "holds no array named 'inputs' (N, steps, features); it holds nothing"),
        ({"inputs": GOOD, "calibration": GOOD[:, :1]}, "'calibration' has shape (4, 1, 2)"),
        ({"inputs": GOOD, "targets": GOOD[:3]}, "'targets' has 3 rows, 'inputs' has 4"),
    ],
)
def test_mistakes_in_an_npz(tmp_path: Path, arrays: dict[str, Array], sentence: str) -> None:
    assert sentence in refusal(npz(tmp_path / "s.npz", **arrays))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["inputs", "calibration"])
def test_values_that_are_no_numbers(tmp_path: Path, bad: float, name: str) -> None:
    spoilt = GOOD.copy()
    spoilt[2, 0, 1] = spoilt[3, 1, 1] = bad
    sentence = refusal(npz(tmp_path / "s.npz", **{"inputs": GOOD, name: spoilt}))
    assert f"'{name}' has 2 values that are NaN or infinite, first in sample 2" in sentence


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "no such samples file; give samples= an .npz" in refusal(tmp_path / "absent.npz")
    text = tmp_path / "text.npz"
    text.write_text("hello")
    assert "cannot be read as samples" in refusal(text)
    whole = npz(tmp_path / "whole.npz", inputs=GOOD).read_bytes()
    cut = tmp_path / "cut.npz"
    for length in range(0, len(whole), 29):
        cut.write_bytes(whole[:length])
        assert "cannot be read as samples" in refusal(cut)
    objects = npz(tmp_path / "objects.npz", inputs=np.array([{}, []], object))
    assert "cannot be read as samples" in refusal(objects)  # nothing is unpickled


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1,2,3\n", "a row has 3 values; a window of the model has 6"),
        ("1,2,3,4,5,6\n1,2\n", "cannot be read as samples"),
        ("a,b,c,d,e,f\n", "cannot be read as samples"),
        ("1,2,nan,4,5,6\n", "'inputs' has 1 values that are NaN or infinite, first in sample 0"),
        ("", "s.csv"),
    ],
)
@pytest.mark.filterwarnings("ignore:loadtxt")
def test_mistakes_in_a_csv(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "s.csv"
    path.write_text(text)
    assert sentence in refusal(path)
