# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""GuitarML's models (Proteus, NeuralPi, Chameleon): CoreAudioML's SimpleRNN, PyTorch's cells and one Linear."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from model.layers.base import Layer
from model.readers.safetensors.entry import Entry, Reader
from model.readers.safetensors.network import KINDS
from model.readers.weights_json.document import shown
from model.readers.weights_json.part import Part
from model.signal import Array, Signal

UNITS = {"LSTM": "lstm", "GRU": "gru", "RNN": "rnn"}
SETTINGS = (
    "model", "input_size", "skip", "output_size", "unit_type", "num_layers", "hidden_size", "bias_fl",
)  # fmt: skip
OF_CELL = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
MOST_LAYERS = 64


def _tensors(state: Part, due: list[str]) -> dict[str, Array]:
    """Those of these names, and no others."""
    state.known(*due)
    missing = [name for name in due if name not in state.held]
    if missing:
        raise state.refuse(f"has no '{missing[0]}'; export the model again")
    arrays = {name: state.array(state.held[name], f"'{name}'") for name in due}
    with np.errstate(over="ignore"):
        return {name: array.astype(np.float32) for name, array in arrays.items()}


def _linear(entry: Entry, inputs: int, outputs: int) -> None:
    """The Linear, whose tensors must be as large as the settings say."""
    entry.tensor("lin.weight", outputs, inputs)
    KINDS["linear"](entry)


def read(document: Part, path: Path) -> tuple[Signal, list[Layer], int]:
    """One step of the input, the layers, and how many of the first features are added to the output."""
    data = Part(f"{document.where}: model_data", document.of("model_data", dict, "an object"))
    state = Part(f"{document.where}: state_dict", document.of("state_dict", dict, "an object"))
    data.known(*SETTINGS)
    if data.text("model") != "SimpleRNN":
        raise data.refuse(f"model is {shown(data.held['model'])}; supported: SimpleRNN")
    unit = data.text("unit_type")
    if unit not in UNITS:
        raise data.refuse(f"unit_type is {shown(unit)}; supported: {', '.join(UNITS)}")
    inputs, hidden, outputs, count = map(data.count, ("input_size", "hidden_size", "output_size", "num_layers"))
    skip = data.count("skip", 0)
    if skip not in (0, outputs) or skip > inputs:
        raise data.refuse(f"skip={skip} of {inputs} inputs and {outputs} outputs; supported: 0, or as many as outputs")
    if count > MOST_LAYERS:
        raise data.refuse(f"num_layers={count}; supported: up to {MOST_LAYERS}")
    cells = [f"rec.{kind}_l{number}" for number in range(count) for kind in OF_CELL]
    tensors = _tensors(state, [*cells, "lin.weight", *(["lin.bias"] if data.flag("bias_fl") else [])])
    for number in range(count):
        if tensors[f"rec.weight_hh_l{number}"].shape[1:] != (hidden,):
            shape = tensors[f"rec.weight_hh_l{number}"].shape
            raise state.refuse(f"'rec.weight_hh_l{number}' has shape {shape}, hidden_size is {hidden}")
    source = Signal((1, inputs))
    reader = Reader(path, tensors, source)
    rec = Entry(reader, f"{state.where}: rec ({unit})", "rec", {"weights": "rec", "return_sequences": True})
    KINDS[UNITS[unit]](rec)
    _linear(Entry(reader, f"{state.where}: lin", "lin", {"weights": "lin"}), hidden, outputs)
    return source, reader.layers, skip
