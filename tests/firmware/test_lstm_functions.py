# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""LSTMs of any activations: generated C against the reference, in every format, however they are called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import emit, formats, quantise, reference
from model.errors import UserError
from model.functions import Function, named
from model.layers.base import Layer
from model.layers.bidirectional import Bidirectional
from model.layers.dense import Dense
from model.layers.lstm import GATES, Lstm
from model.network import Network, chained
from model.signal import Array, Signal, Weights, to_real
from model.trace import Recorder
from tests.support import networks
from tests.support.compared import check_bench, check_network
from tests.support.host import Host
from tests.support.networks import Chain

COUNT = 5
FUNCTIONS = tuple(
    named(name)
    for name in (
        *("tanh", "relu", "sigmoid", "hard_sigmoid_keras2", "hard_sigmoid_keras3", "linear", "softsign", "elu"),
        *("selu", "silu", "relu6", "hard_tanh", "gelu", "softplus", "mish", "hard_swish"),
    )
)
PAIRS = st.tuples(st.sampled_from(FUNCTIONS), st.sampled_from(FUNCTIONS))


def real_lstm(random: np.random.Generator, source: Signal, units: int, **fields: Any) -> Lstm:
    """Of weights that keep an unbounded cell near its inputs."""
    features = source.shape[1]

    def weights(*shape: int) -> Array:
        return (random.normal(0, 0.7, shape) / np.sqrt(shape[-1])).astype(np.float32)

    bias = random.normal(0, 0.3, (4, units)).astype(np.float32)
    sequences = fields.setdefault("return_sequences", False)
    fields = {"go_backwards": False, "cell_clip": 0.0, **fields}
    output = Signal((source.shape[0], units) if sequences else (units,))
    return Lstm(
        "lstm", Weights(weights(4, units, features)), Weights(weights(4, units, units)), bias, output=output, **fields
    )


def network_of(source: Signal, *layers: Layer) -> Network:
    return chained("net", "made by a test", "0" * 64, "float32", source, layers)


def inputs_of(random: np.random.Generator, network: Network) -> Array:
    inputs = random.normal(0, 1, (COUNT, *network.input.shape)).astype(np.float32)
    inputs[0] = 0
    return inputs


def check_formats(host: Host, network: Network, inputs: Array, *states: str) -> None:
    """Every format's device gives what its reference does; integers a sample out of range, too."""
    for quantisation in formats.names():
        made = quantise.quantise(network, inputs[:-1], quantisation)
        given = inputs * (3 if made.format.integer else 1)
        for state in states:
            check_network(host, made, reference.stored_inputs(made, given), state)


@given(PAIRS, st.integers(0, 2**31))
@settings(max_examples=10)
def test_any_two_functions_in_every_format(host: Host, functions: tuple[Function, Function], seed: int) -> None:
    random = np.random.default_rng(seed)
    steps, features, units = (int(random.choice(sizes)) for sizes in ((1, 2, 5), (1, 3), (1, 2, 5)))
    source = Signal((steps, features))
    lstm = real_lstm(
        random,
        source,
        units,
        activation=functions[0],
        recurrent_activation=functions[1],
        cell_clip=float(random.choice([0.0, 0.5])),
        go_backwards=bool(random.integers(2)),
        return_sequences=bool(random.integers(2)),
    )
    network = network_of(source, lstm)
    states = ["window"] if lstm.go_backwards and steps > 1 else ["window", "stream"]
    check_formats(host, network, inputs_of(random, network), *states)


@pytest.mark.parametrize("recurrent", ["sigmoid", "hard_sigmoid_keras2"])
def test_relu_lstms_one_on_another(host: Host, recurrent: str) -> None:
    random = np.random.default_rng(1)
    source = Signal((6, 2))
    cell = {"activation": named("relu"), "recurrent_activation": named(recurrent)}
    first = real_lstm(random, source, 7, return_sequences=True, **cell)
    second = real_lstm(random, first.output, 4, **cell)
    head = Dense("dense", Weights(np.ones((1, 4), np.float32)), np.zeros(1, np.float32), "linear", Signal((1,)))
    network = network_of(source, first, second, head)
    check_formats(host, network, inputs_of(random, network), "window", "stream")


@pytest.mark.parametrize("steps", [1, 4])
def test_both_directions_may_have_functions_of_their_own(host: Host, steps: int) -> None:
    random = np.random.default_rng(2)
    source = Signal((steps, 3))
    halves = [
        real_lstm(random, source, 3, go_backwards=backwards, activation=named(name), return_sequences=True)
        for name, backwards in (("relu", False), ("softsign", True))
    ]
    network = network_of(source, Bidirectional("both", *halves, output=Signal((steps, 6))))
    check_formats(host, network, inputs_of(random, network), "window")


