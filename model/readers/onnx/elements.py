# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the tensors of a graph are, vector by vector along the last axis, as forms (model/cells/forms.py).

Each element has a number, made of its sample, its form, and its place there. What only moves elements is done to these
numbers by the same functions as to constants. What an operator computes that is none of a cell's has no form: such
elements are read as they are. Samples are alike but for their own number, so that what mixes two of them is seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from model.cells import forms, functions
from model.cells.forms import Atom, Form, Leaf
from model.functions import named
from model.readers.onnx import constants as fold
from model.readers.onnx.file import End, Graph, Node
from model.readers.onnx.layers import FUNCTIONS
from model.readers.onnx.recurrent import GATES
from model.signal import Array

PLACES = forms.LONGEST  # numbers of a form
READ = 1 << 40  # the first number of an element that is read as it is
SAMPLE = 1 << 41  # numbers of a sample; the first ones are nobody's, as constants are

MOST_ELEMENTS = 1 << 24  # of all tensors
MOST_VECTORS = 1 << 16  # of all that is computed with
MOST_PRODUCTS = 1 << 34  # of matrices by matrices
MOST_PARTS = 64  # forms that a vector is put together of

OF_CELLS = {"Relu": "relu", "Sigmoid": "sigmoid", "Softplus": "softplus", "Softsign": "softsign", "Tanh": "tanh"}
# what gives its input's shape
KEPT = (*FUNCTIONS, "BatchNormalization", "Cast", "LayerNormalization", "Neg", "PRelu", "Softmax")
MOVED = ("Concat", "Dropout", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Tile",
         "Transpose", "Unsqueeze")  # fmt: skip
MISFITS = (fold.FoldError, ArithmeticError, IndexError, KeyError, TypeError, ValueError)  # its reader tells

What = TypeVar("What", Node, End)
Rule = Callable[["Elements", Node], Sequence[Array]]


@dataclass(frozen=True)
class Vectors:
    """Rows of a tensor, and the sample that each is of: none (0), or from 1 on."""

    forms: list[Form]
    samples: Array


