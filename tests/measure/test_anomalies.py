# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""An autoencoder with labelled samples is judged by how well its error tells them apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from measure import anomalies, distances
from model import samples
from model.ends import Ends
from model.errors import UserError
from model.metadata import Metadata
from model.signal import Array, Signal

SHAPE = (4, 3)  # (T, F)
CARD = {"came_quantised": False, "inputs": [{"shape": SHAPE}], "outputs": [{"shape": SHAPE}]}

ENDS = Ends((Signal(SHAPE),))


def saved(folder: Path, inputs: Array, targets: Array) -> Path:
    path = folder / "samples.npz"
    np.savez(path, inputs=inputs, targets=targets)
    return path


def test_the_area_below_the_curve_counts_pairs() -> None:
    generator = np.random.default_rng(2)
    scores, labels = generator.integers(0, 6, 40), generator.integers(0, 2, 40)
    pairs = [(a > b) + (a == b) / 2 for a in scores[labels == 1] for b in scores[labels == 0]]
    assert anomalies.roc_auc(scores, labels) == pytest.approx(np.mean(pairs))
    assert anomalies.roc_auc(scores, np.zeros(40)) is None


def test_labels_of_an_autoencoder_are_judged_by_its_error(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    inputs, labels = generator.normal(size=(40, *SHAPE)).astype(np.float32), np.arange(40) % 2
    good = inputs + labels[:, None, None]  # gives back what is labelled 0
    path = saved(tmp_path, inputs, labels)
    said = distances.against_targets(good, inputs, path, CARD, Metadata())
    assert said == {"measure": "roc_auc", "device": 1.0, "float": 0.5, "unit": None}
    assert distances.against_targets(good, inputs, saved(tmp_path, inputs, 0 * labels), CARD, Metadata()) is None
    truth = saved(tmp_path, inputs, good)  # as the output: the mean error, as of any model
    assert distances.against_targets(good, inputs, truth, CARD, Metadata()) == {
        "measure": "mae", "device": pytest.approx(0, abs=1e-6), "float": pytest.approx(0.5), "unit": None,
    }  # fmt: skip


def test_there_are_two_labels_of_an_autoencoder(tmp_path: Path) -> None:
    inputs = np.zeros((3, *SHAPE), np.float32)
    with pytest.raises(UserError, match=r"2 in row 1 is none of 0 to 1"):
        samples.load(saved(tmp_path, inputs, np.array([0, 2, 1])), ENDS, ENDS)
    with pytest.raises(UserError, match="'targets' has shape"):
        samples.load(saved(tmp_path, inputs, np.array([0, 1, 1])), ENDS, Ends((Signal((4, 2)),)))
