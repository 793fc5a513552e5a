# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's LSTM, GRU and RNN: layers on one another and both directions are seen from the tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from model import functions
from model.functions import Function
from model.layers.bidirectional import Bidirectional
from model.layers.gru import Gru
from model.layers.lstm import Lstm
from model.layers.recurrent import Recurrent
from model.layers.simple_rnn import SimpleRnn
from model.readers.safetensors.entry import Entry
from model.signal import Array, Signal, Weights


class Cell(NamedTuple):
    """A kind of cell."""

    name: str
    order: tuple[int, ...]  # which of PyTorch's gates each of ours is
    make: Callable[[Array, Array, Function, dict[str, Any]], Recurrent]  # of both biases (G, H), and of all the rest


def _lstm(bias: Array, own: Array, function: Function, common: dict[str, Any]) -> Recurrent:
    return Lstm(bias=bias + own, cell_clip=0.0, **common)


def _gru(bias: Array, own: Array, function: Function, common: dict[str, Any]) -> Recurrent:
    """r multiplies the candidate's share of the hidden state, with its bias."""
    sums = np.concatenate([bias[:2] + own[:2], bias[2:]])
    return Gru(bias=sums, candidate_bias=own[2], reset_after=True, **common)


def _rnn(bias: Array, own: Array, function: Function, common: dict[str, Any]) -> Recurrent:
    return SimpleRnn(bias=bias + own, activation=function, **common)


LSTM = Cell("LSTM", (0, 1, 2, 3), _lstm)  # i, f, g, o are i, f, c, o
GRU = Cell("GRU", (1, 0, 2), _gru)  # of r, z, n the gates z, r, h
RNN = Cell("RNN", (0,), _rnn)


class Direction(NamedTuple):
    """Which part of a layer of PyTorch's is read."""

    prefix: str  # of its tensors
    number: int  # of stacked layers
    backwards: bool
    sequences: bool  # whether it hands on every step
    function: Function


def _direction(entry: Entry, cell: Cell, which: Direction, name: str) -> Recurrent:
    """One direction of one layer."""
    (steps, features), gates = entry.sequence(), len(cell.order)
    prefix, tail = which.prefix, f"_l{which.number}{'_reverse' * which.backwards}"
    if entry.has(f"{prefix}weight_hr{tail}"):
        raise entry.refuse("proj_size is not supported; train with proj_size=0")
    recurrent = entry.tensor(f"{prefix}weight_hh{tail}", None, None)
    rows, units = recurrent.shape
    if units < 1 or rows != gates * units:
        due = f"({gates if gates > 1 else ''}H, H)"
        what = f"which is no {cell.name}'s {due}"
        raise entry.refuse(f"tensor '{prefix}weight_hh{tail}' has shape {recurrent.shape}, {what}")
    kernel = entry.tensor(f"{prefix}weight_ih{tail}", rows, features)
    biases = [np.zeros(rows, np.float32)] * 2
    if entry.has(f"{prefix}bias_ih{tail}"):
        biases = [entry.tensor(f"{prefix}{kind}{tail}", rows) for kind in ("bias_ih", "bias_hh")]
    order = list(cell.order)
    bias, own = (each.reshape(gates, units)[order] for each in biases)
    common = {
        "name": name,
        "kernel": Weights(kernel.reshape(gates, units, features)[order]),
        "recurrent": Weights(recurrent.reshape(gates, units, units)[order]),
        "return_sequences": which.sequences,
        "go_backwards": which.backwards,
        "output": Signal((steps, units) if which.sequences else (units,)),
    }
    return cell.make(bias, own, which.function, common)


def _both(entry: Entry, one: Recurrent, other: Recurrent, name: str) -> Bidirectional:
    if other.units != one.units:
        raise entry.refuse(f"its two directions have {one.units} and {other.units} units")
    return Bidirectional(name, one, other, Signal((*one.output.shape[:-1], 2 * one.units)))


def _read(entry: Entry, cell: Cell, function: Function) -> None:
    prefix, sequences = entry.prefix(), entry.take("return_sequences", bool, False)
    number = 0
    while number == 0 or entry.has(f"{prefix}weight_hh_l{number}"):
        stacked = entry.has(f"{prefix}weight_hh_l1")
        name = f"{entry.name}_l{number}" if stacked else entry.name
        # all but the last of stacked layers hand on every step
        every = sequences or entry.has(f"{prefix}weight_hh_l{number + 1}")
        which = Direction(prefix, number, False, every, function)
        if entry.has(f"{prefix}weight_hh_l{number}_reverse"):
            one = _direction(entry, cell, which, f"{name}_forward")
            other = _direction(entry, cell, which._replace(backwards=True), f"{name}_backward")
            entry.reader.add(_both(entry, one, other, name))
        else:
            entry.reader.add(_direction(entry, cell, which, name))
        number += 1
    entry.reader.channels_first = False


def _plain(cell: Cell) -> Callable[[Entry], None]:
    return lambda entry: _read(entry, cell, functions.named("tanh"))


def _of_rnn(entry: Entry) -> None:
    _read(entry, RNN, functions.named(entry.choice("nonlinearity", ("tanh", "relu"), "tanh")))


KINDS: dict[str, Callable[[Entry], None]] = {"lstm": _plain(LSTM), "gru": _plain(GRU), "rnn": _of_rnn}
