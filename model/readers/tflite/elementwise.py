# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Functions that a converter takes apart outside of cells, as softplus or selu behind a Dense, each as one operator.

All is done to each element alike: an element of a tensor is a form of size 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from model.cells import forms, functions
from model.cells.forms import Form, Leaf
from model.formats import REAL
from model.functions import Function, named
from model.readers.tflite.file import Graph, Operator, Refuse
from model.readers.tflite.functions import FUNCTIONS, function_of
from model.readers.tflite.fused import CLAMPS, NONE
from model.readers.tflite.live import only_needed
from model.readers.tflite.symbols import Symbols

PARTS = {"ABS": functions.ABSOLUTE, "LOG": functions.LOGARITHM}
PAIRS: dict[str, Callable[[Form, Form], Form | None]] = {
    "ADD": forms.added,
    "SUB": lambda one, other: forms.added(one, forms.negated(other)),
    "MUL": functions.product,
    "DIV": functions.quotient,
}
SELECTIONS = ("SELECT", "SELECT_V2")


class Elements:
    """What an element of each tensor is."""

    def __init__(self, graph: Graph, refuse: Refuse) -> None:
        self.graph, self.symbols, self.refuse = graph, Symbols(graph, refuse), refuse
        self.values: dict[int, Form] = {}
        for operator in graph.operators:
            made = self.made(operator) if len(operator.outputs) == 1 and operator.stands_alone else None
            if made is not None:
                self.values[operator.outputs[0]] = made

    def of(self, number: int) -> Form:
        """An element of a tensor; raises ``ValueError`` for one of a constant with several."""
        if number not in self.values:
            tensor = self.graph.tensors[number]
            constant = self.symbols.constant(tensor)
            if tensor.dtype != REAL or (tensor.data.size and (constant is None or constant.size != 1)):
                raise ValueError("no element")
            self.values[number] = forms.of_atom(Leaf(1, number)) if constant is None else forms.constant(constant)
        return self.values[number]

    def made(self, operator: Operator) -> Form | None:
        """What an operator makes of the elements that it reads; None if that is not known."""
        try:
            return self._made(operator)
        except ValueError:
            return None

    def _made(self, operator: Operator) -> Form | None:
        name, options = operator.name, operator.options
        function = PARTS.get(name) or (function_of(operator, self.refuse) if name in FUNCTIONS else None)
        if function is not None:
            return functions.applied(function, self.of(operator.inputs[0])) if _each(function) else None
        fused = int(options.get("FusedActivationFunction", NONE))
        if fused not in (NONE, *CLAMPS) or not self.alike(operator):
            return None
        given = [self.of(number) for number in operator.inputs]
        if name == "GREATER":
            return given[0] if given[1].constant and not given[1].bias.any() else None
        made = PAIRS[name](*given) if name in PAIRS else functions.where_positive(*given)
        return made if made is None or fused == NONE else functions.applied(named(CLAMPS[fused]), made)

    def alike(self, operator: Operator) -> bool:
        """Whether all that it reads has the shape of what it writes, but for single numbers."""
        tensors = self.graph.tensors
        shape = tensors[operator.outputs[0]].shape
        known = operator.name in (*PAIRS, *SELECTIONS, "GREATER") and min(operator.inputs) >= 0
        return known and all(tensors[n].size == 1 or tensors[n].shape == shape for n in operator.inputs)


def _each(function: Function) -> bool:
    return function in PARTS.values() or function.elementwise


def with_functions(graph: Graph, refuse: Refuse) -> Graph:
    """The graph with one operator for each function that several are."""
    elements = Elements(graph, refuse)
    operators = []
    for operator in graph.operators:
        value = elements.values.get(operator.outputs[0]) if operator.outputs else None
        if value is not None and operator.stands_alone:
            function, inner = functions.peeled(value)
            source = inner.alone
            if function != named("linear") and isinstance(source, Leaf) and isinstance(source.what, int):
                alone = operator.name in FUNCTIONS and operator.inputs[0] == source.what
                made = replace(operator, inputs=(source.what,), options={}, function=function)
                operator = operator if alone else made
        operators.append(operator)
    return only_needed(graph, replace(graph, operators=tuple(operators)))
