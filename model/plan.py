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
from model.network import (
    Bidirectional,
    Dense,
    Layer,
    Lstm,
    Network,
    Place,
    Reshape,
    Signal,
    is_elementwise,
    lstms,
)


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

    kind: str  # lstm, lstm_once, dense, dense_add, dense_finish, apply, copy
    place: Place
    layer: Layer  # at that place
    source: Signal  # what the layer reads, whole
    x: Value
    y: Value
    cell: Value | None = None  # lstm
    block: int = 0  # dense_add: which of the `blocks` parts of a step's input this is
    blocks: int = 1

    @property
    def name(self) -> str:
        """What the layer's constants and its code are called in C."""
        return c_name(self.place, self.layer)


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


CELL_TYPE = {"int8": "int16", "int16": "int16", "float32": "float32"}
SUM_TYPE = {"int8": "int32", "int16": "int64", "float32": "float32"}  # of a Dense, by its output's type


def c_name(place: Place, layer: Layer) -> str:
    """What belongs to a layer is called in C by its place and kind: ``L2_dense``, ``L0_lstm_backward``.

    The layer's own name may be anything and has no part in it. No two of a model are alike whatever is appended; and
    as no model's name holds an ``_L2`` (``names.c_identifier`` has no capitals), neither are those of two models.
    """
    kind = type(layer).__name__.lower()
    return f"L{place.index}_{kind}_{place.half}" if place.half else f"L{place.index}_{kind}"


@dataclass
class _Builder:
    """Collects a plan layer by layer. ``current`` is the vector (of one step, inside a loop) made last."""

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
        """A single step from reset: an LSTM needs no state."""
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

    def memory(self, index: int, dtype: str, units: int) -> tuple[Value, Value | None]:
        """Hidden and cell state of layer ``index``; of a single step from reset a vector, and none."""
        if self.once:
            return self.temporary(dtype, units), None
        name = self.c_name(index)
        return self.state(name, "hidden", dtype, units), self.state(name, "cell", CELL_TYPE[dtype], units)

    def lstm(self, index: int, half: tuple[Place, Lstm], hidden: Value, cell: Value | None) -> None:
        """One LSTM direction of layer ``index`` in the running loop."""
        kind, source = "lstm" if cell else "lstm_once", self.network.input_of(index)
        self.emit(Op(kind, *half, source, self.current, hidden, cell))

    def add_lstm(self, index: int, layer: Lstm) -> None:
        """An LSTM reading the running sequence."""
        if layer.go_backwards and self.steps > 1:
            self.materialise(index)
            self.current = replace(self.current, backwards=True)
            self.streamable = f"layer '{layer.name}' reads the window from its end"
        self.lstm(index, (self.network.place(index), layer), *self.memory(index, layer.output.dtype, layer.units))
        if not layer.return_sequences:
            self.close()
            self.steps = 0

    def add_bidirectional(self, index: int, layer: Bidirectional, flattened_by: Dense | None) -> None:
        """Two loops over the same array; see ``add_flat_dense`` for what ``flattened_by`` saves."""
        self.materialise(index)
        self.streamable = f"layer '{layer.name}' reads the window from both ends"
        units, source, steps, dtype = layer.forward.units, self.current, self.steps, layer.output.dtype
        both, cells = self.memory(index, dtype, 2 * units)
        sequence = layer.forward.return_sequences and steps > 1
        array: Value | None = None
        if sequence and flattened_by is None:
            whole = self.state(self.c_name(index), "sequence", dtype, steps * 2 * units)
            array = replace(whole, length=units, stride=2 * units)
        for direction, half in enumerate(lstms(self.network.place(index), layer)):
            hidden, cell = (v and replace(v, length=units, offset=direction * units) for v in (both, cells))
            assert hidden is not None
            self.current = replace(source, backwards=direction == 1)
            self.lstm(index, half, hidden, cell)
            if sequence and flattened_by is not None:
                self.dense_add(index + 2, flattened_by, direction, 2)
            elif array is not None:
                y = replace(array, offset=direction * units, backwards=direction == 1)
                self.emit(self.op("copy", index, hidden, y))
            self.close()
        if array is not None:
            self.current = replace(array, length=2 * units, offset=0, backwards=False)
        elif not (sequence and flattened_by is not None):
            self.current = both
            if not layer.forward.return_sequences:
                self.steps = 0

    def dense_add(self, index: int, layer: Dense, block: int, blocks: int) -> None:
        """Add one step's share of a Dense over the flattened sequence."""
        if block == 0:
            self.sums = self.state(self.c_name(index), "sums", SUM_TYPE[layer.output.dtype], layer.output.size)
        assert self.sums is not None
        self.emit(self.op("dense_add", index, self.current, self.sums, block=block, blocks=blocks))

    def finish_dense(self, index: int, layer: Dense) -> None:
        """Requantise the sums of a flattened sequence."""
        self.close()
        self.steps = 0
        assert self.sums is not None
        y = self.temporary(layer.output.dtype, self.sums.length)
        self.emit(self.op("dense_finish", index, self.sums, y))


