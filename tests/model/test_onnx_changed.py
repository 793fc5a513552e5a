# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX files of cells in parts with one thing changed: refused, or onnxruntime's numbers."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, RuntimeException

from model import readers, reference
from model.errors import UserError
from tests.support.damaged.reading import check_sentence
from tests.support.onnx_files import DATA, compared, going_on

TOLERANCE = 1e-5
CHANGED = (
    "dynamo_one_rnn1_both_steps_first_last",
    "dynamo_rnn2_one_batch_first_hidden",
    "dynamo_one_rnncells",
    "dynamo_grucells",
    "dynamo_lstmcells",
    "ts_step_lstm_states",
    "dynamo_steps_gru_states",
    "ts_joined_rnn_states",
    "ts_whole_odd_states",
    "tf2onnx_gru_before",
)
STEPS = 8
OPERATORS = (("Tanh", "Relu", "Sigmoid"), ("Add", "Sub", "Mul"), ("Squeeze", "Unsqueeze"))


def changed(made: onnx.GraphProto, by: random.Random) -> None:
    """An input, an operator, an attribute or a constant is another one."""
    each = by.choice([node for node in made.node if node.input])
    ways = [group for group in OPERATORS if each.op_type in group]
    axes = [attribute for attribute in each.attribute if attribute.name in ("axis", "transB")]
    what = by.random()
    if what < 0.25 and ways:
        each.op_type = by.choice(ways[0])
    elif what < 0.4 and axes:
        axes[0].i = by.choice((0, 1, 2, -1))
    elif what < 0.55:
        held = by.choice(made.initializer)
        values = numpy_helper.to_array(held).copy()
        with np.errstate(over="ignore"):
            values.reshape(-1)[by.randrange(values.size)] += by.choice((1, -1, 2))
        held.CopyFrom(numpy_helper.from_array(values, held.name))
    else:
        before = list(made.node)[: list(made.node).index(each)]
        names = [name for other in before for name in other.output] + [held.name for held in made.initializer]
        names += [end.name for end in made.input]
        each.input[by.randrange(len(each.input))] = by.choice(names)


def far(path: Path) -> float:
    """How far what is read is from onnxruntime, window by window or step by step."""
    network = readers.read(path)
    if not any("are the state" in note for note in network.notes):
        return compared(path)[1]
    windows = np.random.default_rng(6).normal(0, 1, (STEPS, *network.inputs[0].shape)).astype(np.float32)
    due = going_on(path, network, windows)
    return float(np.abs(reference.run(network, windows, goes_on=True).reshape(due.shape) - due).max())


def within(made: onnx.GraphProto) -> onnx.GraphProto:
    """The body of its loop, if it has one."""
    bodies = (each.g for node in made.node if node.op_type == "Loop" for each in node.attribute if each.name == "body")
    return next(bodies, made)


def outcome(name: str, seed: int, path: Path) -> str:
    """refused, or same: what is read computes what onnxruntime does, or that does not run it."""
    model = onnx.load(DATA / f"{name}.onnx")
    changed(within(model.graph), random.Random(seed))
    onnx.save(model, path)
    try:
        readers.read(path)
    except UserError as error:
        check_sentence(str(error), str(path))
        return "refused"
    try:
        assert far(path) < TOLERANCE, seed
    except (Fail, InvalidArgument, InvalidGraph, RuntimeException):
        return "not run"
    return "same"


@pytest.mark.inputs(25)
@pytest.mark.parametrize("name", CHANGED)
def test_changed_graphs(name: str, tmp_path: Path) -> None:
    found = Counter(outcome(name, seed, tmp_path / "m.onnx") for seed in range(25))
    assert min(found["refused"], found["same"]) > 2, found


@pytest.mark.long
@pytest.mark.inputs(1000)
@pytest.mark.parametrize("name", CHANGED)
def test_more_changed_graphs(name: str, tmp_path: Path) -> None:
    found = Counter(outcome(name, seed, tmp_path / "m.onnx") for seed in range(100, 1100))
    assert min(found["refused"], found["same"]) > 50, found
