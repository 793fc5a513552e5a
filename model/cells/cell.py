# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A recurrent cell found in forms: what its hidden state, and its cell state if it has one, are after a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from model.cells import forms
from model.cells.forms import Applied, Atom, Form, Held, Product
from model.cells.functions import is_product, peeled
from model.formats.base import Format
from model.formats.dynamic import FORMAT as DYNAMIC
from model.formats.float32 import FORMAT as FLOAT32
from model.functions import Function, named
from model.layers.gru import Gru
from model.layers.lstm import Lstm
from model.layers.recurrent import SIGMOID, TANH, Recurrent
from model.layers.simple_rnn import SimpleRnn
from model.signal import Array, Signal, Weights


@dataclass(frozen=True, eq=False)
class Step:
    """One step in a graph: what is read and what comes of it."""

    x: Atom
    hidden: Atom | None  # before; None where it is zeros, and gone from the graph
    new_hidden: Form
    cell: Atom | None = None  # the same of an LSTM
    new_cell: Form | None = None


@dataclass(frozen=True, eq=False)
class Cell:
    """The numbers of a cell, its gates in the order of the layer's."""

    kind: str  # what the layer is called
    kernel: Array  # (G, H, F) float32
    recurrent: Array  # (G, H, H) float32
    bias: Array  # (G, H) float32
    activation: Function
    recurrent_activation: Function = SIGMOID
    candidate_bias: Array = field(default_factory=lambda: np.zeros(0, np.float32))  # (H,) of a GRU
    reset_after: bool = False  # of a GRU
    scales: tuple[Array, Array] | None = None  # (G, H) each, of kernel and recurrent, where they are stored as integers
    start: Array | None = None  # (S, H) what its layer's state starts from; None: zeros
    in_part: bool = False  # whether some of its weights are stored as integers, and read as real numbers

    @property
    def format(self) -> Format:
        """That it computes in."""
        return FLOAT32 if self.scales is None else DYNAMIC

    @property
    def units(self) -> int:
        """H."""
        return int(self.kernel.shape[1])

    @property
    def features(self) -> int:
        """F."""
        return int(self.kernel.shape[2])

    @property
    def tells_its_state(self) -> bool:
        """Whether a step does something else with its hidden state than with what it reads."""
        return self.kind == Gru.kind

    @property
    def has_gates(self) -> bool:
        """Whether it is no SimpleRNN."""
        return len(self.kernel) > 1

    def equals(self, other: Cell) -> bool:
        """Whether both compute the same."""
        functions = (self.kind, self.activation, self.recurrent_activation, self.reset_after)
        if functions != (other.kind, other.activation, other.recurrent_activation, other.reset_after):
            return False
        exact = zip((self.kernel, self.recurrent), (other.kernel, other.recurrent), strict=True)
        near = zip((self.bias, self.candidate_bias), (other.bias, other.candidate_bias), strict=True)
        return all(np.array_equal(a, b) for a, b in exact) and all(
            a.shape == b.shape and np.allclose(a, b, rtol=forms.ROUNDING, atol=forms.ROUNDING) for a, b in near
        )

    def first_step(self, x: Array) -> tuple[Array, Array | None]:
        """Its hidden state, and its cell state if it has one, from zeros (N, H), for x (N, F)."""
        layer = replace(self, scales=None).layer("first", 1, True, False)
        _, state = layer.step_of(Signal((1, self.features)))(np.asarray(x, np.float64), layer.reset(len(x)))
        return state[-1], state[0] if len(state) > 1 else None

    @property
    def one_scale_a_gate(self) -> bool:
        """Whether its layer has one for all rows of a gate, as TFLite's own LSTM, and these rows do."""
        usual = self.kind == Lstm.kind and (self.activation, self.recurrent_activation) == (TANH, SIGMOID)
        return usual and all((scale == scale[:, :1]).all() for scale in self.scales or ())

    def stored(self, rows: Mapping[bytes, float]) -> Cell:
        """The cell with the scales of its rows, of those that are stored as integers."""
        given = [
            np.array([rows.get(row.tobytes(), 0.0) for row in matrix.reshape(-1, matrix.shape[2])])
            for matrix in (self.kernel, self.recurrent)
        ]
        zeros = [~matrix.any(axis=2).reshape(-1) for matrix in (self.kernel, self.recurrent)]
        if all((scale[~zero] == 0).all() for scale, zero in zip(given, zeros, strict=True)):
            return self
        scales = []
        for scale, zero in zip(given, zeros, strict=True):
            if (scale[~zero] == 0).any():
                return replace(self, in_part=True)
            by_gate = np.where(zero, scale.max(), scale).reshape(len(self.kernel), -1)
            scales.append(by_gate.astype(np.float32))
        return replace(self, scales=(scales[0], scales[1]))

    def _weights(self) -> tuple[Weights, Weights]:
        if self.scales is None:
            return Weights(self.kernel), Weights(self.recurrent)
        made = []
        for values, scale in zip((self.kernel, self.recurrent), self.scales, strict=True):
            stored = np.rint(values / scale[:, :, np.newaxis]).astype(self.format.weights.name)
            made.append(Weights(stored, scale[:, 0] if self.one_scale_a_gate else scale))
        return made[0], made[1]

    def layer(self, name: str, steps: int, sequences: bool, backwards: bool) -> Recurrent:
        """The layer that it is over a sequence."""
        kernel, recurrent = self._weights()
        return LAYERS[self.kind](
            self,
            name=name,
            kernel=kernel,
            recurrent=recurrent,
            bias=self.bias,
            format=self.format,
            activation=self.activation,
            start=self.start,
            return_sequences=sequences,
            go_backwards=backwards,
            output=Signal((steps, self.units) if sequences else (self.units,)),
        )


