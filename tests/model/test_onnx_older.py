# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX files of opset 6: as onnxruntime computes what onnx's own converter makes of them, else refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import version_converter
from onnx.helper import make_node

from model import readers, reference
from model.errors import UserError
from model.signal import Array
from tests.support.onnx_files import graph, session

TOLERANCE = 1e-5


BEFORE = [
    make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
    make_node("LSTM", ["t", "W", "R"], ["y", "", ""], hidden_size=4),
    make_node("Squeeze", ["y"], ["q"], axes=[1]),
    make_node("Transpose", ["q"], ["s"], perm=[1, 0, 2]),
]


def floats(constants: Mapping[str, Any]) -> dict[str, Array]:
    return {name: np.asarray(value, np.float32) for name, value in constants.items()}


def weights() -> dict[str, Array]:
    random = np.random.default_rng(1)
    return floats({"W": random.normal(0, 0.5, (1, 16, 3)), "R": random.normal(0, 0.5, (1, 16, 4))})


def made(path: Path, *nodes: onnx.NodeProto, **constants: Any) -> Path:
    """An LSTM and what stands behind it, (1, 5, 4) and called s."""
    return graph(path, [*BEFORE, *nodes], {"x": (1, 5, 3)}, ["z"], {**weights(), **floats(constants)}, opset=6)


def due_of(folder: Path, x: Array, nodes: Sequence[onnx.NodeProto], constants: Mapping[str, Any]) -> Array:
    """What onnxruntime gives: of an LSTM of opset 9, and of what onnx's converter makes of the nodes behind it."""
    first = graph(folder / "first.onnx", BEFORE, {"x": (1, 5, 3)}, ["s"], weights(), opset=9)
    (s,) = session(first).run(None, {"x": x})
    older = graph(folder / "older.onnx", nodes, {"s": (1, 5, 4)}, ["z"], floats(constants), opset=6)
    onnx.save(version_converter.convert_version(onnx.load(older), 9), folder / "newer.onnx")
    (z,) = session(folder / "newer.onnx").run(None, {"s": s})
    return np.asarray(z)


def pair(operator: str, **settings: int) -> onnx.NodeProto:
    return make_node(operator, ["s", "c"], ["z"], **settings)


NORM = {name: np.arange(1, 6) / 5 for name in ("scale", "shift", "mean", "variance")}
FOUR = np.array([0.5, -1, 2, 0.25])
READ: dict[str, tuple[list[onnx.NodeProto], dict[str, Any]]] = {
    "of one shape": ([make_node("Add", ["s", "s"], ["z"])], {}),
    "spread": ([pair("Add", broadcast=1)], {"c": FOUR}),
    "a number": ([pair("Mul", broadcast=1)], {"c": [0.5]}),
    "a gemm": (
        [make_node("Flatten", ["s"], ["f"]), make_node("Gemm", ["f", "M", "c"], ["z"], broadcast=1)],
        {"M": np.random.default_rng(2).normal(0, 1, (20, 4)), "c": FOUR},
    ),
    "a norm": ([make_node("BatchNormalization", ["s", *NORM], ["z"], is_test=1)], NORM),
    "a dropout": ([make_node("Dropout", ["s"], ["z"], is_test=1)], {}),
}
REFUSED: dict[str, tuple[onnx.NodeProto, dict[str, Any], str]] = {
    "from an axis on": (pair("Add", broadcast=1, axis=1), {"c": np.ones((5, 4))}, "Add.*spreads.*opset 6"),
    "a dropout": (make_node("Dropout", ["s"], ["z"]), {}, "Dropout.*trains.*opset 6"),
    "a norm": (make_node("BatchNormalization", ["s", *NORM], ["z"]), NORM, "BatchNormalization.*trains.*opset 6"),
    "of steps": (
        make_node("BatchNormalization", ["s", *NORM], ["z"], is_test=1, spatial=0), NORM, "spatial=0.*opset 6"
    ),
    "slopes": (pair("PRelu"), {"c": np.ones(5)}, "PRelu.*second axis.*opset 6"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_what_is_alike_is_read(name: str, tmp_path: Path) -> None:
    nodes, constants = READ[name]
    network = readers.read(made(tmp_path / "m.onnx", *nodes, **constants))
    x = np.random.default_rng(3).normal(0, 1, (1, 5, 3)).astype(np.float32)
    due = due_of(tmp_path, x, nodes, constants)
    np.testing.assert_allclose(reference.run(network, x).reshape(due.shape), due, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_of_another_meaning_is_refused(name: str, tmp_path: Path) -> None:
    node, constants, sentence = REFUSED[name]
    with pytest.raises(UserError, match=f"{sentence}; export with opset_version=18"):
        readers.read(made(tmp_path / "m.onnx", node, **constants))
