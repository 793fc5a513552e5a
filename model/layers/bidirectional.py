# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Two cells over the same input, their hidden states side by side: forward first, both in time order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from model.formats.base import Format
from model.layers.base import Layer, Place, Ranges, Seat
from model.layers.dense import Dense
from model.layers.normalise import Normalise
from model.layers.recurrent import FINEST_HIDDEN, Recurrent
from model.signal import Array, Signal
from model.spans import Span

if TYPE_CHECKING:
    from model.plan import Value
    from model.planner import Builder


@dataclass(frozen=True, eq=False)
class Bidirectional(Layer):
    """A forward and a backward cell."""

    kind: ClassVar[str] = "bidirectional"
    name: str
    forward: Recurrent
    backward: Recurrent  # go_backwards; over a sequence its outputs are put back into time order
    output: Signal  # (T, 2H) or (2H,): the scale its reader assumes; stored values are taken over as they are

    def __post_init__(self) -> None:
        """Both keep their state in one array, or, in a single step from zeros, none."""
        if (self.forward.start is None) != (self.backward.start is None):
            raise ValueError(f"layer '{self.name}': one direction starts from zeros, the other does not")

    @property
    def halves(self) -> tuple[tuple[str, Layer], ...]:
        """Both."""
        return (("forward", self.forward), ("backward", self.backward))

    def with_halves(self, make: Callable[[str, Layer], Layer]) -> Bidirectional:
        """The same, its cells made anew."""
        made: Any = {half: make(half, part) for half, part in self.halves}
        return replace(self, **made)

    def macs(self, source: Signal) -> int:
        """Those of both."""
        return self.forward.macs(source) + self.backward.macs(source)

    def absorbing(self, normalise: Normalise) -> Bidirectional:
        """Both read the normalised input."""
        return replace(self, forward=self.forward.absorbing(normalise), backward=self.backward.absorbing(normalise))

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Bidirectional:
        """Both directions get one hidden scale, so that their outputs can lie side by side."""
        if not format.integer:
            return self.with_halves(lambda half, part: part.quantised(place, source, ranges, format))
        cells = (self.forward, self.backward)
        seen = [cell.reach(at, "hidden", ranges) for (at, _), cell in zip(self.parts(place), cells, strict=True)]
        low, high = min(low for low, _ in seen), max(high for _, high in seen)
        hidden = format.signal(self.output.shape, low, high, finest=FINEST_HIDDEN)
        forward, backward = (
            cell.in_integers(at, source, hidden, ranges, format)
            for (at, _), cell in zip(self.parts(place), cells, strict=True)
        )
        return replace(self, forward=forward, backward=backward, output=hidden)

    def span(self, source: Signal, stored: Span) -> Span:
        """From the lower to the higher of both."""
        found = [part.span(source, stored) for _, part in self.halves]
        return np.min([low.min() for low, _ in found]), np.max([high.max() for _, high in found])

    def run(self, x: Array, seat: Seat) -> Array:
        """Stored values as they are, side by side, as TFLite does."""
        seats = {half: replace(seat, place=replace(seat.place, half=half), goes_on=False) for half, _ in self.halves}
        forward, backward = (part.run(x, seats[half]) for half, part in self.halves)
        if self.backward.return_sequences:
            backward = backward[:, ::-1]
        return np.concatenate([forward, backward], axis=-1)

    def work(self, builder: Builder, index: int) -> int:
        """Two loops over the same array; what a Dense over the flattened sequence adds up is never stored."""
        builder.arrange(index)
        dense, at = self._flattened_by(builder, index)
        builder.materialise(index)
        builder.streamable = f"layer '{self.name}' reads the window from both ends"
        units, source, steps, dtype = self.forward.units, builder.current, builder.steps, self.output.dtype
        both, inner = self.forward.memory(builder, index, 2 * units)
        sequence = self.forward.return_sequences and steps > 1
        array: Value | None = None
        if sequence and dense is None:
            whole = builder.state(builder.c_name(index), "sequence", dtype, steps * 2 * units)
            array = replace(whole, length=units, stride=2 * units)
        for direction, (half, one) in enumerate((("forward", self.forward), ("backward", self.backward))):
            hidden, kept = (v and replace(v, length=units, offset=direction * units) for v in (both, inner))
            assert hidden is not None
            builder.current = replace(source, backwards=source.backwards != (direction == 1))
            one.step(builder, index, replace(builder.network.place(index), half=half), hidden, kept)
            if dense is not None:
                dense.add(builder, at, direction, 2)
            elif array is not None:
                y = replace(array, offset=direction * units, backwards=direction == 1)
                builder.emit(builder.op("copy", index, hidden, y))
            builder.close()
        if dense is not None:
            dense.finish(builder, at)
            return at
        if array is not None:
            builder.current = replace(array, length=2 * units, offset=0, backwards=False)
        else:
            builder.current = both
            if not self.forward.return_sequences:
                builder.steps = 0
        return index

    def _flattened_by(self, builder: Builder, index: int) -> tuple[Dense | None, int]:
        """The Dense that reads the flattened sequence of layer ``index``, if that is what follows, and its number."""
        network, at = builder.network, index
        if not self.forward.return_sequences or builder.steps < 2:
            return None, index
        for _ in ("flatten", "dense"):
            follower = network.follower(at)
            if follower is None:
                return None, index
            flatten, at = network.layers[at], follower
        dense = network.layers[at]
        flattens = flatten.flat and len(flatten.output.shape) == 1
        return (dense, at) if flattens and isinstance(dense, Dense) else (None, index)
