# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks with branches: the device computes what the reference does, in every format, whole and step by step."""

from __future__ import annotations

import numpy as np
import pytest

from model import formats, limits, reference
from model.errors import UserError
from model.network import Network
from model.quantise import quantise
from tests.support import graphs
from tests.support.graphs import Graph
from tests.support.host import Host


def check(host: Host, trained: Network, quantisation: str, state: str = "window", windows: int = 5) -> bool:
    """Whether it can be run step by step; what it gives is compared."""
    random = np.random.default_rng(1)
    real = random.normal(0, 1.5, (windows, *trained.input.shape)).astype(np.float32)
    network = quantise(trained, real, quantisation)
    try:
        limits.check(network)
    except UserError as refused:
        pytest.skip(str(refused))
    inputs = reference.stored_inputs(network, real)
    expected = reference.run(network, inputs)
    result = host.run(network, inputs, state)
    tolerance = network.format.tolerance * max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(result.run.astype(np.float64), expected.astype(np.float64), rtol=0, atol=tolerance)
    if result.steps is None:
        return False
    ready = result.steps.ready
    for window in range(windows):
        written = result.steps.outputs[window][ready[window]]
        due = expected[window].reshape(-1, written.shape[-1])
        due = due if len(due) > 1 else due[-1:]
        written = written[-len(due) :]
        np.testing.assert_allclose(written.astype(np.float64), due.astype(np.float64), rtol=0, atol=tolerance)
    return True


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(n, marks=pytest.mark.long) for n in range(6, 60))])
def test_random_graphs(host: Host, seed: int, quantisation: str) -> None:
    check(host, graphs.drawn(seed), quantisation)


@pytest.mark.parametrize("quantisation", formats.names())
def test_a_residual_connection_streams(host: Host, quantisation: str) -> None:
    graph = Graph((5, 3), 1)
    lstm = graph.word(("lstm", 3, True, False), 0)
    added = graph.merge("add", lstm, 0)
    graph.word(("dense", 2, "linear"), graph.word(("lstm", 2, False, False), graph.concatenate([added, lstm])))
    network = graph.network(len(graph.nodes))
    assert check(host, network, quantisation)
    assert check(host, network, quantisation, "stream")


@pytest.mark.parametrize("quantisation", formats.names())
def test_an_autoencoder_repeats_its_code(host: Host, quantisation: str) -> None:
    graph = Graph((4, 2), 2)
    code = graph.word(("lstm", 3, False, False), 0)
    decoded = graph.word(("lstm", 2, True, False), graph.repeat(code, 4))
    graph.word(("dense", 2, "linear"), decoded)
    assert not check(host, graph.network(len(graph.nodes)), quantisation)
