# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What operators make of values that are known: the arithmetic of a cell, of vectors taken apart, and of a loop."""

from __future__ import annotations

import itertools
import math

import numpy as np

from model.cells import forms, functions
from model.cells.forms import Form
from model.functions import Function, named
from model.readers.tflite.file import LIST_RESERVE, LIST_SET, Graph, Operator, Refuse
from model.readers.tflite.functions import FUNCTIONS, function_of
from model.readers.tflite.fused import CLAMPS, NONE, TANH
from model.readers.tflite.steps import picked, steps_axis
from model.readers.tflite.symbols import (
    Below,
    Count,
    Kept,
    Made,
    Reserved,
    Rule,
    Series,
    Symbols,
    Value,
    Written,
)

# ---- vectors ----


def _fused(operator: Operator, form: Form) -> Form:
    """With the activation that the operator has within it; raises ``ValueError`` for one that is not known."""
    number = int(operator.options.get("FusedActivationFunction", NONE))
    if number == NONE:
        return form
    known = {**CLAMPS, TANH: "tanh"}
    if number not in known:
        raise ValueError("an activation")
    return functions.applied(named(known[number]), form)


def _dense(symbols: Symbols, operator: Operator) -> Made:
    if operator.options.get("WeightsFormat"):
        return None
    form = forms.multiplied(symbols.matrix(operator, 1), symbols.vector(operator, 0))
    if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        form = forms.added(form, symbols.vector(operator, 2))
    return _fused(operator, form)


def _applied(symbols: Symbols, operator: Operator) -> Made:
    function = function_of(operator, symbols.refuse)
    return functions.applied(function, symbols.vector(operator, 0)) if function.elementwise else None


def _part(name: str) -> Rule:
    """A function that is none of a cell's, but a part of one."""
    return lambda symbols, operator: functions.applied(Function(name), symbols.vector(operator, 0))


def _sum(symbols: Symbols, operator: Operator) -> Made:
    if _is_whole(symbols, operator):
        count, plus = symbols.whole(operator.inputs[0]), symbols.whole(operator.inputs[1])
        count, plus = (count, plus) if isinstance(count[0], Count) else (plus, count)
        if len(count) != 1 or len(plus) != 1 or not isinstance(plus[0], int):
            return None
        one = count[0]
        return (Count(one.variable, one.plus + plus[0]) if isinstance(one, Count) else one + plus[0],)
    return _fused(operator, forms.added(symbols.vector(operator, 0), symbols.vector(operator, 1)))


def _difference(symbols: Symbols, operator: Operator) -> Made:
    one, other = symbols.vector(operator, 0), symbols.vector(operator, 1)
    return _fused(operator, forms.added(one, forms.negated(other)))


def _product(symbols: Symbols, operator: Operator) -> Made:
    return _fused(operator, functions.product(symbols.vector(operator, 0), symbols.vector(operator, 1)))


def _quotient(symbols: Symbols, operator: Operator) -> Made:
    made = functions.quotient(symbols.vector(operator, 0), symbols.vector(operator, 1))
    return None if made is None else _fused(operator, made)


def _limited(symbols: Symbols, operator: Operator) -> Made:
    """The lower one of a vector and 1, the higher one of it and 0."""
    for form, limit in ((0, 1), (1, 0)):
        bound = symbols.vector(operator, limit)
        due, function = (1.0, functions.AT_MOST_ONE) if operator.name == "MINIMUM" else (0.0, named("relu"))
        if bound.constant and bool((bound.bias == due).all()):
            return functions.applied(function, symbols.vector(operator, form))
    return None


def _selected(symbols: Symbols, operator: Operator) -> Made:
    return functions.where_positive(*(symbols.vector(operator, index) for index in range(3)))


def _positive(symbols: Symbols, operator: Operator) -> Made:
    """What is asked for stands for the answer: whether it is above zero."""
    return symbols.vector(operator, 0) if not symbols.vector(operator, 1).bias.any() else None


# ---- taken apart and put together ----