def _flattened_by(layers: tuple[Layer, ...], index: int, steps: int) -> Dense | None:
    """The Dense that reads the flattened sequence of layer ``index``, if that is what follows."""
    if steps < 2 or len(layers) < index + 3:
        return None
    flatten, dense = layers[index + 1 : index + 3]
    flattens = isinstance(flatten, Reshape) and len(flatten.output.shape) == 1
    return dense if flattens and isinstance(dense, Dense) else None


def make(network: Network, stream: bool) -> Plan:
    """Plan ``network``; ``stream`` keeps what a single step from reset would not need."""
    shape, layers = network.input.shape, network.layers
    if not layers:
        raise UserError(f"model '{network.name}' has no layers that compute anything; give one with an LSTM")
    if len(shape) > 2:
        raise UserError(f"model '{network.name}' has an input of shape {shape}; supported: (steps, features)")
    steps = shape[0] if len(shape) == 2 else 0
    first = Value("input", network.input.dtype, shape[-1], stride=shape[-1] if steps else 0)
    builder = _Builder(network, stream, first, steps, shape)
    index = 0
    while index < len(layers):
        layer = layers[index]
        if isinstance(layer, Dense) and len(builder.shape) == 1 and builder.steps > 1:
            builder.dense_add(index, layer, 0, 1)
            builder.finish_dense(index, layer)
        elif not isinstance(layer, Reshape) and not is_elementwise(layer):
            builder.arrange(index)
            index = _add(builder, index, layer)
        elif not isinstance(layer, Reshape):
            y = builder.temporary(layer.output.dtype, builder.current.length)
            builder.emit(builder.op("apply", index, builder.current, y))
        builder.shape = layers[index].output.shape
        index += 1
    _finish(builder)
    return Plan(tuple(builder.fields), tuple(builder.temporaries), tuple(builder.work), builder.streamable)


def _add(builder: _Builder, index: int, layer: Layer) -> int:
    """A layer that reads along the last axis; returns the index of the last layer that is done with it."""
    if isinstance(layer, Lstm):
        builder.add_lstm(index, layer)
    elif isinstance(layer, Bidirectional):
        dense = _flattened_by(builder.network.layers, index, builder.steps) if layer.forward.return_sequences else None
        builder.add_bidirectional(index, layer, dense)
        if dense is not None:
            builder.finish_dense(index + 2, dense)
            return index + 2
    else:
        kind = "dense" if isinstance(layer, Dense) else "apply"
        y = builder.temporary(layer.output.dtype, layer.output.shape[-1])
        builder.emit(builder.op(kind, index, builder.current, y))
    return index


def _finish(builder: _Builder) -> None:
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
