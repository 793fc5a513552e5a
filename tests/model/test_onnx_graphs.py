# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Graphs of ONNX made node by node: what is read is what onnxruntime computes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.helper import make_node

from model import readers
from model.errors import UserError
from model.layers.recurrent import Recurrent
from model.signal import Array
from tests.support.onnx_files import X, behind, compared, drawn, graph, weights, whole

TOLERANCE = 1e-5


# ---- functions and layers behind an LSTM ----

FUNCTIONS: dict[str, tuple[dict[str, Any], int]] = {
    "Relu": ({}, 18), "Sigmoid": ({}, 18), "Tanh": ({}, 18), "Exp": ({}, 18), "Softplus": ({}, 18),
    "Softsign": ({}, 18), "Mish": ({}, 18), "HardSwish": ({}, 18), "HardSigmoid": ({}, 18),
    "HardSigmoid 1/6": ({"alpha": 1 / 6}, 18),
    "LeakyRelu": ({"alpha": 0.3}, 18), "Elu": ({"alpha": 0.5}, 18),
    "Selu": ({}, 18),
    "ThresholdedRelu": ({"alpha": 0.1}, 18),
    "Gelu": ({}, 20), "Gelu tanh": ({"approximate": "tanh"}, 20), "Softmax": ({}, 18), "Softmax 11": ({"axis": 2}, 11),
    "Clip 6": ({"min": 0.0, "max": 6.0}, 10), "Neg": ({}, 18), "Dropout": ({}, 18), "Identity": ({}, 18),
    "Relu 7": ({}, 7),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str, tmp_path: Path) -> None:
    settings, opset = FUNCTIONS[name]
    node = make_node(name.partition(" ")[0], ["s"], ["z"], **settings)
    assert compared(behind(tmp_path / "m.onnx", node, opset=opset))[1] < TOLERANCE


