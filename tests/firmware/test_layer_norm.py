# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""LayerNormalization in every format: the device gives the reference's bits, and those come near the real values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import emit, formats, limits, reference
from model.errors import UserError
from model.layers.base import Place
from model.layers.layer_norm import LayerNorm
from model.signal import Signal, to_real
from tests.support.compared import one_layer
from tests.support.host import Host
from tests.support.networks import INTEGERS


def layer_of(shape: tuple[int, ...], random: np.random.Generator, epsilon: float = 1e-3) -> LayerNorm:
    scale, offset = random.normal(0, 1, (2, shape[-1])).astype(np.float32)
    return LayerNorm("n", scale, offset, epsilon, Signal(shape))


@pytest.mark.parametrize("quantisation", INTEGERS)
@given(seed=st.integers(0, 1 << 30), features=st.sampled_from((1, 2, 7, 32, 300)), steps=st.integers(1, 3))
@settings(max_examples=6)
def test_it_is_the_reference_s(host: Host, quantisation: str, seed: int, features: int, steps: int) -> None:
    format, random = formats.named(quantisation), np.random.default_rng(seed)
    shape = (steps, features)
    zero_point = int(random.integers(-128, 128)) if format.zero_points else 0
    peak = 10.0 ** random.uniform(-3, 2)
    source = Signal(shape, format.values.name, float(np.float32(peak / format.values.high)), zero_point)
    layer = layer_of(shape, random, float(10.0 ** random.uniform(-6, -2)))
    inputs = random.integers(source.low, source.high + 1, (40, *shape)).astype(source.dtype)
    inputs[0], inputs[1], inputs[2] = source.low, source.high, zero_point
    inputs[3].flat[:: features + 1] = source.low
    real = to_real(inputs, source)
    exact = reference.run(one_layer(Signal(shape), layer, "float32"), real)
    ranges = {(Place(0), "output"): (float(exact.min()), float(exact.max()))}
    network = one_layer(source, layer.quantised(Place(0), source, ranges, format), quantisation)
    limits.check(network)
    expected = reference.run(network, inputs)
    np.testing.assert_array_equal(host.run(network, inputs).run, expected)
    out = network.output
    error = np.abs(expected - np.clip(exact / out.scale + out.zero_point, out.low, out.high))
    assert error.max() < 1


@pytest.mark.parametrize("quantisation", ["float32", "dynamic"])
@pytest.mark.parametrize("features", [1, 3, 40])
def test_floats_come_near_the_reference(host: Host, quantisation: str, features: int) -> None:
    random = np.random.default_rng(features)
    network = one_layer(Signal((4, features)), layer_of((4, features), random), quantisation)
    inputs = (random.normal(0, 1, (30, 4, features)) * 10.0 ** random.uniform(-4, 4, (30, 4, 1))).astype(np.float32)
    expected = reference.run(network, inputs)
    np.testing.assert_allclose(host.run(network, inputs).run, expected, rtol=2e-5, atol=2e-5)


def test_vectors_without_variance_and_the_ends_of_int16(host: Host) -> None:
    source, out = Signal((2,), "int16", 1.0), Signal((2,), "int16", 2.0**-13)
    layer = LayerNorm("n", np.ones(2, np.float32), np.zeros(2, np.float32), 1e-9, out)
    inputs = np.array([[5, 5], [-32768, 32767], [0, 1], [32767, 32767], [-32768, -32768]], np.int16)
    network = one_layer(source, layer, "int16x8")
    result = host.run(network, inputs).run
    np.testing.assert_array_equal(result, reference.run(network, inputs))
    np.testing.assert_array_equal(result, [[0, 0], [-8192, 8192], [-8192, 8192], [0, 0], [0, 0]])


def test_what_64_bits_do_not_hold_is_refused() -> None:
    random = np.random.default_rng(1)
    wide = LayerNorm("n", *random.normal(0, 1, (2, 8193)).astype(np.float32), 1e-3, Signal((8193,), "int8", 0.1))
    with pytest.raises(UserError, match=r"^layer 'n': a mean over 8193 features; supported: 8192"):
        emit.generate(one_layer(Signal((8193,), "int8", 0.1), wide, "int8"), "c", "window")
    fine = LayerNorm("n", *random.normal(0, 1, (2, 9)).astype(np.float32), 1e-3, Signal((9,), "int8", 0.1))
    with pytest.raises(UserError, match=r"^layer 'n': its input has steps of 1e-12, too fine for its epsilon of 0.001"):
        emit.generate(one_layer(Signal((9,), "int8", 1e-12), fine, "int8"), "c", "window")
