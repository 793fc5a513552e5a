# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The same elements in another shape (Flatten, Reshape); costs nothing on the device."""

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
class Reshape(Layer):
    """The same stored values, in the order they have."""

    kind: ClassVar[str] = "reshape"
    flat: ClassVar[bool] = True
    name: str
    output: Signal

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Reshape:
        """Whatever its input is."""
        return replace(self, output=replace(source, shape=self.output.shape))

    def span(self, source: Signal, stored: Span) -> Span:
        """That of its input."""
        return stored

    def run(self, x: Array, seat: Seat) -> Array:
        """Nothing is computed."""
        return x.reshape(len(x), *self.output.shape)

    def work(self, builder: Builder, index: int) -> int:
        """None."""
        return index