LAYERS: dict[str, Callable[..., Recurrent]] = {
    Lstm.kind: lambda cell, **common: Lstm(cell_clip=0.0, recurrent_activation=cell.recurrent_activation, **common),
    Gru.kind: lambda cell, **common: Gru(
        candidate_bias=cell.candidate_bias,
        reset_after=cell.reset_after,
        recurrent_activation=cell.recurrent_activation,
        **common,
    ),
    SimpleRnn.kind: lambda _, **common: SimpleRnn(**common),
}

Gate = tuple[Array, Array, Array]  # (H, F), (H, H), (H,)


def _matrix(form: Form, atom: Atom | None, columns: int) -> Array:
    """The coefficients of an atom, zeros if the form does not read it."""
    by = dict(form.terms).get(atom) if atom is not None else None
    if by is None:
        return np.zeros((form.size, columns))
    return np.diag(by) if by.ndim == 1 else by


def _gate(step: Step, form: Form) -> Gate | None:
    """A gate before its activation; None if it reads anything but x and the hidden state."""
    if any(atom not in (step.x, step.hidden) for atom, _ in form.terms) or form.size != step.new_hidden.size:
        return None
    return _matrix(form, step.x, step.x.size), _matrix(form, step.hidden, form.size), form.bias


def _stacked(gates: list[Gate]) -> dict[str, Any]:
    kernel, recurrent, bias = (np.stack(parts).astype(np.float32) for parts in zip(*gates, strict=True))
    return {"kernel": kernel, "recurrent": recurrent, "bias": bias}


def _pairs(form: Form) -> list[tuple[Form, Form]]:
    """The factors of a product, either first; none if it is no product."""
    product = is_product(form)
    return [] if product is None else [product.factors, product.factors[::-1]]


def _products(form: Form) -> list[Product] | None:
    """The products that it is the plain sum of."""
    atoms = [atom for atom, by in form.terms if by.ndim == 1 and bool((by == 1).all())]
    products = [atom for atom in atoms if isinstance(atom, Product)]
    return products if len(products) == len(form.terms) and not form.bias.any() else None


def _lstm(step: Step) -> Cell | None:
    """h = o * activation(c), c = f * c + i * activation(g)."""
    products = None if step.new_cell is None else _products(step.new_cell)
    if step.new_cell is None or not products:
        return None
    kept = [each for each in products if step.cell is not None and any(f.atom is step.cell for f in each.factors)]
    added = [each for each in products if each not in kept]
    if len(added) != 1 or len(kept) != (step.cell is not None):
        return None
    forgets = [
        other for each in kept for factor, other in (each.factors, each.factors[::-1]) if factor.atom is step.cell
    ]
    for o, shown in _pairs(step.new_hidden):
        activation, seen = peeled(shown)
        if not forms.same(seen, step.new_cell):
            activation, seen = named("linear"), shown
        for i, g in (added[0].factors, added[0].factors[::-1]):
            (first, i_form), (second, g_form), (last, o_form) = peeled(i), peeled(g), peeled(o)
            forget = peeled(forgets[0]) if forgets else (first, None)
            alike = forms.same(seen, step.new_cell) and first == last == forget[0] and second == activation
            f_form = forms.constant(np.zeros(i_form.size)) if forget[1] is None else forget[1]
            gates = [_gate(step, form) for form in (i_form, f_form, g_form, o_form)]
            found = [gate for gate in gates if gate is not None]
            if alike and len(found) == len(gates):
                return Cell(Lstm.kind, **_stacked(found), activation=activation, recurrent_activation=first)
    return None


