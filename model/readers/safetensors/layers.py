# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's layers without a state. Where PyTorch has (N, channels, steps), features are its channels here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from model import functions
from model.functions import Function
from model.layers.activation import Activation
from model.layers.conv1d import Conv1d
from model.layers.dense import Dense
from model.layers.embedding import Embedding
from model.layers.global_pool import GlobalAveragePool, GlobalMaxPool, GlobalPool
from model.layers.layer_norm import LayerNorm
from model.layers.normalise import Normalise
from model.layers.permute import Permute
from model.layers.pool import AveragePool, MaxPool
from model.layers.prelu import Prelu
from model.layers.reshape import Reshape
from model.layers.window import MOST, Window
from model.readers.safetensors.entry import Entry
from model.signal import Array, Signal, Weights

# PyTorch's names of functions that are called otherwise here
NAMES = {"hardsigmoid": "hard_sigmoid_keras3", "hardswish": "hard_swish", "hardtanh": "hard_tanh"}
ACTIVATIONS = (
    "linear", "relu", "sigmoid", "tanh", "softmax", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "mish",
    "softplus", "softsign", *NAMES,
)  # fmt: skip
SETTINGS = {"leaky_relu": ("negative_slope", 0.01), "elu": ("alpha", 1.0)}  # of functions that have one, by default


def _function(entry: Entry, key: str, default: str | None = None) -> tuple[str, Function]:
    """A function as PyTorch calls it, and what it is."""
    name = entry.choice(key, ACTIVATIONS, default)
    ours = NAMES.get(name, name)
    if name not in SETTINGS:
        return name, functions.named(ours)
    setting, value = SETTINGS[name]
    return name, functions.named(ours, entry.share(setting, value))


def _activate(entry: Entry, name: str, function: Function) -> None:
    if function != functions.named("linear"):
        entry.reader.add(Activation(name, function.name, entry.reader.signal, parameters=function.parameters))


def _clamped(entry: Entry) -> tuple[str, Callable[[], None]]:
    """What a clamp does at the output of a layer with weights, and what adds the function that does the rest."""
    name, function = _function(entry, "activation", "linear")
    if name == "relu":
        return name, lambda: None
    return "linear", lambda: _activate(entry, f"{entry.name}_{name}", function)


def _linear(entry: Entry) -> None:
    prefix, (clamp, rest) = entry.prefix(), _clamped(entry)
    source = entry.reader.signal.shape
    kernel = entry.tensor(f"{prefix}weight", None, source[-1])
    units = len(kernel)
    if units < 1:
        raise entry.refuse("has no outputs")
    bias = entry.optional(f"{prefix}bias", units, 0.0)
    entry.reader.add(Dense(entry.name, Weights(kernel), bias, clamp, Signal((*source[:-1], units))))
    entry.reader.channels_first = False
    rest()


def _activation(entry: Entry) -> None:
    _, function = _function(entry, "function")
    _activate(entry, entry.name, function)


def _prelu(entry: Entry) -> None:
    """One slope for all, or one for each feature."""
    features, name = entry.reader.signal.shape[-1], f"{entry.prefix()}weight"
    one = entry.has(name) and entry.reader.tensors[name].shape == (1,)
    alpha = np.broadcast_to(entry.tensor(name, 1 if one else features), (features,)).copy()
    entry.reader.add(Prelu(entry.name, alpha, Signal(alpha.shape), entry.reader.signal))


def _flatten(entry: Entry) -> None:
    shape, first = entry.reader.signal.shape, entry.reader.channels_first
    if first and len(shape) == 2 and 1 not in shape and "channels_first" not in entry.settings:
        raise entry.refuse(
            "needs channels_first = true where PyTorch flattens (N, channels, steps), as a convolution gives it, "
            "or false where (N, steps, channels)"
        )
    if entry.take("channels_first", bool, False) and len(shape) == 2 and 1 not in shape:
        entry.reader.add(Permute(f"{entry.name}_channels", Signal(shape[::-1])))
    entry.reader.add(Reshape(entry.name, Signal((entry.reader.signal.size,))))


# ---- normalisations ----


def _scaled(entry: Entry, scale: Array, offset: Array, what: str) -> None:
    with np.errstate(over="ignore"):
        scale, offset = scale.astype(np.float32), offset.astype(np.float32)
    if not (np.isfinite(scale).all() and np.isfinite(offset).all()):
        raise entry.refuse(f"its {what} give values that are not finite")
    entry.reader.add(Normalise(entry.name, scale, offset, entry.reader.signal))


def _normalise(entry: Entry) -> None:
    features = entry.reader.signal.shape[-1]

    def feature_values(key: str) -> Array:
        values = entry.take(key, list)
        if len(values) != features or not all(type(v) in (int, float) and abs(v) < 1e30 for v in values):
            raise entry.refuse(f"needs {key} = a list of {features} numbers, one per feature")
        return np.array(values, np.float64)

    mean, deviation = feature_values("mean"), feature_values("std")
    if (deviation < 1e-30).any():
        raise entry.refuse("needs std above 0")
    _scaled(entry, 1 / deviation, -mean / deviation, "mean and std")


