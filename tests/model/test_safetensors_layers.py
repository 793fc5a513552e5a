# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The layers of PyTorch that a .toml lists, against the formulas of PyTorch's documentation, written out in numpy.

As PyTorch has them: (N, steps, features) in front of cells, (N, channels, steps) in front of convolutions and pools.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.network import Network
from model.signal import Array
from tests.model.test_safetensors_reader import STRANGE, toml_value, write

Tensors = dict[str, np.ndarray[Any, Any]]
SHAPE = (9, 4)  # steps, features


def values(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed + sum(shape)).normal(0, 0.6, shape).astype(np.float32)


def read(folder: Path, tensors: Tensors, *layers: dict[str, Any], shape: tuple[int, int] = SHAPE) -> Network:
    tables = [f"input = [{shape[0]}, {shape[1]}]"]
    for layer in layers:
        tables.append("\n".join(("[[layer]]", *(f"{key} = {toml_value(value)}" for key, value in layer.items()))))
    (folder / "m.toml").write_text("\n".join(tables))
    whole = {name.replace(".", "_"): {"dtype": "I64"} for name, tensor in tensors.items() if tensor.dtype.kind == "i"}
    return readers.read(write(folder / "m.safetensors", tensors, **whole))


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


# ---- cells ----


def cell_tensors(gates: int, features: int, units: int, tail: str = "l0", bias: bool = True) -> Tensors:
    seed = len(tail)
    shapes = {"weight_ih": (features,), "weight_hh": (units,), **({"bias_ih": (), "bias_hh": ()} if bias else {})}
    return {
        f"net.{name}_{tail}": values(gates * units, *shape, seed=seed + number)
        for number, (name, shape) in enumerate(shapes.items())
    }


def gru(x: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array) -> Array:
    """h' = (1 - z) n + z h of all steps (N, T, H)."""
    h, seen = np.zeros((len(x), w_hh.shape[1])), []
    for t in range(x.shape[1]):
        ir, iz, in_ = np.split(x[:, t] @ w_ih.T + b_ih, 3, axis=1)
        hr, hz, hn = np.split(h @ w_hh.T + b_hh, 3, axis=1)
        r, z = sigmoid(ir + hr), sigmoid(iz + hz)
        n = np.tanh(in_ + r * hn)
        h = (1 - z) * n + z * h
        seen.append(h)
    return np.stack(seen, axis=1)


def rnn(function: Callable[[Array], Array]) -> Callable[..., Array]:
    def run(x: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array) -> Array:
        h, seen = np.zeros((len(x), w_hh.shape[1])), []
        for t in range(x.shape[1]):
            h = function(x[:, t] @ w_ih.T + b_ih + h @ w_hh.T + b_hh)
            seen.append(h)
        return np.stack(seen, axis=1)

    return run


CELLS: dict[str, tuple[dict[str, Any], int, Callable[..., Array]]] = {
    "gru": ({"kind": "gru"}, 3, gru),
    "rnn": ({"kind": "rnn"}, 1, rnn(np.tanh)),
    "rnn of relu": ({"kind": "rnn", "nonlinearity": "relu"}, 1, rnn(lambda x: np.maximum(x, 0))),
}


def of(tensors: Tensors, tail: str, rows: int) -> list[Array]:
    kept = [
        tensors.get(f"net.{name}_{tail}", np.zeros(rows)) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ]
    return [each.astype(np.float64) for each in kept]


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("case", CELLS)
def test_cells_on_one_another(tmp_path: Path, case: str, bias: bool, every: bool) -> None:
    entry, gates, run = CELLS[case]
    tensors = {**cell_tensors(gates, 4, 3, "l0", bias), **cell_tensors(gates, 3, 3, "l1", bias)}
    network = read(tmp_path, tensors, {**entry, "weights": "net", "return_sequences": every})
    x = values(7, *SHAPE)
    due = run(run(x, *of(tensors, "l0", 3 * gates)), *of(tensors, "l1", 3 * gates))
    np.testing.assert_allclose(reference.run(network, x), due if every else due[:, -1], atol=1e-6)


@pytest.mark.parametrize("case", CELLS)
def test_both_directions(tmp_path: Path, case: str) -> None:
    entry, gates, run = CELLS[case]
    tensors = {**cell_tensors(gates, 4, 3), **cell_tensors(gates, 4, 3, "l0_reverse")}
    x = values(7, *SHAPE)
    one, other = run(x, *of(tensors, "l0", 0)), run(x[:, ::-1], *of(tensors, "l0_reverse", 0))
    last = read(tmp_path, tensors, {**entry, "weights": "net"})
    np.testing.assert_allclose(reference.run(last, x), np.hstack([one[:, -1], other[:, -1]]), atol=1e-6)
    every = read(tmp_path, tensors, {**entry, "weights": "net", "return_sequences": True})
    due = np.concatenate([one, other[:, ::-1]], axis=2)
    np.testing.assert_allclose(reference.run(every, x), due, atol=1e-6)


