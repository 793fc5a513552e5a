# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Generated C of GRU and simple recurrent layers against the reference: odd sizes, extremes, windows and streams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model import formats, quantise, reference
from model.layers.gru import Gru
from model.layers.recurrent import Recurrent
from model.network import chained
from model.signal import Signal, Weights, to_real
from model.trace import Recorder
from tests.errors_of_cells import errors
from tests.support import networks
from tests.support.compared import check_chain, check_network
from tests.support.host import Host
from tests.support.networks import Chain, Word

ALL = (("gru", 5, True, False), ("gru_before", 3, True, False), ("rnn", 4, False, False))
# by name: the shape of the input, and a chain's words
STRUCTURES: dict[str, tuple[tuple[int, ...], tuple[Word, ...]]] = {
    "one after another": ((4, 3), (*ALL, ("dense", 2, "linear"))),
    "one unit, one feature": (
        (3, 1),
        (("gru", 1, True, False), ("gru_before", 1, True, False), ("rnn", 1, True, False)),
    ),
    "backwards": ((5, 2), (("gru", 7, True, True), ("gru_before", 3, True, True), ("rnn", 2, False, True))),
    "flattened": ((4, 3), (("gru", 3, True, False), ("reshape", (12,)), ("dense", 3, "relu"))),
    "both ways": ((4, 3), (("both_gru", 3, True), ("both_gru_before", 2, True), ("both_rnn", 3, False))),
    "both ways, flattened": ((3, 2), (("both_gru", 3, True), ("reshape", (18,)), ("dense", 2, "linear"))),
    "sum": ((4, 3), (("both_gru", 3, True), ("halves", "add"), ("both_rnn", 2, False), ("halves", "add"))),
    "mean and product": (
        (3, 3),
        (("both_gru", 4, True), ("halves", "average"), ("halves", "multiply"), ("rnn", 3, True, False)),
    ),
    "one step": ((1, 6), (*ALL, ("dense", 2, "linear"))),
    "one step, both ways": ((1, 3), (("both_gru", 5, True), ("both_rnn", 3, True))),
}


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_structure(host: Host, structure: str, quantisation: str) -> None:
    check_chain(host, Chain(quantisation, *STRUCTURES[structure], seed=3))


@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
@pytest.mark.parametrize("structure", ["one after another", "backwards", "one step"])
def test_extremes(host: Host, structure: str, quantisation: str) -> None:
    check_chain(host, Chain(quantisation, *STRUCTURES[structure], extreme=True, seed=4))


@pytest.mark.parametrize("quantisation", formats.names())
def test_a_trace_has_the_gates_and_the_state(host: Host, quantisation: str) -> None:
    """Noted on the device they are the reference's."""
    network = networks.build_chain(Chain(quantisation, (3, 2), ALL, seed=5))
    inputs = networks.chain_inputs(network, 4, False, 6)
    recorder = Recorder()
    reference.run(network, inputs, recorder.observe)
    noted = host.noted(network, inputs)
    gates = {(index, gate) for index, names in enumerate(("zrh", "zrh", "a")) for gate in names}
    assert gates <= {(place.index, quantity) for place, quantity in noted}
    for key, values in noted.items():
        wanted = recorder.values[key]
        np.testing.assert_allclose(values, wanted[:, -values.shape[1] :], rtol=0, atol=network.format.tolerance)


def test_a_hidden_state_of_8_bits_remembers_16(host: Host) -> None:
    """A GRU that moves by less than an int8 step at a time gets where it should, as it would not at 8 bits."""
    bias = np.array([[6.0], [0.0], [0.5]], np.float32)  # z is 0.9975: a step moves the state by at most a 400th
    weights = Weights(np.zeros((3, 1, 1), np.float32))
    gru = Gru("gru", weights, weights, bias, np.zeros(1, np.float32), True, False, False, Signal((1,)))
    network = chained("net", "made by a test", "0" * 64, "float32", Signal((400, 1)), (gru,))
    real = np.ones((2, 400, 1), np.float32)
    quantised = quantise.quantise(network, real, "int8")
    result = check_network(host, quantised, reference.stored_inputs(quantised, real))
    np.testing.assert_allclose(to_real(result.run, quantised.output), reference.run(network, real), atol=0.006)


@pytest.mark.parametrize("cell", ["gru", "gru_before"])
def test_an_int8_gru_is_as_near_to_its_floats_as_an_lstm(cell: str) -> None:
    """By root mean squares and by the outputs' range, over several networks."""
    for gru, lstm in zip(errors(cell, "int8"), errors("lstm", "int8"), strict=True):
        assert gru < 1.5 * lstm


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize(
    "word", [("lstm", 3, True, False), *ALL[:2], ("rnn", 3, True, False)], ids=lambda word: word[0]
)
def test_a_start_far_from_what_a_step_gives(host: Host, word: Word, quantisation: str) -> None:
    """A state of 4, which no tanh ever gives, is told from 1 at the first step, in integers as in real numbers."""
    cell = networks.build_chain(Chain("float32", (3, 2), (word,), seed=7)).layers[0]
    assert isinstance(cell, Recurrent)
    real = np.random.default_rng(8).normal(0, 1, (20, 3, 2)).astype(np.float32)
    given = {}
    for start in (1.0, 4.0):
        layer = replace(cell, start=np.full((len(cell.states), cell.units), start, np.float32))
        trained = chained("net", "made by a test", "0" * 64, "float32", Signal((3, 2)), (layer,))
        network = quantise.quantise(trained, real, quantisation)
        check_network(host, network, inputs := reference.stored_inputs(network, real))
        made = to_real(reference.run(network, inputs), network.output)
        given[start] = made, reference.run(trained, real)
    for made, wanted in given.values():
        assert np.abs(made - wanted).max() < (0.08 if quantisation == "int8" else 0.02)
    assert np.abs(given[1.0][1] - given[4.0][1]).max() > 0.1
