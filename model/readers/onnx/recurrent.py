# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX's LSTM, GRU and RNN.

A node becomes a layer when something reads it, and as what is read: every step, or the last one, of either direction or
of both side by side. ONNX's gates are i, o, f, c of an LSTM and z, r, h of a GRU.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from model import functions
from model.functions import Function
from model.layers.bidirectional import Bidirectional
from model.layers.gru import Gru
from model.layers.lstm import Lstm
from model.layers.pad import Cropping
from model.layers.recurrent import Recurrent
from model.layers.reverse import Reverse
from model.layers.simple_rnn import SimpleRnn
from model.readers.onnx import values
from model.readers.onnx.file import Node
from model.readers.onnx.reader import BatchError, Reader
from model.readers.onnx.states import GIVEN, sources
from model.readers.onnx.values import Cell, State, Tensor
from model.signal import Array, Signal, Weights

SEQUENCE, LAST, CELL = "sequence", "last", "cell"  # what is asked of a cell: every step, the last one, its cell state
DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
GATES = {"LSTM": (0, 2, 3, 1), "GRU": (0, 1, 2), "RNN": (0,)}  # which of ONNX's gates each of ours is
FUNCTIONS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}  # by default
# names of activations: ours, and what their alpha and beta are by default
ACTIVATIONS: dict[str, tuple[str, tuple[float, ...]]] = {
    "tanh": ("tanh", ()),
    "sigmoid": ("sigmoid", ()),
    "relu": ("relu", ()),
    "softsign": ("softsign", ()),
    "softplus": ("softplus", ()),
    "leakyrelu": ("leaky_relu", (0.01,)),
    "elu": ("elu", (1.0,)),
    "thresholdedrelu": ("bent_relu", (1.0,)),
    "hardsigmoid": ("hard_sigmoid", (0.2, 0.5)),
    "affine": ("", (1.0, 0.0)),
    "scaledtanh": ("", (1.0, 1.0)),
}
HARD_SIGMOIDS = {(1 / 5, 0.5): "hard_sigmoid_keras2", (1 / 6, 0.5): "hard_sigmoid_keras3"}
READ = ("activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size", "input_forget",
        "layout", "linear_before_reset", "output_sequence")  # fmt: skip


def hard_sigmoid(alpha: float, beta: float) -> Function | None:
    """The one with this slope and offset, if there is."""
    for (slope, offset), name in HARD_SIGMOIDS.items():
        if math.isclose(alpha, slope, rel_tol=1e-6) and math.isclose(beta, offset, rel_tol=1e-6):
            return functions.named(name)
    return None


@dataclass(frozen=True)
class Recurring:
    """A node that is read."""

    node: Node
    source: int  # the signal, (T, F)
    steps: int
    make: tuple[Callable[[str, bool, Signal], Recurrent], ...]  # of each direction: of name, whether every step, output
    units: int


def _function(reader: Reader, node: Node, name: str, alphas: Iterator[float], betas: Iterator[float]) -> Function:
    """An activation, its alpha and beta taken from what the node lists."""
    ours, defaults = ACTIVATIONS.get(name.lower(), ("", ()))
    given = tuple(next(each, default) for each, default in zip((alphas, betas), defaults, strict=False))
    if not all(map(math.isfinite, given)):
        raise reader.refuse(node, f"has activation {name} with {given}; supported: finite numbers")
    if ours == "hard_sigmoid":
        found = hard_sigmoid(*given)
        if found:
            return found
    elif ours == "bent_relu":
        return Function(ours, (math.inf, 0.0, given[0]))
    elif ours:
        return Function(ours, given)
    known = ", ".join(one for one, (named, _) in ACTIVATIONS.items() if named)
    raise reader.refuse(
        node, f"has activation {name}{given or ''}; supported: {known}, HardSigmoid with alpha 1/5 or 1/6"[:500]
    )


