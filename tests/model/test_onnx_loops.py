# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Loops in ONNX files: those that tf2onnx makes of Keras's layers (tests/tf2onnx_exports.py), and others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_node

from model import readers
from model.errors import UserError
from model.layers.gru import Gru
from model.readers.onnx import loops
from tests.support.onnx_files import DATA, EVERY, compared, graph

TOLERANCE = 1e-5
CONVERTED = tuple(name for name in EVERY if name.startswith("tf2onnx_"))
LAYERS = {
    "lstm": "lstm dense",
    "lstm_relu": "lstm lstm dense",
    "gru": "gru gru dense",
    "gru_before": "gru dense",
    "rnn": "simple_rnn simple_rnn dense",
    "both": "bidirectional gru dense",
    "convolved": "conv1d max_pool lstm dense",
    "normed": "lstm layer_norm dense",
}


def test_every_file_is_known() -> None:
    assert {name.removeprefix("tf2onnx_") for name in CONVERTED} == set(LAYERS)
    loop = {name for name in CONVERTED if any(n.op_type == "Loop" for n in onnx.load(DATA / f"{name}.onnx").graph.node)}
    assert {"tf2onnx_gru", "tf2onnx_gru_before", "tf2onnx_rnn"} <= loop


@pytest.mark.parametrize("name", CONVERTED)
def test_what_onnxruntime_computes(name: str) -> None:
    network, error = compared(DATA / f"{name}.onnx")
    assert error < TOLERANCE
    assert " ".join(layer.kind for layer in network.layers) == LAYERS[name.removeprefix("tf2onnx_")]


def test_reset_after_both_ways() -> None:
    for name, after in (("gru", True), ("gru_before", False)):
        first = readers.read(DATA / f"tf2onnx_{name}.onnx").layers[0]
        assert isinstance(first, Gru)
        assert first.reset_after is after


@pytest.mark.parametrize(("shape", "is_read"), [((1, 12), True), ((2, 6), False)])
def test_an_image_of_one_row_is_a_sequence(shape: tuple[int, int], is_read: bool, tmp_path: Path) -> None:
    """Of two rows it is none."""
    weights = {name: np.random.default_rng(1).normal(0, 0.5, shape).astype(np.float32)
               for name, shape in (("K", (6, 3, 1, 3)), ("W", (1, 16, 6)), ("R", (1, 16, 4)))}  # fmt: skip
    weights |= {"shape": np.array((1, 3, *shape)), "flat": np.array((-1, 1, 6))}
    nodes = [
        make_node("Reshape", ["x", "shape"], ["image"]),
        make_node("Conv", ["image", "K"], ["c"], kernel_shape=[1, 3]),
        make_node("AveragePool", ["c"], ["p"], kernel_shape=[1, 2], strides=[1, 2]),
        make_node("Transpose", ["p"], ["t"], perm=[3, 2, 0, 1]),
        make_node("Reshape", ["t", "flat"], ["s"]),
        make_node("LSTM", ["s", "W", "R"], ["", "z"], hidden_size=4),
    ]
    graph(tmp_path / "m.onnx", nodes, {"x": (1, 3, 12)}, ["z"], weights)
    if is_read:
        assert compared(tmp_path / "m.onnx")[1] < TOLERANCE
    else:
        with pytest.raises(UserError, match=r"Squeeze.*drops an axis that is not of length 1"):
            readers.read(tmp_path / "m.onnx")


# ---- one by hand ----


