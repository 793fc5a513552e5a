# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Recurrent layers that were unrolled, as PyTorch's newer exporter leaves an nn.RNN, each as ONNX's own operator.

Two chains of steps (model/cells/chain.py) over one sequence, one from either end, are both directions of one operator.
A chain may be a single step, as an nn.LSTMCell is, whose state is an input of the graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from model.cells.cell import Cell
from model.cells.chain import AmbiguousError, Chain, found
from model.cells.forms import Atom
from model.layers.gru import Gru
from model.layers.lstm import Lstm
from model.layers.simple_rnn import SimpleRnn
from model.readers.onnx.elements import OF_CELLS, Elements
from model.readers.onnx.file import Graph, Node
from model.readers.onnx.handed import Handed
from model.readers.onnx.recurrent import GATES
from model.signal import Array

OPERATORS = {Lstm.kind: "LSTM", Gru.kind: "GRU", SimpleRnn.kind: "RNN"}
COPIES = 3  # of a cell, where two may be two branches
FUNCTIONS = {ours: name for name, ours in OF_CELLS.items()}


@dataclass(frozen=True, eq=False)
class Series:
    """Names of what a chain gives: every step (T, N, H), in the order of what is read, and its last cell state."""

    every: str  # empty of a single step
    steps: tuple[Atom, ...]
    last: str  # (N, H), of a single step
    cell: str  # (N, H), of an LSTM


def _names(cell: Cell) -> tuple[str, ...]:
    """Of the activations, as the operator lists them; empty if it knows one of them not."""
    functions = {
        Lstm.kind: (cell.recurrent_activation, cell.activation, cell.activation),
        Gru.kind: (cell.recurrent_activation, cell.activation),
        SimpleRnn.kind: (cell.activation,),
    }[cell.kind]
    names = tuple(FUNCTIONS.get(each.name, "") for each in functions)
    return names if all(names) else ()


def _shape(chain: Chain) -> tuple[object, ...]:
    """What both directions of an operator have in common."""
    return chain.cell.kind, chain.cell.units, chain.cell.reset_after


def _gates(cell: Cell, ours: Array) -> Array:
    """Rows of all gates (G * H, ...), in ONNX's order."""
    theirs = np.empty_like(ours)
    theirs[list(GATES[OPERATORS[cell.kind]])] = ours
    return theirs.reshape(-1, *ours.shape[2:])


def _weights(cell: Cell) -> tuple[Array, Array, Array]:
    """W, R and B of one direction."""
    own = np.zeros_like(cell.bias)
    if cell.reset_after:
        own[-1] = cell.candidate_bias
    bias = np.concatenate([_gates(cell, cell.bias), _gates(cell, own)])
    return _gates(cell, cell.kernel), _gates(cell, cell.recurrent), bias


class UntoldError(Exception):
    """What a graph leaves open."""


