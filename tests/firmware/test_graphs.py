# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks with branches: the device computes what the reference does, in every format, whole and step by step."""

from __future__ import annotations

import numpy as np
import pytest

from model import formats, layers, limits, planner, reference
from model.errors import UserError
from model.layers.activation import Activation
from model.layers.global_pool import GlobalAveragePool
from model.layers.pad import Cropping
from model.layers.recurrent import Recurrent
from model.layers.reshape import Reshape
from model.network import Network, parts
from model.quantise import quantise
from model.signal import Signal
from tests.support import graphs
from tests.support.graphs import Graph
from tests.support.host import Host
from tests.support.networks import Word


def check(host: Host, trained: Network, quantisation: str, state: str = "window", windows: int = 5) -> bool:
    """Whether it can be run step by step; what it gives is compared."""
    random = np.random.default_rng(1)
    real = random.normal(0, 1.5, (windows, *trained.given.shape)).astype(np.float32)
    network = quantise(trained, real, quantisation)
    limits.check(network)
    inputs = reference.stored_inputs(network, real)
    expected = reference.run(network, inputs)
    result = host.run(network, inputs, state)
    tolerance = network.format.tolerance * max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(result.run.astype(np.float64), expected.astype(np.float64), rtol=0, atol=tolerance)
    if result.steps is None:
        return False
    if len(network.outputs) > 1:  # each lies where it does in a sample; of sequences one step's
        return True
    ready = result.steps.ready
    for window in range(windows):
        written = result.steps.outputs[window][ready[window]]
        due = expected[window].reshape(-1, written.shape[-1])
        due = due if len(due) > 1 else due[-1:]
        written = written[-len(due) :]
        np.testing.assert_allclose(written.astype(np.float64), due.astype(np.float64), rtol=0, atol=tolerance)
    return True


# what no random graph has: ids are no values that another layer could read; of a trained network only TensorFlow Lite's
# files hold these two
ELSEWHERE = {
    "embedding": "test_embedding.py",
    "convert": "test_limits.py",
    "with_constant": "../model/test_tflite_joins.py",
}


def test_every_layer_and_function_is_drawn() -> None:
    networks = [graphs.drawn(seed, 8, windows=True) for seed in range(60)]
    drawn = [layer for network in networks for _, layer, _ in parts(network)]
    held = {layer.kind for network in networks for layer in network.layers} | {layer.kind for layer in drawn}
    assert held == set(layers.every()) - set(ELSEWHERE)
    assert {layer.function for layer in drawn if isinstance(layer, Activation)} == set(graphs.ACTIVATIONS)
    gates = {layer.activation.name for layer in drawn if isinstance(layer, Recurrent)}
    assert gates == set(graphs.GATES)
    assert {layer.kind for layer in drawn if layer.starts()} == {"lstm", "gru", "simple_rnn"}


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(n, marks=pytest.mark.long) for n in range(6, 60))])
def test_random_graphs(host: Host, seed: int, quantisation: str) -> None:
    check(host, graphs.drawn(seed), quantisation)


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("state", ["window", "stream"])
@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(n, marks=pytest.mark.long) for n in range(3, 60))])
def test_random_graphs_with_windows(host: Host, seed: int, state: str, quantisation: str) -> None:
    network = graphs.drawn(seed, 8, windows=True)
    if state == "stream" and planner.make(network, stream=True).streamable:
        with pytest.raises(UserError, match="cannot run as state=stream"):
            check(host, network, quantisation, state)
    else:
        check(host, network, quantisation, state)


@pytest.mark.parametrize("quantisation", formats.names())
def test_a_residual_connection_streams(host: Host, quantisation: str) -> None:
    graph = Graph(1, (5, 3))
    lstm = graph.word(("lstm", 3, True, False), 0)
    added = graph.merge("add", lstm, 0)
    graph.word(("dense", 2, "linear"), graph.word(("lstm", 2, False, False), graph.concatenate([added, lstm])))
    network = graph.network(len(graph.nodes))
    assert check(host, network, quantisation)
    assert check(host, network, quantisation, "stream")


@pytest.mark.parametrize("quantisation", formats.names())
def test_the_last_step_beside_the_mean_of_all(host: Host, quantisation: str) -> None:
    graph = Graph(3, (5, 3))
    lstm = graph.word(("lstm", 3, True, False), 0)
    last = graph.add(Cropping("crop", 4, 0, Signal((1, 3))), lstm)
    last = graph.add(Reshape("last", Signal((3,))), last)
    mean = graph.add(GlobalAveragePool("mean", Signal((3,))), lstm)
    graph.word(("dense", 2, "linear"), graph.concatenate([last, mean]))
    check(host, graph.network(len(graph.nodes)), quantisation)


@pytest.mark.parametrize("quantisation", formats.names())
def test_an_autoencoder_repeats_its_code(host: Host, quantisation: str) -> None:
    graph = Graph(2, (4, 2))
    code = graph.word(("lstm", 3, False, False), 0)
    decoded = graph.word(("lstm", 2, True, False), graph.repeat(code, 4))
    graph.word(("dense", 2, "linear"), decoded)
    assert not check(host, graph.network(len(graph.nodes)), quantisation)


