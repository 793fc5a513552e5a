# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A loop over the steps of a sequence, as Keras 3's converter leaves one for each recurrent layer, as one operator.

A variable of a loop is told by what becomes of it: a count, what passes through, a state, or what keeps the outputs.
That the loop runs once for every step, from a state that the file tells, and puts each output where it belongs, is
proven from its condition and its body.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from model.cells import cell, forms
from model.cells.cell import Cell, Step
from model.cells.chain import Chain
from model.cells.forms import Form, Leaf
from model.readers.tflite.file import GRAPHS, LIST_STACK, Graph, Operator, Refuse
from model.readers.tflite.live import only_needed
from model.readers.tflite.rules import symbols_of
from model.readers.tflite.state import without_states
from model.readers.tflite.symbols import Below, Count, Kept, Piece, Reserved, Symbols, Value, Written

LOOP = "WHILE"
LIST = "variant"  # the type of a list of vectors


@dataclass(frozen=True, eq=False)
class Loop:
    """A loop: its graphs, and what is known of the values before it and within a step."""

    graph: Graph
    operator: Operator
    outer: Symbols
    condition: Graph
    body: Graph
    inside: Symbols

    def before(self, variable: int) -> Value | None:
        """What a variable is before the loop; None if that is not known."""
        return _value(self.outer, self.operator.inputs[variable])

    def after(self, variable: int) -> Value | None:
        """What it is after a step."""
        return _value(self.inside, self.body.outputs[variable])

    def passes(self, variable: int) -> bool:
        """Whether it stays what it is."""
        return self.body.outputs[variable] == self.body.inputs[variable]

    def counts(self, variable: int) -> bool:
        """Whether it is the number of the step."""
        return self.before(variable) == (0,) and self.after(variable) == (Count(variable, 1),)


class NotKnownError(Exception):
    """Why a loop is not recognised."""


def _value(symbols: Symbols, number: int) -> Value | None:
    if number in symbols.values:
        return symbols.values[number]
    try:
        return symbols.whole(number)
    except ValueError:
        constant = symbols.constant(symbols.tensors[number])
    return None if constant is None or constant.size > forms.LONGEST else forms.constant(constant)


def _given(
    graph: Graph, operator: Operator, inner: Graph, body: Graph, outer: Symbols
) -> tuple[Graph, dict[int, Value]]:
    """The condition or the body with the constants that pass through it, and what its inputs are as a step begins."""
    given: dict[int, Value] = {}
    tensors = list(inner.tensors)
    for variable, (number, outside) in enumerate(zip(inner.inputs, operator.inputs, strict=True)):
        passes, tensor = body.outputs[variable] == body.inputs[variable], graph.tensors[outside]
        value = _value(outer, outside) if passes else None
        tensors[number] = replace(tensors[number], shape=tensor.shape, fixed=tensor.fixed)
        if passes and tensor.data.size:
            tensors[number] = replace(tensors[number], data=tensor.data, dtype=tensor.dtype)
        elif isinstance(value, tuple):
            given[number] = value
        elif len(tensor.shape) == 3 or tensor.dtype == LIST:
            given[number] = Kept(variable)
        elif not tensor.shape:
            given[number] = (Count(variable),)
    return replace(inner, tensors=tuple(tensors)), given


def _opened(graph: Graph, operator: Operator, outer: Symbols, refuse: Refuse) -> Loop:
    if len(operator.graphs) != len(GRAPHS) or not set(operator.graphs) <= set(graph.others):
        raise NotKnownError(f"it runs graphs {operator.graphs} of {len(graph.others) + 1}")
    condition, body = (graph.others[number] for number in operator.graphs)
    counts = {len(each) for each in (operator.inputs, operator.outputs, condition.inputs, body.inputs, body.outputs)}
    if len(counts) != 1 or len(condition.outputs) != 1 or min(operator.inputs, default=-1) < 0:
        raise NotKnownError("its graphs have other inputs or outputs than it has")
    if any(one in graph.inputs[:at] for graph in (condition, body) for at, one in enumerate(graph.inputs)):
        raise NotKnownError("two of its variables are one")
    inner, given = _given(graph, operator, body, body, outer)
    return Loop(graph, operator, outer, condition, inner, symbols_of(inner, refuse, given))


