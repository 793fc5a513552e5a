# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A recurrent layer that was unrolled: a copy of its cell for each step, found from the last one back to the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from model.cells import cell, forms
from model.cells.cell import Cell, Step
from model.cells.forms import Applied, Atom, Form, Held, Leaf, Product
from model.cells.functions import is_product, peeled
from model.signal import Array

SPREADS = (0.1, 1.0, 10.0, 100.0)  # of the inputs that a first step is tried with
TRIES = 16  # vectors of each
CLOSE = 1e-5  # what two ways to compute a first step may differ by, of the largest value


HandsOn = Callable[[Leaf, Form], bool]  # whether a graph gives back a form as what a leaf is to be next


class AmbiguousError(Exception):
    """Two leaves of which each may be what a cell reads, and each its state."""

    def __init__(self, one: Leaf, other: Leaf) -> None:
        super().__init__("a step reads two inputs alike")
        self.leaves = one, other


@dataclass(frozen=True, eq=False)
class Chain:
    """The steps of one cell."""

    cell: Cell
    xs: tuple[Atom, ...]  # what each step reads
    hidden: tuple[Form, ...]  # after each
    new_cell: Form | None  # after the last one, of an LSTM
    states: tuple[Leaf, ...] = ()  # what it starts from, if not from zeros: the hidden state, and the cell state

    @property
    def steps(self) -> tuple[Atom, ...]:
        """What each step gives."""
        return tuple(form.atom for form in self.hidden)

    @property
    def is_whole(self) -> bool:
        """Whether there are so many steps that a recurrence is seen, or it begins with a state that is read."""
        return bool(self.states) or len(self.xs) > 1


def _reads(form: Form) -> list[Atom]:
    """The atoms that matrices read in a form and in what it is made of, not behind them, and what is read as it is."""
    found: dict[Atom, None] = {}
    seen: set[Atom] = set()
    pending = [form]
    while pending:
        for atom, by in pending.pop().terms:
            if by.ndim == 2 or isinstance(atom, Leaf | Held):
                found[atom] = None
            elif atom not in seen:
                seen.add(atom)
                pending += [atom.of] if isinstance(atom, Applied) else []
                pending += list(atom.factors) if isinstance(atom, Product) else []
    return list(found)


def _direct(form: Form) -> list[Atom]:
    """The atoms that matrices read in the form itself."""
    return [atom for atom, by in form.terms if by.ndim == 2]


def _pairs(atoms: list[Atom]) -> list[tuple[Atom, Atom]]:
    """x and the hidden state, either way round."""
    return [(atoms[0], atoms[1]), (atoms[1], atoms[0])] if len(atoms) == 2 else []


def _lstm_steps(new: Form) -> Iterator[Step]:
    product = is_product(new)
    for o, shown in () if product is None else (product.factors, product.factors[::-1]):
        for new_cell in (peeled(shown)[1], shown):
            parts = [atom for atom, _ in new_cell.terms if isinstance(atom, Product)]
            inner = [factor.atom for part in parts for factor in part.factors] if len(parts) == 2 else []
            for x, hidden in _pairs(_direct(peeled(o)[1])):
                yield from (Step(x, hidden, new, before, new_cell) for before in inner)


def _gru_steps(new: Form) -> Iterator[Step]:
    parts = [atom for atom, _ in cell.blended(new).terms if isinstance(atom, Product)]
    for part in parts if len(parts) == 2 else []:
        for z, hidden in (part.factors, part.factors[::-1]):
            xs = [atom for atom in _direct(peeled(z)[1]) if atom is not hidden.atom]
            if len(xs) == 1:
                yield Step(xs[0], hidden.atom, new)


def _rnn_steps(new: Form) -> Iterator[Step]:
    function, inner = peeled(new)
    if function.name != "linear":  # each sum of two products would be one
        yield from (Step(x, hidden, new) for x, hidden in _pairs(_direct(inner)))


def _known(new: Form) -> list[tuple[Step, Cell]]:
    """Every way to see a form as what a step of a cell gives."""
    steps = [*_lstm_steps(new), *_gru_steps(new), *_rnn_steps(new)]
    return [(step, found) for step in steps if (found := cell.found(step)) is not None]


