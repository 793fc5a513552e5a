# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a vector of a graph is: a sum of matrices times atoms, and a bias.

An atom is what no matrix and no sum tells apart: something read, a function of a form, a product of two forms, or a
form that a matrix reads. So a split, a slice, a concatenation, a bias added before or behind, and any order of these
give one and the same form: two graphs that compute the same are seen to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model.functions import Function
from model.signal import Array

LONGEST = 1 << 16  # elements of a vector
MOST = 1 << 24  # coefficients of a matrix that is made here
ROUNDING = 1e-6  # what float32 constants that were added in another order may differ by


@dataclass(frozen=True, eq=False, repr=False)
class Atom:
    """A vector that is told by its identity."""

    size: int


@dataclass(frozen=True, eq=False, repr=False)
class Leaf(Atom):
    """What is read from outside."""

    what: object


@dataclass(frozen=True, eq=False, repr=False)
class Applied(Atom):
    """A function of each element."""

    function: Function
    of: Form


@dataclass(frozen=True, eq=False, repr=False)
class Product(Atom):
    """Of two vectors, element by element."""

    factors: tuple[Form, Form]


@dataclass(frozen=True, eq=False, repr=False)
class Held(Atom):
    """A form that is read as one."""

    form: Form


@dataclass(frozen=True, eq=False, repr=False)
class Form:
    """bias + the sum of each atom's coefficients times the atom: (n,) factors of its elements, or a matrix (n, k)."""

    bias: Array  # (n,) float64
    terms: tuple[tuple[Atom, Array], ...] = ()  # each atom once; float64

    @property
    def size(self) -> int:
        """n."""
        return len(self.bias)

    @property
    def constant(self) -> bool:
        """Whether it reads nothing."""
        return not self.terms

    @property
    def alone(self) -> Atom | None:
        """The atom that it is, if it is one."""
        if len(self.terms) != 1 or self.bias.any():
            return None
        atom, by = self.terms[0]
        return atom if by.ndim == 1 and bool((by == 1).all()) and atom.size == self.size else None

    @cached_property
    def atom(self) -> Atom:
        """Itself as one: always the same."""
        return self.alone or Held(self.size, self)


def constant(values: Array) -> Form:
    """A vector of the file."""
    return Form(np.asarray(values, np.float64).reshape(-1))


def of_atom(atom: Atom) -> Form:
    """An atom alone."""
    return Form(np.zeros(atom.size), ((atom, np.ones(atom.size)),))


def _room(rows: int, columns: int) -> None:
    if rows * columns > MOST:
        raise ValueError(f"a matrix of {rows} by {columns}")


def _wide(by: Array) -> Array:
    if by.ndim == 2:
        return by
    _room(len(by), len(by))
    return np.diag(by)


def _sum(one: Array, other: Array) -> Array:
    return one + other if one.ndim == other.ndim else _wide(one) + _wide(other)


def broadcast(form: Form, size: int) -> Form:
    """A single number as a vector of them; raises ``ValueError`` if it is none."""
    if form.size == size:
        return form
    if form.size != 1 or not form.constant:
        raise ValueError(f"vectors of {form.size} and {size} meet")
    return Form(np.repeat(form.bias, size))


def added(one: Form, other: Form) -> Form:
    """Their sum; an atom that both cancel is gone."""
    size = max(one.size, other.size)
    one, other = broadcast(one, size), broadcast(other, size)
    terms = dict(one.terms)
    for atom, by in other.terms:
        both = _sum(terms[atom], by) if atom in terms else by
        if atom in terms and not both.any():
            del terms[atom]
        else:
            terms[atom] = both
    return Form(one.bias + other.bias, tuple(terms.items()))


def scaled(form: Form, factor: Array) -> Form:
    """Each element by a factor of its own, or all by one."""
    factor = np.broadcast_to(factor, form.size)
    by_rows = ((atom, by * (factor if by.ndim == 1 else factor[:, np.newaxis])) for atom, by in form.terms)
    return Form(form.bias * factor, tuple(by_rows))


def product(one: Form, other: Form) -> Form:
    """Element by element."""
    size = max(one.size, other.size)
    one, other = broadcast(one, size), broadcast(other, size)
    for constant, form in ((one, other), (other, one)):
        if constant.constant:
            return scaled(form, constant.bias) if constant.bias.any() else Form(np.zeros(size))
    return of_atom(Product(size, (one, other)))


def applied(function: Function, form: Form) -> Form:
    """A function of each element."""
    if form.constant:
        return Form(function(form.bias))
    return of_atom(Applied(form.size, function, form))


def rows(form: Form, picked: range) -> Form:
    """Some of its elements, one after the other."""
    if picked == range(form.size):
        return form
    if picked.step != 1 or not 0 <= picked.start < picked.stop <= form.size:
        raise ValueError(f"elements {picked} of {form.size}")
    part = slice(picked.start, picked.stop)
    return Form(form.bias[part], tuple((atom, _wide(by)[part]) for atom, by in form.terms))


def joined(parts: Sequence[Form]) -> Form:
    """Side by side."""
    total, at = Form(np.zeros(sum(part.size for part in parts))), 0
    for part in parts:
        _room(total.size, part.size)
        place = np.zeros((total.size, part.size))
        place[at : at + part.size] = np.eye(part.size)
        held = Form(np.zeros(total.size), ((part.atom, place),))
        if part.constant:
            held = Form(place @ part.bias)
        total, at = added(total, held), at + part.size
    return total


def multiplied(matrix: Array, form: Form) -> Form:
    """By a matrix (n, k)."""
    if matrix.shape[1] != form.size:
        raise ValueError(f"a matrix {matrix.shape} meets a vector of {form.size}")
    matrix = np.asarray(matrix, np.float64)
    if form.constant:
        return Form(matrix @ form.bias)
    if any(by.ndim == 1 for _, by in form.terms):
        return Form(np.zeros(len(matrix)), ((form.atom, matrix),))
    return Form(matrix @ form.bias, tuple((atom, matrix @ by) for atom, by in form.terms))


def near(one: Form, other: Form, rtol: float = 0.0) -> bool:
    """Whether both are the same of the same atoms, coefficients within ``rtol``, the bias within its rounding."""
    mine, others = dict(one.terms), dict(other.terms)
    if one.size != other.size or mine.keys() != others.keys():
        return False
    pairs = [(mine[atom], others[atom]) for atom in mine]
    wide = [(a, b) if a.ndim == b.ndim else (_wide(a), _wide(b)) for a, b in pairs]
    alike = all(np.allclose(a, b, rtol=rtol, atol=0) for a, b in wide)
    return alike and bool(np.allclose(one.bias, other.bias, rtol=ROUNDING, atol=ROUNDING))


def same(one: Form, other: Form) -> bool:
    """Whether both are one and the same."""
    return one is other or near(one, other)


def negated(form: Form) -> Form:
    """Each element's negative."""
    return scaled(form, np.array(-1.0))
