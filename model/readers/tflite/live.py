# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which operators of a graph anything is made of, and a graph without those that are no longer needed."""

from __future__ import annotations

from dataclasses import replace

from model.readers.tflite.file import Graph


def live(graph: Graph) -> set[int]:
    """The numbers of the operators that lead to an output."""
    wanted, found = set(graph.outputs), set()
    for operator in reversed(graph.operators):
        if wanted & set(operator.outputs):
            found.add(operator.number)
            wanted |= set(operator.inputs)
    return found


def only_needed(before: Graph, after: Graph) -> Graph:
    """``after`` without what is not on the way to an output, unless it never was in ``before`` either: that stays."""
    useless = {each.number for each in before.operators} - live(before)
    wanted = live(after) | useless
    return replace(after, operators=tuple(each for each in after.operators if each.number in wanted))
