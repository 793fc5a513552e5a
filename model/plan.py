# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The order of work on the device: which layer runs when, on which vectors, and what the state must hold.

A plan is a list of loops over time, each a pipeline of per-step operations, and straight-line operations on
vectors. Nothing is stored over a whole sequence unless a later layer reads it in another order than it is made:
a Dense over a flattened sequence adds up step by step, a last-only LSTM keeps one hidden state.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from model.errors import UserError
from model.layers.base import Layer, Place
from model.network import Network, check_chain
from model.signal import Signal


@dataclass(frozen=True)
class Value:
    """A vector of ``length`` elements; in a loop it may move by ``stride`` elements a step, forwards or backwards."""

    base: str  # input, output, or the name of a state field
    dtype: str
    length: int
    stride: int = 0
    offset: int = 0
    backwards: bool = False


@dataclass(frozen=True, eq=False)
class Op:
    """One call of the runtime: ``kind`` on ``layer``, reading x and writing y."""

    kind: str  # dense, dense_add, dense_finish, apply, copy; of a cell its own kind, or that and _once
    place: Place
    layer: Layer  # at that place
    source: Signal  # what the layer reads, whole
    x: Value
    y: Value
    cell: Value | None = None  # of a cell: what it keeps besides its hidden state
    block: int = 0  # dense_add: which of the `blocks` parts of a step's input this is
    blocks: int = 1

    @property
    def name(self) -> str:
        """What the layer's constants and its code are called in C."""
        return c_name(self.place, self.layer)

    @property
    def once(self) -> bool:
        """Whether it is a recurrent layer's single step from reset."""
        return self.kind == f"{self.layer.kind}_once"


@dataclass(frozen=True, eq=False)
class Loop:
    """``body`` for t = 0 .. steps-1."""

    steps: int
    body: tuple[Op, ...]


@dataclass(frozen=True)
class Field:
    """An array in the state struct."""

    name: str
    dtype: str  # element type
    length: int
    role: str  # hidden, cell, sums, sequence
    layer: str  # C name of the layer it belongs to, see ``c_name``


@dataclass(frozen=True, eq=False)
class Plan:
    """What ``run`` does after a reset, and what ``step`` does, if the network can be streamed."""

    fields: tuple[Field, ...]
    temporaries: tuple[Value, ...]  # vectors that live between two operations only
    work: tuple[Loop | Op, ...]
    streamable: str = ""  # empty: yes; else why not


def c_name(place: Place, layer: Layer) -> str:
    """What belongs to a layer is called in C by its place and kind: ``L2_dense``, ``L0_lstm_backward``.

    The layer's own name may be anything and has no part in it. No two of a model are alike whatever is appended; and
    as no model's name holds an ``_L2`` (``names.c_identifier`` has no capitals), neither are those of two models.
    """
    return f"L{place.index}_{layer.kind}_{place.half}" if place.half else f"L{place.index}_{layer.kind}"


