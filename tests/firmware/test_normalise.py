# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A normalisation that no neighbour takes, in integers: the device gives the reference's bits, within half a step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import emit, formats, limits, reference
from model.errors import UserError
from model.layers.base import Place
from model.layers.normalise import Normalise
from model.signal import Signal, to_real
from tests.support.compared import one_layer
from tests.support.host import Host
from tests.support.networks import INTEGERS


@pytest.mark.parametrize("quantisation", INTEGERS)
@given(seed=st.integers(0, 1 << 30), spread=st.sampled_from((0.1, 3.0)), steps=st.integers(1, 3))
@settings(max_examples=5)
def test_it_is_the_reference_s(host: Host, quantisation: str, seed: int, spread: float, steps: int) -> None:
    format, random = formats.named(quantisation), np.random.default_rng(seed)
    features = int(random.integers(1, 9))
    shape = (steps, features)
    scale, offset = (random.normal(0, 1, features) * 10.0 ** random.normal(0, spread, features) for _ in range(2))
    zero_point = int(random.integers(-128, 128)) if format.zero_points else 0
    source = Signal(shape, format.values.name, float(np.float32(10.0 ** random.normal(0, 1) / 128)), zero_point)
    layer = Normalise("n", scale.astype(np.float32), offset.astype(np.float32), Signal(shape))
    inputs = random.integers(source.low, source.high + 1, (50, *shape)).astype(source.dtype)
    inputs[0], inputs[1] = source.low, source.high
    exact = to_real(inputs, source) * layer.scale.astype(np.float64) + layer.offset
    ranges = {(Place(0), "output"): (float(exact.min()), float(exact.max()))}
    network = one_layer(source, layer.quantised(Place(0), source, ranges, format), quantisation)
    limits.check(network)
    expected = reference.run(network, inputs)
    np.testing.assert_array_equal(host.run(network, inputs).run, expected)
    out = network.output
    steps_of_output = np.clip(exact / out.scale + out.zero_point, out.low, out.high)
    assert np.abs(expected - steps_of_output).max() < 0.51


def test_what_64_bits_do_not_hold_is_refused() -> None:
    source, out = Signal((2,), "int8", 1.0), Signal((2,), "int8", 1.0)
    layer = Normalise("n", np.array([1, 2.0**28], np.float32), np.zeros(2, np.float32), out)
    emit.generate(one_layer(source, layer, "int8"), "c", "window")
    for beyond in (
        replace(layer, scale=np.array([1, 2.0**29], np.float32)),
        replace(layer, offset=np.array([0, 2.0**59], np.float32)),
    ):
        with pytest.raises(UserError, match=r"^layer 'n': its scales or offsets are too large for steps of 1"):
            emit.generate(one_layer(source, beyond, "int8"), "c", "window")