# ---- layers in front of a GRU ----


def windows(x: Array, length: int, stride: int, dilation: int, pads: tuple[int, int], fill: float) -> Array:
    """(N, C, L) to (N, C, L', K)."""
    padded = np.pad(x, ((0, 0), (0, 0), pads), constant_values=fill)
    steps = (padded.shape[2] - dilation * (length - 1) - 1) // stride + 1
    return np.stack(
        [padded[:, :, stride * t : stride * t + dilation * (length - 1) + 1 : dilation] for t in range(steps)], 2
    )


def conv1d(
    x: Array,
    weight: Array,
    bias: Array,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    pads: tuple[int, int] = (0, 0),
) -> Array:
    """Output channel o of (N, C, L) sums over the channels of its group."""
    outputs, inputs, length = weight.shape
    seen = windows(x, length, stride, dilation, pads, 0.0)
    channels = []
    for o in range(outputs):
        first = o // (outputs // groups) * inputs
        channels.append(np.einsum("nclk,ck->nl", seen[:, first : first + inputs], weight[o].astype(float)) + bias[o])
    return np.stack(channels, axis=1)


def batch_norm(x: Array, mean: Array, variance: Array, scale: Array, offset: Array, eps: float) -> Array:
    by_channel = [each.astype(float)[:, None] for each in (mean, variance, scale, offset)]
    return np.asarray((x - by_channel[0]) / np.sqrt(by_channel[1] + eps) * by_channel[2] + by_channel[3])


def erf(x: Array) -> Array:
    return np.asarray(np.vectorize(math.erf)(x))


CONV = values(6, 4, 3)
GROUPS, BIAS, BN = (
    values(6, 2, 3),
    values(6),
    {
        "bn.weight": values(4, seed=1),
        "bn.bias": values(4, seed=2),
        "bn.running_mean": values(4, seed=3),
        "bn.running_var": np.abs(values(4, seed=4)),
        "bn.num_batches_tracked": np.array(7),
    },
)
CONVOLUTION = {"kind": "conv1d", "weights": "conv"}
BOTH = {"conv.weight": CONV, "conv.bias": BIAS}
IN_GROUPS = {"conv.weight": GROUPS, "conv.bias": BIAS}
# {case: (layers, their tensors, what they make of (N, channels, steps))}
LAYERS: dict[str, tuple[list[dict[str, Any]], Tensors, Callable[[Array], Array]]] = {
    "conv1d": ([CONVOLUTION], BOTH, lambda x: conv1d(x, CONV, BIAS)),
    "strides": ([{**CONVOLUTION, "stride": 2, "padding": 1}], BOTH, lambda x: conv1d(x, CONV, BIAS, 2, pads=(1, 1))),
    "same": (
        [{**CONVOLUTION, "padding": "same", "dilation": 3}],
        BOTH,
        lambda x: conv1d(x, CONV, BIAS, 1, 3, pads=(3, 3)),
    ),
    "causal": ([{**CONVOLUTION, "padding": [2, 0]}], BOTH, lambda x: conv1d(x, CONV, BIAS, pads=(2, 0))),
    "groups": ([CONVOLUTION], IN_GROUPS, lambda x: conv1d(x, GROUPS, BIAS, groups=2)),
    "one step, no bias": (
        [CONVOLUTION],
        {"conv.weight": CONV[:, :, :1]},
        lambda x: conv1d(x, CONV[:, :, :1], 0 * BIAS),
    ),
    "relu": ([{**CONVOLUTION, "activation": "relu"}], BOTH, lambda x: np.maximum(conv1d(x, CONV, BIAS), 0)),
    "max_pool": (
        [{"kind": "max_pool", "kernel_size": 3, "stride": 2, "padding": 1}],
        {},
        lambda x: windows(x, 3, 2, 1, (1, 1), -np.inf).max(3),
    ),
    "avg_pool": ([{"kind": "avg_pool", "kernel_size": 2}], {}, lambda x: windows(x, 2, 2, 1, (0, 0), 0).mean(3)),
    "batch_norm": (
        [{"kind": "batch_norm", "weights": "bn", "eps": 0.01}],
        BN,
        lambda x: batch_norm(x, BN["bn.running_mean"], BN["bn.running_var"], BN["bn.weight"], BN["bn.bias"], 0.01),
    ),
    "batch_norm without more": (
        [{"kind": "batch_norm", "weights": "bn"}],
        {key: BN[key] for key in ("bn.running_mean", "bn.running_var")},
        lambda x: batch_norm(x, BN["bn.running_mean"], BN["bn.running_var"], np.ones(4), np.zeros(4), 1e-5),
    ),
    "layer_norm": (
        [{"kind": "layer_norm", "weights": "ln"}],
        {"ln.weight": values(4, seed=5), "ln.bias": values(4, seed=6)},
        lambda x: (
            (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5) * values(4, seed=5)[:, None]
            + values(4, seed=6)[:, None]
        ),
    ),
    "prelu": (
        [{"kind": "prelu", "weights": "p"}],
        {"p.weight": values(4)},
        lambda x: np.where(x >= 0, x, values(4)[:, None] * x),
    ),
    "prelu of one": (
        [{"kind": "prelu", "weights": "p"}],
        {"p.weight": np.array([0.25], np.float32)},
        lambda x: np.where(x >= 0, x, x / 4),
    ),
}
FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True),
    "leaky_relu": lambda x: np.where(x >= 0, x, 0.01 * x),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1)),
    "gelu": lambda x: x * 0.5 * (1 + erf(x / math.sqrt(2))),
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "hardsigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hardswish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "hardtanh": lambda x: np.clip(x, -1, 1),
}


