# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Makes a plan: layer after layer asks for its work, and what can share a loop does.

Layers that go on with the running loop come first. A signal that a layer at another rate reads, or a later one, is
stored as a whole; that, and whatever else keeps a network from running step by step, is said in ``streamable``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from model.errors import UserError
from model.formats import types
from model.layers.window import MOST, Window
from model.network import Network, check_ends
from model.plan import Field, Loop, Op, Plan, Step, Value, When, c_name, end_name, inside


@dataclass(eq=False)
class Level:
    """What runs together, while a plan is made: in each step of a loop, or whenever a window is complete."""

    steps: int  # how often, in a whole window
    body: list[Op | Level] = field(default_factory=list)
    push: Op | None = None  # of a window
    pad: Value | None = None  # a vector of padding; None: there is none but what the ring starts with

    def made(self, push: Op | None = None) -> When:
        """As a part of a plan; ``push``: in place of its own."""
        assert self.push is not None
        return When(push or self.push, _made(self.body), self.steps, f"{self.push.name}_count")

    @property
    def counts(self) -> bool:
        """Whether anything goes by how often it was: a part of a Dense, or where a sequence is in memory."""
        pushed = [step.push for step in self.body if isinstance(step, Level) and step.push]
        own = [step for step in self.body if isinstance(step, Op)]
        moving = any(v.stride and not v.window for op in (*own, *pushed) for v in op.values)
        return self.steps > 1 and (moving or any(op.kind == "dense_add" for op in own))

    def padded(self, pads: int) -> list[Loop]:
        """A loop that pushes some vectors of padding."""
        assert self.push is not None
        if not pads or self.pad is None:
            return []
        return [Loop(pads, (self.made(replace(self.push, x=self.pad)),), "p")]


def _made(body: Sequence[Op | Level]) -> tuple[Step, ...]:
    return tuple(step if isinstance(step, Op) else step.made() for step in body)


def _windows(body: Sequence[Op | Level]) -> Iterator[tuple[Level, Window]]:
    """Those in a loop, outer ones first."""
    for step in body:
        if isinstance(step, Level):
            assert step.push is not None
            assert step.push.taken is not None
            yield step, step.push.taken
            yield from _windows(step.body)


@dataclass(frozen=True)
class Flow:
    """Where a signal is while a plan is made."""

    value: Value  # of a sequence one step's
    steps: int  # of the sequence; 0: it is a whole vector
    shape: tuple[int, ...]  # as its layer gave it: a Reshape changes nothing else
    level: Level | None = None  # where it is made step by step; None: it lies in memory as a whole
    after: Level | None = None  # the loop that must end before it is whole


