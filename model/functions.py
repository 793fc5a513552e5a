# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The real functions that layers and cells apply, in float64: what every format comes near, and floats compute.

None overflows, and of an infinity each gives what it comes near. Parameters, where a function has any, come in the
order of ``FORMS``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model.signal import Array

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
GELU_CUBIC = 0.044715
Bounds = tuple[float | None, float | None]


class Line(NamedTuple):
    """clip(slope * x + offset, low, high)"""

    slope: float
    offset: float
    low: float
    high: float


class Bend(NamedTuple):
    """slope * (x - threshold) up to the threshold, min(x, most) above it."""

    slope: float
    threshold: float
    most: float


Pieces = Line | Bend | None


def _times(x: Array, share: Array) -> Array:
    """x times what vanishes where x goes to -infinity."""
    return np.asarray(np.where(np.isneginf(x), 0.0, x) * share)


def sigmoid(x: Array) -> Array:
    """Logistic function that does not overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


def softmax(x: Array) -> Array:
    """Softmax over the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _clamped(line: Line) -> Callable[..., Array]:
    return lambda x: np.clip(line.slope * x + line.offset, line.low, line.high)


def _bent(bend: Bend, x: Array) -> Array:
    return np.where(x <= bend.threshold, bend.slope * (x - bend.threshold), np.minimum(x, bend.most))


def _elu(x: Array, alpha: float) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def _softplus(x: Array) -> Array:
    return np.asarray(np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))))


def _gelu(x: Array) -> Array:
    share = np.frompyfunc(math.erfc, 1, 1)(np.asarray(x, np.float64) * -math.sqrt(0.5))
    return _times(x, 0.5 * np.asarray(share, np.float64))


def _gelu_tanh(x: Array) -> Array:
    inner = math.sqrt(2.0 / math.pi) * (x + GELU_CUBIC * x**3)
    return _times(x, sigmoid(2.0 * inner))


def _mish(x: Array) -> Array:
    return _times(x, np.tanh(_softplus(x)))


class Form(NamedTuple):
    """A function as it is known by name."""

    real: Callable[..., Array]  # of x and the parameters
    bounds: Callable[..., Bounds] = lambda *parameters: (None, None)
    defaults: tuple[float, ...] = ()  # of the parameters
    pieces: Callable[..., Pieces] = lambda *parameters: None  # if they are straight


def _within(low: float | None, high: float | None) -> Callable[..., Bounds]:
    return lambda *parameters: (low, high)


def _bend_bounds(bend: Bend) -> Bounds:
    low = None if bend.slope > 0 else min(0.0, bend.threshold)
    return low, None if bend.slope < 0 or math.isinf(bend.most) else bend.most


def _line(slope: float, offset: float, low: float, high: float) -> Form:
    line = Line(slope, offset, low, high)
    bounds = low, None if math.isinf(high) else high
    return Form(_clamped(line), lambda: bounds, pieces=lambda: line)


def _bend(of: Callable[..., Bend], defaults: tuple[float, ...]) -> Form:
    """Of what its parameters make of it."""
    return Form(
        lambda x, *parameters: _bent(of(*parameters), x),
        lambda *parameters: _bend_bounds(of(*parameters)),
        defaults,
        lambda *parameters: of(*parameters),
    )


FORMS: dict[str, Form] = {
    "linear": Form(lambda x: x),
    "relu": _line(1.0, 0.0, 0.0, math.inf),
    "sigmoid": Form(sigmoid, _within(0.0, 1.0)),
    "tanh": Form(np.tanh, _within(-1.0, 1.0)),
    "softmax": Form(softmax, _within(0.0, 1.0)),
    "hard_sigmoid_keras2": _line(0.2, 0.5, 0.0, 1.0),
    "hard_sigmoid_keras3": _line(1.0 / 6.0, 0.5, 0.0, 1.0),
    "softsign": Form(lambda x: x / (1.0 + np.abs(x)), _within(-1.0, 1.0)),
    "elu": Form(_elu, lambda alpha: (-alpha if alpha >= 0 else None, None), (1.0,)),
    "selu": Form(lambda x: SELU_SCALE * _elu(x, SELU_ALPHA), _within(-SELU_SCALE * SELU_ALPHA, None)),
    "silu": Form(lambda x: _times(x, sigmoid(x)), _within(-0.27846454276107385, None)),
    "gelu": Form(_gelu, _within(-0.16997120747990369, None)),
    "gelu_tanh": Form(_gelu_tanh, _within(-0.1700407505712541, None)),
    "softplus": Form(_softplus, _within(0.0, None)),
    "relu6": _line(1.0, 0.0, 0.0, 6.0),
    "hard_tanh": _line(1.0, 0.0, -1.0, 1.0),
    "bent_relu": _bend(lambda most, slope, threshold: Bend(slope, threshold, most), (math.inf, 0.0, 0.0)),
    "leaky_relu": _bend(lambda slope: Bend(slope, 0.0, math.inf), (0.2,)),
    "hard_swish": Form(lambda x: _times(x, np.clip(x / 6.0 + 0.5, 0.0, 1.0)), _within(-0.375, None)),
    "exponential": Form(np.exp, _within(0.0, None)),
    "mish": Form(_mish, _within(-0.30884341301725043, None)),
}


@dataclass(frozen=True)
class Function:
    """A function with its parameters; called with real values it gives theirs."""

    name: str
    parameters: tuple[float, ...] = ()

    def __call__(self, x: Array) -> Array:
        """Of real values; softmax of the last axis."""
        with np.errstate(over="ignore", invalid="ignore"):  # exp of too much is infinite; what is no number stays none
            return np.asarray(FORMS[self.name].real(x, *self.parameters))

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{p:g}' for p in self.parameters)})" if self.parameters else self.name

    @property
    def bounds(self) -> Bounds:
        """The smallest and the largest value that it has; None where there is none."""
        return FORMS[self.name].bounds(*self.parameters)

    @property
    def pieces(self) -> Pieces:
        """What it consists of, if that is straight."""
        return FORMS[self.name].pieces(*self.parameters)

    @property
    def elementwise(self) -> bool:
        """Whether each value depends on one value alone: all but softmax."""
        return FORMS[self.name].real is not softmax


def named(name: str, *parameters: float) -> Function:
    """The function of this name, with the parameters that are its own if none are given."""
    return Function(name, parameters or FORMS[name].defaults)
