# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""GuitarML's SmartAmpPro: a Keras model of two convolutions, an LSTM and a Dense, over a window for each sample.

The LSTM is left by its last step, and starts from zeros in each window. Where the convolutions leave it a single step,
newer files have no recurrent weights: nothing would reach them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from model import planner
from model.formats import REAL
from model.layers.base import Layer
from model.layers.window import MOST
from model.network import chained
from model.readers.keras.layers import LAYERS
from model.readers.keras.source import Source
from model.readers.weights_json.document import shown
from model.readers.weights_json.part import Part
from model.signal import Array, Signal

KERNEL, RECURRENT, BIAS = "kernel:0", "recurrent_kernel:0", "bias:0"
STRIDES = {"conv1d": "conv1d_stride", "conv1d_1": "conv1d_1_stride"}
KEYS = ("input_size", *STRIDES, *STRIDES.values(), "lstm", "dense")
CELL = "lstm_cell"  # an empty object that some Keras leaves in the files
INSTEAD = "give the Keras model that it was exported from: model.save('m.keras')"
LSTM = {"activation": "tanh", "recurrent_activation": "sigmoid"}


class Held(NamedTuple):
    """What such a file holds."""

    source: Signal  # one window
    layers: list[Layer]
    notes: tuple[str, ...]


def _arrays(document: Part, name: str) -> dict[str, Array]:
    """A layer's, by their names."""
    part = Part(f"{document.where}: {name}", document.of(name, dict, "an object"))
    known = (KERNEL, RECURRENT, BIAS, CELL) if name == "lstm" else (KERNEL, BIAS)
    part.known(*known)
    if CELL in part.held and part.held[CELL] != {}:
        raise part.refuse(f"'{CELL}' is {shown(part.held[CELL])}, an empty object is due")
    return {key: part.array(part.list(key), f"'{key}'") for key in known if key != CELL and _due(part, key)}


def _due(part: Part, key: str) -> bool:
    return key != RECURRENT or key in part.held


def _size(document: Part) -> int:
    """The steps of a window; older files have it as a text."""
    size = document.held.get("input_size")
    if isinstance(size, str) and size.isascii() and size.isdigit() and len(size) < 9:
        return Part(document.where, {"input_size": int(size)}).count("input_size")
    return document.count("input_size")


def _stride(document: Part, key: str) -> int:
    if key not in document.held:
        raise document.refuse(
            f"has no '{key}', as its first files: put into it what the network was trained with, as "
            '"conv1d_stride": 12, "conv1d_1_stride": 12'
        )
    return document.count(key)


def _layer(document: Part, kind: str, name: str, source: Signal, settings: dict[str, Any], *arrays: Array) -> Layer:
    """One, as Keras has it."""
    (made,) = LAYERS[kind](Source(f"{document.where}: {name}", name, settings, arrays, source))
    return made


def _convolution(document: Part, name: str, source: Signal) -> Layer:
    arrays, stride = _arrays(document, name), _stride(document, STRIDES[name])
    kernel, bias = arrays[KERNEL], arrays[BIAS]
    if kernel.ndim != 3:
        raise document.refuse(f"{name}: '{KERNEL}' has shape {kernel.shape}; (length, inputs, filters) is due")
    if max(stride, len(kernel)) > MOST:
        raise document.refuse(f"{name}: it takes {len(kernel)} steps, every {stride}; supported: up to {MOST}")
    settings = {"filters": kernel.shape[2], "kernel_size": len(kernel), "strides": stride, "padding": "same"}
    return _layer(document, "Conv1D", name, source, {**settings, "activation": "linear"}, kernel, bias)


def _cell(document: Part, source: Signal) -> Layer:
    arrays, steps = _arrays(document, "lstm"), source.shape[0]
    units, rest = divmod(arrays[BIAS].size, 4)
    if rest or not units:
        raise document.refuse(f"lstm: '{BIAS}' has shape {arrays[BIAS].shape}; four for each unit are due")
    if RECURRENT not in arrays and steps > 1:
        raise document.refuse(
            f"lstm: has no '{RECURRENT}', and the convolutions leave it {steps} steps; SmartAmpPro computes the first "
            f"alone; {INSTEAD}"
        )
    recurrent = arrays.get(RECURRENT, np.zeros((units, 4 * units)))
    return _layer(document, "LSTM", "lstm", source, {**LSTM, "units": units}, arrays[KERNEL], recurrent, arrays[BIAS])


def read(document: Part) -> Held:
    """One window of the input, and the layers."""
    document.known(*KEYS)
    size = _size(document)
    source, layers = Signal((size, 1)), list[Layer]()
    for name in STRIDES:
        layers.append(_convolution(document, name, layers[-1].output if layers else source))
    steps = layers[-1].output.shape[0]
    layers.append(_cell(document, layers[-1].output))
    arrays = _arrays(document, "dense")
    settings = {"units": arrays[BIAS].size, "activation": "linear"}
    layers.append(_layer(document, "Dense", "dense", layers[-1].output, settings, arrays[KERNEL], arrays[BIAS]))
    whole = planner.make(chained("smartamp", "", "", REAL, source, layers), stream=True).streamable
    if RECURRENT not in document.held["lstm"] and not whole:
        raise document.refuse(f"lstm: has no '{RECURRENT}', which it would need as a stream; {INSTEAD}")
    note = f"a window is the {size} last samples of the audio, and its output is of the last of them"
    several = f"its LSTM runs over {steps} steps, as in Keras; SmartAmpPro's own program computes the first alone"
    return Held(source, layers, (note, several) if steps > 1 else (note,))