def _is_whole(symbols: Symbols, operator: Operator) -> bool:
    """Whether it works on whole numbers."""
    return all(isinstance(symbols.values.get(n), tuple) or _whole_constant(symbols, n) for n in operator.inputs)


def _whole_constant(symbols: Symbols, number: int) -> bool:
    try:
        return bool(symbols.whole(number)) or True
    except ValueError:
        return False


def _same(symbols: Symbols, operator: Operator) -> Made:
    """The same in another shape, of a sequence one with the steps along another axis."""
    value = symbols.values.get(operator.inputs[0])
    if isinstance(value, Series):
        shape = symbols.tensors[operator.outputs[0]].shape
        steps, size = len(value.steps), value.steps[0].size
        if steps == 1 and len(shape) == 2 and shape[-1] == size:
            return value.steps[0]
        return value if shape in ((steps, 1, size), (1, steps, size)) else None
    if isinstance(value, Form):
        shape = symbols.tensors[operator.outputs[0]].shape
        return value if value.size == math.prod(shape) and value.size == (*shape, 1)[-1 - bool(shape)] else None
    return symbols.whole(operator.inputs[0])


def _transposed(symbols: Symbols, operator: Operator) -> Made:
    value = symbols.values.get(operator.inputs[0])
    shape = symbols.tensors[operator.inputs[0]].shape
    order = symbols.numbers(operator, 1)
    if isinstance(value, Series) and order in ([1, 0, 2], [0, 1, 2]) and steps_axis(shape) is not None:
        return value
    return None


def _split(symbols: Symbols, operator: Operator) -> Made:
    """Of equal parts along the last axis."""
    form, (axis,) = symbols.vector(operator, 1), symbols.numbers(operator, 0)
    parts, rank = len(operator.outputs), len(symbols.tensor(operator, 1).shape)
    if axis not in (rank - 1, -1) or form.size % parts:
        return None
    each = form.size // parts
    return [forms.rows(form, range(n * each, (n + 1) * each)) for n in range(parts)]


def _split_as_said(symbols: Symbols, operator: Operator) -> Made:
    """Of the sizes that are given; one of them may be what is left."""
    form, sizes, (axis,) = symbols.vector(operator, 0), symbols.numbers(operator, 1), symbols.numbers(operator, 2)
    if axis not in (len(symbols.tensor(operator, 0).shape) - 1, -1) or sizes.count(-1) > 1:
        return None
    left = form.size - sum(n for n in sizes if n >= 0)
    ends = np.cumsum([0, *(left if n == -1 else n for n in sizes)]).tolist()
    pairs = list(itertools.pairwise(ends))
    if len(pairs) != len(operator.outputs) or ends[-1] != form.size:
        return None
    return [forms.rows(form, range(a, b)) if b > a else None for a, b in pairs]


def _sliced(symbols: Symbols, operator: Operator) -> Made:
    """Elements of a vector, one after the other; a step of a sequence; one of a few whole numbers."""
    tensor = symbols.tensor(operator, 0)
    taken = picked(symbols.tensors, operator)
    if taken is None:
        return None
    value = symbols.values.get(tensor.number)
    if isinstance(value, tuple):
        return tuple(value[n] for n in taken[0]) if len(tensor.shape) == 1 else None
    whole = [part == range(length) for part, length in zip(taken, tensor.shape, strict=True)]
    axis = steps_axis(tensor.shape)
    if axis is not None and len(taken[axis]) == 1 and whole[2] and whole[1 - axis]:
        return symbols.series(tensor.number).steps[taken[axis][0]]
    form = symbols.vector(operator, 0)
    return forms.rows(form, taken[-1]) if all(whole[:-1]) else None


