# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The order of work on the device: which layer runs when, on which vectors, and what the state must hold.

A plan is a list of loops over time, each a pipeline of per-step operations, and straight-line operations on
vectors. Nothing is stored over a whole sequence unless a later layer reads it in another order than it is made:
a Dense over a flattened sequence adds up step by step, a last-only LSTM keeps one hidden state, and a convolution keeps
the last vectors that it reads in a ring. What follows the ring in a loop runs whenever a window of it is complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.layers.base import Layer, Place
from model.layers.window import Window
from model.signal import Signal


@dataclass(frozen=True)
class Value:
    """A vector of ``length`` elements; in a loop it may move by ``stride`` elements a step, forwards or backwards.

    Of a ring (``window`` says where it starts) it lies ``stride`` elements behind the start for each slot.
    """

    base: str  # input, output, or the name of a state field
    dtype: str
    length: int
    stride: int = 0
    offset: int = 0
    backwards: bool = False
    window: str = ""  # of a ring: the state field that says in which slot the window starts


@dataclass(frozen=True, eq=False)
class Op:
    """One call of the runtime: ``kind`` on ``layer``, reading x and writing y."""

    kind: str  # dense, dense_add, dense_finish, apply; of a cell its own kind, or that and _once; moves: copy, window
    place: Place
    layer: Layer  # at that place
    source: Signal  # what the layer reads, whole
    x: Value
    y: Value
    cell: Value | None = None  # of a cell: what it keeps besides its hidden state
    block: int = 0  # dense_add: which of the `blocks` parts of a step's input this is
    blocks: int = 1
    steps: int = 1  # how often it is done in a whole window
    sources: tuple[Signal, ...] = ()  # all that the layer reads
    more: tuple[Value, ...] = ()  # of a layer that joins signals: what it reads besides x
    taken: Window | None = None  # window: which windows of the ring y

    @property
    def name(self) -> str:
        """What the layer's constants and its code are called in C."""
        return c_name(self.place, self.layer)

    @property
    def once(self) -> bool:
        """Whether it is a recurrent layer's single step from reset."""
        return self.kind == f"{self.layer.kind}_once"

    @property
    def values(self) -> tuple[Value, ...]:
        """All that it reads and writes, except what is a state of its own."""
        return self.x, *self.more, self.y

    @property
    def moves(self) -> bool:
        """Whether it moves data only: no layer's work."""
        return self.kind in ("copy", "window")


@dataclass(frozen=True, eq=False)
class When:
    """``body`` whenever the vector that ``push`` (of kind window) adds to a ring completes a window."""

    push: Op
    body: tuple[Step, ...]
    steps: int  # how often that is in a whole window of the network
    counter: str  # the state field that says how often it was


Step = Op | When


@dataclass(frozen=True, eq=False)
class Loop:
    """``body`` for t = 0 .. steps-1."""

    steps: int
    body: tuple[Step, ...]
    counter: str = "t"


@dataclass(frozen=True)
class Field:
    """An array in the state struct."""

    name: str
    dtype: str  # element type
    length: int
    role: str  # hidden, cell, memory, sums, sequence, ring, window, count
    layer: str  # C name of the layer it belongs to, see ``c_name``
    start: float | None = None  # ring: of padding; window: vectors until it is complete


@dataclass(frozen=True, eq=False)
class Plan:
    """What ``run`` does after a reset, and what ``step`` does, if the network can be streamed."""

    fields: tuple[Field, ...]
    temporaries: tuple[Value, ...]  # vectors that live between two operations only
    work: tuple[Loop | Op, ...]
    outputs: tuple[Value, ...]  # what a step writes of each; their strides are those from one step's to the next's
    streamable: str = ""  # empty: yes; else why not


def awaited(work: Sequence[Loop | Op]) -> int | None:
    """How often the windows are complete that all that follows in a step waits for; None if some of it does not."""
    found: int | None = None
    bodies = [list(item.body) for item in work if isinstance(item, Loop)]
    last: list[Step] = bodies[-1] if bodies else []
    before = [step for body in bodies[:-1] for step in body]
    while last:
        *others, end = last
        if any(isinstance(step, When) for step in (*before, *others)):
            return None
        if isinstance(end, Op):
            break
        found, last = end.steps, list(end.body)
    return found


def inside(body: Sequence[Step | Loop]) -> Iterator[Op]:
    """Every operation, in the order of the code; those of a window that is completed in several places as often."""
    for step in body:
        if isinstance(step, When):
            yield step.push
        if isinstance(step, Op):
            yield step
        else:
            yield from inside(step.body)


def executed(plan: Plan) -> Iterator[tuple[Op, int]]:
    """Every operation of one run as often as it is done, in that order, with how often it was done before."""
    waits: dict[str, int] = {f.name: int(f.start or 0) for f in plan.fields if f.role == "window"}
    counts: dict[str, int] = {}

    def body(steps: Sequence[Step], count: int) -> Iterator[tuple[Op, int]]:
        for step in steps:
            if isinstance(step, Op):
                yield step, count
                continue
            yield step.push, count
            ring, taken = step.push.y.window, step.push.taken
            assert taken is not None
            if waits[ring]:
                waits[ring] -= 1
                continue
            waits[ring] = taken.stride - 1
            yield from body(step.body, counts.get(ring, 0))
            counts[ring] = counts.get(ring, 0) + 1

    for item in plan.work:
        for t in range(item.steps) if isinstance(item, Loop) else (0,):
            yield from body(item.body if isinstance(item, Loop) else (item,), t)


def c_name(place: Place, layer: Layer) -> str:
    """What belongs to a layer is called in C by its place and kind: ``L2_dense``, ``L0_lstm_backward``.

    The layer's own name may be anything and has no part in it. No two of a model are alike whatever is appended; and
    as no model's name holds an ``_L2`` (``names.c_identifier`` has no capitals), neither are those of two models.
    """
    return f"L{place.index}_{layer.kind}_{place.half}" if place.half else f"L{place.index}_{layer.kind}"


def end_name(which: str, number: int) -> str:
    """What an input or output is called in C."""
    return f"{which}_{number}" if number else which
