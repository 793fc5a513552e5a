# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Graphs of loops and of unrolled cells with one thing changed: refused, or LiteRT's numbers."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from model import reference
from model.errors import UserError
from model.readers.tflite import KIND
from tests.model.test_tflite_cells import NORMS, SHAPE, STARTED, block, loop, unrolled, windows
from tests.oracle import twin
from tests.oracle.changed import changed
from tests.oracle.interpreters import run_litert, run_litert_on
from tests.oracle.models import lstm
from tests.oracle.twin import Apart
from tests.support.damaged.reading import check_sentence

CHANGED = (
    loop("stacked", "keras"),
    loop("both", "tf_keras"),
    unrolled("lstm", "keras"),
    unrolled("gru", "tf_keras"),
    STARTED[0],
    block(lstm, "keras"),
    NORMS,
)


@pytest.fixture(scope="module", autouse=True)
def _converted() -> None:
    twin.prepare(list(CHANGED))


def outcome(made: Apart, seed: int, path: Path) -> str:
    """refused, or same: what is read computes what LiteRT does, or LiteRT runs it no more than it is read."""
    path.write_bytes(changed(made.path.read_bytes(), random.Random(seed)))
    try:
        network = KIND.read(path, "model", "")
    except UserError as error:
        check_sentence(str(error), str(path))
        return "refused"
    given = windows(network, 3)
    if given.shape[1:] != SHAPE or len(network.inputs) > 1:
        return "same"
    kept = {int(a): int(b) for note in network.notes for a, b in re.findall(r"input (\d+) and output (\d+)", note)}
    data = path.read_bytes()
    try:
        theirs = run_litert_on(data, given, kept) if kept else run_litert(data, given)
    except (RuntimeError, ValueError):
        return "refused"
    ours = reference.run(network, given, goes_on=bool(kept))
    np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, rtol=0, atol=1e-5 * max(1, np.abs(theirs).max()))
    return "same"


@pytest.mark.inputs(12)
@pytest.mark.parametrize("made", CHANGED, ids=str)
def test_changed_graphs(made: Apart, tmp_path: Path) -> None:
    """An operator, an input, a constant or an option is another one: no other number comes of it."""
    found = Counter(outcome(made, seed, tmp_path / "model.tflite") for seed in range(12))
    assert min(found["refused"], found["same"]) > 2, found


@pytest.mark.long
@pytest.mark.inputs(1000)
@pytest.mark.parametrize("made", CHANGED, ids=str)
def test_more_changed_graphs(made: Apart, tmp_path: Path) -> None:
    found = Counter(outcome(made, seed, tmp_path / "model.tflite") for seed in range(20, 1020))
    assert min(found["refused"], found["same"]) > 50, found