@dataclass
class Builder:
    """Collects a plan, as layer after layer asks for its work.

    ``current`` is the vector (of one step, inside a loop) made last; it and what follows it are of the layer at work.
    """

    network: Network
    stream: bool
    flows: dict[int, Flow]  # by signal: the inputs, and what layers wrote
    done: set[int] = field(default_factory=set)  # layers, the one at work too
    fields: list[Field] = field(default_factory=list)
    temporaries: list[Value] = field(default_factory=list)
    work: list[Loop | Op] = field(default_factory=list)
    loop: Level | None = None  # that is running
    later: list[Op] = field(default_factory=list)  # what is done when it has ended
    ended: list[Flow] = field(default_factory=list)  # what is put out
    sums: Value | None = None  # of the Dense over a flattened sequence that is under way
    streamable: str = ""
    # of the layer at work
    current: Value = field(init=False)
    more: tuple[Value, ...] = ()  # what else it reads
    steps: int = 0  # of the sequence being read; 0: `current` is a whole vector
    shape: tuple[int, ...] = ()  # as the layer before gave it
    level: Level | None = None  # where the running sequence is made
    after: Level | None = None  # the loop that must end before what it reads is whole

    @property
    def once(self) -> bool:
        """A single step from reset: a recurrent layer needs no state."""
        return self.steps == 1 and not self.stream

    def state(self, layer: str, role: str, dtype: str, length: int, start: float | None = None) -> Value:
        """A new state field of the layer of this C name."""
        name = f"{layer}_{role}"
        self.fields.append(Field(name, dtype, length, role, layer, start))
        return Value(name, dtype, length)

    def op(self, kind: str, index: int, x: Value, y: Value, **more: Any) -> Op:
        """An operation of layer ``index``."""
        network = self.network
        place, layer, source = network.place(index), network.layers[index], network.input_of(index)
        sources = network.sources(index)
        return Op(kind, place, layer, source, x, y, steps=max(self.steps, 1), sources=sources, **more)

    def temporary(self, dtype: str, length: int) -> Value:
        """A new short-lived vector."""
        value = Value(f"#{len(self.temporaries)}", dtype, length)
        self.temporaries.append(value)
        return value

    def c_name(self, index: int) -> str:
        """That of layer ``index``."""
        return c_name(self.network.place(index), self.network.layers[index])

    def begin(self, index: int) -> None:
        """Let layer ``index`` be at work: ``current`` is what it reads first."""
        reads, layer = self.network.nodes[index].reads, self.network.layers[index]
        if layer.joins and (not layer.elementwise or len({self.flows[number].steps for number in reads}) > 1):
            for which, number in enumerate(reads):
                self._at(self.flows[number])
                self.arrange(index, which)
                self.flows[number] = Flow(self.current, self.steps, self.shape, self.level, self.after)
        if len({id(flow.level) for flow in map(self.flows.get, reads) if flow and flow.level}) > 1:
            self.close()  # they run at different rates: each is stored
        if any(self.flows[number].steps and self._follows(self.flows[number]) for number in reads):
            self.close()
        self.done.add(index)
        first, *others = (self.flows[number] for number in reads)
        for flow in others:
            if (flow.steps, flow.shape[:-1]) != (first.steps, first.shape[:-1]):
                raise UserError(
                    f"layer '{layer.name}' reads {first.shape} and {flow.shape}; supported: as many steps of each"
                )
        self._at(first)
        self.more = tuple(flow.value for flow in others)
        self.level = next((flow.level for flow in (first, *others) if flow.level), None)
        self.after = next((flow.after for flow in (first, *others) if self._follows(flow)), None)

    def _at(self, flow: Flow) -> None:
        """Let ``current`` be a signal."""
        self.current, self.steps, self.shape = flow.value, flow.steps, flow.shape
        self.level, self.after = flow.level, flow.after

    def _follows(self, flow: Flow) -> bool:
        """Whether the running loop must end before a signal is whole."""
        return self.loop is not None and flow.after is self.loop

    def end(self, index: int) -> None:
        """Layer ``index`` has done all its work: ``current`` is what it writes."""
        shape = self.network.layers[index].output.shape
        self.flows[self.network.written(index)] = Flow(self.current, self.steps, shape, self.level, self.after)

    def next(self) -> int:
        """The layer to work next: rather one that goes on with the running loop than one that must end it."""

        def order(index: int) -> tuple[int, int]:
            flows = [self.flows[number] for number in self.network.nodes[index].reads]
            if any(flow.level for flow in flows):
                return 0, index
            joins = self.loop and all(f.steps == self.loop.steps and not self._follows(f) for f in flows)
            return 1 if joins else 2, index

        waiting = [index for index in range(len(self.network.nodes)) if index not in self.done]
        return min((i for i in waiting if all(n in self.flows for n in self.network.nodes[i].reads)), key=order)

    def emit(self, op: Op) -> None:
        """Append to the running loop, or to the straight line."""
        if self.steps:
            self._running().body.append(op)
        elif self.loop is not None:
            self.later.append(op)
            self.after = self.loop
        else:
            self.work.append(op)
        self.current = op.y

    def _running(self) -> Level:
        """Where the running sequence is made."""
        if self.level is None:
            if self.loop is not None and (self.loop.steps != self.steps or self.after is self.loop):
                self.close()
            if self.loop is None:
                self.loop = Level(self.steps)
            self.level = self.loop
        return self.level

    def whole(self) -> None:
        """Of the running sequence a vector is left, which is complete when the loop has ended."""
        self.level, self.after, self.steps = None, self.loop, 0

    def close(self) -> None:
        """End the running loop. Padding that completes windows by itself comes before it and after it."""
        if self.loop is None:
            return
        for number, flow in self.flows.items():
            waiting = [index for index in self.network.readers(number) if index not in self.done]
            if flow.level is not None and (waiting or number in self.network.outputs):
                self.flows[number] = self._stored(number, waiting[0] if waiting else len(self.network.nodes) - 1)
        windows = list(_windows(self.loop.body))
        for level, _ in windows:
            if level.counts and level.push:
                self.state(level.push.name, "count", types.INT32.name, 1)
        for level, taken in reversed(windows):
            self.work += level.padded(taken.early)
        self.work.append(Loop(self.loop.steps, _made(self.loop.body)))
        for level, taken in windows:
            self.work += level.padded(taken.right)
        self.work += self.later
        self.loop, self.level, self.after, self.later = None, None, None, []

    def _stored(self, number: int, reader: int) -> Flow:
        """A running signal as an array, for layer ``reader`` first of all."""
        flow, writer = self.flows[number], self.network.writer(number)
        assert writer is not None
        assert flow.level is not None
        length = flow.value.length
        array = self.state(self.c_name(writer), "sequence", flow.value.dtype, flow.steps * length)
        array = replace(array, length=length, stride=length)
        flow.level.body.append(replace(self.op("copy", writer, flow.value, array), steps=flow.steps))
        self.streamable = f"layer '{self.network.layers[reader].name}' reads a whole sequence at once"
        return replace(flow, value=array, level=None)

    def operations(self) -> Iterator[Op]:
        """All so far."""
        yield from inside(self.work)
        yield from self.later
        yield from inside(_made(self.loop.body) if self.loop else ())

    def window(self, index: int, taken: Window, fill: float) -> None:
        """Let layer ``index`` read windows of the running sequence: their vectors side by side, oldest first.

        What follows runs once for each. ``fill`` is the stored value of padding. In an array the windows are read where
        they lie; of a sequence that is never whole the last vectors are kept in a ring, each in two slots, so that the
        vectors of a window lie side by side wherever it starts.
        """
        x, steps = self.current, taken.steps(self.steps)
        if self._side_by_side and not self.stream and taken.dilation == 1 and not taken.padded:
            self._slide(index, taken, steps)
            return
        name = self.c_name(index)
        slots = 2 * taken.length * taken.dilation
        extra = bool(taken.early or taken.right)  # a vector of padding to push
        ring = self.state(name, "ring", x.dtype, (slots + extra) * x.length, fill if taken.padded else None)
        start = self.state(name, "window", types.INT16.name, 4, taken.wait)
        if not taken.fits:
            what = f"layer '{self.network.layers[index].name}' reads {taken.length} steps, {taken.dilation} apart"
            raise UserError(f"{what}; supported: {MOST} steps in all, and strides up to that")
        ring = replace(ring, length=x.length, window=start.base)
        push = self.op("window", index, x, ring, taken=taken)
        one = replace(ring, length=taken.length * x.length, stride=x.length)
        if taken.wait == 0 and taken.stride == 1 and not extra:  # every vector completes one
            self.emit(push)
            self.current = one
            return
        opened = Level(steps, push=push)
        if extra:
            opened.pad = Value(ring.base, x.dtype, x.length, offset=slots * x.length)
            self.streamable = f"layer '{self.network.layers[index].name}' has padding where nothing comes in"
        self._running().body.append(opened)
        self.level, self.steps = opened, steps
        self.current = one

    def _slide(self, index: int, taken: Window, steps: int) -> None:
        """Windows of an array."""
        x = self.current
        self.current = replace(x, length=taken.length * x.length, stride=taken.stride * x.stride)
        self.steps = steps
        if taken.length > 1 or taken.stride > 1:
            name = self.network.layers[index].name
            self.streamable = (
                f"layer '{name}' reads its windows in place; generate with state=stream to keep the last inputs"
            )

    @property
    def _side_by_side(self) -> bool:
        """Whether the vectors of the sequence lie in memory one behind the other: a repeated one lies there once."""
        x = self.current
        return self.level is None and (self.steps == 1 or x.stride == x.length) and not x.backwards and not x.window

    def materialise(self, index: int, side_by_side: bool = False, which: int = 0) -> None:
        """Make the running sequence an array, so that layer ``index`` can read it in another order.

        ``side_by_side``: its vectors one behind the other, even if it is one vector that is repeated. ``which``: of the
        signals that the layer reads.
        """
        number = self.network.nodes[index].reads[which]
        if side_by_side and self.level is None and not self._side_by_side:
            self.flows[number] = replace(self.flows[number], level=self._running())
        if self.level is None:
            return
        self.flows[number] = self._stored(number, index)
        self.close()
        self.current = self.flows[number].value

    def arrange(self, index: int, which: int = 0) -> None:
        """Let layer ``index`` read a signal along the last axis of the shape that a Reshape before it gave."""
        shape, layer = self.shape, self.network.layers[index]
        if shape == ((self.steps, self.current.length) if self.steps else (self.current.length,)):
            return
        if len(shape) > 2:
            raise UserError(f"layer '{layer.name}' reads shape {shape}; supported: (steps, features) and (elements)")
        if self.steps > 1:
            self.materialise(index, side_by_side=True, which=which)
        self.close()
        before, self.steps = self.steps, shape[0] if len(shape) == 2 else 0
        of_input = self.current.base == "input" and max(self.steps, 1) == self.network.steps
        if not of_input and (self.steps or before > 1):
            self.streamable = f"layer '{layer.name}' reads the window in another shape"
        self.current = replace(self.current, length=shape[-1], stride=shape[-1] if self.steps else 0)