@given(
    PAIRS,
    st.sampled_from(["int8", "int16x8"]),
    st.tuples(*[st.integers(-15, -9)] * 4),
    st.booleans(),
    st.integers(0, 99),
)
@settings(max_examples=15)
def test_wild_integers(
    host: Host, functions: tuple[Function, Function], quantisation: str, log2: tuple[int, ...], extreme: bool, seed: int
) -> None:
    """Gates and cells of any scale, weights and inputs at the ends of their range: they saturate as the reference."""
    numbers = networks.Numbers(Chain(quantisation, (4, 3), (), extreme=extreme, clip=seed % 3 == 0, seed=seed))
    source = numbers.signal((4, 3), 0)
    lstm = numbers.lstm("lstm", source, 5, bool(seed % 2), False)
    kernel, recurrent, _ = numbers.rows(4, source, 5, lstm.output)
    bias = networks.random_bias(kernel, source, 2.0**-15, numbers.random, extreme)
    cell_scale = 2.0 ** int(numbers.random.integers(-15, -8))
    made = replace(
        lstm,
        kernel=kernel,
        recurrent=recurrent,
        bias=bias,
        cell_scale=cell_scale,
        gates_log2=log2,
        activation=functions[0],
        recurrent_activation=functions[1],
    )
    network = chained("net", "made by a test", "0" * 64, quantisation, source, (made,))
    inputs = networks.chain_inputs(network, COUNT, extreme, seed)
    check_network(host, network, inputs)
    check_network(host, network, inputs, "stream")
    check_bench(host, network, inputs)


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
@pytest.mark.parametrize(("quantisation", "bound"), [("dynamic", 0.05), ("int8", 0.08), ("int16x8", 0.03)])
def test_quantised_cells_are_near_the_real_one(function: Function, quantisation: str, bound: float) -> None:
    """The mean error over outputs, relative to their range, with the function as either activation."""
    random = np.random.default_rng(3)
    source = Signal((8, 3))
    inputs = random.normal(0, 1, (40, 8, 3)).astype(np.float32)
    for role in ("activation", "recurrent_activation"):
        network = network_of(source, real_lstm(random, source, 6, return_sequences=True, **{role: function}))
        ideal = reference.run(network, inputs)
        made = quantise.quantise(network, inputs, quantisation)
        stored = reference.run(made, reference.stored_inputs(made, inputs))
        assert np.abs(to_real(stored, made.output) - ideal).mean() / np.ptp(ideal) < bound


def test_the_gates_of_an_unbounded_cell_say_when_they_leave_their_range() -> None:
    random = np.random.default_rng(4)
    source = Signal((5, 2))
    lstm = real_lstm(random, source, 3, activation=named("relu"))
    network = network_of(source, lstm)
    made = quantise.quantise(network, random.normal(0, 1, (9, 5, 2)).astype(np.float32), "int8")
    assert set(made.layers[0].signals()) == {"output", "hidden", "cell", "c"}
    plain = quantise.quantise(network_of(source, real_lstm(random, source, 3)), np.ones((1, 5, 2), np.float32), "int8")
    assert not set(plain.layers[0].signals()) & set(GATES)


def test_calibration_that_is_not_finite_is_refused() -> None:
    random = np.random.default_rng(5)
    source = Signal((400, 2))
    lstm = real_lstm(random, source, 3, activation=named("linear"), recurrent_activation=named("linear"))
    loud = replace(lstm, recurrent=Weights(lstm.recurrent.values * 9), bias=lstm.bias + 2)
    with pytest.raises(UserError, match=r"layer 'lstm': its .* grows beyond all numbers"):
        quantise.quantise(network_of(source, loud), np.ones((2, 400, 2), np.float32), "int8")


def test_a_firmware_holds_the_functions_that_it_uses_and_no_others() -> None:
    random = np.random.default_rng(6)
    source = Signal((5, 2))
    cell = {"activation": named("relu"), "recurrent_activation": named("hard_sigmoid_keras3")}
    network = network_of(source, real_lstm(random, source, 3, **cell))
    for quantisation in formats.names():
        made = quantise.quantise(network, np.ones((2, 5, 2), np.float32), quantisation)
        text = emit.generate(made, "armv7em,vfp,cmsis_nn", "window")["net.c"]
        assert "tanh" not in text
        assert "lstmcu_sigmoid" not in text
        assert ("lstmcu_unit_gates_" in text) != ("_lstm_gates(weights, x, hidden, gates" in text)  # or in assembly


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("quantisation", ["float32", "int8"])
def test_a_trace_shows_every_gate(host: Host, quantisation: str, steps: int) -> None:
    random = np.random.default_rng(7)
    source = Signal((steps, 2))
    network = network_of(source, real_lstm(random, source, 3, activation=named("relu")))
    inputs = inputs_of(random, network)
    made = quantise.quantise(network, inputs, quantisation)
    stored, expected = reference.stored_inputs(made, inputs), Recorder()
    reference.run(made, stored, expected.observe)
    noted = host.noted(made, stored)
    assert {quantity for _, quantity in noted} == {"i", "c", "o", "hidden", *(["f", "cell"] if steps > 1 else [])}
    for key, values in noted.items():
        np.testing.assert_allclose(values, expected.values[key], rtol=0, atol=0 if made.format.exact else 1e-5)
