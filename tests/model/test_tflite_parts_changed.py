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
from model.readers.tflite import file
from tests.model.test_tflite_parts import CALLS, read, stored
from tests.oracle import steps_in_parts as parts
from tests.oracle.changed import changed
from tests.oracle.interpreters import NotRunError, run_litert, run_micro_apart
from tests.support.damaged.reading import check_sentence

LITERT = 2  # steps that the desktop's kernels, which round otherwise, are from tflite-micro's


def outcome(cell: str, seed: int, tmp_path: Path) -> str:
    """refused, or same: what is read computes what tflite-micro does, or LiteRT where that lacks an operator."""
    data = changed(parts.made(cell, "int8"), random.Random(seed))
    try:
        network = read(tmp_path, data)
    except UserError as error:
        check_sentence(str(error), str(tmp_path / "model.tflite"))
        return "refused"
    inputs = [stored(signal, seed) for signal in network.inputs]
    near = 0
    try:
        theirs = run_micro_apart(data, *inputs)
    except NotRunError as error:
        if "kernels/exp.cc" not in str(error):
            raise
        theirs, near = run_litert(data, *inputs), LITERT
    if theirs is None:
        return "refused"
    packed = np.concatenate(inputs, 1).reshape(CALLS, *network.given.shape)
    ours = reference.run(network, packed)
    ours, theirs = (each.reshape(CALLS, -1)[:, : network.output.size].astype(np.int32) for each in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=near)
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


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("name", ["PACK", "SPLIT", "UNPACK"])
def test_a_number_of_parts_that_is_said_twice(name: str, count: int) -> None:
    """tflite-micro goes by the option, and reads or writes what is not there."""
    options = {file.COUNTED[name]: count}
    operator = file.Operator(7, name, (0, 1) if name == "PACK" else (0,), (2, 3), options)
    with pytest.raises(UserError, match=f"it has 2 parts and its options say {count}; the file is damaged"):
        file._check_options(operator, UserError)


@pytest.mark.parametrize("number", [-1, 1, 9, 200])
def test_types_of_a_bias_that_there_are_not(number: int) -> None:
    operator = file.Operator(7, "FULLY_CONNECTED", (0, 1, -1), (2,), {"QuantizedBiasType": number})
    with pytest.raises(UserError, match=rf"the type of its bias is said to be number {number}; supported"):
        file._check_options(operator, UserError)