@pytest.mark.parametrize("quantisation", formats.names())
def test_several_inputs_and_outputs_step_by_step(host: Host, quantisation: str) -> None:
    graph = Graph(3, (4, 2), (4, 3), (2,))
    joined = graph.word(("lstm", 3, False, False), graph.concatenate([0, 1]))
    both = graph.concatenate([joined, 2])
    trained = graph.network(graph.word(("dense", 2, "linear"), both), graph.word(("dense", 1, "relu"), both))
    real = np.random.default_rng(4).normal(0, 1, (5, 8 + 12 + 2)).astype(np.float32)
    network = quantise(trained, real, quantisation)
    inputs = reference.stored_inputs(network, real)
    expected = reference.run(network, inputs)
    result = host.run(network, inputs, "stream")
    assert result.steps is not None
    last = result.steps.outputs[:, -1]
    for given in (result.run, last):
        np.testing.assert_allclose(
            given, expected, rtol=0, atol=network.format.tolerance * max(1, np.abs(expected).max())
        )


REPEATED: dict[str, tuple[Word, ...]] = {
    "convolution": (("conv", 3, 2, 1, 1, "valid", 1, "linear"),),
    "pool": (("max", 2, 2, "valid"),),
    "cropped": (("crop", 1, 1),),
    "zeros": (("zeros", 1, 2),),
    "another shape": (("reshape", (3, 4)),),
    "flattened": (("reshape", (12,)), ("dense", 2, "relu"), ("reshape", (1, 2))),
    "backwards": (("lstm", 2, True, True),),
    "both ways": (("both", 2, True),),
    "steps and features": (("permute",),),
    "mean": (("global", "average"), ("reshape", (1, 3))),
}


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("words", REPEATED.values(), ids=REPEATED)
def test_what_reads_a_repeated_vector(host: Host, words: tuple[Word, ...], quantisation: str) -> None:
    """It lies in memory once, and is read as often as there are steps."""
    graph = Graph(5, (3, 2))
    at = graph.repeat(graph.word(("lstm", 3, False, False), 0), 4)
    for word in words:
        at = graph.permute(at) if word == ("permute",) else graph.word(word, at)
    check(host, graph.network(graph.word(("lstm", 2, False, False), at)), quantisation)


TURNED: dict[str, tuple[Word, ...]] = {
    "a cell": (("lstm", 3, True, False),),
    "a cell that goes backwards": (("lstm", 3, True, True),),
    "both ways": (("both", 2, True),),
    "the last step": (("lstm", 3, False, False),),
    "convolution": (("conv", 3, 2, 1, 1, "causal", 1, "linear"),),
    "pool": (("max", 2, 2, "valid"),),
    "cropped": (("crop", 1, 1),),
    "another shape": (("reshape", (3, 4)),),
    "flattened": (("reshape", (12,)), ("dense", 2, "relu")),
    "steps and features": (("permute",),),
    "turned again": (("reverse",),),
}


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("words", TURNED.values(), ids=TURNED)
@pytest.mark.parametrize("made", [False, True], ids=["of the input", "of what is made"])
def test_what_reads_a_sequence_turned_round(host: Host, made: bool, words: tuple[Word, ...], quantisation: str) -> None:
    graph = Graph(5, (4, 3))
    at = graph.reverse(graph.word(("lstm", 3, True, False), 0) if made else 0)
    for word in words:
        moves = {("permute",): graph.permute, ("reverse",): graph.reverse}
        at = moves[word](at) if word in moves else graph.word(word, at)
    check(host, graph.network(at if made else graph.word(("dense", 2, "linear"), at)), quantisation)


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("shape", [(2, 6), (12,), (3, 4)])
def test_what_joins_reads_along_the_last_axis_that_a_reshape_gave(
    host: Host, shape: tuple[int, ...], quantisation: str
) -> None:
    graph = Graph(6, (4, 3))
    shaped = [graph.word(("reshape", shape), graph.word(word, 0)) for word in (("lstm", 3, True, False), ("relu",))]
    joined = graph.concatenate(shaped)
    if len(shape) == 2:
        joined = graph.word(("lstm", 2, False, False), joined)
    check(host, graph.network(graph.word(("dense", 2, "linear"), joined)), quantisation)


@pytest.mark.parametrize("quantisation", formats.names())
def test_what_is_merged_may_lie_in_steps_or_as_one_vector(host: Host, quantisation: str) -> None:
    graph = Graph(7, (4, 3))
    steps = graph.word(("reshape", (12,)), graph.word(("lstm", 3, True, False), 0))
    vector = graph.word(("dense", 12, "linear"), graph.word(("lstm", 2, False, False), 0))
    added = graph.merge("add", steps, vector)
    check(host, graph.network(graph.word(("dense", 2, "linear"), added)), quantisation)
