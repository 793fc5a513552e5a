# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Functions that converters take apart, put together again: softplus is the logarithm of 1 + exp(x)."""

from __future__ import annotations

import numpy as np

from model.cells import forms
from model.cells.forms import Applied, Form, Product
from model.functions import FORMS, SELU_ALPHA, SELU_SCALE, Function, named

ABSOLUTE, LOGARITHM, AT_MOST_ONE = Function("absolute"), Function("logarithm"), Function("at_most_one")  # parts alone
FIFTH = float(np.float32(0.2))  # as files have it
NEAR = 1e-6  # how far a constant of a file may be from the one it stands for


def peeled(form: Form) -> tuple[Function, Form]:
    """The function that a form is of, and of what; linear if it is of none, or of a part of one alone."""
    atom = form.alone
    known = isinstance(atom, Applied) and atom.function.name in FORMS
    return (atom.function, atom.of) if isinstance(atom, Applied) and known else (named("linear"), form)


def _of(form: Form, name: str) -> Form | None:
    """What it is this function of."""
    atom = form.alone
    return atom.of if isinstance(atom, Applied) and atom.function.name == name else None


def _plus_one(form: Form, name: str) -> Form | None:
    """What 1 plus this function is of, if it is one."""
    return _of(forms.added(form, forms.constant(np.full(form.size, -1.0))), name)


def applied(function: Function, form: Form) -> Form:
    """A function of each element, or what it makes together with the one within it."""
    softplus = _plus_one(form, "exponential") if function == LOGARITHM else None
    if softplus is not None:
        return forms.applied(named("softplus"), softplus)
    clipped = _of(form, AT_MOST_ONE.name) if function.name == "relu" else None
    if clipped is not None:
        centred = forms.added(clipped, forms.constant(np.full(form.size, -0.5)))
        return forms.applied(named("hard_sigmoid_keras2"), forms.scaled(centred, np.array(1 / FIFTH)))
    return forms.applied(function, form)


def scaled(form: Form, factor: Form) -> Form:
    """By a constant."""
    inner, by = _of(form, "relu6"), factor.bias
    if inner is not None and np.allclose(by, 1 / 6, rtol=NEAR, atol=0):
        return forms.applied(named("hard_sigmoid_keras3"), forms.added(inner, forms.constant(np.full(form.size, -3.0))))
    return forms.scaled(form, by)


def product(one: Form, other: Form) -> Form:
    """Element by element."""
    for plain, share in ((one, other), (other, one)):
        if share.constant:
            return scaled(plain, share) if share.bias.any() else forms.product(plain, share)
        sigmoid, tanh = _of(share, "sigmoid"), _of(share, "tanh")
        if sigmoid is not None and forms.same(sigmoid, plain):
            return forms.applied(named("silu"), plain)
        softplus = None if tanh is None else _of(tanh, "softplus")
        if softplus is not None and forms.same(softplus, plain):
            return forms.applied(named("mish"), plain)
    return forms.product(one, other)


def quotient(one: Form, other: Form) -> Form | None:
    """Element by element; None if it is no function that is known."""
    if other.constant and other.bias.all():
        return scaled(one, forms.constant(1 / other.bias))
    inner = _plus_one(other, ABSOLUTE.name)
    return forms.applied(named("softsign"), one) if inner is not None and forms.same(inner, one) else None


def where_positive(asked: Form, yes: Form, no: Form) -> Form | None:
    """One where ``asked`` is above zero, the other elsewhere; None if it is no function that is known."""
    faded = forms.added(forms.scaled(no, np.array(1 / (SELU_SCALE * SELU_ALPHA))), forms.constant(np.ones(no.size)))
    atoms = [atom for atom, _ in faded.terms]
    if len(atoms) != 1 or not isinstance(atoms[0], Applied) or atoms[0].function.name != "exponential":
        return None
    alike = [
        forms.same(atoms[0].of, asked),
        forms.near(faded, forms.of_atom(atoms[0]), NEAR),
        forms.near(yes, forms.scaled(asked, np.array(SELU_SCALE)), NEAR),
    ]
    return forms.applied(named("selu"), asked) if all(alike) else None


def is_product(form: Form) -> Product | None:
    """The product that a form is, if it is one."""
    atom = form.alone
    return atom if isinstance(atom, Product) else None
