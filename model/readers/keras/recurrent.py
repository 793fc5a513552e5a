# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What Keras's recurrent layers become: a layer with its cell, layers of cells given to RNN, those made for cuDNN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from model.layers.base import Layer
from model.layers.bidirectional import Bidirectional
from model.layers.gru import CANDIDATE, Gru
from model.layers.lstm import Lstm
from model.layers.merge_halves import MergeHalves
from model.layers.recurrent import Recurrent
from model.layers.simple_rnn import SimpleRnn
from model.readers.keras.activations import function_of
from model.readers.keras.settings import MERGED, Config
from model.readers.keras.source import Source
from model.signal import Array, Signal, Weights


def _by_gate(array: Array, gates: int) -> Array:
    """Keras keeps gates as column blocks (I, G * H); here they are (G, H, I)."""
    return np.ascontiguousarray(array.reshape(len(array), gates, -1).transpose(1, 2, 0))


def _has_bias(config: Config) -> bool:
    return bool(config.get("use_bias", True))


def _count(config: Config) -> int:
    """How many arrays a cell has."""
    return 3 if _has_bias(config) else 2


def _common(source: Source, gates: int, kernel: Array, recurrent: Array) -> dict[str, Any]:
    """What every cell has, of arrays (F, G * H) and (H, G * H)."""
    sequences = bool(source.config.get("return_sequences"))
    steps, units = source.input.shape[0], len(recurrent)
    return {
        "name": source.name,
        "kernel": Weights(_by_gate(kernel, gates)),
        "recurrent": Weights(_by_gate(recurrent, gates)),
        "return_sequences": sequences,
        "go_backwards": bool(source.config.get("go_backwards")),
        "output": Signal((steps, units) if sequences else (units,)),
    }


def _matrices(source: Source, gates: int) -> tuple[Array, Array]:
    """Kernel (F, G * H) and recurrent kernel (H, G * H)."""
    if len(source.input.shape) != 2:
        raise source.refuse(f"needs a sequence (steps, features) as input, got shape {source.input.shape}")
    units = int(source.config["units"])
    return source.array(0, source.input.shape[1], gates * units), source.array(1, units, gates * units)


def _bias(source: Source, *shape: int) -> Array:
    source.only(_count(source.config))
    return source.array(2, *shape) if _has_bias(source.config) else np.zeros(shape, np.float32)


def _functions(source: Source) -> dict[str, Any]:
    """The activations of a cell with gates."""
    return {key: function_of(source, key) for key in ("activation", "recurrent_activation")}


def _lstm(source: Source) -> Lstm:
    kernel, recurrent = _matrices(source, 4)
    bias = _bias(source, 4 * len(recurrent)).reshape(4, -1)
    return Lstm(bias=bias, cell_clip=0.0, **_functions(source), **_common(source, 4, kernel, recurrent))


def _gru_of(source: Source, kernel: Array, recurrent: Array, biases: Array, **functions: Any) -> Gru:
    """``biases`` (1 or 2, 3H): the second is of the recurrent products, and only there where reset comes after."""
    rows = biases.reshape(len(biases), 3, -1)
    own = np.zeros_like(rows[0, 0]) if len(rows) == 1 else rows[1, CANDIDATE]
    bias = rows.sum(axis=0)
    bias[CANDIDATE] = rows[0, CANDIDATE]
    common = {**_common(source, 3, kernel, recurrent), **functions}
    return Gru(bias=bias, candidate_bias=own, reset_after=len(rows) == 2, **common)


def _gru(source: Source) -> Gru:
    kernel, recurrent = _matrices(source, 3)
    columns = kernel.shape[1]
    after = bool(source.config.get("reset_after", False))  # Keras before 2.1.3 had nothing else and did not say it
    biases = _bias(source, 2, columns) if after else _bias(source, columns)
    return _gru_of(source, kernel, recurrent, biases.reshape(-1, columns), **_functions(source))


def _simple_rnn(source: Source) -> SimpleRnn:
    kernel, recurrent = _matrices(source, 1)
    bias = _bias(source, len(recurrent)).reshape(1, -1)
    return SimpleRnn(bias=bias, activation=function_of(source), **_common(source, 1, kernel, recurrent))


