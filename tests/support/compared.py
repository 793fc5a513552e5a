# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks on the host, in every way to call them, against the reference."""

from __future__ import annotations

import re

import numpy as np
import pytest

from model import emit, planner, reference
from model.errors import UserError
from model.layers.base import Layer
from model.network import Network, chained
from model.signal import Array, Signal
from tests.support import networks
from tests.support.differences import Noted, assert_bits, assert_equal
from tests.support.host import Host, Result, Steps
from tests.support.networks import Chain, Spec, Word

COUNT = 6  # windows a network

LAST, SEQUENCE = ("lstm", 3, False, False), ("lstm", 3, True, False)
FLAT = ("reshape", (12,))  # of a SEQUENCE of 4 steps
THREE = ("dense", 3, "linear")
# what users' models are made of, and where the plan of work takes another way: {name: (input shape, words)}
STRUCTURES: dict[str, tuple[tuple[int, ...], tuple[Word, ...]]] = {
    "both, last": ((4, 3), (("both", 3, False), ("dense", 2, "linear"))),
    "both, flattened": ((4, 3), (("both", 3, True), ("reshape", (24,)), ("dense", 5, "relu"))),
    "both, flattened, relu": ((4, 2), (("both", 3, True), ("reshape", (24,)), ("relu",), ("dense", 5, "linear"))),
    "both, then an LSTM": ((4, 3), (("both", 3, True), ("lstm", 4, False, False))),
    "both, then one backwards": ((4, 3), (("both", 3, True), ("dense", 3, "relu"), ("lstm", 4, True, True))),
    "both twice": ((3, 2), (("both", 2, True), ("both", 3, True), ("both", 2, False))),
    "both, sequence out": ((4, 3), (("lstm", 2, True, False), ("both", 3, True))),
    "both, one step": ((1, 5), (("both", 3, False), ("dense", 4, "linear"))),
    "both, one step, sequence": ((1, 5), (("both", 3, True), ("lstm", 2, True, False), ("reshape", (2,)))),
    "dense before": ((5, 3), (("dense", 4, "relu"), ("tanh",), LAST)),
    "dense of every step": ((4, 2), (SEQUENCE, ("dense", 4, "linear"), ("softmax",))),
    "functions of every step": ((4, 2), (("sigmoid",), SEQUENCE, ("relu",), ("tanh",))),
    "sigmoid head": ((4, 2), (LAST, ("dense", 1, "linear"), ("sigmoid",))),
    "tanh and softmax head": ((4, 2), (LAST, ("tanh",), ("dense", 8, "linear"), ("softmax",))),
    "flattened, relu, dense": ((4, 2), (SEQUENCE, FLAT, ("relu",), THREE)),
    "flattened, softmax": ((4, 2), (SEQUENCE, FLAT, ("softmax",))),
    "flattened input": ((4, 2), (("reshape", (8,)), ("dense", 3, "relu"), ("dense", 2, "linear"))),
    "flattened out": ((4, 2), (SEQUENCE, FLAT)),
    "vector in": ((8,), (("reshape", (4, 2)), LAST)),
    "vector in, one step": ((8,), (("reshape", (1, 8)), SEQUENCE, ("reshape", (3,)), ("dense", 2, "relu"))),
    "one step in, many read": ((1, 8), (("reshape", (8, 1)), LAST, ("dense", 2, "linear"))),
    "many steps in, one read": ((8, 1), (("reshape", (1, 8)), LAST)),
    "reshape out": ((4, 2), (LAST, ("dense", 6, "linear"), ("reshape", (6, 1)))),
    "reshape out, relu": ((4, 2), (LAST, ("dense", 6, "linear"), ("reshape", (6, 1)), ("relu",))),
    "vector to sequence": (
        (4, 2),
        (LAST, ("dense", 6, "linear"), ("reshape", (3, 2)), ("lstm", 5, True, False), ("dense", 4, "relu")),
    ),
    "sequence to another": ((4, 2), (SEQUENCE, ("reshape", (3, 4)), ("lstm", 2, False, False))),
    "repeated flattening": ((4, 2), (("lstm", 2, True, False), ("reshape", (8,)), ("reshape", (8,)), THREE)),
}  # fmt: skip


def assert_steps(network: Network, steps: Steps, expected: Array, inputs: Array, noted: Noted) -> None:
    """Streaming gives the window's outputs at the steps where a whole window would have them."""
    windows, count, length = steps.outputs.shape
    outputs, wanted = steps.outputs[:, -1], expected.reshape(windows, -1)
    if plan_counts_steps(network):  # flattened: ready with the last step only
        assert steps.ready.tolist() == [[t == count - 1 for t in range(count)]] * windows
    else:
        assert steps.ready.all()
        if count * length == network.output.size:  # one output vector a step
            outputs, wanted = steps.outputs, expected.reshape(steps.outputs.shape)
    assert_equal(network, outputs, wanted, inputs, noted)  # else: an output at every step, that of the window so far


def check_bench(host: Host, network: Network, inputs: Array) -> None:
    """The bench's own outputs of a stream that goes on across windows."""
    outputs, _ = host.bench(network, inputs, "stream", goes_on=True)
    assert_equal(network, outputs, reference.run(network, inputs, goes_on=True), inputs, host.noted)


def plan_counts_steps(network: Network) -> bool:
    """Whether its steps are counted: some of it is summed up over a window."""
    return any(field.role == "sums" for field in planner.make(network, stream=True).fields)


def check_network(host: Host, network: Network, inputs: Array, state: str = "window") -> Result:
    """All that it gives for inputs (N, ...), as stored."""
    expected = reference.run(network, inputs)
    assert np.isfinite(expected).all()
    result = host.run(network, inputs, state)
    assert_equal(network, result.run, expected, inputs, host.noted)
    if result.steps is not None and result.taking_turns is not None:
        assert_steps(network, result.steps, expected, inputs, host.noted)
        assert_bits(network, result.taking_turns.outputs, result.steps.outputs)
        np.testing.assert_array_equal(result.steps.ready, result.taking_turns.ready)
    if result.going_on is not None:
        assert_steps(network, result.going_on, reference.run(network, inputs, goes_on=True), inputs, host.noted)
    return result


def check(host: Host, spec: Spec, state: str = "window") -> Result:
    """A random network of LSTMs."""
    return check_network(host, networks.build(spec), networks.inputs_of(spec, COUNT), state)


def check_chain(host: Host, chain: Chain) -> None:
    """As a window; and as a stream, where that is not refused."""
    network = networks.build_chain(chain)
    inputs = networks.chain_inputs(network, COUNT, chain.extreme, chain.seed)
    check_network(host, network, inputs)
    reason = planner.make(network, stream=True).streamable
    if not reason:
        result = check_network(host, network, inputs, "stream")
        assert result.steps is not None
        check_bench(host, network, inputs)
    else:
        with pytest.raises(UserError, match=re.escape(f"cannot run as state=stream: {reason}")):
            emit.generate(network, "c", "stream")


def one_layer(source: Signal, layer: Layer, quantisation: str) -> Network:
    """A network of a layer alone."""
    return chained("net", "made by a test", "0" * 64, quantisation, source, (layer,))
