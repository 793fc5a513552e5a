# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What every step asks of a layer, and where a layer stands."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from model.errors import UserError
from model.formats import types
from model.formats.base import Elementwise, Format
from model.formats.types import Type
from model.signal import Array, Signal, Weights
from model.spans import Span

if TYPE_CHECKING:
    from model.layers.normalise import Normalise
    from model.plan import Op, Value
    from model.planner import Builder


@dataclass(frozen=True, order=True)
class Place:
    """Where a layer stands: what tells it from every other. Its name is for people; any two may be called alike."""

    index: int  # among the layers of the model as it was read, from 0
    half: str = ""  # of a layer that consists of others: which of them

    def __str__(self) -> str:
        return f"{self.index}.{self.half}" if self.half else str(self.index)


Observe = Callable[[Place, str, Array], None]
Ranges = Mapping[tuple[Place, str], tuple[float, float]]  # smallest and largest value of each observed quantity
Integers = Callable[[Weights], Weights | None]  # those that real weights stand for, if they are such


@dataclass(frozen=True)
class Seat:
    """Where the reference runs a layer."""

    place: Place
    source: Signal  # what it reads, first
    observe: Observe
    goes_on: bool = False  # whether windows go on one from another, as those of a stream
    sources: tuple[Signal, ...] = ()  # of one that joins signals: all that it reads
    vectors: int = 1  # how many vectors a hybrid Dense quantises one by one: the steps of a sequence flattened before


