# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Inputs that are ids, as an Embedding reads them: a table's rows, gathered by what comes in as it is.

Keras lets ids below zero count from the table's end, which the converter writes out; here there are none.
"""

from __future__ import annotations

from dataclasses import replace

from model.formats import REAL
from model.readers.tflite.file import Graph, Operator
from model.readers.tflite.live import only_needed
from model.readers.tflite.steps import integers

GATHER = "GATHER"


def _wrapped(graph: Graph, producers: dict[int, Operator], operator: Operator, rows: int) -> int | None:
    """What a selection is made of that adds ``rows`` to all below zero; None if it is another."""
    if operator.name not in ("SELECT", "SELECT_V2") or len(operator.inputs) != 3:
        return None
    asked, moved, plain = operator.inputs
    less, added = producers.get(asked), producers.get(moved)
    if less is None or added is None or (less.name, added.name) != ("LESS", "ADD"):
        return None
    values = [integers(graph.tensors[each.inputs[1]]) for each in (less, added)]
    alike = less.inputs[0] == added.inputs[0] == plain and not added.options.get("FusedActivationFunction")
    return plain if alike and values == [[0], [rows]] else None


def _source(graph: Graph, producers: dict[int, Operator], number: int, rows: int) -> int | None:
    """The input of the graph that ids come from; None if they are computed."""
    operator = producers.get(number)
    wrapped = None if operator is None else _wrapped(graph, producers, operator, rows)
    if wrapped is not None:
        number, operator = wrapped, producers.get(wrapped)
    if operator is not None and operator.name == "CAST":
        number = operator.inputs[0]
    shape = graph.tensors[number].shape
    return number if number in graph.inputs and len(shape) == 2 and shape[0] == 1 else None


def with_ids(graph: Graph) -> tuple[Graph, frozenset[int]]:
    """The graph with tables that are read by inputs alone, and the inputs that are nothing but ids."""
    producers = {number: each for each in graph.operators for number in each.outputs}
    operators, ids = [], set()
    for operator in graph.operators:
        source = None
        if operator.name == GATHER and len(operator.inputs) == 2:
            table = graph.tensors[operator.inputs[0]]
            usual = table.dtype == REAL and len(table.shape) == 2 and bool(table.data.size)
            plain = usual and not operator.options.get("Axis", 0) and not operator.options.get("BatchDims", 0)
            source = _source(graph, producers, operator.inputs[1], table.shape[0]) if plain else None
        if source is not None:
            operator = replace(operator, inputs=(source, operator.inputs[0]), options={}, reads_ids=True)
            ids.add(source)
        operators.append(operator)
    after = only_needed(graph, replace(graph, operators=tuple(operators)))
    others = {number for each in after.operators if not each.reads_ids for number in each.inputs}
    return (graph, frozenset()) if ids & others else (after, frozenset(ids))