def rnn(path: Path, *, passes: int | None = 5, below: int = 9, start: float = 0.0, condition: str = "below") -> Path:
    """A SimpleRNN over five steps; ``passes``: at most, ``below``: what its count is asked to be below."""
    random = np.random.default_rng(1)
    scalar = [helper.make_tensor_value_info(name, kind, []) for name, kind in
              (("n", TensorProto.INT64), ("c", TensorProto.BOOL))]  # fmt: skip
    state = helper.make_tensor_value_info("h", TensorProto.FLOAT, [1, 4])
    nodes = [
        make_node("Gather", ["t", "n"], ["x_t"], axis=0),
        make_node("MatMul", ["x_t", "K"], ["k"]),
        make_node("MatMul", ["h", "H"], ["r"]),
        make_node("Add", ["k", "r"], ["a"]),
        make_node("Tanh", ["a"], ["new"]),
        make_node("Identity", ["new"], ["every"]),
        make_node("Add", ["n", "one"], ["next"]),
        make_node("Less", ["next", "limit"], ["below"]),
        make_node("ReduceMax", ["new"], ["largest"], keepdims=0),
        make_node("Less", ["largest", "two"], ["computed"]),
    ]
    held = {"K": random.normal(0, 0.5, (3, 4)), "H": random.normal(0, 0.5, (4, 4))}
    constants = {name: value.astype(np.float32) for name, value in held.items()}
    constants |= {"two": np.float32(2), "one": np.array(1), "limit": np.array(below)}
    outputs = [helper.make_tensor_value_info(condition, TensorProto.BOOL, [])]
    outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in ("new", "every")]
    inner = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    body = helper.make_graph(nodes, "body", [*scalar, state], outputs, inner)
    given = ["" if passes is None else "passes", "", "start"]
    around = [
        make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        make_node("Loop", given, ["last", "sequence"], body=body),
        make_node("MatMul", ["last", "D"], ["z"]),
    ]
    outer = {"passes": np.array(passes or 0), "start": np.full((1, 4), start, np.float32)}
    outer |= {"D": random.normal(0, 1, (4, 2)).astype(np.float32)}
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 5, 3])
    z = helper.make_tensor_value_info("z", TensorProto.FLOAT, None)
    whole = helper.make_graph(
        around, "graph", [x], [z], [numpy_helper.from_array(np.asarray(v), k) for k, v in outer.items()]
    )
    onnx.save(helper.make_model(whole, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), path)
    return path


@pytest.mark.parametrize(("passes", "below"), [(5, 9), (9, 5), (None, 5)])
def test_how_often_it_runs_is_worked_out(passes: int | None, below: int, tmp_path: Path) -> None:
    network, error = compared(rnn(tmp_path / "m.onnx", passes=passes, below=below))
    assert error < TOLERANCE
    assert [layer.kind for layer in network.layers] == ["simple_rnn", "dense"]


REFUSED = {
    "a part of the sequence": ({"passes": 4}, r"holds no LSTM, GRU or RNN.*its loops are no layers.*\.keras"),
    "no pass": ({"passes": 0}, r"Loop, node 1, is a loop.*does not run at all.*\.keras"),
    "a condition on what is computed": ({"condition": "computed"}, r"Loop.*its condition is not known.*\.keras"),
    "another first state": ({"start": 1.0}, r"holds no LSTM, GRU or RNN.*its loops are no layers.*\.keras"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_layer_is_refused(name: str, tmp_path: Path) -> None:
    settings, sentence = REFUSED[name]
    with pytest.raises(UserError, match=sentence):
        readers.read(rnn(tmp_path / "m.onnx", **settings))  # type: ignore[arg-type]


def test_what_a_body_alone_reads_is_there(tmp_path: Path) -> None:
    """A loop over what another loop gives, which nothing but its body reads."""
    path = rnn(tmp_path / "m.onnx")
    model = onnx.load(path)
    first = model.graph.node[1]
    second = onnx.NodeProto.FromString(first.SerializeToString())
    first.output[0], second.output[1] = "first", "unread"
    body = second.attribute[0].g
    body.node[0].input[0] = "sequence"
    (kernel,) = (each for each in body.initializer if each.name == "K")
    square = np.random.default_rng(2).normal(0, 0.5, (4, 4)).astype(np.float32)
    kernel.CopyFrom(numpy_helper.from_array(square, "K"))
    model.graph.node.insert(2, second)
    onnx.save(model, path)
    network, error = compared(path)
    assert error < TOLERANCE
    assert [layer.kind for layer in network.layers] == ["simple_rnn", "simple_rnn", "dense"]


def test_a_loop_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(loops, "MOST_NODES", 300)
    with pytest.raises(UserError, match=r"Loop.*its copies have too many nodes"):
        readers.read(rnn(tmp_path / "m.onnx", passes=None, below=1 << 40))
