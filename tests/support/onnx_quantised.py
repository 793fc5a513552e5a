# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Files of onnxruntime's quantize_static, graphs of the same operators made by hand, and onnxruntime that runs them."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from model.signal import Array
from tests.support.onnx_files import DATA, fed, graph, weights

X = {"x": ("n", 5, 4)}
TYPES = {"u8": QuantType.QUInt8, "s8": QuantType.QInt8}
OWN = ("lstm_gemm", "conv_gru")
EXPORTED = ("ts_one_convolved", "dynamo_branches", "dynamo_lstm2_both_batch_first_every", "ts_rnn_relu", "ts_weighed")
CASES = [(name, kind) for kind in TYPES for name in (*OWN, *EXPORTED)]


def values(*shape: int, seed: int = 0, scale: float = 0.5) -> Array:
    return np.random.default_rng(seed).normal(0, scale, shape).astype(np.float32)


def node(operator: str, reads: str, writes: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operator, reads.split(","), writes.split(","), **attributes)


def lstm_gemm(path: Path) -> Path:
    """An LSTM with two matrices behind it, and a ReLU between them."""
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]),
        node("LSTM", "t,W,R,B", ",h", hidden_size=6),
        node("Squeeze", "h,first", "s"),
        node("Gemm", "s,G,g", "a", transB=1),
        node("Relu", "a", "r"),
        node("Gemm", "r,H,i", "y", transB=1),
    ]
    constants = {"first": np.array([0]), "G": values(7, 6), "g": values(7), "H": values(3, 7), "i": values(3)}
    return graph(path, nodes, X, ["y"], {**weights("LSTM", 4, 6), **constants})


def conv_gru(path: Path) -> Path:
    """A convolution before a GRU, and a matrix and a bias apart from it at every step."""
    nodes = [
        node("Transpose", "x", "t", perm=[0, 2, 1]),
        node("Conv", "t,K,k", "c", kernel_shape=[3], pads=[1, 1]),
        node("Relu", "c", "r"),
        node("Transpose", "r", "s", perm=[2, 0, 1]),
        node("GRU", "s,W,R,B", "h,", hidden_size=6, linear_before_reset=1),
        node("Squeeze", "h,one", "q"),
        node("Transpose", "q", "b", perm=[1, 0, 2]),
        node("MatMul", "b,M", "m"),
        node("Add", "m,a", "y"),
    ]
    constants = {"K": values(5, 4, 3), "k": values(5), "one": np.array([1]), "M": values(6, 3), "a": values(3)}
    return graph(path, nodes, {"x": ("n", 8, 4)}, ["y"], {**weights("GRU", 5, 6), **constants})


class Given(CalibrationDataReader):  # type: ignore[misc]
    """Seeded windows."""

    def __init__(self, path: Path) -> None:
        self.windows: Iterator[Any] = iter([fed(path, seed=seed) for seed in range(8)])

    def get_next(self) -> Any:
        return next(self.windows, None)


def quantise(path: Path, into: Path, kind: str = "u8", **more: Any) -> Path:
    """By onnxruntime; int8 activations come with a scale for each row of weights."""
    logging.disable(logging.WARNING)
    settings = {"weight_type": QuantType.QInt8, "per_channel": kind == "s8", "activation_type": TYPES[kind], **more}
    own = shutil.copy(path, into.with_name(f"{into.stem}_of.onnx"))  # it writes and removes files beside what it reads
    quantize_static(own, into, Given(path), quant_format=QuantFormat.QDQ, **settings)
    logging.disable(logging.NOTSET)
    return into


def quantised_files(folder: Path) -> Mapping[tuple[str, str], Path]:
    """All of ``CASES``."""
    sound = {name: make(folder / f"{name}.onnx") for name, make in (("lstm_gemm", lstm_gemm), ("conv_gru", conv_gru))}
    sound |= {name: DATA / f"{name}.onnx" for name in EXPORTED}
    return {(name, kind): quantise(sound[name], folder / f"{name}_{kind}.onnx", kind) for name, kind in CASES}


def plain(model: bytes) -> onnxruntime.InferenceSession:
    """Operator by operator: what is fused may be another arithmetic."""
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    settings.log_severity_level = 4
    return onnxruntime.InferenceSession(model, settings)


# ---- graphs by hand ----


def behind_lstm(path: Path, nodes: Sequence[onnx.NodeProto], *, output: str = "y", **constants: Any) -> Path:
    """Nodes that read ``s``, the last hidden state (N, 6), quantised by scale s1 and zero point z1 to ``q``."""
    before = [
        node("Transpose", "x", "t", perm=[1, 0, 2]),
        node("LSTM", "t,W,R,B", ",h", hidden_size=6),
        node("Squeeze", "h,first", "s"),
    ]
    held = {"first": np.array([0]), "s1": np.float32(0.01), "z1": np.uint8(128), **weights("LSTM", 4, 6), **constants}
    arrays = {name: np.asarray(value) for name, value in held.items()}
    return graph(path, [*before, *nodes], X, [output], arrays, 21)


TO_Q, FROM_Q = node("QuantizeLinear", "s,s1,z1", "q"), node("DequantizeLinear", "q,s1,z1", "d")
END = [node("QuantizeLinear", "m,s2,z2", "p"), node("DequantizeLinear", "p,s2,z2", "y")]
STEPS = {"s2": np.float32(0.03), "z2": np.uint8(100)}
INTEGERS = np.random.default_rng(5).integers(-127, 128, (6, 3)).astype(np.int8)
