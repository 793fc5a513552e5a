# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Several signals side by side, along their last axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from model.formats.base import Format
from model.layers.base import Integers, Joining, Layer, Place, Ranges, Seat
from model.layers.convert import Convert
from model.signal import Array, Signal
from model.spans import Span

if TYPE_CHECKING:
    from model.plan import Op, Value
    from model.planner import Builder


@dataclass(frozen=True, eq=False)
class Concatenate(Joining):
    """The elements of each vector (of each step of a sequence), one signal after the other, in steps of the output."""

    kind: ClassVar[str] = "concatenate"
    name: str
    output: Signal

    def quantised_of(self, place: Place, sources: Sequence[Signal], ranges: Ranges, format: Format) -> Concatenate:
        """Signals that are stored alike stay as they are; of others the output covers what was observed."""
        if not format.integer:
            return self
        alike = {replace(source, shape=self.output.shape) for source in sources}
        output = alike.pop() if len(alike) == 1 else format.signal(self.output.shape, *ranges[place, "output"])
        return replace(self, output=output)

    def in_steps(self, sources: Sequence[Signal], output: Signal, format: Format, integers: Integers) -> Layer | None:
        """As it is."""
        return replace(self, output=output)

    def converted(self, source: Signal) -> Convert | None:
        """What brings one of the signals to steps of the output; None where it is in them."""
        out = replace(self.output, shape=source.shape)
        return None if out == source else Convert(self.name, out)

    def span_of(self, sources: Sequence[Signal], stored: Sequence[Span]) -> Span:
        """From the lowest to the highest of all."""
        found = []
        for source, span in zip(sources, stored, strict=True):
            convert = self.converted(source)
            found.append(convert.span(source, span) if convert else span)
        return np.min([low.min() for low, _ in found]), np.max([high.max() for _, high in found])

    def run_of(self, xs: Sequence[Array], seat: Seat) -> Array:
        """All (N, ...) as one."""
        parts = []
        for x, source in zip(xs, seat.sources, strict=True):
            convert = self.converted(source)
            parts.append(convert.run(x, replace(seat, source=source)) if convert else x)
        return np.concatenate(parts, axis=-1)

    def work(self, builder: Builder, index: int) -> int:
        """Each to its place in one vector: ``part0`` and so on are the conversions."""
        whole = builder.temporary(self.output.dtype, self.output.shape[-1])
        offset = 0
        for number, (x, source) in enumerate(
            zip((builder.current, *builder.more), builder.network.sources(index), strict=True)
        ):
            y = replace(whole, length=x.length, offset=offset)
            builder.emit(builder.op(f"part{number}" if self.converted(source) else "copy", index, x, y))
            offset += x.length
        builder.current = whole
        return index

    def results(self, op: Op) -> list[tuple[Value, str]]:
        """Its parts are not shown one by one."""
        return []