def _form_of(atom: Atom) -> Form:
    return atom.form if isinstance(atom, Held) else forms.of_atom(atom)


def _is_first(known: Cell, new: Form, new_cell: Form | None) -> Atom | None:
    """What a first step reads, whose state of zeros is gone from the graph; None if it is another step.

    Constants were folded in many ways there: it is tried with numbers, which no other step of such functions meets.
    """
    read = {*_reads(new), *(_reads(new_cell) if new_cell is not None else ())}
    if len(read) != 1 or next(iter(read)).size != known.features:
        return None
    (x,) = read
    random = np.random.default_rng(0)
    values = np.concatenate([random.normal(0, spread, (TRIES, x.size)) for spread in SPREADS])
    hidden, inner = known.first_step(values)
    given: dict[Atom, Array] = {x: values}
    pairs = [(hidden, cell.value(new, given))]
    if new_cell is not None and inner is not None:
        pairs.append((inner, cell.value(new_cell, given)))
    return x if all(np.allclose(a, b, rtol=CLOSE, atol=CLOSE * np.abs(a).max()) for a, b in pairs) else None


def _back(step: Step, known: Cell, tried: set[Atom], hands_on: HandsOn | None) -> Chain | None:
    """The chain that ends with this step; ``tried`` gets the steps that it was found to have."""
    xs, hidden, last = [step.x], [step.new_hidden], step.new_cell
    while True:
        before, inner = step.hidden, step.cell
        if before is None:
            return None
        if isinstance(before, Leaf):
            told = known.has_gates if hands_on is None else known.tells_its_state or hands_on(before, hidden[-1])
            if not told:
                return None
            states = [atom for atom in (before, inner) if isinstance(atom, Leaf) and atom.size == known.units]
            whole = len(states) == 1 + (inner is not None)
            return Chain(known, tuple(xs), tuple(hidden), last, tuple(states)) if whole else None
        new, new_cell = _form_of(before), None if inner is None else _form_of(inner)
        if new.size != known.units:
            return None
        steps = [each for each, found in _known(new) if found.equals(known) and _ends_in(each, inner)]
        if not steps:
            x = _is_first(known, new, new_cell)
            return None if x is None else Chain(known, (x, *xs), (new, *hidden), last)
        step = steps[0]
        tried.add(before)
        xs.insert(0, step.x)
        hidden.insert(0, step.new_hidden)


def _ends_in(step: Step, inner: Atom | None) -> bool:
    """Whether the cell state after a step is the one that the next step begins with."""
    return (step.new_cell is None) == (inner is None) and (step.new_cell is None or step.new_cell.atom is inner)


def _chain(value: Form, used: set[Atom], tried: set[Atom], hands_on: HandsOn | None) -> Chain | None:
    """The chain whose last step is this one, with no step of another's; raises ``AmbiguousError``."""
    every = (_back(step, known, tried, hands_on) for step, known in _known(value))
    whole = (each for each in every if each and each.is_whole and used.isdisjoint(each.steps))
    chain = next(whole, None)
    if chain and chain.states and not chain.cell.tells_its_state:
        other = next((each for each in whole if each.states), None)
        if other:
            raise AmbiguousError(chain.states[0], other.states[0])
    return chain


def found(values: Iterable[Form], hands_on: HandsOn | None = None) -> list[Chain]:
    """The chains of a graph, of what it computes from its end to its begin; none has a step of another's.

    A step of an LSTM or a SimpleRNN does with its hidden state what it does with what it reads: if it starts from a
    state that is read, that is the one that the graph hands on. Where nobody tells, an LSTM's is what only it can be.
    """
    chains: list[Chain] = []
    used: set[Atom] = set()
    tried: set[Atom] = set()
    for value in values:
        if value.constant or value.atom in tried:
            continue
        tried.add(value.atom)
        chain = _chain(value, used, tried, hands_on)
        if chain is not None:
            chains.append(chain)
            used.update(chain.steps)
    return chains