def _simple_rnn(step: Step) -> Cell | None:
    """h = activation(a)"""
    activation, form = peeled(step.new_hidden)
    gate = _gate(step, form)
    return None if gate is None else Cell(SimpleRnn.kind, **_stacked([gate]), activation=activation)


def _without(form: Form, atom: Atom) -> Form:
    return Form(form.bias, tuple(term for term in form.terms if term[0] is not atom))


def _candidate(step: Step, form: Form) -> tuple[Gate, Form, Array, bool] | None:
    """A candidate before its activation: its gate, r, the bias that r multiplies, and whether r comes after."""
    for atom, by in form.terms:
        if not isinstance(atom, Product):
            continue
        rest = _gate(step, _without(form, atom))
        for r, share in (atom.factors, atom.factors[::-1]):
            if rest is None or rest[1].any():
                continue
            if by.ndim == 2 and share.atom is step.hidden:
                return (rest[0], by, rest[2]), r, np.zeros(form.size), False
            own = _gate(step, share)
            if by.ndim == 1 and bool((by == 1).all()) and own is not None and not own[0].any() and own[1].any():
                return (rest[0], own[1], rest[2]), r, own[2], True
    return None


def blended(form: Form) -> Form:
    """z * h + (1 - z) * n where a form is n + z * (h - n), of an h that z is made of; else the form."""
    for atom, by in form.terms:
        if not isinstance(atom, Product) or by.ndim == 2 or not (by == 1).all():
            continue
        n = _without(form, atom)
        for z, less in (atom.factors, atom.factors[::-1]):
            h = forms.added(less, n)
            for read, _ in peeled(z)[1].terms:
                if read is h.alone or (isinstance(read, Held) and forms.same(read.form, h)):
                    rest = forms.added(forms.constant(np.ones(z.size)), forms.negated(z))
                    return forms.added(forms.product(z, forms.of_atom(read)), forms.product(rest, n))
    return form


def _gru(step: Step) -> Cell | None:
    """h = z * h + (1 - z) * activation(candidate)."""
    products = _products(blended(step.new_hidden))
    if not products or len(products) != 2 or step.hidden is None:
        return None
    kept = [each for each in products if any(f.atom is step.hidden for f in each.factors)]
    added = [each for each in products if each not in kept]
    if len(kept) != 1 or len(added) != 1:
        return None
    one, other = kept[0].factors
    z = other if one.atom is step.hidden else one
    rest = forms.added(forms.constant(np.ones(z.size)), forms.negated(z))
    for share, candidate in (added[0].factors, added[0].factors[::-1]):
        activation, inner = peeled(candidate)
        found = _candidate(step, inner) if forms.same(share, rest) else None
        if found is None:
            continue
        gate, r, own, after = found
        (recurrent_activation, z_form), (second, r_form) = peeled(z), peeled(r)
        gates = [_gate(step, z_form), _gate(step, r_form), gate]
        whole = [each for each in gates if each is not None]
        if second == recurrent_activation and len(whole) == len(gates):
            functions: dict[str, Any] = {"activation": activation, "recurrent_activation": recurrent_activation}
            own = own.astype(np.float32)
            return Cell(Gru.kind, **_stacked(whole), **functions, candidate_bias=own, reset_after=after)
    return None


def found(step: Step) -> Cell | None:
    """The cell whose step it is; None if it is none that is known."""
    if step.new_cell is not None:
        return _lstm(step)
    return _gru(step) or _simple_rnn(step)


def value(form: Form, given: dict[Atom, Array]) -> Array:
    """A form's elements (N, n), of atoms (N, k)."""
    total = np.zeros(form.size) + form.bias
    for atom, by in form.terms:
        x = _atom_value(atom, given)
        total = total + (x * by if by.ndim == 1 else x @ by.T)
    return np.asarray(total)


def _atom_value(atom: Atom, given: dict[Atom, Array]) -> Array:
    if atom not in given:
        if isinstance(atom, Applied):
            given[atom] = atom.function(value(atom.of, given))
        elif isinstance(atom, Product):
            given[atom] = value(atom.factors[0], given) * value(atom.factors[1], given)
        else:
            raise ValueError("a form reads what is not given")
    return given[atom]