class Unrolled:
    """The graph anew, node by node."""

    def __init__(self, graph: Graph, elements: Elements, chains: Sequence[Chain]) -> None:
        self.graph, self.elements, self.chains = graph, elements, chains
        self.steps = {name: elements.steps(name) for name in elements.numbers}
        self.held = set(self.steps.values())
        self.chain_of = {step: chain for chain in chains for step in chain.steps}
        self.chain_of |= {chain.new_cell.atom: chain for chain in chains if chain.new_cell is not None}
        self.nodes: list[Node] = []
        self.constants: dict[str, Array] = dict(graph.constants)
        self.sources: dict[tuple[Atom, ...], str] = {}  # what is written, by its steps, in this order
        self.made: dict[Chain, Series | None] = {}
        self.taken = {*graph.constants, *(end.name for end in graph.inputs)}
        self.taken |= {name for node in graph.nodes for name in node.outputs}
        self.count = max((node.number for node in graph.nodes), default=0)

    # ---- nodes ----

    def name(self) -> str:
        """One that nothing has."""
        while True:
            self.count += 1
            if f"unrolled_{self.count}" not in self.taken:
                return f"unrolled_{self.count}"

    def add(self, operator: str, inputs: Sequence[str], *outputs: str, **attributes: Any) -> str:
        """Append a node; returns the name of its first output."""
        outputs = outputs or (self.name(),)
        self.count += 1
        self.nodes.append(Node(self.count, operator, "", tuple(inputs), outputs, attributes))
        return outputs[0]

    def constant(self, values: Array) -> str:
        """A constant's name."""
        name = self.name()
        self.constants[name] = values
        return name

    def place(self, name: str, start: int, axis: int) -> str:
        """What lies in one place of an axis."""
        part = self.add("Slice", [name], starts=(start,), ends=(start + 1,), axes=(axis,))
        return self.add("Squeeze", [part], axes=(axis,))

    # ---- axes ----

    def axes(self, name: str) -> tuple[int | None, int | None] | None:
        """Which axes of a tensor are the steps and the batch, of those before the last; None if it has another one."""
        batch, shape = self.elements.batch(name), self.elements.numbers[name].shape[:-1]
        steps = [axis for axis, length in enumerate(shape) if length > 1 and axis != batch]
        rest = [axis for axis in range(len(shape)) if axis not in steps]
        if len(steps) > 1:
            return None
        return next(iter(steps), None), next(iter(rest[-1:]), None) if batch is None else batch

    def read(self, name: str) -> str:
        """A sequence as (T, N, F), or one vector as (1, N, F)."""
        steps, batch = self.axes(name) or (0, 1)
        if steps is None:
            others = tuple(axis for axis in range(self.elements.numbers[name].ndim - 1) if axis != batch)
            made = self.add("Squeeze", [name], axes=others) if others else name
            return self.add("Unsqueeze", [made], axes=(0, 1) if batch is None else (0,))
        if batch is None:
            return self.add("Unsqueeze", [name], axes=(1,))
        return self.add("Transpose", [name], perm=(1, 0, 2)) if batch == 0 else name

    def write(self, name: str, made: str, whole: bool) -> bool:
        """Let a tensor be (T, N, H) or (N, H); returns whether its axes are such."""
        axes, rank = self.axes(name), self.elements.numbers[name].ndim
        if axes is None:
            return False
        steps, batch = axes
        kept = {steps, batch} - {None}
        if batch is None:
            made = self.add("Squeeze", [made], axes=(int(whole),))
        elif steps is not None and batch < steps:
            made = self.add("Transpose", [made], perm=(1, 0, 2))
        made = self.add("Unsqueeze", [made], axes=tuple(axis for axis in range(rank - 1) if axis not in kept))
        self.add("Identity", [made], name)
        return True

    # ---- cells ----

    def source(self, chain: Chain) -> tuple[str, bool] | None:
        """The tensor whose steps a chain reads, and whether from its end; None if there is none yet."""
        back = chain.xs[::-1]
        order = next((order for order in self.sources if order in (chain.xs, back)), None)
        if order is None or not _names(chain.cell):
            return None
        alike = chain.xs == back  # then what it gives says how it reads
        backwards = chain.steps[::-1] in self.held if alike else order == back
        return self.sources[order], backwards and len(order) > 1

    def from_the_other_end(self, chain: Chain, read: tuple[str, bool]) -> Chain | None:
        """The chain that reads the same the other way round; both start from zeros."""
        others = (each for each in self.chains if each not in self.made and _shape(each) == _shape(chain))
        fitting = (each for each in others if not each.states and not chain.states)
        return next((each for each in fitting if self.source(each) == (read[0], not read[1])), None)

    def operator(self, chain: Chain) -> None:
        """Make the operator that a chain is, if what it reads is written; with the chain from the other end."""
        self.made[chain] = None
        read, states = self.source(chain), [self.sources.get((leaf,)) for leaf in chain.states]
        if read is None or None in states:
            return
        other = self.from_the_other_end(chain, read)
        both = [chain] if other is None else [other, chain] if read[1] else [chain, other]
        parts = [_weights(each.cell) for each in both]
        weights = [self.constant(np.stack(each)) for each in zip(*parts, strict=True)]
        single, has_cell = len(chain.steps) == 1, chain.new_cell is not None
        y, last, cell = "" if single else self.name(), self.name() if single else "", self.name() if has_cell else ""
        self.add(
            OPERATORS[chain.cell.kind],
            [self.read(read[0]), *weights, *([""] if states else []), *(self.read(name) for name in states if name)],
            *(y, last, cell)[: 3 if has_cell else 2 if single else 1],
            direction="bidirectional" if other else "reverse" if read[1] else "forward",
            hidden_size=chain.cell.units,
            activations=tuple(name for each in both for name in _names(each.cell)),
            linear_before_reset=int(chain.cell.reset_after),
        )
        for at, each in enumerate(both):
            steps = each.steps[::-1] if at or (read[1] and not other) else each.steps
            given = [self.place(name, at, axis) if name else "" for name, axis in ((y, 1), (last, 0), (cell, 0))]
            self.made[each] = Series(given[0], steps, given[1], given[2])

    def replaced(self, name: str) -> bool:
        """Whether a tensor is one or all steps of a chain, or its cell state, and now read from its operator."""
        atoms = self.steps.get(name, ())
        chain = self.chain_of.get(atoms[0]) if atoms else None
        if chain is None:
            return False
        if chain not in self.made:
            self.operator(chain)
        series = self.made[chain]
        if series is None:
            return False
        if atoms == series.steps and len(atoms) > 1:
            return self.write(name, series.every, True)
        if len(atoms) > 1:
            return False
        if atoms[0] not in series.steps:
            return self.write(name, series.cell, False)
        one = self.place(series.every, series.steps.index(atoms[0]), 0) if series.every else series.last
        return self.write(name, one, False)

    def written(self, name: str) -> None:
        """Note down what may be read: a vector, or a sequence of steps, features, and at most a batch beside."""
        atoms = self.steps.get(name, ())
        axes = self.axes(name) if atoms else None
        if axes is not None and (len(atoms) == 1 or self.elements.numbers[name].ndim == 2 + (axes[1] is not None)):
            self.sources.setdefault(atoms, name)

    def whole(self) -> Graph:
        """All of it."""
        for end in self.graph.inputs:
            self.written(end.name)
        for node in self.graph.nodes:
            if len(node.outputs) != 1 or not self.replaced(node.output(0)):
                self.nodes.append(node)
            for name in node.outputs:
                self.written(name)
        graph = replace(self.graph, nodes=tuple(self.nodes), constants=self.constants)
        wanted = graph.wanted
        return replace(graph, nodes=tuple(node for node in graph.nodes if not wanted.isdisjoint(node.outputs)))


