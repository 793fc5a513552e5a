# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The order of work on the device: which layer runs when, on which vectors, and what the state must hold.

A plan is a list of loops over time, each a pipeline of per-step operations, and straight-line operations on
vectors. Nothing is stored over a whole sequence unless a later layer reads it in another order than it is made:
a Dense over a flattened sequence adds up step by step, a last-only LSTM keeps one hidden state.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from model.errors import UserError
from model.network import Bidirectional, Dense, Layer, Lstm, Network, Reshape, is_elementwise


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
    layer: Layer
    name: str  # unique C name of the layer
    x: Value
    y: Value
    block: int = 0  # dense_add: which of the `blocks` parts of a step's input this is
    blocks: int = 1
    direction: int = 0  # lstm: 0 forward, 1 backward half of a Bidirectional


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
    layer: str  # C name of the layer it belongs to


@dataclass(frozen=True, eq=False)
class Plan:
    """What ``run`` does after a reset, and what ``step`` does, if the network can be streamed."""

    fields: tuple[Field, ...]
    temporaries: tuple[Value, ...]  # vectors that live between two operations only
    work: tuple[Loop | Op, ...]
    streamable: str = ""  # empty: yes; else why not


CELL_TYPE = {"int8": "int16", "int16": "int16", "float32": "float32"}
SUM_TYPE = {"int8": "int32", "int16": "int64", "float32": "float32"}  # of a Dense, by its output's type


def unique_names(layers: tuple[Layer, ...]) -> list[str]:
    """A C identifier per layer, from its name; every one different."""
    names: list[str] = []
    for layer in layers:
        base = "".join(ch if ch.isascii() and ch.isalnum() else "_" for ch in layer.name).strip("_").lower() or "layer"
        base = f"l_{base}" if base[0].isdigit() else base
        name, count = base, 1
        while name in names:
            count += 1
            name = f"{base}_{count}"
        names.append(name)
    return names


