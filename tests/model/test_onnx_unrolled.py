# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Cells that an exporter of PyTorch unrolled: found again where every step is proven, else refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.helper import make_node

from model import readers, reference
from model.errors import UserError
from model.layers.bidirectional import Bidirectional
from model.layers.recurrent import Recurrent
from model.readers.onnx import elements
from tests.support.onnx_files import DATA, EVERY, behind, compared, drawn, going_on, graph, whole

TOLERANCE = 1e-5
RNNS = tuple(name for name in EVERY if name.startswith(("dynamo_rnn", "dynamo_one_rnn")) and "start" not in name)

Change = Callable[[onnx.GraphProto], None]


def cells(path: Path) -> list[Recurrent]:
    """All of a file's."""
    found: list[Recurrent] = []
    for layer in readers.read(path).layers:
        if isinstance(layer, Recurrent):
            found.append(layer)
        elif isinstance(layer, Bidirectional):
            found += [layer.forward, layer.backward]
    return found


@pytest.mark.parametrize("name", RNNS)
def test_an_rnn_is_what_the_exporter_that_keeps_it_has(name: str) -> None:
    """Of the same model: the same layers, and the same numbers in them."""
    stem = name.removeprefix("dynamo_").removeprefix("one_")
    (other,) = (each for each in EVERY if each in (f"ts_{stem}", f"ts_one_{stem}"))
    ours, theirs = cells(DATA / f"{name}.onnx"), cells(DATA / f"{other}.onnx")
    assert [type(each) for each in ours] == [type(each) for each in theirs]
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one.kernel.values, two.kernel.values)
        np.testing.assert_array_equal(one.recurrent.values, two.recurrent.values)
        np.testing.assert_array_equal(one.bias, two.bias)
        assert (one.activation, one.go_backwards) == (two.activation, two.go_backwards)
        assert (one.return_sequences, one.output) == (two.return_sequences, two.output)


@pytest.mark.parametrize("name", ["dynamo_rnn_relu", "dynamo_rnn2_both_steps_first_hidden", "dynamo_lstmcells"])
def test_a_batch_that_is_fixed(name: str, tmp_path: Path) -> None:
    model = onnx.load(DATA / f"{name}.onnx")
    for length in model.graph.input[0].type.tensor_type.shape.dim:
        if length.dim_param:
            length.dim_value = 3
    onnx.save(model, tmp_path / "m.onnx")
    ours, theirs = cells(tmp_path / "m.onnx"), cells(DATA / f"{name}.onnx")
    assert [each.output for each in ours] == [each.output for each in theirs]


# ---- one thing changed ----


def node(made: onnx.GraphProto, operator: str, count: int) -> onnx.NodeProto:
    """One of an operator's nodes, in their order."""
    return [each for each in made.node if each.op_type == operator][count]


def another_matrix(made: onnx.GraphProto) -> None:
    step = node(made, "MatMul", 3)
    (held,) = (each for each in made.initializer if each.name == step.input[1])
    made.initializer.append(numpy_helper.from_array(numpy_helper.to_array(held) * np.float32(1.0001), "other"))
    step.input[1] = "other"


def another_bias(made: onnx.GraphProto) -> None:
    made.initializer.append(numpy_helper.from_array(np.full(4, 0.1, np.float32), "other"))
    (node(made, "Add", 5)).input[1] = "other"


def another_function(made: onnx.GraphProto) -> None:
    node(made, "Relu", 2).op_type = "Tanh"


def two_steps_swapped(made: onnx.GraphProto) -> None:
    one, other = (node(made, "Slice", count) for count in (2, 3))
    for at in (1, 2):
        one.input[at], other.input[at] = other.input[at], one.input[at]


def a_step_left_out(made: onnx.GraphProto) -> None:
    node(made, "MatMul", 4).input[0] = node(made, "Relu", 1).output[0]


def a_state_that_is_read_twice(made: onnx.GraphProto) -> None:
    step = node(made, "Relu", 2)
    made.node.insert(list(made.node).index(step), make_node("Add", [step.input[0], "relu"], ["twice"]))
    step.input[0] = "twice"


def another_sample(made: onnx.GraphProto) -> None:
    """Of each sample, a step reads the state of the one beside it."""
    made.initializer.append(numpy_helper.from_array(whole(1, 0), "swapped"))
    step = node(made, "MatMul", 3)
    beside = make_node("Gather", [step.input[0], "swapped"], ["beside"], axis=1)
    made.node.insert(list(made.node).index(step), beside)
    step.input[0] = "beside"
    made.input[0].type.tensor_type.shape.dim[0].dim_value = 2


