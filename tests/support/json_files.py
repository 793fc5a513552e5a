# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models as JSON, as RTNeural's exporter, AIDA-X's and CoreAudioML write them; random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

Document = dict[str, Any]


def values(rng: np.random.Generator, *shape: int) -> Any:
    """Float32 weights as JSON has them; small enough that a cell forgets how its sums were rounded."""
    return rng.normal(0, 0.35, shape).astype(np.float32).tolist()


def layer(kind: str, units: int, *weights: Any, activation: str = "", **more: Any) -> Document:
    """A layer of RTNeural."""
    return {"type": kind, "activation": activation, "shape": [None, None, units], **more, "weights": list(weights)}


def rtneural(*layers: Document, features: int = 1, **more: Any) -> Document:
    """A file of RTNeural, or with ``more`` of AIDA-X."""
    return {"in_shape": [None, None, features], "layers": list(layers), **more}


def lstm(rng: np.random.Generator, features: int, units: int) -> Document:
    """A cell."""
    shapes = (features, 4 * units), (units, 4 * units), (4 * units,)
    return layer("lstm", units, *(values(rng, *shape) for shape in shapes))


def gru(rng: np.random.Generator, features: int, units: int) -> Document:
    """A cell with both of its biases."""
    shapes = (features, 3 * units), (units, 3 * units), (2, 3 * units)
    return layer("gru", units, *(values(rng, *shape) for shape in shapes), activation="tanh")


def dense(rng: np.random.Generator, inputs: int, units: int, activation: str = "", kind: str = "dense") -> Document:
    """A Dense."""
    return layer(kind, units, values(rng, inputs, units), values(rng, units), activation=activation)


def conv1d(
    rng: np.random.Generator, inputs: int, units: int, length: int, dilation: int, activation: str = "", groups: int = 1
) -> Document:
    """A causal convolution."""
    weights = values(rng, length, inputs // groups, units), values(rng, units)
    more = {"kernel_size": [length], "dilation": [dilation], "groups": groups}
    return layer("conv1d", units, *weights, activation=activation, **more)


def amplifier(rng: np.random.Generator, units: int = 8, **more: Any) -> Document:
    """The usual network."""
    return rtneural(lstm(rng, 1, units), dense(rng, units, 1), **more)


def every_type() -> Document:
    """A layer of each, and each in all its forms."""
    rng = np.random.default_rng(1)
    return rtneural(
        dense(rng, 2, 6, "tanh", "time-distributed-dense"),
        conv1d(rng, 6, 4, 3, 2, "elu"),
        layer("batchnorm", 4, *([0.9, 1.1, -1.0, 0.5], [0.1] * 4, [0.2] * 4, [0.5] * 4), epsilon=1e-3),
        layer("prelu", 4, [[0.1, 0.2, 0.3, 0.4]]),
        conv1d(rng, 4, 6, 2, 1, groups=2),
        layer("batchnorm", 6, [0.1] * 6, [0.7] * 6, epsilon=1e-3),
        layer("prelu", 6, [[0.25]]),
        gru(rng, 6, 5),
        lstm(rng, 5, 4),
        layer("dense", 3, values(rng, 4, 3), activation="relu"),
        layer("activation", 3, activation="softmax"),
        dense(rng, 3, 2, "sigmoid"),
        features=2,
    )


def guitarml(
    rng: np.random.Generator, unit: str = "LSTM", inputs: int = 1, units: int = 8, layers: int = 1, **settings: Any
) -> Document:
    """A SimpleRNN of CoreAudioML."""
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[unit]
    data = {
        "model": "SimpleRNN", "input_size": inputs, "skip": 1, "output_size": 1, "unit_type": unit,
        "num_layers": layers, "hidden_size": units, "bias_fl": True, **settings,
    }  # fmt: skip
    state = {}
    for number in range(layers):
        reads = units if number else inputs
        state[f"rec.weight_ih_l{number}"] = values(rng, gates * units, reads)
        state[f"rec.weight_hh_l{number}"] = values(rng, gates * units, units)
        state[f"rec.bias_ih_l{number}"] = values(rng, gates * units)
        state[f"rec.bias_hh_l{number}"] = values(rng, gates * units)
    state["lin.weight"] = values(rng, data["output_size"], units)
    if data["bias_fl"]:
        state["lin.bias"] = values(rng, data["output_size"])
    return {"model_data": data, "state_dict": state}


def nam(rng: np.random.Generator, inputs: int = 1, units: int = 8, layers: int = 1, **more: Any) -> Document:
    """An LSTM of Neural Amp Modeler: of each cell matrix, bias, hidden state and cell state, then the head."""
    weights: list[float] = []
    for number in range(layers):
        reads = units if number else inputs
        for count in (4 * units * (reads + units), 4 * units, units, units):
            weights += values(rng, count)
    config = {"input_size": inputs, "hidden_size": units, "num_layers": layers}
    weights += values(rng, units + 1)
    return {"version": "0.5.4", "architecture": "LSTM", "config": config, "weights": weights, **more}


def smartamp(
    rng: np.random.Generator,
    size: int = 30,
    lengths: tuple[int, int] = (6, 5),
    strides: tuple[int, int] = (6, 5),
    recurrent: bool = True,
    **more: Any,
) -> Document:
    """GuitarML's SmartAmpPro: two convolutions, an LSTM and a Dense over the last samples."""
    filters, units = 4, 5
    shapes = (lengths[0], 1, filters), (lengths[1], filters, filters)
    cell = {"kernel:0": values(rng, filters, 4 * units), "bias:0": values(rng, 4 * units)}
    own = {"recurrent_kernel:0": values(rng, units, 4 * units)} if recurrent else {"lstm_cell": {}}
    return {
        **{
            name: {"bias:0": values(rng, filters), "kernel:0": values(rng, *shape)}
            for name, shape in zip(("conv1d", "conv1d_1"), shapes, strict=True)
        },
        "dense": {"bias:0": values(rng, 1), "kernel:0": values(rng, units, 1)},
        "lstm": {**cell, **own},
        "input_size": size,
        "conv1d_stride": strides[0],
        "conv1d_1_stride": strides[1],
        **more,
    }


def write(path: Path, document: Any) -> Path:
    """The file."""
    path.write_text(json.dumps(document))
    return path