def _cut(symbols: Symbols, operator: Operator) -> Made:
    """SLICE: elements of a vector, or of what a loop keeps the steps before or behind a place."""
    begin, size = (symbols.whole(symbols.tensor(operator, index).number) for index in (1, 2))
    value, rank = symbols.values.get(operator.inputs[0]), len(symbols.tensor(operator, 0).shape)
    if len(begin) != rank or len(size) != rank:
        return None
    if isinstance(value, Kept) and value.part == "whole":
        rest_from, rest = begin[1:] == (0,) * (rank - 1), size[1:] == (-1,) * (rank - 1)
        if rest_from and rest and begin[0] == 0 and isinstance(size[0], Count):
            return Kept(value.variable, "before", size[0])
        if rest_from and rest and size[0] == -1 and isinstance(begin[0], Count):
            return Kept(value.variable, "behind", begin[0])
        return None
    form, first, length = symbols.vector(operator, 0), begin[-1], size[-1]
    if any(begin[:-1]) or not isinstance(first, int) or not isinstance(length, int):
        return None
    return forms.rows(form, range(first, form.size if length == -1 else first + length))


def _joined(symbols: Symbols, operator: Operator) -> Made:
    """Vectors side by side, whole numbers one behind the other, and what a loop keeps with one step anew."""
    values: list[Value | None] = [symbols.values.get(number) for number in operator.inputs]
    axis, rank = operator.options.get("Axis", 0), len(symbols.tensor(operator, 0).shape)
    if len(values) == 3 and axis == 0 and isinstance(values[0], Kept) and isinstance(values[2], Kept):
        before, form, behind = values
        alike = isinstance(before, Kept) and isinstance(behind, Kept) and before.variable == behind.variable
        if not (alike and isinstance(before, Kept) and isinstance(behind, Kept) and isinstance(form, Form)):
            return None
        if (before.part, behind.part) != ("before", "behind") or before.at is None or behind.at is None:
            return None
        following = Count(before.at.variable, before.at.plus + 1)
        return Written(before.variable, before.at, form) if behind.at == following else None
    if _is_whole(symbols, operator):
        return tuple(n for number in operator.inputs for n in symbols.whole(number))
    if axis not in (rank - 1, -1):
        return None
    return _fused(operator, forms.joined([symbols.vector(operator, n) for n in range(len(operator.inputs))]))


def _packed(symbols: Symbols, operator: Operator) -> Made:
    """Whole numbers side by side, or the steps of a sequence."""
    if _is_whole(symbols, operator):
        return tuple(n for number in operator.inputs for n in symbols.whole(number))
    steps = tuple(symbols.vector(operator, n) for n in range(len(operator.inputs)))
    made = symbols.tensors[operator.outputs[0]]
    return Series(steps) if steps_axis(made.shape) is not None and made.shape[-1] == steps[0].size else None


def _unpacked(symbols: Symbols, operator: Operator) -> Made:
    tensor = symbols.tensor(operator, 0)
    series, axis = symbols.series(tensor.number), operator.options.get("Axis", 0)
    due = steps_axis(tensor.shape)
    along = axis + 3 * (axis < 0)
    if along != due and not (tensor.shape[:2] == (1, 1) and along in (0, 1)):
        return None
    return list(series.steps) if len(operator.outputs) == len(series.steps) else None


def _reversed(symbols: Symbols, operator: Operator) -> Made:
    value, axis = symbols.values.get(operator.inputs[0]), steps_axis(symbols.tensor(operator, 0).shape)
    if not isinstance(value, Series) or axis is None or symbols.numbers(operator, 1) not in ([axis], [axis - 3]):
        return None
    return Series(value.steps[::-1])


# ---- loops, and the shapes of what they begin with ----


def _shape(symbols: Symbols, operator: Operator) -> Made:
    tensor = symbols.tensor(operator, 0)
    return tuple(tensor.shape) if tensor.fixed else None


def _multiplied(symbols: Symbols, operator: Operator) -> Made:
    """All of a few whole numbers, one with another."""
    return (math.prod(symbols.numbers(operator, 0)),)


def _filled(symbols: Symbols, operator: Operator) -> Made:
    shape, value = symbols.numbers(operator, 0), symbols.vector(operator, 1)
    one_vector = bool(shape) and max(shape[:-1], default=1) == 1 and 0 < shape[-1] <= forms.LONGEST
    return forms.broadcast(value, shape[-1]) if one_vector else None


