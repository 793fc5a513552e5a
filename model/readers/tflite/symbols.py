# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the tensors of a graph are: vectors as forms, their sequences, whole numbers, and what a loop counts and keeps.

What an operator makes of them is said in ``rules``; a tensor whose value none tells is a leaf: it is read as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import formats
from model.cells import forms
from model.cells.forms import Form, Leaf
from model.formats import REAL
from model.readers.tflite.file import Graph, Operator, Refuse, Tensor
from model.readers.tflite.steps import integers, steps_axis
from model.signal import Array


@dataclass(frozen=True)
class Count:
    """A variable of a loop as it was when the step began, plus a number."""

    variable: int
    plus: int = 0


@dataclass(frozen=True)
class Below:
    """Whether all of these counts are below their limits."""

    limits: tuple[tuple[Count, int], ...]


@dataclass(frozen=True)
class Kept:
    """A variable of a loop that keeps what each step gives, or a part of it: the steps before and behind a place."""

    variable: int
    part: str = "whole"
    at: Count | None = None


@dataclass(frozen=True)
class Written:
    """The same with a vector in one place: that of a count, or always the same."""

    variable: int
    at: Count | int
    form: Form


@dataclass(frozen=True)
class Reserved:
    """A list of so many vectors, all zeros."""

    length: int


@dataclass(frozen=True)
class Series:
    """Vectors, step by step."""

    steps: tuple[Form, ...]


@dataclass(frozen=True)
class Piece:
    """What a leaf is: a step of a tensor, or all of it."""

    tensor: int  # or the variable of a loop
    step: int | Count | None = None


Whole = tuple[int | Count, ...]  # whole numbers, at most a few
Value = Form | Series | Whole | Below | Kept | Written | Reserved
Made = list[Value | None] | Value | None  # of several outputs, or of one; None is not known
Rule = Callable[["Symbols", Operator], Made]
MOST_STEPS = 4096  # of a sequence that is taken apart


class Symbols:
    """The values of one graph's tensors; what is not known of them is None."""

    def __init__(self, graph: Graph, refuse: Refuse, given: dict[int, Value] | None = None) -> None:
        self.tensors, self.refuse = list(graph.tensors), refuse
        self.values: dict[int, Value] = dict(given or {})
        self.leaves: dict[Piece, Form] = {}
        self.matrices: dict[int, Array] = {}
        self.stored: dict[bytes, float] = {}  # rows of matrices that are stored as integers, in float32: their scales
        self.asymmetric = True  # whether vectors that meet such are quantised with a zero point

    def run(self, operator: Operator, rule: Rule) -> None:
        """Let the operator's outputs be what its rule makes of its inputs, or stay unknown."""
        try:
            made = rule(self, operator)
        except (ValueError, IndexError, TypeError, KeyError):  # what does not fit is no value; its reader says so
            return
        for number, value in zip(operator.outputs, made if isinstance(made, list) else [made], strict=False):
            if value is not None and number >= 0:
                self.values.setdefault(number, value)

    # ---- reading ----

    def tensor(self, operator: Operator, index: int) -> Tensor:
        """Input ``index`` of an operator; raises ``IndexError`` if it is absent."""
        number = operator.inputs[index]
        if number < 0:
            raise IndexError(index)
        return self.tensors[number]

    def constant(self, tensor: Tensor) -> Array | None:
        """The real values of a constant."""
        if not tensor.data.size or tensor.dtype != REAL or tensor.sparse:
            return None
        values = tensor.data.view(np.float32).reshape(tensor.shape)
        if not np.isfinite(values).all():
            raise self.refuse(f"tensor {tensor.number} '{tensor.name}' has values that are not finite")
        return values

    def _integers(self, tensor: Tensor) -> Array:
        """A constant matrix of integers, as real values."""
        usual = tensor.data.size and not tensor.sparse and len(tensor.shape) == 2 and not tensor.zero_point.any()
        if formats.computing(REAL, tensor.dtype) is None or not usual or tensor.axis != 0:
            raise ValueError("no matrix")
        scale = np.broadcast_to(tensor.scale, tensor.shape[0]).astype(np.float64)
        if not (np.isfinite(scale).all() and (scale > 0).all()):
            raise ValueError("no scales")
        values = tensor.data.view(tensor.dtype).reshape(tensor.shape) * scale[:, np.newaxis]
        self.stored |= {row.tobytes(): float(by) for row, by in zip(values.astype(np.float32), scale, strict=True)}
        return np.asarray(values)

    def matrix(self, operator: Operator, index: int) -> Array:
        """A constant matrix, in float64."""
        tensor = self.tensor(operator, index)
        if tensor.number not in self.matrices:
            found = self.constant(tensor)
            if found is None:
                found = self._integers(tensor)
                self.asymmetric &= bool(operator.options.get("AsymmetricQuantizeInputs"))
            if found.ndim != 2:
                raise ValueError("no matrix")
            self.matrices[tensor.number] = found.astype(np.float64)
        return self.matrices[tensor.number]

    def leaf(self, piece: Piece, size: int) -> Form:
        """What is read as it is: the same each time."""
        if piece not in self.leaves:
            self.leaves[piece] = forms.of_atom(Leaf(size, piece))
        return self.leaves[piece]

    def gathered(self, variable: int, at: Count, size: int) -> Form:
        """The step of a sequence that a loop has come to."""
        return self.leaf(Piece(variable, at), size)

    def vector(self, operator: Operator, index: int) -> Form:
        """Input ``index`` as a vector; raises ``ValueError`` if it is none."""
        tensor = self.tensor(operator, index)
        value = self.values.get(tensor.number)
        if isinstance(value, Form):
            return value
        constant = self.constant(tensor) if value is None else None
        if constant is not None and (constant.size == 1 or constant.size == constant.shape[-1]):
            self.values[tensor.number] = made = forms.constant(constant)
            return made
        if value is not None or tensor.dtype != REAL or tensor.data.size or not tensor.shape:
            raise ValueError("no vector")
        if tensor.size != tensor.shape[-1] or not tensor.fixed:
            raise ValueError("no vector")
        return self.leaf(Piece(tensor.number), tensor.size)

    def whole(self, number: int) -> Whole:
        """Whole numbers; raises ``ValueError`` if they are not known."""
        value = self.values.get(number)
        found = integers(self.tensors[number]) if value is None else value
        if isinstance(found, list):
            return tuple(found)
        if not isinstance(found, tuple):
            raise ValueError("no whole numbers")
        return found

    def numbers(self, operator: Operator, index: int) -> list[int]:
        """Whole numbers that are constant."""
        found = self.whole(self.tensor(operator, index).number)
        if any(isinstance(n, Count) for n in found):
            raise ValueError("they change")
        return [n for n in found if isinstance(n, int)]

    def series(self, number: int) -> Series:
        """A sequence, step by step; one that is read as it is, of its steps as leaves."""
        value, tensor = self.values.get(number), self.tensors[number]
        if isinstance(value, Series):
            return value
        axis = steps_axis(tensor.shape)
        if value is not None or axis is None or tensor.dtype != REAL or tensor.data.size or not tensor.fixed:
            raise ValueError("no sequence")
        steps = range(tensor.shape[axis])
        if len(steps) > MOST_STEPS:
            raise ValueError("too many steps")
        return Series(tuple(self.leaf(Piece(number, step), tensor.shape[2]) for step in steps))
