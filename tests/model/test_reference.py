# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the reference itself says, where no other implementation is asked: streams, and a clipped cell's limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model import formats, lower, reference
from model.layers.lstm import Lstm
from model.network import Network, goes_on
from model.signal import Array
from tests.support import networks
from tests.support.networks import Chain, Word

COUNT = 6


def lstm(whole: bool, backwards: bool = False) -> Word:
    return ("lstm", 4, whole, backwards)


def one_window(network: Network, inputs: Array) -> Array:
    """A network of LSTMs that give their sequences, over all windows as a single one."""
    steps = inputs.shape[0] * inputs.shape[1]
    layers = tuple(replace(x, output=replace(x.output, shape=(steps, x.output.shape[-1]))) for x in network.layers)
    longer = network.but(input=replace(network.input, shape=(steps, inputs.shape[2])), layers=layers)
    return reference.run(longer, inputs.reshape(1, steps, -1)).reshape(*inputs.shape[:2], -1)


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("steps", [1, 3])
def test_windows_that_go_on_are_one_long_window(steps: int, quantisation: str) -> None:
    network = networks.build_chain(Chain(quantisation, (steps, 3), (lstm(True), lstm(True)), seed=1))
    inputs = networks.chain_inputs(network, COUNT, False, 2)
    on, alone = reference.run(network, inputs, goes_on=True), reference.run(network, inputs)
    np.testing.assert_array_equal(on, one_window(network, inputs))
    np.testing.assert_array_equal(on[0], alone[0])
    assert (on[1:] != alone[1:]).any()


@pytest.mark.parametrize("quantisation", formats.names())
def test_only_the_state_of_lstms_goes_on(quantisation: str) -> None:
    """A sum over a window starts afresh with each, and the last hidden state is that of each window."""
    sequence, dense = lstm(True), ("dense", 2, "linear")
    summed = networks.build_chain(Chain(quantisation, (3, 2), (sequence, ("reshape", (12,)), dense), seed=1))
    inputs = networks.chain_inputs(summed, COUNT, False, 2)
    hidden = one_window(summed.but(layers=summed.layers[:1]), inputs).reshape(COUNT, -1)
    rest = summed.but(input=summed.layers[1].output, layers=summed.layers[2:])
    given = hidden.astype(rest.input.dtype)
    if quantisation != "dynamic":  # a vector of its own for each step there, which only the whole network knows
        tolerance = 0 if given.dtype != np.float32 else 1e-5
        actual = reference.run(summed, inputs, goes_on=True)
        np.testing.assert_allclose(actual, reference.run(rest, given), rtol=0, atol=tolerance)
    last = replace(summed.layers[0], return_sequences=False)
    assert isinstance(last, Lstm)
    ended = summed.but(layers=(replace(last, output=replace(last.output, shape=(4,))),))
    np.testing.assert_array_equal(reference.run(ended, inputs, goes_on=True), hidden.reshape(COUNT, 3, 4)[:, -1])


def test_backwards_over_one_step_is_forwards_in_a_stream() -> None:
    forwards, backwards = (
        networks.build_chain(Chain("int8", (1, 3), (lstm(False, turned),), seed=1)) for turned in (False, True)
    )
    inputs = networks.chain_inputs(forwards, COUNT, False, 2)
    on = reference.run(forwards, inputs, goes_on=True)
    np.testing.assert_array_equal(on, reference.run(backwards, inputs, goes_on=True))


def test_what_is_seen_on_the_way_is_by_window() -> None:
    network = networks.build_chain(Chain("int8", (3, 2), (lstm(True),), seed=1))
    seen: dict[str, Array] = {}
    inputs = networks.chain_inputs(network, COUNT, False, 2)
    outputs = reference.run(network, inputs, lambda _, quantity, values: seen.update({quantity: values}), goes_on=True)
    assert {values.shape for values in seen.values()} == {(COUNT, 3, 4)}
    np.testing.assert_array_equal(seen["hidden"], outputs)


@pytest.mark.parametrize(
    ("shape", "state", "on"),
    [((1, 3), "stream", True), ((3,), "stream", True), ((2, 3), "stream", False), ((1, 3), "window", False)],
)
def test_which_builds_go_on(shape: tuple[int, ...], state: str, on: bool) -> None:
    network = networks.build_chain(Chain("int8", shape, (("relu",),)))
    assert goes_on(network, state) == on


@pytest.mark.parametrize(
    ("clip", "log2", "limit"),
    [(0.0, -5, 32768), (0.99, -5, 31), (1.0, -5, 32), (1e-9, -5, 0), (1023.99, -5, 32767), (5000.0, -5, 32767)],
)
def test_a_cells_limit_is_cut_off_not_rounded(clip: float, log2: int, limit: int) -> None:
    """As TFLite casts it: 0.99 / 2^-5 is 31.68."""
    layer = networks.build_chain(Chain("int8", (2, 3), (lstm(False),))).layers[0]
    assert isinstance(layer, Lstm)
    assert lower.cell_limit(replace(layer, cell_clip=clip, cell_scale=2.0**log2)) == limit