class Elements:
    """The tensors of a graph by their names, of so many samples along these axes of its inputs."""

    def __init__(self, graph: Graph, samples: int, axes: Mapping[str, int | None], parted: bool = False) -> None:
        """``parted``: what is of two inputs is no vector that is read as one."""
        self.samples = samples
        self.constants: dict[str, Array] = dict(graph.constants)
        self.numbers: dict[str, Array] = {}
        self.forms: list[Form] = []
        self.which: dict[Form, int] = {}
        self.known: dict[bytes, Form] = {}  # by the numbers of their elements
        self.same: dict[bytes, Form] = {}  # constant ones by their values
        self.read = 0  # elements that are read as they are
        self.elements, self.rows, self.products = MOST_ELEMENTS, MOST_VECTORS, MOST_PRODUCTS  # that are left
        self.borders: list[int] = []  # between elements that are read as they are
        for end in graph.inputs:
            self._keep((end.name,), lambda _, end: self._opened(end, axes[end.name]), end)
            self.borders += [READ + self.read] if parted else []
        for node in graph.nodes:
            self._fold(node)
            for rules in (RULES, LEAVES):
                known = any(name in self.numbers or name in self.constants for name in filter(None, node.outputs))
                if node.operator in rules and not known:
                    self._keep(node.outputs, rules[node.operator], node)

    def _opened(self, end: End, axis: int | None) -> list[Array]:
        """An input as it is read."""
        lengths = [self.samples if at == axis else length for at, length in enumerate(end.shape or ())]
        fixed = [length for length in lengths if isinstance(length, int)]
        if not fixed or len(fixed) != len(lengths):
            raise ValueError("another length is open")
        return [self.leaf(fixed, axis)]

    def _fold(self, node: Node) -> None:
        """Let what is computed of constants be one."""
        given = [self.constants.get(name) if name else None for name in node.inputs]
        known = all(each is not None or not name for each, name in zip(given, node.inputs, strict=True))
        if known and node.operator in fold.FOLDED:
            self._constant(node, lambda: fold.FOLDED[node.operator](node, given))
        elif node.operator == "Shape":
            self._constant(node, lambda: fold.shape_of(node, self.numbers[node.input(0)].shape))

    def _constant(self, node: Node, make: Callable[[], Array]) -> None:
        try:
            with np.errstate(all="ignore"):
                self.constants[node.output(0)] = make()
        except MISFITS:
            return

    def _keep(self, names: Sequence[str], rule: Callable[[Elements, What], Sequence[Array]], what: What) -> None:
        """Let tensors be what a rule makes of a node or an input, or stay unknown."""
        try:
            with np.errstate(all="ignore"):
                made = rule(self, what)
            self.elements -= sum(each.size for each in made)
            if self.elements >= 0:
                self.numbers |= {name: each for name, each in zip(names, made, strict=False) if name}
        except MISFITS:
            return

    # ---- making ----

    def leaf(self, shape: Sequence[int], batch: int | None) -> Array:
        """Elements that are read as they are, every sample's the same but for the sample."""
        alike = [1 if axis == batch else length for axis, length in enumerate(fold.small(shape))]
        first = READ + self.read
        self.read += math.prod(alike)
        if not math.prod(shape) or self.read > MOST_ELEMENTS:
            raise ValueError("no elements, or too many")
        one = np.arange(first, READ + self.read).reshape(alike) + SAMPLE
        if batch is None:
            return one
        own = np.arange(self.samples) * SAMPLE
        return one + own.reshape([-1 if axis == batch else 1 for axis in range(len(shape))])

    def new(self, shape: Sequence[int], made: Vectors) -> Array:
        """Elements that are these vectors."""
        if any(form.size > PLACES for form in made.forms):
            raise ValueError("a vector is too long")
        for form in made.forms:
            if form not in self.which:
                self.which[form] = len(self.forms)
                self.forms.append(form)
        which = [self.which[form] for form in made.forms]
        starts = np.array(which, np.int64) * PLACES + made.samples * SAMPLE
        return np.asarray(starts[:, np.newaxis] + np.arange(shape[-1])).reshape(shape)

    # ---- reading ----

    def form(self, row: Array) -> Form:
        """The vector of these elements of one sample: always the same."""
        key = row.tobytes()
        if key not in self.known:
            self.known[key] = self._put_together(row)
        return self.known[key]

    def _put_together(self, row: Array) -> Form:
        which = np.minimum(row, READ) // PLACES
        apart = (np.diff(which) != 0) | ((np.diff(row) != 1) & (row[1:] < READ))
        apart |= np.diff(np.searchsorted(self.borders, row, side="right")) != 0
        parts = np.split(row, np.flatnonzero(apart) + 1)
        if len(parts) > MOST_PARTS:
            raise ValueError("too many parts")
        if len(parts) > 1:
            return forms.joined([self.form(part) for part in parts])
        if row[0] >= READ:
            return forms.of_atom(Leaf(len(row), row))
        first = int(row[0] % PLACES)
        return forms.rows(self.forms[which[0]], range(first, first + len(row)))

    def vectors(self, name: str, shape: Sequence[int]) -> Vectors:
        """Those of a tensor that is repeated to a shape, the last axis of constants alone; raises ``ValueError``."""
        count = math.prod(shape[:-1])
        self.rows -= count
        if self.rows < 0:
            raise ValueError("too many vectors")
        constant = self.constants.get(name)
        if constant is not None:
            if not np.issubdtype(constant.dtype, np.floating) or not np.isfinite(constant).all():
                raise ValueError("no real numbers")
            rows = np.broadcast_to(constant.astype(np.float64), shape).reshape(-1, shape[-1])
            made = [self.same.setdefault(row.tobytes(), forms.constant(row)) for row in rows]
            return Vectors(made, np.zeros(count, np.int64))
        numbers = self.numbers[name]
        if numbers.shape[-1] != shape[-1]:
            raise ValueError("another length")
        rows = np.broadcast_to(numbers, shape).reshape(-1, shape[-1])
        return Vectors([self.form(row) for row in rows % SAMPLE], _sample(rows // SAMPLE))

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a tensor; raises ``KeyError`` if it is not known."""
        return (self.constants if name in self.constants else self.numbers)[name].shape

    def matrix(self, name: str) -> Array:
        """A constant (k, n) as float64 (n, k): what a vector is multiplied by."""
        found = self.constants[name]
        if found.ndim < 2 or math.prod(found.shape[:-2]) != 1 or not np.isfinite(found).all():
            raise ValueError("no matrix")
        return found.reshape(found.shape[-2:]).T.astype(np.float64)

    def batch(self, name: str) -> int | None:
        """The axis along which a tensor has the samples, each the same; None if there is one alone.

        Raises ``ValueError`` where they are mixed.
        """
        numbers = self.numbers[name]
        if self.samples == 1:
            return None
        for axis, length in enumerate(numbers.shape):
            own = np.arange(self.samples).reshape([-1 if at == axis else 1 for at in range(numbers.ndim)]) * SAMPLE
            first = np.take(numbers, [0], axis)
            if length == self.samples and (first // SAMPLE == 1).all() and np.array_equal(numbers, first + own):
                return axis
        raise ValueError("samples are mixed")

    def one(self, name: str) -> Array:
        """The numbers of one sample, one after the other; raises ``ValueError``, or ``KeyError`` of what is unknown."""
        axis, numbers = self.batch(name), self.numbers[name]
        return np.asarray((numbers if axis is None else np.take(numbers, 0, axis)) % SAMPLE).reshape(-1)

    def of_one(self, name: str) -> list[Form]:
        """The vectors of a tensor of one sample; none if they are not known, constants, or not the same of each."""
        try:
            axis, numbers = self.batch(name), self.numbers[name]
            one = numbers if axis is None else np.take(numbers, 0, axis)
            if axis == numbers.ndim - 1 or not one.size:
                return []
            self.rows -= one.size // one.shape[-1]
            return [] if self.rows < 0 else [self.form(row) for row in (one % SAMPLE).reshape(-1, one.shape[-1])]
        except MISFITS:
            return []

    def steps(self, name: str) -> tuple[Atom, ...]:
        """The same, each as an atom."""
        return tuple(form.atom for form in self.of_one(name))


def _sample(samples: Array) -> Array:
    """Of each row, whose elements are of one (N, n); raises ``ValueError``."""
    whose = samples.max(axis=1)
    if not ((samples == whose[:, np.newaxis]) | (samples == 0)).all():
        raise ValueError("samples are mixed")
    return np.asarray(whose)


# ---- what is computed ----


Make = Callable[..., Form | None]


def _computed(elements: Elements, shape: Sequence[int], make: Make, *given: Vectors) -> list[Array]:
    """Row by row, the same of the same."""
    samples = _sample(np.stack([each.samples for each in given], axis=1))
    made: dict[tuple[Form, ...], Form] = {}
    rows = list(zip(*(each.forms for each in given), strict=True))
    for row in dict.fromkeys(rows):
        form = make(*row)
        if form is None:
            raise ValueError("no function that is known")
        made[row] = form
    return [elements.new(shape, Vectors([made[row] for row in rows], samples))]


def _applied(elements: Elements, node: Node) -> list[Array]:
    """A function of each element."""
    shape, function = elements.shape(node.input(0)), named(OF_CELLS[node.operator])
    x = elements.vectors(node.input(0), shape)
    return _computed(elements, shape, lambda form: functions.applied(function, form), x)


def _two(make: Callable[[Form, Form], Form | None]) -> Rule:
    """Of two tensors, element by element."""

    def rule(elements: Elements, node: Node) -> list[Array]:
        shape = np.broadcast_shapes(*map(elements.shape, node.inputs))
        one, other = (elements.vectors(name, shape) for name in node.inputs)
        return _computed(elements, shape, make, one, other)

    return rule


def _multiplied(elements: Elements, name: str, matrix: Array, *bias: str) -> list[Array]:
    """Vectors by a matrix. Several at once are a sequence, whose steps are read as they are."""
    shape = elements.shape(name)
    x = elements.vectors(name, shape)
    several = len(set(x.forms)) > 1
    if not several:
        elements.products -= matrix.size * sum(by.shape[1] for _, by in x.forms[0].terms if by.ndim == 2)
        if elements.products < 0:
            raise ValueError("too many products")
    shape = (*shape[:-1], len(matrix))

    def make(form: Form, *offset: Form) -> Form:
        product = forms.multiplied(matrix, forms.of_atom(form.atom) if several else form)
        return forms.added(product, offset[0]) if offset else product

    return _computed(elements, shape, make, x, *(elements.vectors(each, shape) for each in bias))


def _matmul(elements: Elements, node: Node) -> list[Array]:
    return _multiplied(elements, node.input(0), elements.matrix(node.input(1)))


def _gemm(elements: Elements, node: Node) -> list[Array]:
    matrix = elements.matrix(node.input(1))
    if node.attributes.get("transA", 0) or any(node.attributes.get(name, 1.0) != 1.0 for name in ("alpha", "beta")):
        raise ValueError("a signal that is transposed, or factors")
    matrix = matrix.T if node.attributes.get("transB", 0) else matrix
    return _multiplied(elements, node.input(0), matrix, *filter(None, node.inputs[2:]))


def _moved(elements: Elements, node: Node) -> list[Array]:
    """The elements as they are, in other places."""
    every = node.operator == "Concat"
    given = [
        elements.constants[name] if at and name and not every else _numbers(elements, name) if name else None
        for at, name in enumerate(node.inputs)
    ]
    return [fold.FOLDED[node.operator](node, given)]


def _numbers(elements: Elements, name: str) -> Array:
    """The elements of a tensor, of a constant as well."""
    if name not in elements.constants:
        return elements.numbers[name]
    shape = elements.shape(name)
    return elements.new(shape, elements.vectors(name, shape))


def _split(elements: Elements, node: Node) -> list[Array]:
    numbers = _numbers(elements, node.input(0))
    axis = fold.axis_of(int(node.attributes.get("axis", 0)), numbers.ndim)
    sizes = fold.split_sizes(node, numbers.shape[axis], [None, *(elements.constants[n] for n in node.inputs[1:])])
    return np.split(numbers, np.cumsum(sizes)[:-1], axis)


RULES: dict[str, Rule] = {
    **dict.fromkeys(OF_CELLS, _applied),
    **dict.fromkeys(MOVED, _moved),
    "Add": _two(forms.added),
    "Sub": _two(lambda one, other: forms.added(one, forms.negated(other))),
    "Mul": _two(functions.product),
    "Div": _two(functions.quotient),
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Split": _split,
}


# ---- what is read as it is: if it mixes samples, its own reader says so ----


def _as_before(elements: Elements, node: Node) -> list[Array]:
    name = node.input(0)
    return [elements.leaf(elements.shape(name), elements.batch(name))]


def _as_both(elements: Elements, node: Node) -> list[Array]:
    shape = np.broadcast_shapes(*map(elements.shape, node.inputs))
    whole = [name for name in node.inputs if name in elements.numbers and elements.shape(name) == shape]
    return [elements.leaf(shape, elements.batch(whole[0]))]


def _looked_up(elements: Elements, node: Node) -> list[Array]:
    """Rows of a table."""
    if node.attributes.get("axis", 0):
        raise ValueError("no rows")
    table, ids = node.inputs
    return [elements.leaf((*elements.shape(ids), *elements.constants[table].shape[1:]), elements.batch(ids))]


def _convolved(elements: Elements, node: Node) -> list[Array]:
    """(N, channels, steps), windows that are whole and of zeros around."""
    kernel = elements.shape(node.input(1)) if node.input(1) else (0, 0, *node.attributes["kernel_shape"])
    samples, channels, steps = elements.shape(node.input(0))
    padded = node.attributes.get("auto_pad", "NOTSET")
    if padded not in ("NOTSET", "VALID") or node.attributes.get("ceil_mode", 0):
        raise ValueError("another number of steps")
    pads = (0, 0) if padded == "VALID" else node.attributes.get("pads", (0, 0))
    (stride,), (dilation,) = (node.attributes.get(name, (1,)) for name in ("strides", "dilations"))
    left = steps + sum(pads) - dilation * (kernel[2] - 1) - 1
    return [elements.leaf((samples, kernel[0] or channels, left // stride + 1), elements.batch(node.input(0)))]


def _recurrent(elements: Elements, node: Node) -> list[Array]:
    """Of every step, of the last one, and the cell state then."""
    one, other, _ = elements.shape(node.input(0))
    directions, _, units = elements.shape(node.input(2))
    late, lasts = bool(node.attributes.get("layout", 0)), (directions, other, units)
    every: tuple[int, ...] = (one, directions, other, units)
    if late:
        every, lasts = (one, other, directions, units), (one, directions, units)
    batches = (None, None, None) if elements.samples == 1 else (0, 0, 0) if late else (2, 1, 1)
    made = [elements.leaf(shape, batch) for shape, batch in zip((every, lasts, lasts), batches, strict=True)]
    if math.prod(every) == math.prod(lasts):  # the only step is the last one
        made[0] = made[1].reshape(every)
    return made


LEAVES: dict[str, Rule] = {
    **dict.fromkeys(KEPT, _as_before),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Max", "Min"), _as_both),
    **dict.fromkeys(("Conv", "MaxPool", "AveragePool"), _convolved),
    **dict.fromkeys(GATES, _recurrent),
    "Gather": _looked_up,
}
