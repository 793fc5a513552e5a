# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Recurrent layers that were unrolled, as ``unroll=True`` has them, each as one operator over the sequence.

Where the first copy reads its state from an input of the graph, and the last one's goes to an output, both are the
state of a stream and no longer ends of the graph.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.cells.chain import AmbiguousError, Chain, found
from model.cells.forms import Atom, Form, Leaf
from model.formats import REAL
from model.readers.tflite.file import Graph, Operator, Refuse, Tensor
from model.readers.tflite.live import only_needed
from model.readers.tflite.rules import symbols_of
from model.readers.tflite.state import without_states
from model.readers.tflite.steps import steps_axis
from model.readers.tflite.symbols import Piece, Series, Symbols
from model.signal import Array

SLICE = {"BeginMask": 5, "EndMask": 5, "ShrinkAxisMask": 2}  # the last of (1, T, H), as (1, H)


class Unrolled:
    """The cells of a graph, found from its end, and the operators that stand for them."""

    def __init__(self, graph: Graph, symbols: Symbols, refuse: Refuse) -> None:
        self.graph, self.symbols = graph, symbols
        self.tensors = list(graph.tensors)
        self.numbers = max((each.number for each in graph.operators), default=0)
        values = (symbols.values.get(each.outputs[0]) for each in reversed(graph.operators) if each.outputs)
        try:
            chains = found(value for value in values if isinstance(value, Form))
        except AmbiguousError as either:
            raise refuse(f"{either}, and either may be the hidden state of a cell; give the .keras") from None
        self.chains = {each.steps: each for each in chains}
        self.made: dict[tuple[Atom, ...], int] = {}  # the tensors that hold what they give

    def tensor(self, values: Array | None, *shape: int) -> int:
        """A new tensor: whole numbers, or what is computed."""
        data = np.empty(0, np.uint8) if values is None else np.frombuffer(np.int32(values).tobytes(), np.uint8)
        none, number = np.empty(0), len(self.tensors)
        dtype = REAL if values is None else str(np.dtype(np.int32))
        self.tensors.append(Tensor(number, "", shape, dtype, data, none, none, 0, False, False, True))
        return number

    def source(self, xs: tuple[Atom, ...]) -> tuple[int, bool] | None:
        """The tensor whose steps these are, and whether from its end; None if there is none."""
        for backwards, order in ((False, xs), (True, xs[::-1])):
            if order in self.made:
                return self.made[order], backwards
            pieces = [atom.what for atom in order if isinstance(atom, Leaf) and isinstance(atom.what, Piece)]
            tensors = {piece.tensor for piece in pieces}
            if len(pieces) != len(order) or len(tensors) != 1:
                continue
            number = tensors.pop()
            shape = self.graph.tensors[number].shape
            axis = steps_axis(shape)
            steps = [piece.step for piece in pieces]
            if steps == [None] or (axis is not None and steps == list(range(shape[axis]))):
                return number, backwards
        return None

    def operators_of(self, steps: tuple[Atom, ...], chain: Chain, last: Operator) -> list[Operator]:
        """What stands for a chain whose last step is computed by an operator: its sequence, and the last step."""
        read = self.source(chain.xs)
        if read is None:
            return []
        source, backwards = read
        units, count = chain.cell.units, len(steps)
        self.made[steps] = sequence = self.tensor(None, 1, count, units)
        options = {"AsymmetricQuantizeInputs": self.symbols.asymmetric}
        backwards &= count > 1
        stored = chain.cell.stored(self.symbols.stored)
        cell = Operator(self.number(), last.name, (source,), (sequence,), options, cell=stored, backwards=backwards)
        if count == 1:
            return [cell]
        limits = [self.tensor(np.array(values), 3) for values in ([0, -1, 0], [0, 0, 0], [1, 1, 1])]
        only = self.tensor(None, 1, units)
        self.made[steps[-1:]] = only
        return [cell, Operator(self.number(), "STRIDED_SLICE", (sequence, *limits), (only,), SLICE)]

    def number(self) -> int:
        """One that no operator has."""
        self.numbers += 1
        return self.numbers

    def given(self, number: int) -> tuple[Atom, ...]:
        """What a tensor holds, step by step."""
        value = self.symbols.values.get(number)
        if isinstance(value, Series):
            return tuple(form.atom for form in value.steps)
        return (value.atom,) if isinstance(value, Form) and not value.constant else ()

    def operators(self) -> tuple[Operator, ...]:
        """All of the graph: what computes a step of a cell reads it from what stands for the cell."""
        ends = {steps[-1]: steps for steps in self.chains}
        made: list[Operator] = []
        for operator in self.graph.operators:
            held = self.given(operator.outputs[0]) if len(operator.outputs) == 1 else ()
            steps = ends.get(held[-1]) if held else None
            if steps is not None and steps not in self.made:
                made += self.operators_of(steps, self.chains[steps], operator)
            known = self.made.get(held)
            made.append(operator if known is None else replace(operator, name="RESHAPE", inputs=(known,), options={}))
        return tuple(made)


def without_unrolled(graph: Graph, refuse: Refuse) -> tuple[Graph, tuple[str, ...]]:
    """The graph with one operator for each cell that was unrolled, and what to tell of its states."""
    unrolled = Unrolled(graph, symbols_of(graph, refuse), refuse)
    if not unrolled.chains:
        return graph, ()
    ended, note = without_states(graph, unrolled.symbols, list(unrolled.chains.values()), refuse)
    after = replace(ended, operators=unrolled.operators(), tensors=tuple(unrolled.tensors))
    return only_needed(graph, after), (note,) * bool(note)
