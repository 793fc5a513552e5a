# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The steps of a sequence, the last one first; costs nothing on the device but that the sequence is whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from model.formats.base import Format
from model.layers.base import Layer, Place, Ranges, Seat
from model.signal import Array, Signal
from model.spans import Span

if TYPE_CHECKING:
    from model.planner import Builder


@dataclass(frozen=True, eq=False)
class Reverse(Layer):
    """The same stored values in the other order of time."""

    kind: ClassVar[str] = "reverse"
    name: str
    output: Signal  # (T, F)

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Reverse:
        """Whatever its input is."""
        return replace(self, output=replace(source, shape=self.output.shape))

    def span(self, source: Signal, stored: Span) -> Span:
        """That of its input."""
        return stored

    def run(self, x: Array, seat: Seat) -> Array:
        """Nothing is computed."""
        return x[:, ::-1]

    def work(self, builder: Builder, index: int) -> int:
        """What reads it reads an array from its end."""
        builder.arrange(index)
        if builder.steps > 1:
            builder.materialise(index)
            builder.current = replace(builder.current, backwards=not builder.current.backwards)
            builder.streamable = f"layer '{self.name}' turns the window round"
        return index
