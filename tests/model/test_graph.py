# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks as graphs: what is a chain runs, what is none is kept as it is and refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from model import planner, store
from model.errors import UserError
from model.layers.convert import Convert
from model.network import Network, Node, check_ends, parts, placed
from model.signal import Signal
from tests.support import networks
from tests.support.networks import Chain


@pytest.fixture
def network() -> Network:
    words = (("both", 3, True), ("dense", 2, "relu"), ("reshape", (8,)), ("dense", 2, "linear"))
    return networks.build_chain(Chain("int8", (4, 2), words, seed=3))


def branched(network: Network, index: int, *reads: int) -> Network:
    """Layer ``index`` reads other signals."""
    nodes = list(network.nodes)
    nodes[index] = Node(nodes[index].layer, reads)
    return replace(network, nodes=tuple(nodes))


def test_signals_are_numbered_from_the_inputs_on(network: Network) -> None:
    assert [network.signal(number) for number in range(5)] == [network.input, *(x.output for x in network.layers)]
    two = replace(branched(network, 0, 1), inputs=(network.output, network.input), outputs=(5, 2))
    assert two.signal(1) == network.input == two.input_of(0)
    assert two.signal(3) == network.layers[1].output
    assert two.output == network.output


def test_a_layer_s_place_is_its_own_however_often_it_stands_there(network: Network) -> None:
    dense = network.layers[1]
    tied = network.but(layers=(dense, dense, dense))
    assert [str(place) for place, _ in placed(tied)] == ["0", "1", "2"]
    assert [str(place) for place, _, _ in parts(network)] == ["0.forward", "0.backward", "1", "2", "3"]


def test_other_layers_read_what_those_in_their_places_read(network: Network) -> None:
    odd = branched(network, 3, 2)
    assert [node.reads for node in odd.but(layers=odd.layers[::-1]).nodes] == [(0,), (1,), (2,), (2,)]
    shorter = odd.but(layers=odd.layers[:2])
    assert ([node.reads for node in shorter.nodes], shorter.outputs) == ([(0,), (1,)], (2,))


def test_every_graph_comes_back(network: Network, tmp_path: Path) -> None:
    given = replace(branched(network, 3, 3, 1), inputs=(network.input, network.output), outputs=(5, 4))
    store.save(given, tmp_path / "a.npz")
    again = store.load(tmp_path / "a.npz")
    assert [node.reads for node in again.nodes] == [node.reads for node in given.nodes]
    assert (again.inputs, again.outputs) == (given.inputs, given.outputs)
    assert [layer.name for layer in again.layers] == [layer.name for layer in given.layers]
    store.save(again, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_what_cannot_run_is_refused_by_name(network: Network) -> None:
    check_ends(network)
    check_ends(network.but(layers=()))
    layer, before = network.layers[3].name, network.layers[2].name
    real = network.with_layer(3, Convert("real", Signal((2,))))
    two = replace(network, inputs=network.inputs * 2, outputs=(5,))
    two = replace(two, nodes=tuple(Node(each.layer, (n + (n > 0),)) for n, each in enumerate(two.nodes)))
    cases = {
        f"layer '{layer}' reads 2 signals; a dense reads one": branched(network, 3, 3, 1),
        f"layer '{before}' writes what nothing reads; save the model without it": branched(network, 3, 1),
        "model 'net' has outputs of float32 and int8; supported: all of one type": replace(real, outputs=(4, 1)),
        "model 'net': nothing reads its input 1, (4, 2); save it without": two,
    }
    for sentence, given in cases.items():
        with pytest.raises(UserError) as raised:
            planner.make(given, stream=False)
        assert str(raised.value) == sentence


def test_without_a_layer_its_readers_read_what_it_read(network: Network) -> None:
    less = network.without(1)
    assert [node.reads for node in less.nodes] == [(0,), (1,), (2,)]
    assert [layer.name for layer in less.layers] == [network.layers[n].name for n in (0, 2, 3)]
    assert network.without(3).outputs == (3,)
