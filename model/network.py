# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The network every reader produces and every later step consumes: a chain of layers on one signal.

A ``Network`` is either real-valued or quantised (integer arrays with scales). The structure is the same: what a layer
is in a number format is the layer's own business (model/layers/, model/formats/).

Shapes carry no batch axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model import formats
from model.formats.base import Format
from model.layers.base import Layer, Place
from model.layers.normalise import Normalise
from model.signal import Signal

STATES = ("window", "stream")  # a whole window a call, from reset; or one time step a call, going on from the state


@dataclass(frozen=True, eq=False)
class Network:
    """A trained model: layers in order, each reading what the one before it wrote."""

    name: str  # a C identifier
    source: str  # file name the model came from
    sha256: str  # of that file
    quantisation: str  # the name of a format
    input: Signal
    layers: tuple[Layer, ...]
    notes: tuple[str, ...] = ()  # what a user should know of how it was read or quantised
    came_quantised: bool = False  # its file holds integers already; else `quantisation` was chosen here
    normalise: Normalise | None = None  # folded into the quantisation of the input: `input` is in its units

    @property
    def format(self) -> Format:
        """That of its layers; of single ones it may be another where it has real values."""
        return formats.named(self.quantisation)

    @property
    def output(self) -> Signal:
        """What the last layer writes."""
        return self.layers[-1].output if self.layers else self.input

    @property
    def steps(self) -> int:
        """T of its input; 1 of a vector."""
        return self.input.shape[0] if len(self.input.shape) == 2 else 1

    def input_of(self, index: int) -> Signal:
        """What layer ``index`` reads."""
        return self.layers[index - 1].output if index else self.input

    def place(self, index: int) -> Place:
        """That of layer ``index``, the same however the network is quantised: what is folded away was the first."""
        return Place(index + (self.normalise is not None))


def goes_on(network: Network, state: str) -> bool:
    """Whether the samples of a build with ``state`` (window or stream) are windows that go on one from another.

    Else each starts from reset. The steps of a stream are the T of a sample; where that is a single one, each sample
    is the next step of one stream, as nothing would ever reach the recurrent weights from reset.
    """
    return state == "stream" and network.steps == 1


def parts(network: Network) -> Iterator[tuple[Place, Layer, Signal]]:
    """What computes, with what it reads: every layer, or its halves where it consists of others."""
    for index, layer in enumerate(network.layers):
        for place, part in layer.parts(network.place(index)):
            yield place, part, network.input_of(index)


def placed(network: Network) -> Iterator[tuple[Place, Layer]]:
    """Every layer with its place, one that consists of others followed by its halves."""
    for index, layer in enumerate(network.layers):
        place = network.place(index)
        yield place, layer
        if layer.halves:
            yield from layer.parts(place)


def lstm_macs(network: Network) -> int:
    """Multiply-accumulates of the gates in one inference over a whole window, as the layers define them."""
    return sum(part.macs(source) for _, part, source in parts(network) if part.keeps_state)


def macs(network: Network) -> int:
    """Multiply-accumulates of one inference over a whole window, as the layers define them."""
    return sum(part.macs(source) for _, part, source in parts(network))