def _chains(graph: Graph, elements: Elements) -> list[Chain]:
    """Those that start from zeros, or from inputs of the graph; raises ``UntoldError``."""
    vectors = (elements.of_one(name) for node in reversed(graph.nodes) for name in node.outputs)
    handed = Handed(graph, elements)
    try:
        every = found((one[0] for one in vectors if len(one) == 1), handed.hands_on)
    except AmbiguousError as either:
        names = " and ".join(f"'{handed.input_of(leaf)}'" for leaf in either.leaves)
        raise UntoldError(
            f"either of inputs {names} may be the hidden state of a cell, as both are of one size and read alike; "
            "export an nn.LSTM, nn.GRU or nn.RNN over one step with dynamo=False"
        ) from None
    return [each for each in every if all(handed.input_of(leaf) for leaf in each.states)]


def without_unrolled(graph: Graph, samples: int, axes: Mapping[str, int | None]) -> Graph:
    """The graph with one operator for each cell that was unrolled; ``axes`` of its inputs are the batch."""
    several = len(graph.inputs) > 1  # of which some may be states
    if sum(node.operator in OF_CELLS for node in graph.nodes) < 2 - several:
        return graph
    for parted in (False, True)[: 1 + several]:
        elements = Elements(graph, samples, axes, parted)
        chains = _chains(graph, elements)
        if chains:
            return Unrolled(graph, elements, chains).whole()
    return graph


def is_taken_apart(graph: Graph) -> bool:
    """Whether a matrix is read so often as by the copies of a cell."""
    reads = Counter(node.input(1) for node in graph.nodes if node.operator in ("MatMul", "Gemm"))
    return max(reads.values(), default=0) >= COPIES