def _functions(reader: Reader, node: Node, directions: int) -> list[tuple[Function, ...]]:
    """Those of each direction."""
    due = FUNCTIONS[node.operator]
    names = node.attributes.get("activations") or due * directions
    if len(names) != len(due) * directions:
        raise reader.refuse(node, f"has {len(names)} activations; {len(due) * directions} are due")
    alphas, betas = (iter(node.attributes.get(f"activation_{each}") or ()) for each in ("alpha", "beta"))
    found = [_function(reader, node, str(name), alphas, betas) for name in names]
    return [tuple(found[at : at + len(due)]) for at in range(0, len(found), len(due))]


def _check(reader: Reader, node: Node) -> None:
    """Nothing is asked for that a layer does not do."""
    for name in node.attributes:
        if name not in READ:
            raise reader.refuse(node, f"has attribute '{name}', which lstmcu does not know; export with opset 18")
    if node.attributes.get("clip"):
        raise reader.refuse(node, "clips its gates (clip); supported: export without clip")
    if node.attributes.get("input_forget"):
        raise reader.refuse(node, "couples input and forget gate (input_forget=1); train an LSTM with both, or a GRU")
    if node.attributes.get("layout", 0) not in (0, 1):
        raise reader.refuse(node, f"has layout {node.attributes['layout']}; the file is damaged")
    if node.attributes.get("direction", "forward") not in DIRECTIONS:
        raise reader.refuse(node, f"has direction {node.attributes['direction']!r}; the file is damaged"[:300])


def _check_lengths(reader: Reader, node: Node, steps: int) -> None:
    """All sequences are whole."""
    if node.input(4):
        lengths = reader.optional(node, 4)
        if not isinstance(lengths, np.ndarray) or not (lengths == steps).all():
            raise reader.refuse(
                node, "has sequences of different lengths (sequence_lens); export without pack_padded_sequence"
            )


def _check_peepholes(reader: Reader, node: Node, directions: int, units: int) -> None:
    if node.operator == "LSTM" and node.input(7) and reader.constant(node, 7, "P", directions, 3 * units).any():
        raise reader.refuse(node, "has peepholes (P); train an LSTM without")


def _given_start(reader: Reader, node: Node, value: Array, what: str, directions: int, units: int) -> Array:
    """(D, H) of a constant first state, which every sample of a batch is to share."""
    late = int(node.attributes.get("layout", 0))
    moved = np.moveaxis(value, 0, 1) if late and value.ndim == 3 else value
    if moved.shape not in ((directions, reader.batch, units), (directions, 1, units)):
        raise reader.refuse(node, f"{what} has shape {value.shape}; due for {directions} directions of {units} units")
    if not np.isfinite(value).all() or (moved != moved[:, :1]).any():
        raise reader.refuse(node, f"{what} is not finite, or other from sample to sample; supported: one for all")
    return moved[:, 0].astype(np.float32)


def _starts(reader: Reader, node: Node, directions: int, units: int) -> dict[str, Array]:
    """First states (D, H) that are constants; inputs that nothing else reads are noted down as what they are."""
    found = {}
    for at, what in GIVEN[node.operator].items():
        cells = [Cell(node.number, direction, what) for direction in range(directions)]
        value = reader.optional(node, at)
        name = "initial_c" if what == CELL else "initial_h"
        if value is None or isinstance(value, np.ndarray):
            reader.states.fixed.update(cells)
            if value is not None and value.any():
                found[what] = _given_start(reader, node, value, name, directions, units)
            continue
        held = sources(value)
        given = [each for each in held if isinstance(each, State)]
        if len(given) != len(held) or len(given) != directions:
            raise reader.refuse(
                node,
                f"starts from a state that is computed ({name}); supported: constants, or an input whose next state "
                "is an output",
            )
        reader.states.starts |= dict(zip(cells, given, strict=True))
    return found


def _lstm(bias: Array, own: Array, by: tuple[Function, ...], node: Node, common: dict[str, Any]) -> Recurrent:
    return Lstm(bias=bias + own, cell_clip=0.0, recurrent_activation=by[0], activation=by[1], **common)


