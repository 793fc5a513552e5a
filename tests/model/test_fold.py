# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Normalisations that a neighbour takes: the same function with fewer layers; one that nobody takes stays."""

from __future__ import annotations

import numpy as np
import pytest

from model import reference
from model.fold import folded
from model.layers.activation import Activation
from model.layers.base import Layer
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.normalise import Normalise
from model.layers.reshape import Reshape
from model.network import Network, chained
from model.signal import Signal, Weights

RANDOM = np.random.default_rng(8)


def values(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return RANDOM.normal(0, 1, shape).astype(np.float32)


def lstm(sequences: bool = True) -> Lstm:
    kernel, recurrent, bias = Weights(values(4, 3, 3)), Weights(values(4, 3, 3)), values(4, 3)
    return Lstm("lstm", kernel, recurrent, bias, sequences, False, 0.0, Signal((4, 3) if sequences else (3,)))


def dense(inputs: int, outputs: int, activation: str = "linear", steps: int = 0) -> Dense:
    shape = (steps, outputs) if steps else (outputs,)
    return Dense("dense", Weights(values(outputs, inputs)), values(outputs), activation, Signal(shape))


def normalise(*shape: int) -> Normalise:
    return Normalise("batch", values(shape[-1]), values(shape[-1]), Signal(shape))


def relu(*shape: int) -> Activation:
    return Activation("relu", "relu", Signal(shape))


# layers, and the kinds that are left
CASES: dict[str, tuple[list[Layer], str]] = {
    "the first stays": ([normalise(4, 3), lstm()], "normalise lstm"),
    "between recurrent layers": ([lstm(), normalise(4, 3), lstm(False)], "lstm lstm"),
    "behind a linear Dense": ([lstm(), dense(3, 5, steps=4), normalise(4, 5), relu(4, 5)], "lstm dense activation"),
    "before a Dense": ([lstm(), relu(4, 3), normalise(4, 3), dense(3, 2, steps=4)], "lstm activation dense"),
    "behind a relu": ([lstm(False), dense(3, 5, "relu"), normalise(5), dense(5, 2)], "lstm dense dense"),
    "over a Flatten": ([lstm(), normalise(4, 3), Reshape("flat", Signal((12,))), dense(12, 2)], "lstm reshape dense"),
    "two": ([lstm(False), normalise(3), normalise(3), dense(3, 2)], "lstm dense"),
    "at the end": ([lstm(False), normalise(3)], "lstm normalise"),
    "before a function": ([lstm(False), normalise(3), relu(3), dense(3, 2)], "lstm normalise activation dense"),
    "over another shape": (
        [lstm(), normalise(4, 3), Reshape("shape", Signal((6, 2))), dense(2, 2, steps=6)],
        "lstm normalise reshape dense",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_same_function_with_what_is_left(case: str) -> None:
    layers, kinds = CASES[case]
    network = chained("net", "made by a test", "0" * 64, "float32", Signal((4, 3)), tuple(layers))
    smaller = folded(network)
    assert " ".join(layer.kind for layer in smaller.layers) == kinds
    x = values(20, 4, 3)
    np.testing.assert_allclose(reference.run(smaller, x), reference.run(network, x), rtol=2e-6, atol=2e-5)


def test_what_another_layer_reads_as_well_stays_as_it_is() -> None:
    """The Dense before is put out too, and what a relu reads is not what a Dense behind reads."""
    network = chained(
        "net", "made by a test", "0" * 64, "float32", Signal((4, 3)), (lstm(False), dense(3, 3), normalise(3), relu(3))
    )
    both = Network(**{**vars(network), "outputs": (2, 4)})
    assert [layer.kind for layer in folded(both).layers] == ["lstm", "dense", "normalise", "activation"]
