# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Permute in every format: on the device the same elements as in the reference, whatever is before and behind it."""

from __future__ import annotations

import numpy as np
import pytest

from model import emit, formats, quantise, reference
from model.errors import UserError
from model.layers.base import Layer
from model.layers.permute import Permute
from model.network import Network, chained
from model.signal import Signal
from tests.support.convolutions import Drawn
from tests.support.host import Host
from tests.support.networks import Chain, Word

PERMUTE: Word = ("permute",)
# words around a Permute, on (5, 3)
CHAINS: dict[str, tuple[Word, ...]] = {
    "alone": (PERMUTE,),
    "there and back": (PERMUTE, ("tanh",), PERMUTE),
    "of the input": (PERMUTE, ("lstm", 4, False, False)),
    "of a running sequence": (("lstm", 4, True, False), PERMUTE, ("lstm", 2, True, True)),
    "before what reads backwards": (("dense", 2, "linear"), PERMUTE, ("lstm", 3, False, True)),
    "both ways": (("both", 2, True), PERMUTE, ("both", 3, False)),
    "behind what is cropped": (("crop", 1, 1), PERMUTE, ("lstm", 3, False, False)),
    "before a convolution": (
        ("conv", 3, 2, 1, 1, "same", 1, "relu"),
        PERMUTE,
        ("conv", 2, 2, 1, 1, "valid", 1, "linear"),
    ),
    "flattened": (("lstm", 4, True, False), PERMUTE, ("reshape", (20,)), ("dense", 3, "linear")),
    "of a vector": (("lstm", 6, False, False), ("reshape", (2, 3)), PERMUTE, ("lstm", 2, False, False)),
}


def network_of(words: tuple[Word, ...], shape: tuple[int, ...] = (5, 3)) -> Network:
    source, layers = Signal(shape), list[Layer]()
    numbers = Drawn(Chain("float32", shape, ()))
    for index, word in enumerate(words):
        permute = word == PERMUTE
        layers.append(
            Permute(f"permute{index}", Signal(source.shape[::-1]))
            if permute
            else numbers.layer(f"l{index}", source, word)
        )
        source = layers[-1].output
    return chained("net", "made by a test", "0" * 64, "float32", Signal(shape), tuple(layers))


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("case", CHAINS)
def test_it_is_the_reference_s(host: Host, quantisation: str, case: str) -> None:
    trained, random = network_of(CHAINS[case]), np.random.default_rng(5)
    real = random.normal(0, 1, (20, 5, 3)).astype(np.float32)
    network = quantise.quantise(trained, real, quantisation)
    inputs = reference.stored_inputs(network, real)
    result, expected = host.run(network, inputs).run, reference.run(network, inputs)
    np.testing.assert_allclose(result, expected, rtol=0, atol=network.format.tolerance)
    assert len(np.unique(expected)) > 20


def test_elements_change_their_places() -> None:
    real = np.arange(15, dtype=np.float32).reshape(1, 5, 3)
    np.testing.assert_array_equal(reference.run(network_of((PERMUTE,)), real), real.transpose(0, 2, 1))


def test_a_trace_has_every_step(host: Host) -> None:
    network, random = network_of(CHAINS["of a running sequence"]), np.random.default_rng(5)
    real = random.normal(0, 1, (3, 5, 3)).astype(np.float32)
    seen = host.noted(network, real)
    assert next(values.shape for (_, what), values in seen.items() if values.shape[1:] == (4, 5)) == (3, 4, 5)


def test_a_stream_is_refused() -> None:
    with pytest.raises(UserError, match="layer 'permute0' makes steps of features, for which it needs the whole wind"):
        emit.generate(network_of(CHAINS["of the input"]), "c", "stream")
