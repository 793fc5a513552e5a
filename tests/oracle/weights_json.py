# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What RTNeural, AIDA-X and CoreAudioML make of their JSON files, step by step in float64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.signal import Array
from tests.support.json_files import Document


def sigmoid(x: Array) -> Array:
    """Of real values."""
    return np.asarray(1 / (1 + np.exp(-x)))


def softmax(x: Array) -> Array:
    """Along the features."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "": lambda x: x,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": sigmoid,
    "softmax": softmax,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
}


def lstm(
    x: Array, kernel: Array, recurrent: Array, bias: Array, h: Array | None = None, c: Array | None = None
) -> Array:
    """Columns i, f, g, o; from zeros unless hidden and cell state are given."""
    h, c = (np.zeros(len(recurrent)) if start is None else start for start in (h, c))
    out = []
    for step in x:
        i, f, g, o = np.split(step @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.array(out)


def gru(x: Array, kernel: Array, recurrent: Array, bias: Array) -> Array:
    """Columns z, r, h; a bias of each product."""
    h = np.zeros(len(recurrent))
    out = []
    for step in x:
        z, r, n = np.split(step @ kernel + bias[0], 3)
        hz, hr, hn = np.split(h @ recurrent + bias[1], 3)
        z = sigmoid(z + hz)
        h = z * h + (1 - z) * np.tanh(n + sigmoid(r + hr) * hn)
        out.append(h)
    return np.array(out)


def conv1d(x: Array, layer: Document, kernel: Array, bias: Array) -> Array:
    """Over what came before; nothing before the start."""
    (length,), (dilation,), groups = layer["kernel_size"], layer["dilation"], layer["groups"]
    before = np.vstack([np.zeros(((length - 1) * dilation, x.shape[1])), x])
    parts = zip(np.split(before, groups, axis=1), np.split(kernel, groups, axis=2), strict=True)
    each = [sum(part[k * dilation : k * dilation + len(x)] @ own[k] for k in range(length)) for part, own in parts]
    return np.hstack(each) + bias


def batchnorm(x: Array, layer: Document, *arrays: Array) -> Array:
    """gamma and beta may be left out."""
    gamma, beta, mean, variance = arrays if len(arrays) == 4 else (np.ones(1), np.zeros(1), *arrays)
    return np.asarray((x - mean) / np.sqrt(variance + layer["epsilon"]) * gamma + beta)


def of_rtneural(document: Document, x: Array) -> Array:
    """What RTNeural, and around it AIDA-X, makes of x (T, F)."""
    x = x.copy()
    x[:, 0] *= 10 ** (document.get("in_gain", 0) / 20)
    y = x
    for layer in document["layers"]:
        arrays = [np.array(each) for each in layer["weights"]]
        kind, function = layer["type"], FUNCTIONS[layer["activation"]]
        if kind in ("dense", "time-distributed-dense"):
            y = function(y @ arrays[0] + (arrays[1] if len(arrays) > 1 else 0))
        elif kind == "conv1d":
            y = function(conv1d(y, layer, *arrays))
        elif kind == "prelu":
            y = np.where(y >= 0, y, y * arrays[0])
        elif kind == "batchnorm":
            y = batchnorm(y, layer, *arrays)
        elif kind == "activation":
            y = function(y)
        else:
            y = {"lstm": lstm, "gru": gru}[kind](y, *arrays)
    return np.asarray((y + x[:, :1] * document.get("in_skip", 0)) * 10 ** (document.get("out_gain", 0) / 20))


def of_guitarml(document: Document, x: Array) -> Array:
    """What CoreAudioML's SimpleRNN makes of x (T, F), with PyTorch's cells."""
    data, state = document["model_data"], {name: np.array(each) for name, each in document["state_dict"].items()}
    y, units = x, data["hidden_size"]
    for number in range(data["num_layers"]):
        kernel, recurrent, one, other = (
            state[f"rec.{kind}_l{number}"].T for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        if data["unit_type"] == "LSTM":
            y = lstm(y, kernel, recurrent, one + other)
        elif data["unit_type"] == "GRU":  # r, z, n
            turned = np.r_[units : 2 * units, :units, 2 * units : 3 * units]
            y = gru(y, kernel[:, turned], recurrent[:, turned], np.array([one[turned], other[turned]]))
        else:
            h, out = np.zeros(units), []
            for step in y:
                h = np.tanh(step @ kernel + h @ recurrent + one + other)
                out.append(h)
            y = np.array(out)
    y = y @ state["lin.weight"].T + state.get("lin.bias", 0)
    return np.asarray(y + x[:, : data["skip"]] if data["skip"] else y)


def of_nam(document: Document, x: Array) -> Array:
    """What Neural Amp Modeler's LSTM makes of x (T, F)."""
    units, y, left = document["config"]["hidden_size"], x, np.array(document["weights"])
    for _ in range(document["config"]["num_layers"]):
        sizes = np.cumsum([4 * units * (y.shape[1] + units), 4 * units, units, units])
        matrix, bias, h, c, left = np.split(left, sizes)
        both = matrix.reshape(4 * units, -1)
        y = lstm(y, both[:, : y.shape[1]].T, both[:, y.shape[1] :].T, bias, h, c)
    return np.asarray(y @ left[:-1].reshape(-1, 1) + left[-1])


def _same(x: Array, kernel: Array, bias: Array, stride: int) -> Array:
    """A convolution (K, F, O) of a window (T, F) with zeros around it, as many as the last place needs."""
    count = -(-len(x) // stride)
    missing = max((count - 1) * stride + len(kernel) - len(x), 0)
    around = np.pad(x, ((missing // 2, missing - missing // 2), (0, 0)))
    places = [around[at * stride : at * stride + len(kernel)] for at in range(count)]
    return np.array([np.tensordot(place, kernel, 2) + bias for place in places])


def of_smartamp(document: Document, windows: Array) -> Array:
    """What the Keras model that SmartAmpPro trains makes of windows (N, T, 1): an output of each."""
    out = []
    for y in windows:
        for name in ("conv1d", "conv1d_1"):
            kernel, bias = (np.array(document[name][key]) for key in ("kernel:0", "bias:0"))
            y = _same(y, kernel, bias, document[f"{name}_stride"])
        bias = np.array(document["lstm"]["bias:0"])
        recurrent = np.array(document["lstm"].get("recurrent_kernel:0", np.zeros((len(bias) // 4, len(bias)))))
        y = lstm(y, np.array(document["lstm"]["kernel:0"]), recurrent, bias)
        out.append(y[-1] @ np.array(document["dense"]["kernel:0"]) + np.array(document["dense"]["bias:0"]))
    return np.array(out)


OF = {"layers": of_rtneural, "state_dict": of_guitarml, "architecture": of_nam}


def expected(document: Document, x: Array) -> Array:
    """Outputs (T, O) of one stream (T, F) from reset."""
    of = next(of for key, of in OF.items() if key in document)
    return of(document, x.astype(np.float64))
