# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps of cells in integers with one thing changed: refused, or tflite-micro's numbers."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from model import reference
from model.errors import UserError
from tests.model.test_tflite_parts import CALLS, read, stored
from tests.oracle import steps_in_parts as parts
from tests.oracle.changed import changed
from tests.oracle.interpreters import run_micro_apart
from tests.support.damaged.reading import check_sentence


def outcome(cell: str, seed: int, tmp_path: Path) -> str:
    """refused, or same: what is read computes what tflite-micro does, or tflite-micro does not run it."""
    data = changed(parts.made(cell, "int8"), random.Random(seed))
    try:
        network = read(tmp_path, data)
    except UserError as error:
        check_sentence(str(error), str(tmp_path / "model.tflite"))
        return "refused"
    inputs = [stored(signal, seed) for signal in network.inputs]
    theirs = run_micro_apart(data, *inputs)
    if theirs is None:
        return "refused"
    packed = np.concatenate(inputs, 1).reshape(CALLS, *network.given.shape)
    ours = reference.run(network, packed)
    np.testing.assert_array_equal(ours.reshape(CALLS, -1)[:, : network.output.size], theirs.reshape(CALLS, -1))
    return "same"


@pytest.mark.inputs(8)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_changed_graphs(cell: str, tmp_path: Path) -> None:
    """An operator, an input, a constant or an option is another one: no other number comes of it."""
    found = Counter(outcome(cell, seed, tmp_path) for seed in range(8))
    assert min(found["refused"], found["same"]) > 1, found


@pytest.mark.long
@pytest.mark.inputs(300)
@pytest.mark.parametrize("cell", parts.MADE)
def test_more_changed_graphs(cell: str, tmp_path: Path) -> None:
    found = Counter(outcome(cell, seed, tmp_path) for seed in range(20, 320))
    assert min(found["refused"], found["same"]) > 20, found