class Layer(ABC):
    """Its fields are those of the frozen dataclass that a layer is; ``name`` and ``output`` every one has."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]
    kind: ClassVar[str] = ""  # what layers of its class are called, in C and in stored networks
    keeps_state: ClassVar[bool] = False  # whether anything passes from one time step to the next
    all_gates: ClassVar[tuple[str, ...]] = ()  # of a cell: in the order of its weights
    flat: ClassVar[bool] = False  # whether it gives the same elements in another shape, which costs nothing
    joins: ClassVar[bool] = False  # whether it may read several signals: see ``Joining``
    moves: ClassVar[bool] = False  # whether each value that it writes is one that it reads, or 0.0
    name: str
    output: Signal

    def fits(self, format: Format, *weights: Weights) -> None:
        """Raise ``ValueError`` unless a layer of this format has such an output, and such weights."""
        held = {types.of(each.values) for each in weights} or {format.weights}
        if self.output.stored is not format.values or held != {format.weights}:
            found = " and ".join(sorted(each.name for each in held))
            raise ValueError(f"layer '{self.name}': {found} weights and {self.output.dtype} output, not {format.name}")

    # ---- structure ----

    @property
    def elementwise(self) -> bool:
        """Whether each output element depends on the same input element alone, whatever the shape."""
        return False

    @property
    def halves(self) -> tuple[tuple[str, Layer], ...]:
        """The layers that it consists of, if it does, by the name of their half."""
        return ()

    def with_halves(self, make: Callable[[str, Layer], Layer]) -> Layer:
        """The same layer, each of its halves made anew."""
        return self

    def parts(self, place: Place) -> tuple[tuple[Place, Layer], ...]:
        """What computes when the layer at ``place`` does: its halves, or the layer itself."""
        return tuple((replace(place, half=half), part) for half, part in self.halves) or ((place, self),)

    def macs(self, source: Signal) -> int:
        """Multiply-accumulates of one inference over a whole window that it reads as ``source``."""
        return 0

    @property
    def as_input(self) -> Normalise | None:
        """What a first layer does that folds into the quantisation of the input."""
        return None

    @property
    def rectifies(self) -> bool:
        """Whether it does nothing but put out 0 for what is below."""
        return False

    @property
    def ids(self) -> int:
        """How many ids there are, from 0, if it reads ids and no values."""
        return 0

    def absorbing(self, normalise: Normalise) -> Layer | None:
        """The layer that computes from x what this one computes from the normalised x; None if there is none."""
        return None

    def giving(self, normalise: Normalise) -> Layer | None:
        """The layer that gives normalised what this one gives; None if there is none."""
        return None

    def joined(self, following: Layer) -> Layer | None:
        """One layer that does the work of this one and of the one that reads it; None if there is none."""
        return None

    def behind_zeros(self, left: int, right: int) -> Layer | None:
        """The layer that computes from a sequence what this one computes behind that many vectors of zeros before and
        behind it; None if there is none."""
        return None

    @property
    def suffix(self) -> str:
        """Which variant of the kernels computes it: that of its format, or of the type that it writes."""
        return self.output.stored.suffix

    @property
    def kernels(self) -> str:
        """What computes it, as kernel sets call it."""
        return self.kind

    @property
    def weighted(self) -> Format | None:
        """The format of its weights; None if it has none."""
        return None

    # ---- quantise ----

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Layer:
        """The layer in a format, reading ``source``; of integers, its signals cover what was observed."""
        if format.integer:
            raise UserError(f"layer '{self.name}': {self.kind} is not supported in {format.name}; use quant=float32")
        return self

    def signals(self) -> dict[str, Signal]:
        """What of it may leave the range that it has as integers, by quantity."""
        return {"output": self.output}

    def quantised_of(self, place: Place, sources: Sequence[Signal], ranges: Ranges, format: Format) -> Layer:
        """The same of all that it reads."""
        return self.quantised(place, sources[0], ranges, format)

    def in_steps(self, sources: Sequence[Signal], output: Signal, format: Format, integers: Integers) -> Layer | None:
        """The layer of real values in a format of integers, between signals that are given, within one step of what it
        was; None if it has no such form."""
        return None

    def starts(self) -> dict[str, Array]:
        """What each part of its state starts from, (H,) as stored, where that is not zero."""
        return {}

    # ---- limits ----

    def span_of(self, sources: Sequence[Signal], stored: Sequence[Span]) -> Span:
        """``span`` of all that it reads."""
        return self.span(sources[0], stored[0])

    @abstractmethod
    def span(self, source: Signal, stored: Span) -> Span:
        """Its stored outputs for stored inputs in a span; raises ``BeyondError`` where integers could overflow."""

    # ---- reference ----

    def run_of(self, xs: Sequence[Array], seat: Seat) -> Array:
        """``run`` of all that it reads."""
        return self.run(xs[0], seat)

    @abstractmethod
    def run(self, x: Array, seat: Seat) -> Array:
        """Outputs (N, ...) for stored inputs (N, ...), exactly as the device has them, or in float64."""

    def real(self, quantity: str, values: Array) -> Array:
        """Stored values of a quantity (float64) as real numbers."""
        return (values - self.output.zero_point) * self.output.scale

    # ---- plan ----

    def work(self, builder: Builder, index: int) -> int:
        """Ask for its work as layer ``index``; returns the index of the last layer that is done with it."""
        if not self.elementwise:
            builder.arrange(index)
        length = builder.current.length if self.elementwise else self.output.shape[-1]
        y = builder.temporary(self.output.dtype, length)
        builder.emit(builder.op("apply", index, builder.current, y, more=builder.more))
        return index

    def lowered(self, source: Signal) -> Elementwise:
        """The function of the runtime that an operation ``apply`` is."""
        raise NotImplementedError(f"a {self.kind} is no function on vectors")

    # ---- trace ----

    @property
    def gate_type(self) -> Type:
        """What ``gates`` are stored in."""
        raise NotImplementedError(f"a {self.kind} has no gates")

    def gates(self, op: Op) -> tuple[str, ...]:
        """The quantities that its kernel itself notes down during ``op``, side by side, one each of every output."""
        return ()

    def results(self, op: Op) -> list[tuple[Value, str]]:
        """The values that the generated code notes down after ``op``, and what they are."""
        return [] if op.kind == "copy" else [(op.y, "output")]


class Passing(Layer):
    """A layer that moves, picks or repeats values: what it writes is stored as what it reads."""

    moves: ClassVar[bool] = True

    def in_steps(self, sources: Sequence[Signal], output: Signal, format: Format, integers: Integers) -> Layer | None:
        """Where both are stored alike."""
        return replace(self, output=output) if replace(sources[0], shape=output.shape) == output else None

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Self:
        """Whatever its input is."""
        return replace(self, output=replace(source, shape=self.output.shape))

    def span(self, source: Signal, stored: Span) -> Span:
        """That of its input."""
        return stored


class Joining(Layer):
    """A layer that reads several signals of one number of steps."""

    joins: ClassVar[bool] = True

    @abstractmethod
    def quantised_of(self, place: Place, sources: Sequence[Signal], ranges: Ranges, format: Format) -> Layer:
        """The layer in a format."""

    @abstractmethod
    def span_of(self, sources: Sequence[Signal], stored: Sequence[Span]) -> Span:
        """Its stored outputs for stored inputs in spans; raises ``BeyondError`` where integers could overflow."""

    @abstractmethod
    def run_of(self, xs: Sequence[Array], seat: Seat) -> Array:
        """Outputs (N, ...) for stored inputs (N, ...) each."""

    def span(self, source: Signal, stored: Span) -> Span:
        """Of one alone."""
        return self.span_of((source,), (stored,))

    def run(self, x: Array, seat: Seat) -> Array:
        """Of one alone."""
        return self.run_of((x,), seat)


class Weighted(Layer):
    """A layer with weights, which carries the number format that it computes in."""

    format: Format

    @property
    def suffix(self) -> str:
        """That of its format."""
        return self.format.suffix

    @property
    def weighted(self) -> Format:
        """Its own."""
        return self.format