def _gru(bias: Array, own: Array, by: tuple[Function, ...], node: Node, common: dict[str, Any]) -> Recurrent:
    """With linear_before_reset r multiplies the candidate's share of the hidden state, with its bias."""
    after = bool(node.attributes.get("linear_before_reset", 0))
    sums = np.concatenate([bias[:2] + own[:2], bias[2:] if after else bias[2:] + own[2:]])
    candidate = own[2] if after else np.zeros_like(own[2])
    by_gate: dict[str, Any] = {"recurrent_activation": by[0], "activation": by[1]}
    return Gru(bias=sums, candidate_bias=candidate, reset_after=after, **by_gate, **common)


def _rnn(bias: Array, own: Array, by: tuple[Function, ...], node: Node, common: dict[str, Any]) -> Recurrent:
    return SimpleRnn(bias=bias + own, activation=by[0], **common)


MAKE = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}


def _makers(
    reader: Reader, node: Node, features: int, units: int, starts: dict[str, Array]
) -> tuple[Callable[[str, bool, Signal], Recurrent], ...]:
    """What makes the layer of each direction."""
    directions, order = DIRECTIONS[node.attributes.get("direction", "forward")], list(GATES[node.operator])
    count, gates = len(directions), len(order)
    kernel = reader.constant(node, 1, "W", count, gates * units, features)
    recurrent = reader.constant(node, 2, "R", count, gates * units, units)
    bias = np.zeros((count, 2 * gates * units), np.float32)
    if node.input(3):
        bias = reader.constant(node, 3, "B", count, 2 * gates * units)
    by = _functions(reader, node, count)
    if node.operator == "LSTM" and any(each[1] != each[2] for each in by):
        raise reader.refuse(node, "has another activation of its candidate than of its cell state; supported: one")

    rows = (*((CELL,) if node.operator == "LSTM" else ()), LAST)
    zeros = np.zeros((count, units), np.float32)
    start = np.stack([starts.get(what, zeros) for what in rows], axis=1) if starts else None  # (D, S, H)

    def maker(at: int, backwards: bool) -> Callable[[str, bool, Signal], Recurrent]:
        given, own = bias[at].reshape(2, gates, units)[:, order].astype(np.float32)

        def make(name: str, sequences: bool, output: Signal) -> Recurrent:
            common = {
                "name": name,
                "kernel": Weights(kernel[at].reshape(gates, units, features)[order].astype(np.float32)),
                "recurrent": Weights(recurrent[at].reshape(gates, units, units)[order].astype(np.float32)),
                "return_sequences": sequences,
                "go_backwards": backwards,
                "output": output,
                "start": None if start is None else start[at],
            }
            return MAKE[node.operator](given, own, by[at], node, common)

        return make

    return tuple(maker(at, backwards) for at, backwards in enumerate(directions))


def read_recurrent(reader: Reader, node: Node) -> None:
    """A node with all its outputs, none of which is a layer yet."""
    _check(reader, node)
    layout = node.attributes.get("layout", 0)
    steps_axis, batch_axis = (1, 0) if layout else (0, 1)
    tensor = reader.whole(node, reader.signals(node))
    if len(tensor.axes) != 3:
        raise reader.refuse(node, f"reads {len(tensor.axes)} axes; three are due")
    if not tensor.is_batch(batch_axis):
        raise BatchError(
            str(
                reader.refuse(
                    node, f"takes axis {batch_axis} of {tensor.shape} for the batch: was batch_first=True forgotten?"
                )
            )
        )
    number, laid = reader.laid(node, tensor, [[steps_axis], [2]])
    steps, features = laid.length(steps_axis), laid.length(2)
    recurrent = reader.constant(node, 2, "R", None, None, None)
    units = recurrent.shape[2]
    if units < 1 or node.attributes.get("hidden_size", units) != units:
        raise reader.refuse(node, f"has hidden_size {node.attributes.get('hidden_size')} and R for {units}")
    _check_lengths(reader, node, steps)
    directions = len(DIRECTIONS[node.attributes.get("direction", "forward")])
    makers = _makers(reader, node, features, units, _starts(reader, node, directions, units))
    _check_peepholes(reader, node, directions, units)
    reader.recurring[node.number] = Recurring(node, number, steps, makers, units)
    for at, what in enumerate((SEQUENCE, LAST, CELL)):
        if node.output(at):
            axis, parts = _outputs(reader, node, what, len(makers))
            reader.values[node.output(at)] = values.joined(axis, parts)