def _inputs(network: Network) -> dict[int, Flow]:
    """Where the inputs are: the caller's arrays."""
    flows = {}
    for number, signal in enumerate(network.inputs):
        shape = signal.shape
        if len(shape) > 2:
            raise UserError(f"model '{network.name}' has an input of shape {shape}; supported: (steps, features)")
        steps = shape[0] if len(shape) == 2 else 0
        value = Value(end_name("input", number), signal.dtype, shape[-1], stride=shape[-1] if steps else 0)
        flows[number] = Flow(value, steps, shape)
    return flows


def make(network: Network, stream: bool) -> Plan:
    """Plan ``network``; ``stream`` keeps what a single step from reset would not need."""
    check_ends(network)
    layers = network.layers
    if not layers:
        raise UserError(f"model '{network.name}' has no layers that compute anything; give one with an LSTM")
    builder = Builder(network, stream, _inputs(network))
    while len(builder.done) < len(layers):
        index = builder.next()
        builder.begin(index)
        last = layers[index].work(builder, index)
        while index != last:  # what reads it alone is done, too
            index = network.follower(index) or last
            builder.done.add(index)
        builder.end(last)
    outputs = tuple(_put_out(builder, place, number) for place, number in enumerate(network.outputs))
    builder.flows.clear()
    builder.close()
    if len({value.stride > 0 for value in outputs}) > 1 or len({flow.steps for flow in builder.ended}) > 1:
        builder.streamable = builder.streamable or "its outputs come at different rates"
    if len({each.shape[0] for each in network.inputs if len(each.shape) == 2}) > 1:
        builder.streamable = builder.streamable or "its inputs have different numbers of steps"
    return Plan(tuple(builder.fields), tuple(builder.temporaries), tuple(builder.work), outputs, builder.streamable)


def _put_out(builder: Builder, place: int, number: int) -> Value:
    """Let output ``place`` be written where the caller wants it."""
    network, flow = builder.network, builder.flows[number]
    again = number in network.outputs[place + 1 :]
    if not again:
        builder.flows[number] = replace(flow, level=None)  # nothing is to store it
    builder.current, builder.steps, builder.level, builder.after = flow.value, flow.steps, flow.level, flow.after
    builder.ended.append(flow)
    value, steps = flow.value, flow.steps
    output = Value(end_name("output", place), value.dtype, value.length, stride=value.length if steps > 1 else 0)
    level = builder.level or Level(0)
    ops: list[Any] = level.body if steps else builder.later if builder.loop else builder.work
    own = [at for at, op in enumerate(ops) if isinstance(op, Op) and op.y.base == value.base]
    read = again or any(x.base == value.base for op in builder.operations() for x in (op.x, *op.more))
    if value in builder.temporaries and own and not read:
        for at in own:
            part = ops[at].y
            ops[at] = replace(ops[at], y=replace(output, length=part.length, offset=part.offset))
        builder.temporaries.remove(value)
    else:
        writer = network.writer(number)
        builder.emit(builder.op("copy", len(network.layers) - 1 if writer is None else writer, value, output))
    return output
