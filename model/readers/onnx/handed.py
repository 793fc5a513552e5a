# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a graph hands back of what it was given: which part of an output is what a part of an input is to be next."""

from __future__ import annotations

import numpy as np

from model.cells.forms import Form, Leaf
from model.readers.onnx.elements import MISFITS, Elements
from model.readers.onnx.file import Graph
from model.signal import Array


class Handed:
    """The inputs and outputs of a graph, element by element of one sample."""

    def __init__(self, graph: Graph, elements: Elements) -> None:
        self.elements = elements
        self.inputs = self._known([end.name for end in graph.inputs])
        self.outputs = self._known(graph.outputs)

    def _known(self, names: list[str] | tuple[str, ...]) -> dict[str, Array]:
        found = {}
        for name in names:
            try:
                found[name] = self.elements.one(name)
            except MISFITS:
                continue
        return found

    def input_of(self, leaf: Leaf) -> str:
        """The input that a leaf is a part of; empty if it is none's."""
        numbers = np.asarray(leaf.what)
        return next((name for name, own in self.inputs.items() if np.isin(numbers, own).all()), "")

    def hands_on(self, leaf: Leaf, form: Form) -> bool:
        """Whether an output has a form where an input has a leaf."""
        own = self.inputs.get(self.input_of(leaf))
        if own is None or form.size != leaf.size:
            return False
        places = np.asarray(leaf.what) - own[0]  # its elements are numbered one after the other
        try:
            same = (len(given) == len(own) and self.elements.form(given[places]) for given in self.outputs.values())
            return any(each and each.atom is form.atom for each in same)
        except MISFITS:  # a vector of too many parts is nobody's state
            return False
