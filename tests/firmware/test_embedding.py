# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Embedding in every format: the device gives the reference's rows, those are the table's, step by step as well."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import emit, formats, limits, quantise, reference
from model.errors import UserError
from model.layers.embedding import Embedding
from model.network import Network, chained
from model.signal import Signal, Weights, to_real
from tests.support.compared import one_layer
from tests.support.host import Host
from tests.support.networks import Chain, Numbers


def table(ids: int, width: int, seed: int = 1) -> Weights:
    return Weights(np.random.default_rng(seed).normal(0.1, 1, (ids, width)).astype(np.float32))


def network_of(ids: int, width: int, steps: int) -> Network:
    """An Embedding before an LSTM."""
    numbers = Numbers(Chain("float32", (steps, width), ()))
    embedding = Embedding("words", table(ids, width), Signal((steps, width)))
    layers = (embedding, numbers.lstm("lstm", embedding.output, 3, False, False))
    return chained("net", "made by a test", "0" * 64, "float32", Signal((steps, 1)), layers)


@pytest.mark.parametrize("quantisation", formats.names())
@given(
    ids=st.sampled_from((1, 2, 9, 200)), width=st.integers(1, 6), steps=st.integers(1, 4), seed=st.integers(0, 1 << 30)
)
@settings(max_examples=5)
def test_rows_are_the_table_s(host: Host, quantisation: str, ids: int, width: int, steps: int, seed: int) -> None:
    layer = Embedding("words", table(ids, width, seed), Signal((steps, width)))
    calibration = np.zeros((1, steps, 1), np.float32)
    network = quantise.quantise(one_layer(Signal((steps, 1)), layer, "float32"), calibration, quantisation)
    limits.check(network)
    inputs = np.random.default_rng(seed).integers(0, ids, (30, steps, 1)).astype(network.input.dtype)
    expected = reference.run(network, inputs)
    result = host.run(network, inputs)
    if network.format.integer:
        np.testing.assert_array_equal(result.run, expected)
    else:
        np.testing.assert_allclose(result.run, expected, rtol=1e-6)
    rows = layer.table.values[inputs[..., 0].astype(int)]
    coarse = {"float32": 1e-6, "dynamic": 0.02, "int8": 0.02, "int16x8": 1e-4}[quantisation]
    assert np.abs(to_real(expected, network.output) - rows).max() <= coarse * np.abs(layer.table.values).max()


@pytest.mark.parametrize("state", ["window", "stream"])
@pytest.mark.parametrize("quantisation", formats.names())
def test_a_network_of_ids(host: Host, quantisation: str, state: str) -> None:
    trained = network_of(7, 4, 5)
    ids = np.random.default_rng(3).integers(0, 7, (40, 5, 1))
    network = quantise.quantise(trained, ids.astype(np.float32), quantisation)
    inputs = ids.astype(network.input.dtype)
    result, expected = host.run(network, inputs, state), reference.run(network, inputs)
    if network.format.integer:
        np.testing.assert_array_equal(result.run, expected)
        assert (network.input.dtype, network.input.scale, network.input.zero_point) == ("int16", 1.0, 0)
    else:
        np.testing.assert_allclose(result.run, expected, atol=network.format.tolerance)


@pytest.mark.parametrize("quantisation", formats.names())
def test_ids_beyond_the_table_are_the_nearest(host: Host, quantisation: str) -> None:
    network = quantise.quantise(network_of(7, 4, 1), np.zeros((1, 1, 1), np.float32), quantisation)
    within, beyond = np.array([0, 0, 6, 6]), np.array([-1, -32768, 7, 32767])
    if network.input.real:
        within, beyond = np.array([0, 0, 0, 6, 6, 3]), np.array([-0.5, np.nan, -np.inf, np.inf, 1e30, 3.9])
    inputs, others = (ids.reshape(-1, 1, 1).astype(network.input.dtype) for ids in (within, beyond))
    np.testing.assert_array_equal(host.run(network, others).run, host.run(network, inputs).run)
    np.testing.assert_array_equal(reference.run(network, others), reference.run(network, inputs))
    header = emit.generate(network, "c", "window")["net.h"]
    assert "input is ids from 0 to 6; others are taken for the nearest of them." in header


def test_more_ids_than_16_bits_are_refused() -> None:
    network, nothing = network_of(32769, 1, 1), np.zeros((1, 1, 1), np.float32)
    quantise.quantise(network_of(32768, 1, 1), nothing, "int8")
    with pytest.raises(UserError, match="reads 32769 ids; supported in int8: 32768; use quant=float32"):
        quantise.quantise(network, nothing, "int8")