@dataclass
class Builder:
    """Collects a plan, as layer after layer asks for its work.

    ``current`` is the vector (of one step, inside a loop) made last.
    """

    network: Network
    stream: bool
    current: Value
    steps: int  # of the sequence being read; 0: `current` is a whole vector
    shape: tuple[int, ...]  # as the last layer gave it: a Reshape changes nothing else
    fields: list[Field] = field(default_factory=list)
    temporaries: list[Value] = field(default_factory=list)
    work: list[Loop | Op] = field(default_factory=list)
    body: list[Op] = field(default_factory=list)
    sums: Value | None = None  # of the Dense over a flattened sequence that is under way
    streamable: str = ""

    @property
    def once(self) -> bool:
        """A single step from reset: a recurrent layer needs no state."""
        return self.steps == 1 and not self.stream

    def state(self, layer: str, role: str, dtype: str, length: int) -> Value:
        """A new state field of the layer of this C name."""
        name = f"{layer}_{role}"
        self.fields.append(Field(name, dtype, length, role, layer))
        return Value(name, dtype, length)

    def op(self, kind: str, index: int, x: Value, y: Value, **more: Any) -> Op:
        """An operation of layer ``index``."""
        network = self.network
        return Op(kind, network.place(index), network.layers[index], network.input_of(index), x, y, **more)

    def temporary(self, dtype: str, length: int) -> Value:
        """A new short-lived vector."""
        value = Value(f"#{len(self.temporaries)}", dtype, length)
        self.temporaries.append(value)
        return value

    def c_name(self, index: int) -> str:
        """That of layer ``index``."""
        return c_name(self.network.place(index), self.network.layers[index])

    def emit(self, op: Op) -> None:
        """Append to the running loop, or to the straight line."""
        (self.body if self.steps else self.work).append(op)
        self.current = op.y

    def close(self) -> None:
        """End the running loop."""
        if self.body:
            self.work.append(Loop(self.steps, tuple(self.body)))
            self.body = []

    def materialise(self, index: int) -> None:
        """Make the running sequence an array, so that it can be read again or in another order."""
        if not self.body:
            return
        length = self.current.length
        array = self.state(self.c_name(index - 1), "sequence", self.current.dtype, self.steps * length)
        self.emit(self.op("copy", index - 1, self.current, replace(array, length=length, stride=length)))
        self.close()
        self.streamable = f"layer '{self.network.layers[index].name}' reads a whole sequence at once"

    def arrange(self, index: int) -> None:
        """Let layer ``index`` read along the last axis of the shape that a Reshape before it gave."""
        shape, layer = self.shape, self.network.layers[index]
        if shape == ((self.steps, self.current.length) if self.steps else (self.current.length,)):
            return
        if len(shape) > 2:
            raise UserError(f"layer '{layer.name}' reads shape {shape}; supported: (steps, features) and (elements)")
        if self.steps > 1:
            self.materialise(index)
        self.close()
        before, self.steps = self.steps, shape[0] if len(shape) == 2 else 0
        of_input = self.current.base == "input" and max(self.steps, 1) == self.network.steps
        if not of_input and (self.steps or before > 1):
            self.streamable = f"layer '{layer.name}' reads the window in another shape"
        self.current = replace(self.current, length=shape[-1], stride=shape[-1] if self.steps else 0)


def make(network: Network, stream: bool) -> Plan:
    """Plan ``network``; ``stream`` keeps what a single step from reset would not need."""
    check_chain(network)
    shape, layers = network.input.shape, network.layers
    if not layers:
        raise UserError(f"model '{network.name}' has no layers that compute anything; give one with an LSTM")
    if len(shape) > 2:
        raise UserError(f"model '{network.name}' has an input of shape {shape}; supported: (steps, features)")
    steps = shape[0] if len(shape) == 2 else 0
    first = Value("input", network.input.dtype, shape[-1], stride=shape[-1] if steps else 0)
    builder = Builder(network, stream, first, steps, shape)
    index = 0
    while index < len(layers):
        index = layers[index].work(builder, index)
        builder.shape = layers[index].output.shape
        index += 1
    _finish(builder)
    return Plan(tuple(builder.fields), tuple(builder.temporaries), tuple(builder.work), builder.streamable)


def _finish(builder: Builder) -> None:
    """Make the last operation write the caller's output."""
    length, steps = builder.current.length, builder.steps
    output = Value("output", builder.current.dtype, length, stride=length if steps > 1 else 0)
    ops = builder.body if steps else builder.work
    last = ops[-1] if ops else None
    if isinstance(last, Op) and last.y.base.startswith("#") and last.y.length == length:
        ops[-1] = replace(last, y=output)
        builder.temporaries.remove(last.y)
    else:
        builder.emit(builder.op("copy", len(builder.network.layers) - 1, builder.current, output))
    builder.close()