def channels_agree(
    tmp_path: Path, layers: list[dict[str, Any]], tensors: Tensors, run: Callable[[Array], Array]
) -> None:
    """With a GRU behind it."""
    x = 2 * values(7, *SHAPE)
    between = run(x.astype(float).swapaxes(1, 2)).swapaxes(1, 2)
    behind = cell_tensors(3, between.shape[2], 3)
    network = read(tmp_path, {**tensors, **behind}, *layers, {"kind": "gru", "weights": "net"})
    due = gru(between, *of(behind, "l0", 0))[:, -1]
    np.testing.assert_allclose(reference.run(network, x), due, atol=2e-6)
    assert np.ptp(due) > 0.1


@pytest.mark.parametrize("case", LAYERS)
def test_layers(tmp_path: Path, case: str) -> None:
    channels_agree(tmp_path, *LAYERS[case])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(tmp_path: Path, name: str) -> None:
    channels_agree(tmp_path, [{"kind": "activation", "function": name}], {}, FUNCTIONS[name])
    fused = {**CONVOLUTION, "activation": name}
    channels_agree(tmp_path, [fused], BOTH, lambda x: FUNCTIONS[name](conv1d(x, CONV, BIAS)))


def test_settings_of_functions(tmp_path: Path) -> None:
    leaky = {"kind": "activation", "function": "leaky_relu", "negative_slope": 0.3}
    channels_agree(tmp_path, [leaky], {}, lambda x: np.where(x >= 0, x, 0.3 * x))
    elu = {"kind": "activation", "function": "elu", "alpha": 0.5}
    channels_agree(tmp_path, [elu], {}, lambda x: np.where(x > 0, x, 0.5 * (np.exp(x) - 1)))


@pytest.mark.parametrize("first", [False, True])
def test_flattened_channels(tmp_path: Path, first: bool) -> None:
    gru_first = cell_tensors(3, 4, 3)
    tensors = {**gru_first, "conv.weight": values(2, 3, 3), "fc.weight": values(5, 14)}
    layers = [
        {"kind": "gru", "weights": "net", "return_sequences": True},
        CONVOLUTION,
        {"kind": "flatten", "channels_first": first},
        {"kind": "linear", "weights": "fc"},
    ]
    x = values(7, *SHAPE)
    between = conv1d(gru(x, *of(gru_first, "l0", 0)).swapaxes(1, 2), tensors["conv.weight"], np.zeros(2))
    due = (between if first else between.swapaxes(1, 2)).reshape(7, -1) @ tensors["fc.weight"].T.astype(float)
    np.testing.assert_allclose(reference.run(read(tmp_path, tensors, *layers), x), due, atol=2e-6)
    layers[2] = {"kind": "flatten"}
    with pytest.raises(UserError, match=r"layer 3 \(flatten\): needs channels_first = true where PyTorch flattens"):
        read(tmp_path, tensors, *layers)


@pytest.mark.parametrize("kind", ["global_max_pool", "global_avg_pool"])
def test_pools_of_all_steps(tmp_path: Path, kind: str) -> None:
    tensors, x = cell_tensors(3, 4, 3), values(7, *SHAPE)
    network = read(
        tmp_path,
        tensors,
        {"kind": "gru", "weights": "net", "return_sequences": True},
        {"kind": kind},
        {"kind": "flatten"},
    )
    states = gru(x, *of(tensors, "l0", 0))
    due = states.max(1) if kind == "global_max_pool" else states.mean(1)
    np.testing.assert_allclose(reference.run(network, x), due, atol=1e-6)


