# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The network every reader produces and every later step consumes: a chain of layers on one signal.

A ``Network`` is either real-valued (``quantisation == "float32"``: float32 arrays, no scales) or quantised (integer
arrays with scales, integer signals). The structure is the same, so only the quantiser, the reference and the weight
layout need to know the difference.

Shapes carry no batch axis. Gates are always in the order i, f, c, o (input, forget, candidate, output).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

GATES = ("i", "f", "c", "o")
QUANTISATIONS = ("float32", "dynamic", "int8", "int16x8")
STATES = ("window", "stream")  # a whole window a call, from reset; or one time step a call, going on from the state

Array = NDArray[Any]


@dataclass(frozen=True)
class Signal:
    """What flows between two layers: real = scale * (stored - zero_point), elementwise."""

    shape: tuple[int, ...]  # (T, F) for a sequence, (N,) for a vector
    dtype: str = "float32"  # float32, int8 or int16
    scale: float = 1.0  # exactly representable in float32
    zero_point: int = 0

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape))

    @property
    def low(self) -> int:
        """Smallest stored integer."""
        return int(np.iinfo(self.dtype).min)

    @property
    def high(self) -> int:
        """Largest stored integer."""
        return int(np.iinfo(self.dtype).max)


@dataclass(frozen=True, eq=False)
class Weights:
    """A weight matrix: float32 ``values``, or int8 ``values`` with real = scale[k] * values[k]."""

    values: Array  # (gates, rows, columns) or (rows, columns)
    scale: Array | None = None  # (gates,) or (rows,) float32; None for float32 values


@dataclass(frozen=True, eq=False)
class Lstm:
    """One LSTM direction: sigmoid gates, tanh candidate and output, no peepholes, no projection."""

    name: str
    kernel: Weights  # (4, H, F)
    recurrent: Weights  # (4, H, H)
    bias: Array  # (4, H) float32; int32 (int8 mode) or int64 (int16x8 mode) at scale input * kernel
    return_sequences: bool
    go_backwards: bool  # reads the sequence from its last step; outputs stay in the order computed
    cell_clip: float  # 0: none; else the cell state is clamped to +-cell_clip
    output: Signal  # hidden state, (T, H) or (H,)
    cell_scale: float = 0.0  # power of two, integer modes only: cell state is int16, zero point 0

    @property
    def units(self) -> int:
        """H."""
        return int(self.recurrent.values.shape[1])

    @property
    def features(self) -> int:
        """F."""
        return int(self.kernel.values.shape[2])


@dataclass(frozen=True, eq=False)
class Bidirectional:
    """Two LSTMs over the same input, their hidden states side by side: forward first, both in time order."""

    name: str
    forward: Lstm
    backward: Lstm  # go_backwards; over a sequence its outputs are put back into time order
    output: Signal  # (T, 2H) or (2H,): the scale its reader assumes; stored values are taken over as they are


@dataclass(frozen=True, eq=False)
class Dense:
    """y = activation(kernel x + bias) on the last axis; on a sequence it runs at every step."""

    name: str
    kernel: Weights  # (O, I)
    bias: Array  # (O,)
    activation: str  # linear or relu: what a clamp can do; others are an Activation of their own
    output: Signal


@dataclass(frozen=True, eq=False)
class Activation:
    """An elementwise function, or softmax over the last axis."""

    name: str
    function: str  # relu, sigmoid, tanh, softmax
    output: Signal


@dataclass(frozen=True, eq=False)
class Reshape:
    """The same elements in another shape (Flatten, Reshape); costs nothing on the device."""

    name: str
    output: Signal


@dataclass(frozen=True, eq=False)
class Normalise:
    """y = x * scale + offset along the last axis; real values only (the quantiser folds it into the input)."""

    name: str
    scale: Array  # (F,) float32
    offset: Array  # (F,) float32
    output: Signal


@dataclass(frozen=True, eq=False)
class Convert:
    """The same real values in another type, scale or zero point (TFLite's QUANTIZE and DEQUANTIZE)."""

    name: str
    output: Signal


Layer = Lstm | Bidirectional | Dense | Activation | Reshape | Normalise | Convert


@dataclass(frozen=True, order=True)
class Place:
    """Where a layer stands: what tells it from every other. Its name is for people; any two may be called alike."""

    index: int  # among the layers of the model as it was read, from 0
    half: str = ""  # forward or backward: that LSTM of a Bidirectional

    def __str__(self) -> str:
        return f"{self.index}.{self.half}" if self.half else str(self.index)


@dataclass(frozen=True, eq=False)
class Network:
    """A trained model: layers in order, each reading what the one before it wrote."""

    name: str  # a C identifier
    source: str  # file name the model came from
    sha256: str  # of that file
    quantisation: str  # one of QUANTISATIONS
    input: Signal
    layers: tuple[Layer, ...]
    notes: tuple[str, ...] = ()  # what a user should know of how it was read or quantised
    came_quantised: bool = False  # its file holds integers already; else `quantisation` was chosen here
    normalise: Normalise | None = None  # folded into the quantisation of the input: `input` is in its units

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


def is_elementwise(layer: Layer) -> bool:
    """Whether each output element depends on the same input element alone, whatever the shape."""
    return isinstance(layer, Convert) or (isinstance(layer, Activation) and layer.function != "softmax")


def directions(layer: Layer) -> tuple[Lstm, ...]:
    """The LSTMs a layer consists of: one, two, or none."""
    return tuple(lstm for _, lstm in lstms(Place(0), layer))


def lstms(place: Place, layer: Layer) -> tuple[tuple[Place, Lstm], ...]:
    """The LSTMs that the layer at ``place`` consists of, each with its own place."""
    if isinstance(layer, Bidirectional):
        return (replace(place, half="forward"), layer.forward), (replace(place, half="backward"), layer.backward)
    return ((place, layer),) if isinstance(layer, Lstm) else ()


def placed(network: Network) -> Iterator[tuple[Place, Layer]]:
    """Every layer with its place, a Bidirectional followed by its halves."""
    for index, layer in enumerate(network.layers):
        place = network.place(index)
        yield place, layer
        if isinstance(layer, Bidirectional):
            yield from lstms(place, layer)


def lstm_macs(network: Network) -> int:
    """Multiply-accumulates of the gates in one inference over a whole window, as the layers define them."""
    total = 0
    for index, layer in enumerate(network.layers):
        for lstm in directions(layer):
            steps = network.input_of(index).shape[0]
            total += steps * int(lstm.kernel.values.size + lstm.recurrent.values.size)
    return total


def macs(network: Network) -> int:
    """Multiply-accumulates of one inference over a whole window, as the layers define them."""
    total = lstm_macs(network)
    for index, layer in enumerate(network.layers):
        shape = network.input_of(index).shape
        if isinstance(layer, Dense):
            total += int(np.prod(shape[:-1])) * int(layer.kernel.values.size)
    return total