def _steps(loop: Loop, refuse: Refuse) -> int:
    """How often it runs, from its condition."""
    inner, given = _given(loop.graph, loop.operator, loop.condition, loop.body, loop.outer)
    asked = symbols_of(inner, refuse, given).values.get(inner.outputs[0])
    if not isinstance(asked, Below):
        raise NotKnownError("its condition is not that a count is below a limit")
    if any(count.plus or not loop.counts(count.variable) for count, _ in asked.limits):
        raise NotKnownError("what its condition asks for does not count the steps from 0")
    return min(limit for _, limit in asked.limits)


def _read(loop: Loop, steps: int) -> tuple[int, Form]:
    """The variable that is the sequence, and a step of it."""
    read = [(piece, form) for piece, form in loop.inside.leaves.items() if isinstance(piece.step, Count)]
    if len(read) != 1 or not isinstance(read[0][0].step, Count):
        raise NotKnownError(f"it reads {len(read)} sequences; supported: one")
    piece, form = read[0]
    at, shape = piece.step, loop.graph.tensors[loop.operator.inputs[piece.tensor]].shape
    if not isinstance(at, Count) or at.plus or not loop.counts(at.variable) or not loop.passes(piece.tensor):
        raise NotKnownError("the step that it reads is not that of its count")
    if len(shape) != 3 or shape[:2] != (steps, 1):
        raise NotKnownError(f"it runs {steps} times over shape {shape}; supported: once for each step")
    return piece.tensor, form


def _states(loop: Loop) -> dict[int, tuple[Form, Form]]:
    """The variables that are vectors: what they are before the loop, a constant or what is read, and after a step."""
    found: dict[int, tuple[Form, Form]] = {}
    for variable in range(len(loop.operator.inputs)):
        after = loop.after(variable)
        shape = loop.graph.tensors[loop.operator.inputs[variable]].shape
        if loop.passes(variable) or len(shape) != 2 or not isinstance(after, Form):
            continue
        before = loop.before(variable) or _read_as_it_is(loop, variable)
        if not isinstance(before, Form) or before.size != after.size:
            raise NotKnownError("its state starts from what is computed; supported: constants, or inputs of the graph")
        found[variable] = before, after
    return found


def _read_as_it_is(loop: Loop, variable: int) -> Form | None:
    try:
        return loop.outer.vector(loop.operator, variable)
    except (ValueError, IndexError):
        return None


def _started(found: Cell, before: list[Form]) -> tuple[Cell, tuple[Leaf, ...]]:
    """The cell with what its state starts from, if not from zeros; the leaves of one that is read, hidden state first.

    ``before`` has the hidden state last, as the layers have it.
    """
    leaves = [form.alone for form in before[::-1]]
    given = tuple(leaf for leaf in leaves if isinstance(leaf, Leaf))
    if len(given) == len(before):
        return found, given
    if not all(form.constant for form in before):
        raise NotKnownError("its state starts from what is computed; supported: constants, or inputs of the graph")
    start = np.stack([form.bias for form in before]).astype(np.float32)
    return (replace(found, start=start) if start.any() else found), ()


def _cell(loop: Loop, x: Form, states: dict[int, tuple[Form, Form]]) -> tuple[Cell, int]:
    """The cell, and the variable that is its hidden state."""
    old = {}
    for variable, (_, after) in states.items():
        old[variable] = loop.inside.leaf(Piece(loop.body.inputs[variable]), after.size).atom
    for hidden, (_, new_hidden) in states.items():
        inner = [variable for variable in states if variable != hidden]
        if len(inner) > 1:
            continue
        kept = (old[inner[0]], states[inner[0]][1]) if inner else (None, None)
        found = cell.found(Step(x.atom, old[hidden], new_hidden, *kept))
        if found is not None:
            return found, hidden
    raise NotKnownError("its body is no step of an LSTM, a GRU or a SimpleRNN")


def _is_last(loop: Loop, variable: int, steps: int, hidden: Form) -> bool:
    """Whether a variable keeps the last output alone, and not all; raises if it keeps anything else."""
    after, before = loop.after(variable), loop.before(variable)
    tensor = loop.graph.tensors[loop.operator.inputs[variable]]
    length = before.length if isinstance(before, Reserved) else tensor.shape[0] if len(tensor.shape) == 3 else 0
    if isinstance(after, Form) and forms.same(after, hidden):
        return True
    if not isinstance(after, Written) or after.variable != variable or not forms.same(after.form, hidden):
        raise NotKnownError("it puts out what is not its hidden state")
    if isinstance(after.at, Count) and not after.at.plus and loop.counts(after.at.variable) and length == steps:
        return False
    if after.at == 0 and length == 1:
        return True
    raise NotKnownError(f"it puts {steps} steps into a list of {length}, at other places than those of its count")