@pytest.mark.parametrize(
    "change",
    [
        another_matrix,
        another_bias,
        another_function,
        two_steps_swapped,
        a_step_left_out,
        a_state_that_is_read_twice,
        another_sample,
    ],
    ids=lambda change: change.__name__,
)
def test_what_is_no_cell_is_refused(change: Change, tmp_path: Path) -> None:
    model = onnx.load(DATA / "dynamo_rnn_relu.onnx")
    change(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(UserError, match=r"holds no LSTM, GRU or RNN.*dynamo=False"):
        readers.read(tmp_path / "m.onnx")


# ---- beside other layers ----


def apart(start: float) -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    """An RNN behind an LSTM, step by step, and its constants."""
    nodes = [make_node("Transpose", ["s"], ["t"], perm=[1, 0, 2]), make_node("MatMul", ["t", "K"], ["k"])]
    constants = {"K": drawn(4, 3), "H": drawn(3, 3), "start": np.full((1, 1, 3), start, np.float32), "first": whole(0)}
    before = "start"
    for step in range(5):
        constants |= {f"from{step}": whole(step), f"to{step}": whole(step + 1)}
        nodes += [
            make_node("Slice", ["k", f"from{step}", f"to{step}", "first"], [f"x{step}"]),
            make_node("MatMul", [before, "H"], [f"r{step}"]),
            make_node("Add", [f"x{step}", f"r{step}"], [f"a{step}"]),
            make_node("Tanh", [f"a{step}"], [f"h{step}"]),
        ]
        before = f"h{step}"
    return [*nodes, make_node("Concat", [f"h{step}" for step in range(5)], ["z"], axis=0)], constants


def test_behind_a_cell_that_is_whole(tmp_path: Path) -> None:
    nodes, constants = apart(0.0)
    network, error = compared(behind(tmp_path / "m.onnx", *nodes, **constants))
    assert error < TOLERANCE
    assert [type(layer).__name__ for layer in network.layers] == ["Lstm", "SimpleRnn"]


def test_behind_cells_whose_last_states_have_no_names(tmp_path: Path) -> None:
    nodes, constants = apart(0.0)
    constants |= {"W4": drawn(1, 16, 4), "R4": drawn(1, 16, 4)}
    whole_ones = [nodes[0]]
    for number, read in ((1, "t"), (2, "t1")):
        cell = make_node("LSTM", [read, "W4", "R4"], [f"y{number}", "", f"c{number}"], hidden_size=4)
        whole_ones += [cell, make_node("Squeeze", [f"y{number}", "one"], [f"t{number}"])]
    nodes[1].input[0] = "t2"
    network, error = compared(behind(tmp_path / "m.onnx", *whole_ones, *nodes[1:], **constants))
    assert error < TOLERANCE
    assert [type(layer).__name__ for layer in network.layers] == ["Lstm", "Lstm", "Lstm", "SimpleRnn"]


def test_behind_a_cell_that_is_whole_the_way_out_is_told_too(tmp_path: Path) -> None:
    nodes, constants = apart(1.0)
    with pytest.raises(UserError, match=r"dynamo=False"):
        readers.read(behind(tmp_path / "m.onnx", *nodes, **constants))


def side_by_side(path: Path) -> Path:
    """A cell that multiplies x and its state at once."""
    constants = {"W": drawn(7, 4), "b": drawn(4), "start": np.zeros((1, 4), np.float32)}
    nodes, before = [], "start"
    for step in range(3):
        constants[f"at{step}"] = np.array(step)
        nodes += [
            make_node("Gather", ["x", f"at{step}"], [f"x{step}"], axis=1),
            make_node("Concat", [f"x{step}", before], [f"both{step}"], axis=1),
            make_node("Gemm", [f"both{step}", "W", "b"], [f"a{step}"]),
            make_node("Sigmoid", [f"a{step}"], [f"h{step}"]),
        ]
        before = f"h{step}"
    return graph(path, nodes, {"x": (1, 3, 3)}, ["h2"], constants)


def test_a_cell_that_reads_x_and_its_state_side_by_side(tmp_path: Path) -> None:
    network, error = compared(side_by_side(tmp_path / "m.onnx"))
    assert error < TOLERANCE
    assert [type(layer).__name__ for layer in network.layers] == ["SimpleRnn"]


@pytest.mark.parametrize("limit", ["MOST_ELEMENTS", "MOST_VECTORS", "MOST_PRODUCTS", "MOST_PARTS"])
def test_what_takes_too_much_is_no_cell(limit: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(elements, limit, 1)
    with pytest.raises(UserError, match=r"holds no LSTM"):
        readers.read(side_by_side(tmp_path / "m.onnx"))


# ---- single steps ----


def cell(path: Path, features: int, outputs: tuple[str, ...], units: int = 4) -> Path:
    """One step of a cell of matrices and tanh."""
    nodes = [
        make_node("MatMul", ["x", "K"], ["k"]),
        make_node("MatMul", ["h", "H"], ["r"]),
        make_node("Add", ["k", "r"], ["a"]),
        make_node("Tanh", ["a"], ["new"]),
        make_node("MatMul", ["new", "D"], ["y"]),
    ]
    constants = {"K": drawn(features, units), "H": drawn(units, units), "D": drawn(units, 2)}
    return graph(path, nodes, {"x": (1, features), "h": (1, units)}, outputs, constants)


def test_a_step_without_a_batch(tmp_path: Path) -> None:
    path = cell(tmp_path / "m.onnx", 3, ("y", "new"))
    model = onnx.load(path)
    for end in model.graph.input:
        del end.type.tensor_type.shape.dim[0]
    onnx.save(model, path)
    network = readers.read(path)
    windows = np.random.default_rng(1).normal(0, 1, (9, 1, 3)).astype(np.float32)
    due = going_on(path, network, windows)
    ours = reference.run(network, windows, goes_on=True)
    np.testing.assert_allclose(ours.reshape(due.shape), due, rtol=0, atol=TOLERANCE)


def test_which_input_is_the_state_is_not_guessed(tmp_path: Path) -> None:
    """Both are of one size, and a cell reads them alike."""
    either = r"either of inputs '[xh]' and '[xh]' may be the hidden state.*nn.LSTM, nn.GRU or nn.RNN.*dynamo=False"
    with pytest.raises(UserError, match=either):
        readers.read(cell(tmp_path / "m.onnx", 4, ("y", "new")))
    readers.read(cell(tmp_path / "n.onnx", 3, ("y", "new")))


def test_a_state_that_nothing_hands_on_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no LSTM, GRU or RNN"):
        readers.read(cell(tmp_path / "m.onnx", 3, ("y",)))
    model = onnx.load(DATA / "ts_step_gru_states.onnx")
    del model.graph.output[1]
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(UserError, match=r"input 'h' is a first state, but no output hands on.*export both, or neither"):
        readers.read(tmp_path / "m.onnx")


def test_a_cell_alone_puts_out_its_hidden_state(tmp_path: Path) -> None:
    network = readers.read(DATA / "ts_one_bare_lstm_states.onnx")
    assert [sum(each in note for note in network.notes) for each in ("and puts it out", "are the state")] == [1, 2]
    model = onnx.load(DATA / "ts_one_bare_lstm_states.onnx")
    assert network.output_names == (model.graph.output[0].name,)


def in_another_order(path: Path, back: tuple[int, ...]) -> Path:
    """An LSTM whose h and c lie in the last axis of one state, and are handed on in this order."""
    nodes = [make_node("Unsqueeze", ["x", "zero"], ["s"])]
    for at, name in enumerate("hc"):
        nodes.append(make_node("Gather", ["state", f"at{at}"], [f"{name}0"], axis=3))
    nodes.append(make_node("LSTM", ["s", "W", "R", "", "", "h0", "c0"], ["y", "h1", "c1"], hidden_size=4))
    nodes += [make_node("Unsqueeze", [f"{name}1", "last"], [f"{name}2"]) for name in "hc"]
    nodes.append(make_node("Concat", [f"{'hc'[at]}2" for at in back], ["next"], axis=3))
    nodes.append(make_node("MatMul", ["h1", "D"], ["z"]))
    constants = {"W": drawn(1, 16, 3), "R": drawn(1, 16, 4), "D": drawn(4, 2), "zero": whole(0), "last": whole(3)}
    constants |= {"at0": np.array(0), "at1": np.array(1)}
    return graph(path, nodes, {"x": (1, 3), "state": (1, 1, 4, 2)}, ["z", "next"], constants)


def test_states_in_the_last_axis_come_back_to_their_places(tmp_path: Path) -> None:
    path = in_another_order(tmp_path / "m.onnx", (0, 1))
    network = readers.read(path)
    windows = np.random.default_rng(1).normal(0, 1, (9, 1, 3)).astype(np.float32)
    due = going_on(path, network, windows)
    ours = reference.run(network, windows, goes_on=True)
    np.testing.assert_allclose(ours.reshape(due.shape), due, rtol=0, atol=TOLERANCE)
    with pytest.raises(UserError, match=r"starts from a state that is computed"):
        readers.read(in_another_order(tmp_path / "n.onnx", (1, 0)))
