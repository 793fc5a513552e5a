# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""States that a graph takes as inputs and gives back as outputs: a stream keeps them by itself.

Each element of such an input is told by its number, and so is each element of an output that comes of the last step:
an output goes with an input if all its numbers are that input's, in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from model.cells.chain import Chain
from model.cells.forms import Atom, Form
from model.errors import UserError
from model.readers.tflite.file import Graph, Operator, Refuse
from model.readers.tflite.steps import picked, steps_axis
from model.readers.tflite.symbols import Piece, Symbols
from model.signal import Array

Rule = Callable[["Elements", Operator], Array]


class Elements:
    """The elements of tensors by their numbers among those of the graph's inputs; ``KeyError`` of anything else."""

    def __init__(self, graph: Graph, symbols: Symbols) -> None:
        self.graph, self.symbols = graph, symbols
        self.known: dict[int, Array] = {}
        self.given: dict[Atom, Array] = {}
        self.following: dict[Atom, Array] = {}  # what comes of a state: the numbers that it is to replace
        self.producers = {number: each for each in graph.operators for number in each.outputs}
        count = 0
        for number in graph.inputs:
            tensor = graph.tensors[number]
            self.known[number] = count + np.arange(tensor.size).reshape(tensor.shape)
            count += tensor.size

    def of(self, number: int) -> Array:
        """The numbers of a tensor's elements, in its shape."""
        if number not in self.known:
            value, shape = self.symbols.values.get(number), self.graph.tensors[number].shape
            if isinstance(value, Form) and value.atom in self.following:
                self.known[number] = self.following[value.atom].reshape(shape)
            else:
                operator = self.producers[number]
                self.known[number] = RULES[operator.name](self, operator).reshape(shape)
        return self.known[number]

    def of_state(self, what: object) -> Array:
        """Those that a leaf is."""
        if not isinstance(what, Piece):
            raise KeyError(what)
        whole = self.of(what.tensor)
        if what.step is None:
            return whole.reshape(-1)
        axis = steps_axis(whole.shape)
        if axis is None or not isinstance(what.step, int):
            raise KeyError(what)
        return np.asarray(np.take(whole, what.step, axis)).reshape(-1)


def _sliced(elements: Elements, operator: Operator) -> Array:
    taken = picked(elements.graph.tensors, operator)
    if taken is None:
        raise KeyError(operator)
    return elements.of(operator.inputs[0])[np.ix_(*taken)]


def _packed(elements: Elements, operator: Operator) -> Array:
    return np.stack([elements.of(number) for number in operator.inputs], operator.options.get("Axis", 0))


def _joined(elements: Elements, operator: Operator) -> Array:
    return np.concatenate([elements.of(number) for number in operator.inputs], operator.options.get("Axis", 0))


RULES: dict[str, Rule] = {
    **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), lambda elements, each: elements.of(each.inputs[0])),
    "STRIDED_SLICE": _sliced,
    "PACK": _packed,
    "CONCATENATION": _joined,
}


def _told(chain: Chain, elements: Elements) -> None:
    """Tell what comes of a chain's states."""
    after: list[Form] = [chain.hidden[-1], *([] if chain.new_cell is None else [chain.new_cell])]
    for leaf, form in zip(chain.states, after, strict=True):
        elements.following[form.atom] = elements.of_state(leaf.what)


def _partner(number: int, elements: Elements) -> int | None:
    """The input whose next value an output is; None if it is none."""
    try:
        found = elements.of(number).reshape(-1)
    except (KeyError, ValueError, IndexError):
        return None
    for one in elements.graph.inputs:
        if np.array_equal(found, elements.known[one].reshape(-1)) and number != one:
            return one
    return None


def pairs_of(graph: Graph, symbols: Symbols, chains: Sequence[Chain], refuse: Refuse) -> dict[int, int]:
    """The tensors of inputs that are states of these chains, and which output is the next value of each."""
    elements = Elements(graph, symbols)
    states: dict[int, None] = {}
    for chain in chains:
        if not chain.states:
            continue
        try:
            _told(chain, elements)
        except (KeyError, ValueError, IndexError):
            raise _not_an_input(chain, refuse) from None
        for leaf in chain.states:
            ends = elements.of_state(leaf.what)
            states |= dict.fromkeys(n for n in graph.inputs if np.isin(ends, elements.known[n]).any())
    partners = {at: _partner(number, elements) for at, number in enumerate(graph.outputs)}
    pairs = {partner: at for at, partner in partners.items() if partner in states}  # of equal outputs the last
    for number in states:
        if number not in pairs:
            raise refuse(f"its input {graph.inputs.index(number)} is a state, and no output is that state's next value")
    return {number: at for number, at in pairs.items() if number is not None}


def told(graph: Graph, pairs: Mapping[int, int]) -> str:
    """Which of its ends they are."""
    return ", ".join(f"input {graph.inputs.index(number)} and output {at}" for number, at in pairs.items())


def without_states(graph: Graph, symbols: Symbols, chains: Sequence[Chain], refuse: Refuse) -> tuple[Graph, str]:
    """The graph without the states of these chains among its ends, and what to tell of them."""
    pairs = pairs_of(graph, symbols, chains, refuse)
    if not pairs:
        return graph, ""
    inputs = tuple(number for number in graph.inputs if number not in pairs)
    outputs = tuple(number for at, number in enumerate(graph.outputs) if at not in pairs.values())
    if not inputs or not outputs:
        raise refuse("all its inputs or outputs are states; nothing is left to compute")
    kept = "the state of a cell: zeros at reset, and kept from step to step by state=stream"
    return replace(graph, inputs=inputs, outputs=outputs), f"{told(graph, pairs)} are {kept}"


def _not_an_input(chain: Chain, refuse: Refuse) -> UserError:
    what = next((leaf.what for leaf in chain.states if isinstance(leaf.what, Piece)), None)
    where = f"tensor {what.tensor}" if what else "a tensor"
    return refuse(f"a {chain.cell.kind} starts from {where}; supported: from constants, or from an input of the graph")