def test_an_embedding(tmp_path: Path) -> None:
    tensors = {"words.weight": values(6, 4), **cell_tensors(3, 4, 3)}
    layers = [{"kind": "embedding", "weights": "words"}, {"kind": "gru", "weights": "net"}]
    ids = np.random.default_rng(1).integers(0, 6, (7, 9))
    network = read(tmp_path, tensors, *layers, shape=(9, 1))
    due = gru(tensors["words.weight"][ids].astype(float), *of(tensors, "l0", 0))[:, -1]
    np.testing.assert_allclose(reference.run(network, ids[..., None].astype(np.float32)), due, atol=1e-6)


GRU = {"kind": "gru", "weights": "net"}
# {sentence: layers in front of a GRU of 4 features, and their tensors}
REFUSED: dict[str, tuple[dict[str, Any], Tensors]] = {
    r"\(conv1d\): tensor 'conv.weight' has shape \(6, 3, 3\), which reads no 4 features": (
        CONVOLUTION,
        {"conv.weight": values(6, 3, 3)},
    ),
    r"\(conv1d\): takes 11 steps at a time, but its input has 9": ({**CONVOLUTION, "dilation": 5}, BOTH),
    r"\(conv1d\): needs stride = a whole number above 0, got 0": ({**CONVOLUTION, "stride": 0}, BOTH),
    r"\(conv1d\): needs padding = a whole number, .* got 'same'": (
        {**CONVOLUTION, "stride": 2, "padding": "same"},
        BOTH,
    ),
    r"\(conv1d\): needs padding = a whole number, .* got -1": ({**CONVOLUTION, "padding": -1}, BOTH),
    r"\(conv1d\): has no setting 'padding_mode'": ({**CONVOLUTION, "padding_mode": "reflect"}, BOTH),
    r"\(max_pool\): needs padding = at most half of kernel_size = 2": (
        {"kind": "max_pool", "kernel_size": 2, "padding": 2},
        {},
    ),
    r"\(max_pool\): needs kernel_size = a int": ({"kind": "max_pool"}, {}),
    r"\(avg_pool\): has no setting 'padding'": ({"kind": "avg_pool", "kernel_size": 2, "padding": 1}, {}),
    r"\(batch_norm\): m.safetensors holds no tensor 'bn.running_mean'": ({"kind": "batch_norm", "weights": "bn"}, {}),
    r"\(batch_norm\): has a negative variance": (
        {"kind": "batch_norm", "weights": "bn"},
        {**BN, "bn.running_var": -BN["bn.running_var"]},
    ),
    r"\(layer_norm\): needs eps = a number above 0": ({"kind": "layer_norm", "weights": "ln", "eps": -0.5}, {}),
    r"\(activation\): has no setting 'alpha'": ({"kind": "activation", "function": "gelu", "alpha": 0.5}, {}),
    r"\(prelu\): tensor 'p.weight' has shape \(3,\), \(4\) is due": (
        {"kind": "prelu", "weights": "p"},
        {"p.weight": values(3)},
    ),
    r"\(rnn\): nonlinearity = 'elu' is not supported; supported: tanh, relu": (
        {"kind": "rnn", "weights": "net", "nonlinearity": "elu"},
        {},
    ),
    r"\(rnn\): tensor 'net.weight_hh_l0' has shape \(9, 3\), which is no RNN's \(H, H\)": (
        {"kind": "rnn", "weights": "net"},
        {},
    ),
    r"\(embedding\): reads no ids; supported: as the first layer of input = \[steps, 1\]": (
        {"kind": "embedding", "weights": "e"},
        {},
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_refusals(tmp_path: Path, sentence: str) -> None:
    layer, tensors = REFUSED[sentence]
    with pytest.raises(UserError, match=sentence):
        read(tmp_path, {**tensors, **cell_tensors(3, 4, 3)}, layer, GRU)


COUNTS = ("padding", "stride", "dilation", "kernel_size")  # may be another whole number
ALL: list[tuple[list[dict[str, Any]], Tensors]] = [
    *((layers, tensors) for layers, tensors, _ in LAYERS.values()),
    *(([{"kind": "activation", "function": name}], {}) for name in ("elu", "leaky_relu")),
]


def test_strange_settings_are_refused_by_their_names(tmp_path: Path) -> None:
    tried = 0
    for (layer, *_), tensors in ALL:
        defaults = {"elu": {"alpha": 1.0}, "leaky_relu": {"negative_slope": 0.1}}.get(layer.get("function", ""), {})
        for key in (*layer, *defaults, "strange"):
            for value in STRANGE:
                if type(value) is int and (value == 2 or (key == "padding" and value == 0)) and key in COUNTS:
                    continue
                with pytest.raises(UserError, match=f"{key} = |'{key}'|no tensor 'strange|of kind|no layer reads"):
                    read(tmp_path, {**tensors, **cell_tensors(3, 4, 3)}, {**layer, **defaults, key: value}, GRU)
                tried += 1
    assert tried > 300