def _spread(symbols: Symbols, operator: Operator) -> Made:
    """A vector, or a single number, for each of a batch of one."""
    shape = symbols.numbers(operator, 1)
    one_vector = bool(shape) and max(shape[:-1], default=1) == 1 and 0 < shape[-1] <= forms.LONGEST
    return forms.broadcast(symbols.vector(operator, 0), shape[-1]) if one_vector else None


def _repeated(symbols: Symbols, operator: Operator) -> Made:
    """TILE that repeats nothing."""
    return symbols.vector(operator, 0) if set(symbols.numbers(operator, 1)) == {1} else None


def _zeros(symbols: Symbols, operator: Operator) -> Made:
    return forms.constant(np.zeros(symbols.vector(operator, 0).size))


def _gathered(symbols: Symbols, operator: Operator) -> Made:
    """The step of a sequence that a loop has come to; some of a few whole numbers."""
    value, index = symbols.values.get(operator.inputs[0]), symbols.whole(operator.inputs[1])
    if operator.options.get("Axis", 0) or operator.options.get("BatchDims", 0):
        return None
    if isinstance(value, tuple):
        return tuple(value[n] for n in index if isinstance(n, int) and 0 <= n < len(value))
    if isinstance(value, Kept) and len(index) == 1 and isinstance(index[0], Count):
        return symbols.gathered(value.variable, index[0], symbols.tensor(operator, 0).shape[-1])
    return None


def _below(symbols: Symbols, operator: Operator) -> Made:
    (count,), (limit,) = (symbols.whole(number) for number in operator.inputs)
    return Below(((count, limit),)) if isinstance(count, Count) and isinstance(limit, int) else None


def _both(symbols: Symbols, operator: Operator) -> Made:
    one, other = (symbols.values.get(number) for number in operator.inputs)
    return Below((*one.limits, *other.limits)) if isinstance(one, Below) and isinstance(other, Below) else None


def _reserved(symbols: Symbols, operator: Operator) -> Made:
    (length,) = symbols.numbers(operator, 1)
    return Reserved(length)


def _set(symbols: Symbols, operator: Operator) -> Made:
    kept, (at,) = symbols.values.get(operator.inputs[0]), symbols.whole(operator.inputs[1])
    return Written(kept.variable, at, symbols.vector(operator, 2)) if isinstance(kept, Kept) else None


RULES: dict[str, Rule] = {
    "FULLY_CONNECTED": _dense,
    **dict.fromkeys(FUNCTIONS, _applied),
    "ABS": _part(functions.ABSOLUTE.name),
    "LOG": _part(functions.LOGARITHM.name),
    "ADD": _sum,
    "SUB": _difference,
    "MUL": _product,
    "DIV": _quotient,
    "MINIMUM": _limited,
    "MAXIMUM": _limited,
    "GREATER": _positive,
    "SELECT": _selected,
    "SELECT_V2": _selected,
    **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), _same),
    "TRANSPOSE": _transposed,
    "SPLIT": _split,
    "SPLIT_V": _split_as_said,
    "STRIDED_SLICE": _sliced,
    "SLICE": _cut,
    "CONCATENATION": _joined,
    "PACK": _packed,
    "UNPACK": _unpacked,
    "REVERSE_V2": _reversed,
    "SHAPE": _shape,
    "REDUCE_PROD": _multiplied,
    "FILL": _filled,
    "BROADCAST_TO": _spread,
    "TILE": _repeated,
    "ZEROS_LIKE": _zeros,
    "GATHER": _gathered,
    "LESS": _below,
    "LOGICAL_AND": _both,
    LIST_RESERVE: _reserved,
    LIST_SET: _set,
}


def run(symbols: Symbols, operator: Operator) -> None:
    """Let an operator's outputs be what it makes of its inputs, or stay unknown."""
    rule = RULES.get(operator.name)
    if rule is not None and operator.cell is None and operator.inputs and operator.outputs:
        symbols.run(operator, rule)


def symbols_of(graph: Graph, refuse: Refuse, given: dict[int, Value] | None = None) -> Symbols:
    """The values of a graph's tensors, of which some are given."""
    symbols = Symbols(graph, refuse, given)
    for operator in graph.operators:
        run(symbols, operator)
    return symbols