def _batch_norm(entry: Entry) -> None:
    """With the mean and variance that training kept; how many batches they are of changes nothing."""
    prefix, epsilon, features = entry.prefix(), entry.share("eps", 1e-5), entry.reader.signal.shape[-1]
    mean, variance = (entry.tensor(f"{prefix}running_{what}", features).astype(np.float64) for what in ("mean", "var"))
    if (variance < 0).any():
        raise entry.refuse("has a negative variance")
    if entry.has(f"{prefix}num_batches_tracked"):
        entry.tensor(f"{prefix}num_batches_tracked")
    scale = entry.optional(f"{prefix}weight", features, 1.0) / np.sqrt(variance + epsilon)
    _scaled(entry, scale, entry.optional(f"{prefix}bias", features, 0.0) - mean * scale, "mean and variance")
    entry.reader.channels_first = True


def _layer_norm(entry: Entry) -> None:
    """Over the features of each vector."""
    prefix, epsilon, features = entry.prefix(), entry.share("eps", 1e-5), entry.reader.signal.shape[-1]
    scale, offset = entry.optional(f"{prefix}weight", features, 1.0), entry.optional(f"{prefix}bias", features, 0.0)
    entry.reader.add(LayerNorm(entry.name, scale, offset, epsilon, entry.reader.signal))


# ---- windows ----


def _padding(entry: Entry, reach: int, stride: int) -> tuple[int, int]:
    """How many zeros before and behind: a number of both, [before, behind], or "same"."""
    value: Any = entry.settings.pop("padding", 0)
    if value == "same" and stride == 1:
        return (reach - 1) // 2, reach - 1 - (reach - 1) // 2
    both = value if isinstance(value, list) else [value, value]
    if len(both) != 2 or not all(type(n) is int and 0 <= n <= MOST for n in both):
        says = "needs padding = a whole number, [before, behind], or 'same' with stride = 1"
        raise entry.refuse(f"{says}, got {value!r}"[:300])
    return both[0], both[1]


def _steps(entry: Entry, window: Window) -> int:
    """How many windows there are of the sequence."""
    steps, _ = entry.sequence()
    if not window.fits:
        raise entry.refuse(f"takes {window.reach} steps at a time, every {window.stride}; supported: up to {MOST}")
    if window.steps(steps) < 1:
        raise entry.refuse(f"takes {window.reach} steps at a time, but its input has {steps}")
    return window.steps(steps)


def _conv1d(entry: Entry) -> None:
    prefix, (clamp, rest), (_, features) = entry.prefix(), _clamped(entry), entry.sequence()
    stride, dilation = entry.count("stride", 1), entry.count("dilation", 1)
    weight = entry.tensor(f"{prefix}weight", None, None, None)
    outputs, inputs, length = weight.shape
    groups = features // inputs if inputs else 0
    if min(weight.shape) < 1 or groups * inputs != features or outputs % groups:
        raise entry.refuse(f"tensor '{prefix}weight' has shape {weight.shape}, which reads no {features} features")
    reach = (length - 1) * dilation + 1
    window = Window(length, stride, dilation, *_padding(entry, reach, stride))
    output = Signal((_steps(entry, window), outputs))
    kernel = Weights(np.ascontiguousarray(weight.transpose(0, 2, 1).reshape(outputs, -1)))
    bias = entry.optional(f"{prefix}bias", outputs, 0.0)
    if window.single and groups == 1:
        entry.reader.add(Dense(entry.name, kernel, bias, clamp, output))
    else:
        entry.reader.add(Conv1d(entry.name, kernel, bias, clamp, output, window=window, groups=groups))
    entry.reader.channels_first = True
    rest()


def _max_pool(entry: Entry) -> None:
    """What is padded in never shows."""
    length = entry.count("kernel_size")
    stride = entry.count("stride", length)
    window = Window(length, stride, 1, *_padding(entry, length, stride))
    if max(window.left, window.right) > length // 2:
        raise entry.refuse(f"needs padding = at most half of kernel_size = {length}")
    entry.reader.add(MaxPool(entry.name, window, Signal((_steps(entry, window), entry.sequence()[1]))))
    entry.reader.channels_first = True


def _avg_pool(entry: Entry) -> None:
    """Without padding, which PyTorch counts."""
    length = entry.count("kernel_size")
    window = Window(length, entry.count("stride", length))
    entry.reader.add(AveragePool(entry.name, window, Signal((_steps(entry, window), entry.sequence()[1]))))
    entry.reader.channels_first = True


def _global(kind: type[GlobalPool]) -> Callable[[Entry], None]:
    return lambda entry: entry.reader.add(kind(entry.name, Signal((entry.sequence()[1],))))


def _embedding(entry: Entry) -> None:
    steps, features = entry.sequence()
    if entry.reader.layers or features != 1:
        raise entry.refuse("reads no ids; supported: as the first layer of input = [steps, 1]")
    table = entry.tensor(f"{entry.prefix()}weight", None, None)
    if min(table.shape) < 1:
        raise entry.refuse("its table is empty")
    entry.reader.add(Embedding(entry.name, Weights(table), Signal((steps, table.shape[1]))))


KINDS: dict[str, Callable[[Entry], None]] = {
    "linear": _linear,
    "activation": _activation,
    "prelu": _prelu,
    "flatten": _flatten,
    "normalise": _normalise,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "conv1d": _conv1d,
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "global_max_pool": _global(GlobalMaxPool),
    "global_avg_pool": _global(GlobalAveragePool),
    "embedding": _embedding,
}
