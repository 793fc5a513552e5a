# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""States that a graph has for inputs and outputs, as exporters leave h and c: the device keeps them itself.

An input that is nothing but the first state of cells is no input here, if an output hands on what becomes of it: the
two are what passes from one call to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from model.errors import UserError
from model.readers.onnx import values
from model.readers.onnx.file import End, Graph, Node
from model.readers.onnx.values import Cell, State, Tensor, Value

GIVEN = {"LSTM": {5: "last", 6: "cell"}, "GRU": {5: "last"}, "RNN": {5: "last"}}  # inputs that are states, and which
MOST_ROWS = 64  # states side by side in an input
RESHAPE = ("Slice", "Gather", "Split", "Squeeze", "Unsqueeze", "Identity", "Reshape", "Transpose", "Cast")


@dataclass
class States:
    """What is known of them so far."""

    starts: dict[Cell, State] = field(default_factory=dict)  # what a state of a cell starts from, if that is an input
    fixed: set[Cell] = field(default_factory=set)  # those that start from the same every time


def of_inputs(graph: Graph) -> frozenset[str]:
    """The inputs that are read as first states only."""
    reads: dict[str, list[tuple[Node, int]]] = {}
    for node in graph.nodes:
        for at, name in enumerate(node.inputs):
            reads.setdefault(name, []).append((node, at))
    outputs = set(graph.outputs)

    def leads_to_state(name: str, depth: int) -> bool:
        if name in outputs or not reads.get(name) or depth > 20:
            return False
        return all(
            at in GIVEN.get(node.operator, ())
            or (node.operator in RESHAPE and at == 0 and all(leads_to_state(each, depth + 1) for each in node.outputs))
            for node, at in reads[name]
        )

    return frozenset(end.name for end in graph.inputs if leads_to_state(end.name, 0))


def rows(end: End, batch: int, at: int | None) -> Value | None:
    """An input of states: side by side along what is neither batch nor units; None if it is none by its shape."""
    shape = [length if isinstance(length, int) else batch for length in end.shape or ()]
    rank, front = len(shape), None if at is None else 0  # front: where the batch of a row is
    if not 1 <= rank <= 3 or shape[-1] < 1 or at == rank - 1 or (at is None and (batch > 1 or rank > 2)):
        return None
    first = values.of_signal(State(end.name, 0), (shape[-1],), batch, front)
    if rank == 1 + (at is not None):
        return first
    axis = 0 if at is None else 1 - at
    count = shape[axis]
    if not 0 < count <= MOST_ROWS:
        return None
    each = [values.of_signal(State(end.name, row), (shape[-1],), batch, front) for row in range(count)]
    parts = [one.unsqueezed([axis]) for one in each]
    return values.joined(axis, parts)


def sources(value: Value) -> list[object]:
    """What a value consists of, in order."""
    if isinstance(value, np.ndarray):
        return []
    return [value.source] if isinstance(value, Tensor) else [part.source for part in value.parts]


def hands_on(states: States, value: Value) -> str:
    """The name of the input whose next state a value is, all of it; empty if it is no such thing."""
    given = [states.starts.get(each) if isinstance(each, Cell) else None for each in sources(value)]
    first = given[0] if given else None
    if first is None or given != [State(first.input, row) for row in range(len(given))]:
        return ""
    return first.input if len(given) == sum(each.input == first.input for each in states.starts.values()) else ""


def is_hidden(value: Value) -> bool:
    """Whether it consists of hidden states alone."""
    found = sources(value)
    return bool(found) and all(isinstance(each, Cell) and each.what == "last" for each in found)


def is_final(value: Value) -> bool:
    """Whether it consists of cell states alone."""
    found = sources(value)
    return bool(found) and all(isinstance(each, Cell) and each.what == "cell" for each in found)


def is_part(value: Value, final: set[object]) -> bool:
    """Whether it is cell states that are put out, or the hidden states of the same cells."""
    found = sources(value)
    beside = [Cell(each.node, each.direction, "cell") if isinstance(each, Cell) else None for each in found]
    last = all(isinstance(each, Cell) and each.what in ("last", "cell") for each in found)
    return bool(found) and last and set(beside) <= final


def check(states: States, kept: dict[str, str], path: Path, quantises: bool) -> None:
    """Raise ``UserError`` where only a part of the states is handed on; ``quantises``: in integers nothing is."""
    for state in states.starts.values():
        if state.input not in kept:
            raise UserError(
                f"{path}: input '{state.input}' is a first state, but no output hands on what becomes of it; "
                + ("leave it in real numbers (nodes_to_exclude)" if quantises else "export both, or neither")
            )
    if states.starts and states.fixed:
        raise UserError(f"{path}: some states are inputs, others start anew every time; export all as inputs, or none")