@dataclass
class _Builder:
    """Collects a plan layer by layer. ``current`` is the vector (of one step, inside a loop) made last."""

    network: Network
    stream: bool
    names: list[str]
    current: Value
    steps: int  # of the sequence being read; 0: `current` is a whole vector
    shape: tuple[int, ...]  # as the last layer gave it: a Reshape changes nothing else
    fields: list[Field] = field(default_factory=list)
    temporaries: list[Value] = field(default_factory=list)
    work: list[Loop | Op] = field(default_factory=list)
    body: list[Op] = field(default_factory=list)
    streamable: str = ""

    @property
    def once(self) -> bool:
        """A single step from reset: an LSTM needs no state."""
        return self.steps == 1 and not self.stream

    def state(self, name: str, dtype: str, length: int, role: str, layer: str) -> Value:
        """A new state field."""
        self.fields.append(Field(name, dtype, length, role, layer))
        return Value(name, dtype, length)

    def temporary(self, dtype: str, length: int) -> Value:
        """A new short-lived vector."""
        value = Value(f"#{len(self.temporaries)}", dtype, length)
        self.temporaries.append(value)
        return value

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
        name, layer = self.names[index - 1], self.network.layers[index - 1]
        length = self.current.length
        array = self.state(f"{name}_sequence", self.current.dtype, self.steps * length, "sequence", name)
        self.emit(Op("copy", layer, name, self.current, replace(array, length=length, stride=length)))
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
        of_input = self.current.base == "input" and max(self.steps, 1) == self.window_steps
        if not of_input and (self.steps or before > 1):
            self.streamable = f"layer '{layer.name}' reads the window in another shape"
        self.current = replace(self.current, length=shape[-1], stride=shape[-1] if self.steps else 0)

    @property
    def window_steps(self) -> int:
        """T of the network's input; 1 of a vector."""
        return self.network.input.shape[0] if len(self.network.input.shape) == 2 else 1

    def lstm(self, index: int, lstm: Lstm, hidden: Value | None, cell: Value | None, direction: int) -> Value:
        """One LSTM direction in the running loop; returns its hidden state."""
        name = self.names[index]
        if self.once:
            y = hidden or self.temporary(lstm.output.dtype, lstm.units)
            self.emit(Op("lstm_once", lstm, name, self.current, y, direction=direction))
            return y
        if hidden is None or cell is None:
            hidden = self.state(f"{name}_hidden", lstm.output.dtype, lstm.units, "hidden", name)
            self.state(f"{name}_cell", CELL_TYPE[lstm.output.dtype], lstm.units, "cell", name)
        self.emit(Op("lstm", lstm, name, self.current, hidden, direction=direction))
        return hidden

    def add_lstm(self, index: int, layer: Lstm) -> None:
        """An LSTM reading the running sequence."""
        if layer.go_backwards and self.steps > 1:
            self.materialise(index)
            self.current = replace(self.current, backwards=True)
            self.streamable = f"layer '{layer.name}' reads the window from its end"
        self.lstm(index, layer, None, None, 0)
        if not layer.return_sequences:
            self.close()
            self.steps = 0

    def add_bidirectional(self, index: int, layer: Bidirectional, flattened_by: Dense | None) -> None:
        """Two loops over the same array; see ``add_flat_dense`` for what ``flattened_by`` saves."""
        self.materialise(index)
        self.streamable = f"layer '{layer.name}' reads the window from both ends"
        name, units, source, steps = self.names[index], layer.forward.units, self.current, self.steps
        dtype = layer.output.dtype
        both = (
            self.temporary(dtype, 2 * units)
            if self.once
            else self.state(f"{name}_hidden", dtype, 2 * units, "hidden", name)
        )
        cell = None if self.once else self.state(f"{name}_cell", CELL_TYPE[dtype], 2 * units, "cell", name)
        sequence = layer.forward.return_sequences and steps > 1
        array: Value | None = None
        if sequence and flattened_by is None:
            length = 2 * units
            array = replace(
                self.state(f"{name}_sequence", dtype, steps * length, "sequence", name), length=units, stride=length
            )
        for direction, lstm in enumerate((layer.forward, layer.backward)):
            self.current = replace(source, backwards=direction == 1)
            half = replace(both, length=units, offset=direction * units)
            self.lstm(index, lstm, half, cell, direction)
            if sequence and flattened_by is not None:
                self.dense_add(index + 2, flattened_by, direction, 2)
            elif array is not None:
                y = replace(array, offset=direction * units, backwards=direction == 1)
                self.emit(Op("copy", layer, name, half, y))
            self.close()
        if array is not None:
            self.current = replace(array, length=2 * units, offset=0, backwards=False)
        elif not (sequence and flattened_by is not None):
            self.current = both
            if not layer.forward.return_sequences:
                self.steps = 0

    def dense_add(self, index: int, layer: Dense, block: int, blocks: int) -> None:
        """Add one step's share of a Dense over the flattened sequence."""
        name = self.names[index]
        sums = Value(f"{name}_sums", SUM_TYPE[layer.output.dtype], layer.output.size)
        if all(f.name != sums.base for f in self.fields):
            self.state(sums.base, sums.dtype, sums.length, "sums", name)
        x = self.current
        self.emit(Op("dense_add", layer, name, x, sums, block=block, blocks=blocks))

    def finish_dense(self, index: int, layer: Dense) -> None:
        """Requantise the sums of a flattened sequence."""
        self.close()
        self.steps = 0
        sums = Value(f"{self.names[index]}_sums", SUM_TYPE[layer.output.dtype], layer.output.size)
        self.emit(Op("dense_finish", layer, self.names[index], sums, self.temporary(layer.output.dtype, sums.length)))


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
    builder = _Builder(network, stream, unique_names(layers), first, steps, shape)
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
            builder.emit(Op("apply", layer, builder.names[index], builder.current, y))
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
        builder.emit(Op(kind, layer, builder.names[index], builder.current, y))
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
        layer = builder.network.layers[-1]
        builder.emit(Op("copy", layer, builder.names[-1], builder.current, output))
    builder.close()
