# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Quantised .onnx files that are none of those read, and damaged ones: each is refused in one sentence."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from model import readers
from model.errors import UserError
from tests.support.damaged.onnx import Onnx
from tests.support.damaged.reading import outcome
from tests.support.onnx_files import DATA
from tests.support.onnx_quantised import CASES, FROM_Q, INTEGERS, TO_Q, behind_lstm, node, quantise, quantised_files

REFUSED: dict[str, tuple[list[onnx.NodeProto], dict[str, Any], str]] = {
    "16 bits": ([TO_Q, FROM_Q], {"z1": np.uint16(0)}, "quantises to uint16; supported: 8 bits: quantise with"),
    "16 bits by an attribute": (
        [
            node("QuantizeLinear", "s,s1", "q", output_dtype=onnx.TensorProto.INT16),
            node("DequantizeLinear", "q,s1", "d"),
        ],
        {}, "quantises to int16; supported: 8 bits",
    ),
    "a scale for each feature": (
        [TO_Q, FROM_Q], {"s1": np.full(6, 0.1, np.float32), "z1": np.zeros(6, np.uint8)}, "has 6 scales for what is",
    ),
    "blocks": (
        [node("DequantizeLinear", "i,u", "d", block_size=2)], {"i": INTEGERS, "u": np.full((3, 3), 0.1, np.float32)},
        "has scales in blocks",
    ),
    "no scale": ([TO_Q, FROM_Q], {"s1": np.float32(0)}, "has a scale that is not positive"),
    "an infinite scale": ([TO_Q, FROM_Q], {"s1": np.float32(np.inf)}, "its scale has values that are not finite"),
    "a real zero point": (
        [node("DequantizeLinear", "i,u,v", "d")], {"i": INTEGERS, "u": np.float32(1), "v": np.float32(0)},
        "a zero point that is no integer",
    ),
    "another scale behind": (
        [TO_Q, node("DequantizeLinear", "q,s2,z1", "d")], {"s2": np.float32(0.02)},
        "has another scale or zero point than",
    ),
    "another zero point behind": (
        [TO_Q, node("DequantizeLinear", "q,s1,z2", "d")], {"z2": np.uint8(1)}, "has another scale or zero point than",
    ),
    "integers that are put out": ([node("QuantizeLinear", "s,s1,z1", "d")], {}, "puts out integers; supported: a Deq"),
    "integers that are computed with": (
        [TO_Q, node("Reshape", "q,shape", "r"), node("DequantizeLinear", "r,s1,z1", "d")], {"shape": np.array([-1, 6])},
        "Reshape.* reads integers; supported: a DequantizeLinear behind every",
    ),
    "real values behind": ([node("DequantizeLinear", "s,s1,z1", "d")], {}, "reads what no QuantizeLinear wrote"),
    "another number of scales": (
        [node("DequantizeLinear", "i,u,v", "d", axis=1)],
        {"i": INTEGERS, "u": np.full(4, 0.1, np.float32), "v": np.zeros(4, np.int8)}, "it has 4 scales for shape",
    ),
    "integer operators": (
        [node("DynamicQuantizeLinear", "s", "d,e,f")], {}, "part of a quantised file that computes in another way: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, tmp_path: Path) -> None:
    nodes, constants, sentence = REFUSED[name]
    path = behind_lstm(tmp_path / "m.onnx", nodes, output="d", **constants)
    with pytest.raises(UserError, match=sentence):
        readers.read(path)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("dynamo_open_states", r"leave it in real numbers \(nodes_to_exclude\)"),
        ("ts_lstm_states", "export without"),
        ("dynamo_rnn_relu", "in a quantised file none is found in parts: give the model from before"),
    ],
)
def test_cells_that_are_quantised_are_refused(name: str, sentence: str, tmp_path: Path) -> None:
    path = quantise(DATA / f"{name}.onnx", tmp_path / "q.onnx")
    with pytest.raises(UserError, match=sentence):
        readers.read(path)


class Quantised(Onnx):
    """Those that are quantised."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sound = quantised_files(folder)

    def _onnx(self, rng: random.Random) -> Any:
        return onnx.load(self.sound[rng.choice(CASES)])


@pytest.mark.inputs(80)
def test_damaged_files(tmp_path: Path) -> None:
    """Each loads or is refused in one sentence."""
    files, found = Quantised(tmp_path), []
    for seed in range(40):
        for make in (Quantised.onnx_graph, Quantised.onnx_values):
            found.append(outcome(make(files, random.Random(seed))))
    assert found.count("refused") > 20