def _of_cudnn(source: Source, gates: int) -> tuple[Array, Array, Array]:
    """Kernel, recurrent kernel and biases (2, G * H) as other layers have them: cuDNN's gates are transposed."""
    kernel, recurrent = _matrices(source, gates)
    source.only(3)
    kernel = np.hstack([gate.T.reshape(gate.shape, order="F") for gate in np.hsplit(kernel, gates)])
    recurrent = np.hstack([gate.T for gate in np.hsplit(recurrent, gates)])
    return kernel, recurrent, source.array(2, 2 * kernel.shape[1]).reshape(2, -1)


def _cudnn_lstm(source: Source) -> Lstm:
    kernel, recurrent, biases = _of_cudnn(source, 4)
    bias = biases.sum(axis=0).reshape(4, -1)
    return Lstm(bias=bias, cell_clip=0.0, **_common(source, 4, kernel, recurrent))


def _cudnn_gru(source: Source) -> Gru:
    return _gru_of(source, *_of_cudnn(source, 3))


# by kind, of a layer with one cell or of a cell
READ: dict[str, Callable[[Source], Recurrent]] = {
    **dict.fromkeys(("LSTM", "LSTMCell"), _lstm),
    **dict.fromkeys(("GRU", "GRUCell"), _gru),
    **dict.fromkeys(("SimpleRNN", "SimpleRNNCell"), _simple_rnn),
    "CuDNNLSTM": _cudnn_lstm,
    "CuDNNGRU": _cudnn_gru,
}


def _cells(source: Source, kind: str) -> list[tuple[str, Source]]:
    """The cells of a layer, and what each is given: all but the last give sequences, the first may read backwards."""
    if kind in READ:
        return [(kind, source)]
    cell = source.config["cell"]
    cells = cell["config"].get("cells", [cell])
    found, start, last = [], 0, len(cells) - 1
    for number, each in enumerate(cells):
        over_time = {
            "return_sequences": number < last or source.config.get("return_sequences"),
            "go_backwards": not number and source.config.get("go_backwards"),
        }
        stop = start + _count(each["config"])
        arrays = source.arrays[start : stop if number < last else None]
        name = source.name if len(cells) == 1 else f"{source.name}_{number}"
        settings = {**each["config"], **over_time}
        found.append((each["class_name"], source._replace(name=name, config=settings, arrays=arrays)))
        start = stop
    return found


def _recurrent(kind: str) -> Callable[[Source], list[Layer]]:
    """The layers of a recurrent layer: one for each cell."""

    def read(source: Source) -> list[Layer]:
        made: list[Layer] = []
        for cell, given in _cells(source, kind):
            made.append(READ[cell](given._replace(input=made[-1].output if made else source.input)))
        return made

    return read


def _half(source: Source, half: str, spec: Config, arrays: tuple[Array, ...]) -> Recurrent:
    part = source._replace(name=f"{source.name}_{half}", config=spec["config"], arrays=arrays)
    cells = _cells(part, spec["class_name"])
    if len(cells) > 1:
        raise source.refuse("of several cells is not supported; use a Bidirectional layer for each")
    ((kind, given),) = cells
    return READ[kind](given)


def _arrays_of(spec: Config) -> int:
    """How many arrays a layer within a Bidirectional has."""
    cell = spec["config"].get("cell", spec)
    return sum(_count(each["config"]) for each in cell["config"].get("cells", [cell]))


def _bidirectional(source: Source) -> list[Layer]:
    forward = source.config["layer"]
    # Keras leaves it out when it is the forward layer turned round
    turned = {**forward, "config": {**forward["config"], "go_backwards": True}}
    backward = source.config.get("backward_layer") or turned
    if forward["config"].get("go_backwards") or not backward["config"].get("go_backwards"):
        raise source.refuse("its first layer must have go_backwards=False and its second go_backwards=True")
    count = _arrays_of(forward)
    one = _half(source, "forward", forward, source.arrays[:count])
    other = _half(source, "backward", backward, source.arrays[count:])
    if one.output.shape != other.output.shape or one.kind != other.kind:
        raise source.refuse("its layers must have the same cell, units and return_sequences")
    both = Bidirectional(source.name, one, other, Signal((*one.output.shape[:-1], 2 * one.units)))
    mode = source.config["merge_mode"]
    return [both] if mode == "concat" else [both, MergeHalves(f"{source.name}_{mode}", MERGED[mode], one.output)]


LAYERS: dict[str, Callable[[Source], list[Layer]]] = {
    **{kind: _recurrent(kind) for kind in ("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU", "RNN")},
    "Bidirectional": _bidirectional,
}
