# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""LSTMs of Neural Amp Modeler: all weights in one list, and of each cell the state that it starts from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from model.layers.base import Layer
from model.readers.safetensors.entry import Entry, Reader
from model.readers.safetensors.network import KINDS
from model.readers.weights_json.part import Part
from model.signal import Array, Signal

SETTINGS = ("input_size", "hidden_size", "num_layers", "in_channels", "out_channels")
MOST_LAYERS = 64


class _Weights:
    """The list, of which each takes its own from the front."""

    def __init__(self, document: Part, due: int) -> None:
        self.values = document.array(document.list("weights"), "'weights'")
        if self.values.shape != (due,):
            raise document.refuse(f"'weights' has shape {self.values.shape}, its config asks for ({due},)")
        with np.errstate(over="ignore"):
            self.values = self.values.astype(np.float32)
        if not np.isfinite(self.values).all():
            raise document.refuse("'weights' has values that are not finite")
        self.taken = 0

    def take(self, *shape: int) -> Array:
        """The next ones."""
        start, self.taken = self.taken, self.taken + int(np.prod(shape))
        return self.values[start : self.taken].reshape(shape)


def read(document: Part, path: Path) -> tuple[Signal, list[Layer]]:
    """One step of the input, and the layers."""
    config = Part(f"{document.where}: config", document.of("config", dict, "an object"))
    config.known(*SETTINGS)
    features, units, count = map(config.count, ("input_size", "hidden_size", "num_layers"))
    outputs = config.count("out_channels") if "out_channels" in config.held else 1
    if "in_channels" in config.held and config.count("in_channels") != features:
        raise config.refuse(f"has {config.count('in_channels')} in_channels of {features} features; supported: as many")
    if count > MOST_LAYERS:
        raise config.refuse(f"num_layers={count}; supported: up to {MOST_LAYERS}")
    reads = [features, *[units] * (count - 1)]
    due = sum(4 * units * (each + units + 1) + 2 * units for each in reads) + outputs * (units + 1)
    weights, tensors, starts = _Weights(document, due), dict[str, Array](), list[Array]()
    for number, each in enumerate(reads):
        both = weights.take(4 * units, each + units)  # of the input and of the hidden state, side by side
        tensors[f"rec.weight_ih_l{number}"], tensors[f"rec.weight_hh_l{number}"] = both[:, :each], both[:, each:]
        tensors[f"rec.bias_ih_l{number}"] = weights.take(4 * units)
        tensors[f"rec.bias_hh_l{number}"] = np.zeros(4 * units, np.float32)
        hidden, cell = weights.take(units), weights.take(units)
        starts.append(np.stack([cell, hidden]))
    tensors["lin.weight"], tensors["lin.bias"] = weights.take(outputs, units), weights.take(outputs)
    source = Signal((1, features))
    reader = Reader(path, tensors, source)
    KINDS["lstm"](Entry(reader, f"{document.where}: LSTM", "lstm", {"weights": "rec", "return_sequences": True}))
    KINDS["linear"](Entry(reader, f"{document.where}: head", "head", {"weights": "lin"}))
    cells = [replace(layer, start=start) for layer, start in zip(reader.layers, starts, strict=False)]
    return source, [*cells, *reader.layers[count:]]