@dataclass(frozen=True, eq=False)
class Known:
    """A loop that is recognised: the operator that stands for it, and where it leaves what."""

    loop: Loop
    operator: Operator  # that reads the sequence, and writes nothing yet
    steps: int
    hidden: int  # the variable that is its hidden state
    new_hidden: Form
    after: dict[int, Form]  # what its states are behind it, by their tensors there: hidden state first
    given: tuple[Leaf, ...]  # what its states are before it, in that order, if they are read

    @property
    def chain(self) -> Chain | None:
        """A cell whose states are read, as that of unrolled steps; None if none is."""
        found, forms = self.operator.cell, list(self.after.values())
        if not self.given or found is None:
            return None
        return Chain(found, (), (forms[0],), forms[1] if len(forms) > 1 else None, self.given)


def _known(graph: Graph, operator: Operator, outer: Symbols, refuse: Refuse) -> Known:
    loop = _opened(graph, operator, outer, refuse)
    steps = _steps(loop, refuse)
    sequence, x = _read(loop, steps)
    states = _states(loop)
    found, hidden = _cell(loop, x, states)
    ordered = [hidden, *(variable for variable in states if variable != hidden)]
    found, given = _started(found.stored(loop.inside.stored), [states[variable][0] for variable in ordered[::-1]])
    options = {**operator.options, "AsymmetricQuantizeInputs": loop.inside.asymmetric}
    source = (operator.inputs[sequence],)
    made = replace(operator, inputs=source, outputs=(), options=options, cell=found)
    after = {operator.outputs[v]: forms.of_atom(Leaf(found.units, (operator.number, v))) for v in ordered}
    return Known(loop, made, steps, hidden, states[hidden][1], after, given)


def _written(known: Known, graph: Graph) -> Operator:
    """The operator that stands for a loop, with what it writes of what the graph reads."""
    loop, made = known.loop, dict[int, bool]()  # by the tensor that is written: whether it is the last step alone
    for variable, number in enumerate(loop.operator.outputs):
        readers = [each for each in graph.operators if number in each.inputs]
        if not readers and number not in graph.outputs:
            continue
        if variable == known.hidden:
            made[number] = True
        elif graph.tensors[number].dtype == LIST and all(each.name == LIST_STACK for each in readers):
            made |= dict.fromkeys(
                (each.outputs[0] for each in readers), _is_last(loop, variable, known.steps, known.new_hidden)
            )
        elif len(graph.tensors[number].shape) == 3 and not loop.passes(variable):
            made[number] = _is_last(loop, variable, known.steps, known.new_hidden)
        else:
            raise NotKnownError(f"its output {variable} is read, which is neither its hidden state nor its sequence")
    if len(made) != 1:
        raise NotKnownError(f"{len(made)} of its outputs are read; supported: its sequence, or its last hidden state")
    ((number, last),) = made.items()
    return replace(known.operator, outputs=(number,), last_only=last)


def without_loops(graph: Graph, refuse: Refuse) -> tuple[Graph, tuple[str, ...]]:
    """The graph with one operator for each loop, and what to tell of states that come in and go out.

    Raises what ``refuse`` makes of one that is not recognised.
    """
    loops = [each for each in graph.operators if each.name == LOOP]
    if not loops:
        return graph, ()
    outer = symbols_of(graph, refuse)
    at = loops[0]
    try:
        found: list[Known] = []
        for at in loops:
            found.append(_known(graph, at, outer, refuse))
        chains = [each.chain for each in found if each.chain is not None]
        behind: dict[int, Value] = {number: form for each in found for number, form in each.after.items()}
        ended, note = without_states(graph, symbols_of(graph, refuse, behind), chains, refuse)
        ended = only_needed(graph, ended)
        instead: dict[int, Operator] = {}
        for known in found:
            at = known.loop.operator
            instead[at.number] = _written(known, ended)
    except NotKnownError as why:
        raise refuse(f"{at}: a loop that is not recognised: {why}; give the Keras file instead") from None
    written = {number for each in instead.values() for number in each.outputs}
    operators = [
        instead.get(each.number, each)
        for each in graph.operators
        if each.number in instead or not written & set(each.outputs)
    ]
    return only_needed(graph, replace(ended, operators=tuple(operators))), (note,) * bool(note)
