# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""GRU and simple recurrent layers of any activations: generated C against the reference, in every format."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model import formats, quantise, reference
from model.errors import UserError
from model.functions import named
from model.layers.gru import Gru
from model.layers.recurrent import Recurrent
from model.network import Network
from model.signal import Array, to_real
from tests.support import networks
from tests.support.compared import check_network
from tests.support.host import Host
from tests.support.networks import Chain, Word

FUNCTIONS = ("relu", "linear", "hard_sigmoid_keras2", "softsign", "elu", "selu", "silu", "softplus")
ALL = (("gru", 4, True, False), ("gru_before", 3, True, True), ("rnn", 5, True, False))


def made(shape: tuple[int, ...], words: tuple[Word, ...], function: str, recurrent: str) -> tuple[Network, Array]:
    """A real-valued network whose cells have these activations, with small weights, and windows for it."""
    network = networks.build_chain(Chain("float32", shape, words, seed=7))
    layers = []
    for layer in network.layers:
        assert isinstance(layer, Recurrent)
        layer.recurrent.values[:] *= 0.4  # else an unbounded one runs away
        cell = replace(layer, activation=named(function))
        layers.append(replace(cell, recurrent_activation=named(recurrent)) if isinstance(cell, Gru) else cell)
    return network.but(layers=layers), networks.chain_inputs(network, 6, False, 8)


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("function", FUNCTIONS)
def test_reference_and_device_agree(host: Host, function: str, quantisation: str) -> None:
    for shape in ((4, 3), (1, 3)):  # the second is a single step from reset
        network, real = made(shape, ALL, function, "hard_sigmoid_keras3" if shape[0] > 1 else "sigmoid")
        quantised = quantise.quantise(network, real[:-1], quantisation)
        real[-1] *= 5
        check_network(host, quantised, reference.stored_inputs(quantised, real))


@pytest.mark.parametrize("quantisation", ["float32", "dynamic"])
def test_any_function_opens_the_gates_of_a_real_one(host: Host, quantisation: str) -> None:
    network, real = made((3, 2), ALL[:2], "tanh", "silu")
    quantised = quantise.quantise(network, real, quantisation)
    check_network(host, quantised, reference.stored_inputs(quantised, real))


@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
def test_gates_that_may_be_more_than_open_are_refused_in_integers(quantisation: str) -> None:
    network, real = made((3, 2), ALL[:1], "tanh", "relu")
    with pytest.raises(UserError, match=r"^layer 'gru0': recurrent_activation=relu of a GRU is supported in float32"):
        quantise.quantise(network, real, quantisation)


@pytest.mark.parametrize(("quantisation", "bound"), [("dynamic", 0.02), ("int8", 0.04), ("int16x8", 0.02)])
@pytest.mark.parametrize("word", ALL)
def test_integers_are_near_the_real_numbers(word: Word, quantisation: str, bound: float) -> None:
    """The largest over all functions of the error to the outputs' size, both root mean squares."""
    errors = {}
    for function in FUNCTIONS:
        network, _ = made((12, 3), (word,), function, "hard_sigmoid_keras2")
        real = networks.chain_inputs(network, 40, False, 9)
        ideal = reference.run(network, real)
        quantised = quantise.quantise(network, real, quantisation)
        error = to_real(reference.run(quantised, reference.stored_inputs(quantised, real)), quantised.output) - ideal
        errors[function] = float(np.sqrt((error**2).mean() / (ideal**2).mean()))
    assert max(errors.values()) < bound, errors