CONSTANTS: dict[str, tuple[str, Sequence[str], Array]] = {
    "one number": ("Mul", ("s", "c"), np.float32(0.5)),
    "one in a list": ("Add", ("s", "c"), drawn(1)),
    "by feature": ("Mul", ("s", "c"), drawn(4)),
    "by feature, with a batch": ("Add", ("c", "s"), drawn(1, 1, 4)),
    "the same for every step": ("Sub", ("s", "c"), np.broadcast_to(drawn(1, 4), (5, 4)).copy()),
    "a constant less the signal": ("Sub", ("c", "s"), drawn(4)),
    "divided": ("Div", ("s", "c"), np.abs(drawn(4)) + 1),
    "the mean of both": ("Mean", ("s", "c"), drawn(4)),
    "not below zero": ("Max", ("s", "c"), np.float32(0)),
    "slopes": ("PRelu", ("s", "c"), drawn(4)),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_signal_and_a_constant(name: str, tmp_path: Path) -> None:
    operator, inputs, constant = CONSTANTS[name]
    path = behind(tmp_path / "m.onnx", make_node(operator, inputs, ["z"]), c=np.asarray(constant))
    assert compared(path)[1] < TOLERANCE


@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Max", "Min", "Mean", "Sum"])
def test_two_signals(operator: str, tmp_path: Path) -> None:
    nodes = [make_node("Tanh", ["s"], ["t"]), make_node(operator, ["s", "t"], ["z"])]
    assert compared(behind(tmp_path / "m.onnx", *nodes))[1] < TOLERANCE


CHAINS: dict[str, tuple[list[onnx.NodeProto], dict[str, Array]]] = {
    "Gemm of alpha and beta": (
        [make_node("Reshape", ["s", "shape"], ["v"]), make_node("Gemm", ["v", "k", "c"], ["z"], alpha=0.5, beta=2.0)],
        {"shape": whole(-1, 20), "k": drawn(20, 3), "c": drawn(1, 3)},
    ),
    "MatMul and Add": (
        [make_node("MatMul", ["s", "k"], ["v"]), make_node("Add", ["v", "c"], ["z"])],
        {"k": drawn(4, 2), "c": drawn(2)},
    ),
    "steps and batch as one": (
        [
            make_node("Reshape", ["s", "flat"], ["v"]), make_node("Gemm", ["v", "k"], ["w"]),
            make_node("Reshape", ["w", "back"], ["z"]),
        ],
        {"flat": whole(-1, 4), "k": drawn(4, 2), "back": whole(-1, 5, 2)},
    ),
    "Flatten": ([make_node("Flatten", ["s"], ["v"]), make_node("Gemm", ["v", "k"], ["z"])], {"k": drawn(20, 2)}),
    "steps as features": (
        [make_node("Transpose", ["s"], ["v"], perm=[0, 2, 1]), make_node("MatMul", ["v", "k"], ["z"])],
        {"k": drawn(5, 2)},
    ),
    "a part of the features": (
        [make_node("Slice", ["s", "from", "to", "axis"], ["z"])], {"from": whole(1), "to": whole(3), "axis": whole(2)},
    ),
    "parts, the other way round": (
        [make_node("Split", ["s"], ["a", "b"], axis=2, num_outputs=2), make_node("Concat", ["b", "a"], ["z"], axis=2)],
        {},
    ),
    "a gated unit": (
        [
            make_node("Split", ["s"], ["a", "b"], axis=-1, num_outputs=2), make_node("Sigmoid", ["b"], ["g"]),
            make_node("Mul", ["a", "g"], ["z"]),
        ],
        {},
    ),
    "the first step": ([make_node("Gather", ["s", "at"], ["z"], axis=1)], {"at": whole(0).reshape(())}),
    "the last two steps": (
        [make_node("Slice", ["s", "from", "to", "axis"], ["z"])],
        {"from": whole(-2), "to": whole(99), "axis": whole(1)},
    ),
    "steps behind steps": ([make_node("Concat", ["s", "s"], ["z"], axis=1)], {}),
    "the mean of the steps": ([make_node("ReduceMean", ["s", "axis"], ["z"], keepdims=0)], {"axis": whole(1)}),
    "the largest of the steps": ([make_node("ReduceMax", ["s", "axis"], ["z"])], {"axis": whole(1)}),
    "the sum of the steps": ([make_node("ReduceSum", ["s", "axis"], ["z"], keepdims=0)], {"axis": whole(1)}),
    "a vector at every step": (
        [make_node("Gather", ["s", "at"], ["v"], axis=1), make_node("Tile", ["v", "times"], ["z"])],
        {"at": whole(-1), "times": whole(1, 5, 1)},
    ),
    "a vector at as many steps as there are": (
        [
            make_node("Gather", ["s", "at"], ["v"], axis=1), make_node("Shape", ["s"], ["n"]),
            make_node("Expand", ["v", "n"], ["z"]),
        ],
        {"at": whole(0)},
    ),
    "a weight for each step": (
        [
            make_node("MatMul", ["s", "k"], ["v"]), make_node("Softmax", ["v"], ["w"], axis=1),
            make_node("Mul", ["s", "w"], ["u"]), make_node("ReduceSum", ["u", "axis"], ["z"], keepdims=0),
        ],
        {"k": drawn(4, 1), "axis": whole(1)},
    ),
    "LayerNormalization": ([make_node("LayerNormalization", ["s", "k", "c"], ["z"])], {"k": drawn(4), "c": drawn(4)}),
    "a convolution": (
        [
            make_node("Transpose", ["s"], ["v"], perm=[0, 2, 1]),
            make_node("Conv", ["v", "k", "c"], ["w"], pads=[2, 0], dilations=[2], group=2),
            make_node("Conv", ["w", "l"], ["z"], auto_pad="SAME_UPPER", strides=[2]),
        ],
        {"k": drawn(6, 2, 2), "c": drawn(6), "l": drawn(2, 6, 4)},
    ),
    "a causal convolution": (
        [
            make_node("Transpose", ["s"], ["v"], perm=[0, 2, 1]), make_node("Pad", ["v", "pads"], ["w"]),
            make_node("Conv", ["w", "k"], ["z"]),
        ],
        {"pads": whole(0, 0, 2, 0, 0, 0), "k": drawn(2, 4, 3)},
    ),
    "zeros behind": ([make_node("Pad", ["s", "pads"], ["z"])], {"pads": whole(0, 0, 0, 0, 2, 0)}),
    "zeros that are told": (
        [make_node("Pad", ["s", "pads", "fill"], ["z"])], {"pads": whole(0, 1, 0, 0, 2, 0), "fill": np.float32(0)},
    ),
    "zeros of an axis": (
        [make_node("Pad", ["s", "pads", "", "axes"], ["z"])], {"pads": whole(1, 2), "axes": whole(-2)},
    ),
    "pools": (
        [
            make_node("Transpose", ["s"], ["v"], perm=[0, 2, 1]), make_node("MaxPool", ["v"], ["w"], kernel_shape=[2]),
            make_node("AveragePool", ["w"], ["u"], kernel_shape=[2], pads=[1, 1], strides=[2], count_include_pad=1),
            make_node("GlobalAveragePool", ["u"], ["z"]),
        ],
        {},
    ),
    "a gelu of its parts": (
        [
            make_node("Div", ["s", "c"], ["v"]), make_node("Erf", ["v"], ["w"]), make_node("Add", ["w", "one1"], ["u"]),
            make_node("Mul", ["s", "u"], ["t"]), make_node("Mul", ["t", "half"], ["z"]),
        ],
        {"c": np.float32(2**0.5), "one1": np.float32(1), "half": np.float32(0.5)},
    ),
    "a gelu that halves first": (
        [
            make_node("Mul", ["s", "c"], ["v"]), make_node("Erf", ["v"], ["w"]), make_node("Add", ["w", "one1"], ["u"]),
            make_node("Mul", ["s", "half"], ["t"]), make_node("Mul", ["t", "u"], ["z"]),
        ],
        {"c": np.float32(0.5**0.5), "one1": np.float32(1), "half": np.float32(0.5)},
    ),
    "a silu": ([make_node("Sigmoid", ["s"], ["g"]), make_node("Mul", ["g", "s"], ["z"])], {}),
    "a LayerNormalization of its parts": (
        [
            make_node("ReduceMean", ["s", "last"], ["m"]), make_node("Sub", ["s", "m"], ["d"]),
            make_node("Pow", ["d", "two"], ["p"]), make_node("ReduceMean", ["p", "last"], ["v"]),
            make_node("Add", ["v", "c"], ["e"]), make_node("Sqrt", ["e"], ["r"]), make_node("Div", ["d", "r"], ["n"]),
            make_node("Mul", ["n", "k"], ["t"]), make_node("Add", ["t", "l"], ["z"]),
        ],
        {"last": whole(-1), "two": np.float32(2), "c": np.float32(1e-3), "k": drawn(4), "l": drawn(4)},
    ),
    "BatchNormalization": (
        [
            make_node("Transpose", ["s"], ["v"], perm=[0, 2, 1]),
            make_node("BatchNormalization", ["v", "k", "c", "c", "w"], ["z"]),
        ],
        {"k": drawn(4), "c": drawn(4), "w": np.abs(drawn(4)) + 0.1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_chains(name: str, tmp_path: Path) -> None:
    nodes, constants = CHAINS[name]
    assert compared(behind(tmp_path / "m.onnx", *nodes, **constants))[1] < TOLERANCE


@pytest.mark.parametrize("number", [0.9, 2.0])
def test_what_is_almost_a_gelu_is_none(number: float, tmp_path: Path) -> None:
    nodes, constants = CHAINS["a gelu of its parts"]
    with pytest.raises(UserError, match="Erf, node 4, is an operator that is not supported: supported: in a gelu"):
        readers.read(behind(tmp_path / "m.onnx", *nodes, **{**constants, "one1": np.float32(number)}))


def test_what_leads_nowhere_is_left_out(tmp_path: Path) -> None:
    path = behind(tmp_path / "m.onnx", make_node("Identity", ["s"], ["z"]), make_node("Strange", ["s"], ["w"]))
    assert [layer.kind for layer in readers.read(path).layers] == ["lstm"]


def test_a_causal_convolution_of_an_open_number_of_steps_is_a_stream(tmp_path: Path) -> None:
    nodes = [
        make_node("Transpose", ["x"], ["t"], perm=[1, 2, 0]),
        make_node("Conv", ["t", "k"], ["v"], pads=[2, 0]),
        make_node("Transpose", ["v"], ["w"], perm=[2, 0, 1]),
        make_node("LSTM", ["w", "W", "R", "B"], ["y", "h"], hidden_size=4),
    ]
    held = {**weights("LSTM", 3, 4), "k": drawn(3, 2, 3)}
    network = readers.read(graph(tmp_path / "m.onnx", nodes, {"x": ("steps", 1, 2)}, ["y"], held))
    assert network.endless


# ---- recurrent nodes ----


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("operator", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("asked", ["h", "y", "last of y", "first of y", "both"])
def test_what_is_asked_of_a_cell(operator: str, direction: str, asked: str, tmp_path: Path) -> None:
    directions = 1 + (direction == "bidirectional")
    cell = make_node(operator, ["x", "W", "R", "B", "", "s"], ["y", "h"], hidden_size=4, direction=direction)
    nodes, outputs, held = [cell], ["y", "h"] if asked == "both" else [asked[-1]], weights(operator, 3, 4, directions)
    if " of " in asked:
        nodes.append(make_node("Gather", ["y", "at"], ["z"], axis=0))
        outputs, held["at"] = ["z"], whole(-1 if asked.startswith("last") else 0).reshape(())
    held["s"] = drawn(directions, 1, 4)
    assert compared(graph(tmp_path / "m.onnx", nodes, {"x": (5, 1, 3)}, outputs, held))[1] < TOLERANCE


@pytest.mark.parametrize("after", [0, 1])
def test_both_forms_of_a_gru(after: int, tmp_path: Path) -> None:
    node = make_node("GRU", ["x", "W", "R", "B"], ["", "h"], hidden_size=4, linear_before_reset=after)
    assert compared(graph(tmp_path / "m.onnx", [node], X, ["h"], weights("GRU", 3, 4)))[1] < TOLERANCE


ACTIVATIONS: dict[str, tuple[list[str], list[float], list[float]]] = {
    "relu": (["Sigmoid", "Relu", "Relu"], [], []),
    "hard sigmoid": (["HardSigmoid", "Softsign", "Softsign"], [0.2], [0.5]),
    "leaky": (["Sigmoid", "LeakyRelu", "LeakyRelu"], [0.1, 0.1], []),
    "softplus": (["Sigmoid", "Softplus", "Softplus"], [], []),
    "thresholded": (["Sigmoid", "ThresholdedRelu", "ThresholdedRelu"], [0.2, 0.2], []),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, tmp_path: Path) -> None:
    names, alphas, betas = ACTIVATIONS[name]
    settings = {"activations": names, **({"activation_alpha": alphas} if alphas else {})}
    settings |= {"activation_beta": betas} if betas else {}
    node = make_node("LSTM", ["x", "W", "R", "B"], ["", "h"], hidden_size=4, **settings)
    assert compared(graph(tmp_path / "m.onnx", [node], X, ["h"], weights("LSTM", 3, 4)))[1] < TOLERANCE


def test_first_states_that_are_constants(tmp_path: Path) -> None:
    node = make_node("LSTM", ["x", "W", "R", "B", "", "a", "b"], ["", "h"], hidden_size=4)
    held = {**weights("LSTM", 3, 4), "a": drawn(1, 1, 4), "b": drawn(1, 1, 4)}
    network, error = compared(graph(tmp_path / "m.onnx", [node], {"x": (5, 1, 3)}, ["h"], held))
    assert error < TOLERANCE
    (cell,) = (layer for layer in network.layers if isinstance(layer, Recurrent))
    assert cell.start is not None
    np.testing.assert_array_equal(cell.start, [held["b"][0, 0], held["a"][0, 0]])
