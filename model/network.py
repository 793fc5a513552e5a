# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The network every reader produces and every later step consumes: a graph of layers on signals.

A ``Network`` is either real-valued or quantised (integer arrays with scales). The structure is the same: what a layer
is in a number format is the layer's own business (model/layers/, model/formats/).

Signals are told by numbers: the inputs come first, then what each layer writes, in the order of the layers. Nothing
is told by a name. Shapes carry no batch axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model import formats
from model.ends import Ends
from model.errors import UserError
from model.formats.base import Format
from model.layers.base import Layer, Place
from model.layers.normalise import Normalise
from model.signal import Signal

ENDLESS = "its steps have no end: a step a call, going on from the state (state=stream)"  # a note of such a network
STATES = ("window", "stream")  # a whole window a call, from reset; or one time step a call, going on from the state


@dataclass(frozen=True, eq=False)
class Node:
    """A layer in its place, and the numbers of the signals that it reads."""

    layer: Layer
    reads: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Network:
    """A trained model. Often it is a chain, whose layers read what the one before them wrote: see ``chained``."""

    name: str  # a C identifier
    source: str  # file name the model came from
    sha256: str  # of that file
    quantisation: str  # the name of a format
    inputs: tuple[Signal, ...]
    nodes: tuple[Node, ...]  # each after those that write what it reads
    outputs: tuple[int, ...]  # numbers of signals
    notes: tuple[str, ...] = ()  # what a user should know of how it was read or quantised
    came_quantised: bool = False  # its file holds integers already; else `quantisation` was chosen here
    input_names: tuple[str, ...] = ()  # as the file calls them; none where it gives no names
    output_names: tuple[str, ...] = ()
    normalise: Normalise | None = None  # folded into the quantisation of the input: `input` is in its units
    endless: bool = False  # its file tells no number of steps: it is of single ones, and runs as a stream alone
    rate: float = 0.0  # Hz, of the steps; 0: its file does not tell

    @property
    def format(self) -> Format:
        """That of its layers; of single ones it may be another where it has real values."""
        return formats.named(self.quantisation)

    def signal(self, number: int) -> Signal:
        """The one of this number."""
        inputs = len(self.inputs)
        return self.inputs[number] if number < inputs else self.nodes[number - inputs].layer.output

    @property
    def mixed(self) -> bool:
        """Whether layers with weights have real values where the others have integers."""
        formats = (part.weighted for _, part, _ in parts(self))
        return self.format.integer and any(format is not None and not format.integer for format in formats)

    @property
    def input(self) -> Signal:
        """Its first input, of a chain the only one."""
        return self.inputs[0]

    @property
    def output(self) -> Signal:
        """Its first output, of a chain what the last layer writes."""
        return self.signal(self.outputs[0])

    @property
    def given(self) -> Ends:
        """All inputs."""
        return Ends(self.inputs)

    @property
    def made(self) -> Ends:
        """All outputs."""
        return Ends(tuple(map(self.signal, self.outputs)))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All, in their order."""
        return tuple(node.layer for node in self.nodes)

    @property
    def steps(self) -> int:
        """T of its inputs; 1 of vectors."""
        return max(each.shape[0] if len(each.shape) == 2 else 1 for each in self.inputs)

    def input_of(self, index: int) -> Signal:
        """What layer ``index`` reads first, of a chain all that it reads."""
        return self.signal(self.nodes[index].reads[0])

    def sources(self, index: int) -> tuple[Signal, ...]:
        """All that layer ``index`` reads."""
        return tuple(map(self.signal, self.nodes[index].reads))

    def written(self, index: int) -> int:
        """The number of the signal that layer ``index`` writes."""
        return len(self.inputs) + index

    def writer(self, number: int) -> int | None:
        """The layer that writes this signal; None of an input."""
        return number - len(self.inputs) if number >= len(self.inputs) else None

    def readers(self, number: int) -> tuple[int, ...]:
        """The layers that read this signal."""
        return tuple(index for index, node in enumerate(self.nodes) if number in node.reads)

    def ids(self, number: int) -> int:
        """How many ids a signal may be, from 0, if it is ids and no values; 0 if it is not."""
        return min((self.layers[index].ids for index in self.readers(number)), default=0)

    def place(self, index: int) -> Place:
        """That of layer ``index``, the same however the network is quantised: what is folded away was the first."""
        return Place(index + (self.normalise is not None))

    def but(self, *, input: Signal | None = None, layers: Sequence[Layer] | None = None, **changes: Any) -> Network:
        """The same with another first input, and with other layers.

        As many as there were read what those in their places read; fewer or more are a chain.
        """
        inputs = self.inputs if input is None else (input, *self.inputs[1:])
        nodes, outputs = self.nodes, self.outputs
        if layers is not None and len(layers) == len(nodes):
            nodes = tuple(Node(layer, node.reads) for layer, node in zip(layers, nodes, strict=True))
        elif layers is not None:
            nodes, outputs = _in_line(layers), (len(layers),)
        return replace(self, inputs=inputs, nodes=nodes, outputs=outputs, **changes)

    def follower(self, index: int) -> int | None:
        """The layer that reads what layer ``index`` writes, if nobody else does."""
        number = self.written(index)
        readers = self.readers(number)
        return readers[0] if len(readers) == 1 and number not in self.outputs else None

    def with_layer(self, index: int, layer: Layer) -> Network:
        """The same with another layer in one place."""
        return self.but(layers=[layer if at == index else each for at, each in enumerate(self.layers)])

    def without(self, index: int) -> Network:
        """The same but for a layer: what it read first is read, or put out, in its place."""
        gone, instead = self.written(index), self.nodes[index].reads[0]

        def moved(number: int) -> int:
            number = instead if number == gone else number
            return number - (number > gone)

        nodes = tuple(
            Node(node.layer, tuple(map(moved, node.reads))) for at, node in enumerate(self.nodes) if at != index
        )
        return replace(self, nodes=nodes, outputs=tuple(map(moved, self.outputs)))


def _in_line(layers: Sequence[Layer]) -> tuple[Node, ...]:
    return tuple(Node(layer, (index,)) for index, layer in enumerate(layers))


def chained(
    name: str,
    source: str,
    sha256: str,
    quantisation: str,
    input: Signal,
    layers: Sequence[Layer],
    notes: tuple[str, ...] = (),
    came_quantised: bool = False,
) -> Network:
    """A network whose layers each read what the one before them wrote."""
    nodes, outputs = _in_line(layers), (len(layers),)
    return Network(name, source, sha256, quantisation, (input,), nodes, outputs, notes, came_quantised)


def check_ends(network: Network, where: str = "") -> None:
    """Raise ``UserError`` naming what no step after the reader can take; ``where`` begins its sentence."""
    for what, ends in (("inputs", network.given), ("outputs", network.made)):
        if len({each.dtype for each in ends.signals}) != 1:
            types = " and ".join(dict.fromkeys(each.dtype for each in ends.signals))
            raise UserError(f"{where}model '{network.name}' has {what} of {types}; supported: all of one type")
    for number, signal in enumerate(network.inputs):
        if not network.readers(number) and number not in network.outputs:
            raise UserError(
                f"{where}model '{network.name}': nothing reads its input {number}, {signal.shape}; save it without"
            )
    for index, node in enumerate(network.nodes):
        if len(node.reads) != 1 and not node.layer.joins:
            raise UserError(
                f"{where}layer '{node.layer.name}' reads {len(node.reads)} signals; a {node.layer.kind} reads one"
            )
        if network.written(index) not in network.outputs and not network.readers(network.written(index)):
            raise UserError(f"{where}layer '{node.layer.name}' writes what nothing reads; save the model without it")


def check_state(network: Network, state: str) -> None:
    """Raise ``UserError`` where ``state`` would run steps that go on one from another each from reset."""
    if network.endless and state == "window":
        raise UserError(
            f"{network.source}: its steps have no end, and state=window would run each from reset; use state=stream"
        )


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


def recurrent_macs(network: Network) -> int:
    """Multiply-accumulates of the gates in one inference over a whole window, as the layers define them."""
    return sum(part.macs(source) for _, part, source in parts(network) if part.keeps_state)


def macs(network: Network) -> int:
    """Multiply-accumulates of one inference over a whole window, as the layers define them."""
    return sum(part.macs(source) for _, part, source in parts(network))
