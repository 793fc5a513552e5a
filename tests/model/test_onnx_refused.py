# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Graphs of ONNX made node by node that are not read: each is refused by the name of what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.helper import make_node

from model import readers
from model.errors import NoModelError, UserError
from model.signal import Array
from tests.support.onnx_files import LSTM, OPEN, X, behind, drawn, graph, weights, whole

SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "clip": ({"clip": 3.0}, r"clips its gates \(clip\)"),
    "input_forget": ({"input_forget": 1}, r"couples input and forget gate"),
    "unknown": ({"strange": 1}, r"has attribute 'strange', which lstmcu does not know"),
    "affine": ({"activations": ["Affine", "Tanh", "Tanh"]}, r"has activation Affine\(1.0, 0.0\); supported: tanh, "),
    "two functions": ({"activations": ["Sigmoid", "Tanh", "Relu"]}, r"has another activation of its candidate"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_of_a_cell_that_are_refused(name: str, tmp_path: Path) -> None:
    settings, sentence = SETTINGS[name]
    node = make_node("LSTM", ["x", "W", "R", "B"], ["", "h"], name="cell", hidden_size=4, **settings)
    with pytest.raises(UserError, match=rf"m.onnx: LSTM 'cell' {sentence}"):
        readers.read(graph(tmp_path / "m.onnx", [node], X, ["h"], weights("LSTM", 3, 4)))


NODES: dict[str, tuple[list[onnx.NodeProto], dict[str, Array], str]] = {
    "attention": ([make_node("MatMul", ["s", "s"], ["z"])], {}, "MatMul.* multiplies two signals, as attention does"),
    "an unknown operator": ([make_node("Det", ["s"], ["z"])], {}, "Det.* is an operator that is not supported: "),
    "a quotient": ([make_node("Div", ["s", "s"], ["z"])], {}, "Div.* divides a signal by another"),
    "a clip": ([make_node("Clip", ["s", "a"], ["z"])], {"a": np.float32(-3)}, "Clip.* clips to -3 and inf"),
    "other by step": ([make_node("Add", ["s", "c"], ["z"])], {"c": drawn(5, 4)}, r"Add.* constant of shape \(5, 4\)"),
    "nan": ([make_node("Add", ["s", "c"], ["z"])], {"c": np.float32("nan")}, "Add.* has a constant that is not finite"),
    "mixed": (
        [make_node("Reshape", ["s", "shape"], ["v"]), make_node("Transpose", ["v"], ["z"], perm=[0, 2, 1, 3])],
        {"shape": whole(-1, 5, 2, 2)},
        "takes more than swapping two",
    ),
    "ones": (
        [make_node("Pad", ["s", "pads", "fill"], ["z"])], {"pads": whole(0, 0, 0, 0, 2, 0), "fill": np.float32(1)},
        "pads with other than zeros",
    ),
    "a scan": ([make_node("Scan", ["s"], ["z"], num_scan_inputs=1)], {}, "Scan.* is an operator .*: a loop"),
}  # fmt: skip


@pytest.mark.parametrize("name", NODES)
def test_nodes_that_are_refused(name: str, tmp_path: Path) -> None:
    nodes, constants, sentence = NODES[name]
    with pytest.raises(UserError, match=sentence):
        readers.read(behind(tmp_path / "m.onnx", *nodes, **constants))


def test_a_loop_alone_is_a_model_that_is_refused(tmp_path: Path) -> None:
    path = graph(tmp_path / "m.onnx", [make_node("Loop", ["x"], ["z"])], X, ["z"], {})
    with pytest.raises(UserError, match=r"Loop, node 0, is a loop .*: its body .* give the .keras file") as error:
        readers.read(path)
    assert not isinstance(error.value, NoModelError)


def test_two_nodes_that_write_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Tanh, node 3, writes 's', which is there already"):
        readers.read(behind(tmp_path / "m.onnx", make_node("Tanh", ["y"], ["s"]), make_node("Identity", ["s"], ["z"])))


def test_an_output_that_no_node_writes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'w', which nothing before it writes"):
        readers.read(graph(tmp_path / "m.onnx", [LSTM], X, ["w"], weights("LSTM", 3, 4)))


def test_what_computes_with_an_open_number_of_samples_is_refused(tmp_path: Path) -> None:
    """A shape is worked out as if there were many; nothing but the shapes of others may depend on it."""
    nodes = (
        make_node("Shape", ["s"], ["sizes"]),
        make_node("Gather", ["sizes", "zero"], ["samples"]),
        make_node("Cast", ["samples"], ["real"], to=onnx.TensorProto.FLOAT),
        make_node("Div", ["s", "real"], ["z"]),
    )
    with pytest.raises(UserError, match="leaves the number of its samples open and computes with it"):
        readers.read(behind(tmp_path / "m.onnx", *nodes, zero=np.int64(0)))


@pytest.mark.parametrize("operator", ["ReduceMean", "ReduceMax"])
def test_a_pool_of_an_open_number_of_steps_is_refused(operator: str, tmp_path: Path) -> None:
    nodes = [LSTM, make_node(operator, ["y"], ["z"], axes=[0], keepdims=0)]
    path = graph(tmp_path / "m.onnx", nodes, {"x": ("steps", 1, 3)}, ["z"], weights("LSTM", 3, 4), 11)
    with pytest.raises(UserError, match=r"its steps open, but what it gives is of all of them"):
        readers.read(path)


def test_the_batch_may_not_be_the_steps(tmp_path: Path) -> None:
    """batch_first=True was forgotten: the LSTM runs over the batch."""
    with pytest.raises(UserError, match="was batch_first=True forgotten"):
        readers.read(graph(tmp_path / "m.onnx", [LSTM], {"x": (OPEN, 5, 3)}, ["h"], weights("LSTM", 3, 4)))


def test_data_in_files_of_their_own_are_refused(tmp_path: Path) -> None:
    path = graph(tmp_path / "m.onnx", [LSTM], X, ["h"], weights("LSTM", 3, 4))
    onnx.save(onnx.load(path), path, save_as_external_data=True, size_threshold=0, location="w.bin")
    with pytest.raises(UserError, match=r"constant 'W' lies in a file of its own: .*onnx.save\(onnx.load"):
        readers.read(path)


def field(number: int, held: bytes) -> bytes:
    """A field of protobuf that is bytes, or a message."""
    length, size = bytearray(), len(held)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + held


MANY = 300_000
BOMBS = {  # so many empty messages, each of which takes a hundred bytes of memory
    "nodes": field(7, field(1, b"") * 2 * MANY),
    "attributes": field(7, field(1, field(5, b"") * 2 * MANY)),
    "graphs in graphs": field(7, field(1, field(5, field(6, field(1, b"") * 2 * MANY)))),
    "constants": field(7, field(5, b"") * 2 * MANY),
    "dimensions": field(7, field(11, field(2, field(1, field(2, field(1, b"") * 2 * MANY))))),
    "metadata": field(14, b"") * 2 * MANY,
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_would_take_much_memory_is_refused_before_it_is_parsed(name: str, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"\x08\x08" + BOMBS[name])
    with pytest.raises(UserError, match="has more than 500000 fields"):
        readers.read(tmp_path / "m.onnx")


def test_a_quantised_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    node = make_node("DynamicQuantizeLinear", ["s"], ["z", "a", "b"])
    with pytest.raises(UserError, match=r"DynamicQuantizeLinear.* quantise by QuantFormat.QDQ, or give the model from"):
        readers.read(behind(tmp_path / "m.onnx", node))
    other = make_node("DynamicQuantizeLSTM", ["x"], ["z"], domain="com.microsoft")
    with pytest.raises(UserError, match=r"DynamicQuantizeLSTM.* is of 'com.microsoft'.*quant=int8 quantises"):
        readers.read(graph(tmp_path / "m.onnx", [other], X, ["z"], {}))


@pytest.mark.parametrize("opset", [5, 99])
def test_opsets_that_are_refused(opset: int, tmp_path: Path) -> None:
    path = graph(tmp_path / "m.onnx", [LSTM], X, ["h"], weights("LSTM", 3, 4), opset)
    with pytest.raises(UserError, match=f"is of opset {opset}; supported: 6 to 28"):
        readers.read(path)


@pytest.mark.parametrize("states", [("a",), ("a", "b")])
def test_a_first_state_that_nobody_hands_on_is_refused(states: Sequence[str], tmp_path: Path) -> None:
    node = make_node("LSTM", ["x", "W", "R", "B", "", *states], ["y", "", "c"], hidden_size=4)
    inputs = {**X, **dict.fromkeys(states, (1, OPEN, 4))}
    path = graph(tmp_path / "m.onnx", [node], inputs, ["y", "c"], weights("LSTM", 3, 4))
    with pytest.raises(UserError, match="input 'a' is a first state, but no output hands on what becomes of it"):
        readers.read(path)


def test_states_that_are_handed_on_crosswise_are_refused(tmp_path: Path) -> None:
    """The output called c is what becomes of h."""
    node = make_node("RNN", ["x", "W", "R", "B", "", "a"], ["y", "h"], hidden_size=4)
    other = make_node("RNN", ["x", "W", "R", "B", "", "b"], ["v", "g"], hidden_size=4)
    join = [make_node("Concat", ["h", "g"], ["n"], axis=0), make_node("Add", ["y", "v"], ["z"])]
    inputs = {**X, "a": (1, OPEN, 4), "b": (1, OPEN, 4)}
    path = graph(tmp_path / "m.onnx", [node, other, *join], inputs, ["z", "n"], weights("RNN", 3, 4))
    with pytest.raises(UserError, match="input 'a' is a first state, but no output hands on"):
        readers.read(path)
