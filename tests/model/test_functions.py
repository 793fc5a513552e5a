# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Real functions: Keras's values, their bounds, and the pieces of those that are straight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from model import table16
from model.functions import FORMS, Bend, Function, Line, named
from model.signal import Array

EVERY = np.concatenate([np.linspace(-30, 30, 24_001), np.linspace(-800, 800, 401)])
VARIANTS = {
    "elu": [(1.0,), (0.3,)],
    "leaky_relu": [(0.2,), (0.01,), (-0.5,)],
    "bent_relu": [(np.inf, 0.0, 0.0), (3.0, 0.0, 0.0), (np.inf, 0.1, 0.0), (4.0, 0.1, 1.5)],
}
ALL = [Function(name, given) for name in FORMS for given in VARIANTS.get(name, [FORMS[name].defaults])]
Keras = Callable[[Any, Any, tuple[float, ...]], Any]
# what each is called: {name: (keras.activations, x, parameters) -> values}
KERAS: dict[str, Keras] = {
    **{
        name: lambda k, x, _, name=name: getattr(k, name)(x)
        for name in (
            "linear", "relu", "sigmoid", "tanh", "softmax", "softsign", "selu", "silu", "gelu", "softplus", "relu6",
            "exponential", "mish",
        )
    },
    "hard_tanh": lambda k, x, _: k.hard_tanh(x),
    "hard_swish": lambda k, x, _: k.hard_silu(x),
    "hard_sigmoid_keras3": lambda k, x, _: k.hard_sigmoid(x),
    "gelu_tanh": lambda k, x, _: k.gelu(x, approximate=True),
    "elu": lambda k, x, given: k.elu(x, *given),
    "leaky_relu": lambda k, x, given: k.leaky_relu(x, *given),
    "bent_relu": lambda k, x, given: k.relu(
        x, negative_slope=given[1], max_value=None if np.isinf(given[0]) else given[0], threshold=given[2]
    ),
}  # fmt: skip


@pytest.mark.parametrize("keras", ["keras"], indirect=True)
@pytest.mark.parametrize("function", [each for each in ALL if each.name in KERAS], ids=str)
def test_it_is_what_keras_computes(keras: Any, function: Function) -> None:
    found = KERAS[function.name](keras.activations, EVERY[None].astype(np.float32), function.parameters)
    near(function, keras.ops.convert_to_numpy(found)[0])


@pytest.mark.parametrize("keras", ["tf_keras"], indirect=True)
def test_hard_sigmoid_is_what_keras_2_computes(keras: Any) -> None:
    (function,) = (each for each in ALL if each.name not in KERAS)
    assert function.name == "hard_sigmoid_keras2"
    near(function, keras.layers.Activation("hard_sigmoid")(EVERY.astype(np.float32)).numpy())


def near(function: Function, expected: Array) -> None:
    """What the function gives is."""
    actual = function(EVERY[None].astype(np.float32).astype(np.float64))[0]
    finite = np.isfinite(expected)
    np.testing.assert_allclose(actual[finite], expected[finite], rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("function", ALL, ids=str)
def test_its_bounds_hold_and_are_reached(function: Function) -> None:
    values, (low, high) = function(EVERY), function.bounds
    assert np.isfinite(values[np.abs(EVERY) < 30]).all()
    for bound, sign in ((low, -1), (high, 1)):
        if bound is not None:
            assert (sign * values <= sign * bound + 1e-12).all()
            near = 0.1 if function.name == "softsign" else 2e-3
            assert (sign * values).max() >= sign * bound - near * max(1.0, abs(bound)) or not function.elementwise


@pytest.mark.parametrize("function", [function for function in ALL if function.pieces], ids=str)
def test_its_pieces_are_the_function(function: Function) -> None:
    pieces = function.pieces
    if isinstance(pieces, Line):
        expected = np.clip(pieces.slope * EVERY + pieces.offset, pieces.low, pieces.high)
    else:
        assert isinstance(pieces, Bend)
        below = pieces.threshold >= EVERY
        expected = np.where(below, pieces.slope * (EVERY - pieces.threshold), np.minimum(EVERY, pieces.most))
    np.testing.assert_array_equal(function(EVERY), expected)


def test_what_is_no_number_stays_none_and_ends_are_what_they_come_near() -> None:
    for function in ALL:
        if function.name not in ("softmax", "softsign"):
            at: Array = function(np.array([np.nan, np.inf, -np.inf]))
            assert np.isnan(at[0]), function
            near = function(np.array([1e5, -1e5]))
            assert at[1] == near[0] or near[0] >= 1e4, function
            assert at[2] == near[1] or abs(near[1]) >= 1e2 or function.name == "bent_relu", function


@pytest.mark.parametrize("name", ["silu", "gelu", "elu", "mish", "softplus", "softsign", "selu"])
@pytest.mark.parametrize("reach", [0.5, 4.0, 16.0])
def test_a_table_of_int16_comes_near(name: str, reach: float) -> None:
    """Every int16 over +-reach, the output over what it reaches: within what its chords miss."""
    function = named(name)
    x = np.arange(-32768, 32768)
    source = reach / 32767
    exact = function(x * source)
    out = np.abs(exact).max() / 32767
    error = np.abs(table16.at(table16.table(function, source, out), x) - exact / out)
    ends = function(np.append(x[::128], 32768) * source) / out
    missed = np.abs((ends[:-1] + ends[1:]) / 2 - exact[64::128] / out).max()
    assert missed < (40 if name == "softsign" else 3)
    assert error.max() < missed + 3
    assert np.median(error) < 1.0


def test_a_table_saturates_what_its_output_cannot_hold() -> None:
    table = table16.table(named("exponential"), 1.0, 2.0**-10)
    assert table[0] == 0
    assert table[-1] == 32767
    assert (table >= 0).all()
