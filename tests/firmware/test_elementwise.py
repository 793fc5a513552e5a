# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Elementwise functions in every format: the device gives the reference's bits, and those come near the function."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import emit, formats, limits, reference
from model.errors import UserError
from model.functions import FORMS, Function
from model.layers.activation import Activation
from model.layers.base import Place
from model.network import Network
from model.signal import Signal, to_real
from tests.support.compared import one_layer
from tests.support.host import Host
from tests.support.networks import INTEGERS

PARAMETERS = {
    "elu": st.tuples(st.sampled_from((1.0, 0.3, 2.5))),
    "leaky_relu": st.tuples(st.sampled_from((0.2, 0.01, 0.3, 1.5, -0.25))),
    "bent_relu": st.tuples(
        st.sampled_from((np.inf, 6.0, 0.5)), st.sampled_from((0.0, 0.1)), st.sampled_from((0.0, 1.0))
    ),
}
# steps of the output: softsign bends at 0, all of an exponential is bent
WITHIN: dict[str, dict[str, float]] = {"int8": {}, "int16x8": {"softsign": 20, "exponential": 10}}
ELEMENTWISE = [name for name in FORMS if name not in ("linear", "softmax")]


def quantised(function: Function, source: Signal, format: formats.base.Format) -> Network:
    """A network of this function alone; its output covers what the whole input gives."""
    x = np.arange(source.low, source.high + 1) if format.integer else np.linspace(-4, 4, 99)
    real = to_real(x, source) if format.integer else x
    values = function(real)
    finite = values[np.isfinite(values)]
    ranges = {(Place(0), "output"): (float(finite.min()), float(finite.max()))}
    layer = Activation("f", function.name, Signal(source.shape), parameters=function.parameters)
    made = layer.quantised(Place(0), source, ranges, format)
    return one_layer(source, made, format.name)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("quantisation", INTEGERS)
@given(data=st.data())
@settings(max_examples=3)
def test_integers_are_the_reference_s(host: Host, name: str, quantisation: str, data: st.DataObject) -> None:
    format = formats.named(quantisation)
    function = Function(name, data.draw(PARAMETERS.get(name, st.just(FORMS[name].defaults))))
    stored = format.values
    peak = 2.0 ** data.draw(st.floats(-6, 3.4))
    zero_point = data.draw(st.integers(-128, 127)) if format.zero_points else 0
    count = 1 + stored.high - stored.low
    source = Signal((count,), stored.name, float(np.float32(peak / stored.high)), zero_point)
    network = quantised(function, source, format)
    limits.check(network)
    inputs = np.arange(stored.low, stored.high + 1).astype(stored.name)[None]
    expected = reference.run(network, inputs)
    np.testing.assert_array_equal(host.run(network, inputs).run, expected)
    out = network.output
    exact = np.clip(function(to_real(inputs, source)) / out.scale + out.zero_point, out.low, out.high)
    error = np.abs(expected - exact)
    jumps = name == "bent_relu" and function.parameters[2] != 0  # at its threshold, which is stored as well
    assert (np.quantile(error, 0.98) if jumps else error.max()) < WITHIN[quantisation].get(name, 3)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("quantisation", ["float32", "dynamic"])
def test_floats_come_near_the_reference(host: Host, name: str, quantisation: str) -> None:
    source = Signal((5, 300))
    network = quantised(Function(name, FORMS[name].defaults), source, formats.named(quantisation))
    inputs = np.random.default_rng(3).normal(0, 8, (2, 5, 300)).astype(np.float32)
    result = host.run(network, inputs)
    np.testing.assert_allclose(result.run, reference.run(network, inputs), rtol=1e-6, atol=1e-6)


def test_the_shape_of_the_signal_does_not_matter(host: Host) -> None:
    """A step at a time, and after a sequence."""
    for quantisation in INTEGERS:
        format = formats.named(quantisation)
        source = Signal((3, 7), format.values.name, float(np.float32(4 / format.values.high)))
        network = quantised(Function("silu"), source, format)
        inputs = np.random.default_rng(5).integers(source.low, source.high + 1, (20, 3, 7)).astype(source.dtype)
        result = host.run(network, inputs)
        np.testing.assert_array_equal(result.run, reference.run(network, inputs))


def test_a_straight_piece_that_overflows_is_refused() -> None:
    format = formats.named("int16x8")
    source = Signal((4,), "int16", 65536.0)
    for name in ("relu6", "leaky_relu"):
        layer = Activation("f", name, Signal((4,), "int16", 1.0), format, FORMS[name].defaults)
        with pytest.raises(UserError, match=r"^layer 'f': its input, shifted left by 17 bits, can reach 4294967296"):
            emit.generate(one_layer(source, layer, format.name), "c", "window")
    within = replace(layer, output=Signal((4,), "int16", 65536.0))
    assert re.search("lstmcu_bend_s16", emit.generate(one_layer(source, within, format.name), "c", "window")["net.c"])