def _outputs(reader: Reader, node: Node, what: str, directions: int) -> tuple[int, list[Tensor]]:
    """The axis of the directions, and what each gives."""
    recurring, late = reader.recurring[node.number], int(node.attributes.get("layout", 0))
    shape = (recurring.steps, recurring.units) if what == SEQUENCE else (recurring.units,)
    batch = 1 - late if what == SEQUENCE else 0
    axis = 1 + late if what == SEQUENCE else late
    cells = (Cell(node.number, direction, what) for direction in range(directions))
    return axis, [values.of_signal(cell, shape, reader.batch, batch).unsqueezed([axis]) for cell in cells]


# ---- layers ----


def make_cell(reader: Reader, what: Cell | tuple[Cell, ...]) -> int:
    """Add the layer of one direction, or of both side by side; returns the number of its signal."""
    if isinstance(what, tuple):
        return _both(reader, what[0])
    recurring = reader.recurring[what.node]
    node, units, steps = recurring.node, recurring.units, recurring.steps
    if what.what == CELL:
        raise reader.refuse(
            node, "has its cell state read or put out (Y_c), which lstmcu keeps to itself; export without"
        )
    if what.what == SEQUENCE:
        output = Signal((steps, units))
        made = reader.add(
            recurring.make[what.direction](reader.name(node.operator.lower()), True, output), recurring.source
        )
        turns = made_backwards(recurring, what.direction) and steps > 1  # a cell hands on its steps as it computes them
        return reader.add(Reverse(reader.name("reverse"), output), made) if turns else made
    every = Cell(what.node, what.direction, SEQUENCE)
    if reader.single and steps == 1:
        return reader.number(every)
    if every in reader.asked and not made_backwards(recurring, what.direction):
        cropped = Cropping(reader.name("last_step"), steps - 1, 0, Signal((1, units)))
        return reader.shaped(reader.add(cropped, reader.number(every)), (units,))
    made = recurring.make[what.direction](reader.name(node.operator.lower()), False, Signal((units,)))
    return reader.add(made, recurring.source)


def made_backwards(recurring: Recurring, direction: int) -> bool:
    """Whether a direction begins at the last step."""
    return DIRECTIONS[recurring.node.attributes.get("direction", "forward")][direction]


def _both(reader: Reader, cell: Cell) -> int:
    """A Bidirectional."""
    recurring, sequences = reader.recurring[cell.node], cell.what == SEQUENCE
    lead = (recurring.steps,) if sequences else ()
    name, half = reader.name("bidirectional"), Signal((*lead, recurring.units))
    forward, backward = (
        make(f"{name}_{which}", sequences, half)
        for make, which in zip(recurring.make, ("forward", "backward"), strict=True)
    )
    return reader.add(Bidirectional(name, forward, backward, Signal((*lead, 2 * recurring.units))), recurring.source)


def ending(reader: Reader, tensor: Tensor, axis: int, at: int) -> Tensor | None:
    """The last step that a cell computes, if that is what ``at`` on this axis of its sequence is."""
    cell = tensor.source
    if not isinstance(cell, Cell) or cell.what != SEQUENCE or not tensor.axes[axis]:
        return None
    recurring = reader.recurring[cell.node]
    due = 0 if made_backwards(recurring, cell.direction) else recurring.steps - 1
    if tensor.axes[axis] != (0,) or tensor.sizes[0] != recurring.steps or at != due:
        return None
    moved = tuple(tuple(atom - (atom > 0) for atom in own) for own in tensor.axes)
    axes = tuple(() if number == axis else own for number, own in enumerate(moved))
    return Tensor(Cell(cell.node, cell.direction, LAST), tensor.sizes[1:], axes, tensor.batch)
