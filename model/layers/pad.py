# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Vectors of zeros at the ends of a sequence, or vectors left out there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from model.layers.base import Layer, Passing, Seat
from model.layers.window import Window
from model.signal import Array, Signal
from model.spans import Span

if TYPE_CHECKING:
    from model.planner import Builder


@dataclass(frozen=True, eq=False)
class Ends(Passing):
    """So many vectors at either end."""

    name: str
    left: int
    right: int
    output: Signal


@dataclass(frozen=True, eq=False)
class ZeroPadding(Ends):
    """0.0 stands before and behind."""

    kind: ClassVar[str] = "zero_padding"

    @property
    def window(self) -> Window:
        """Each vector by itself, the zeros among them."""
        return Window(1, left=self.left, right=self.right)

    def joined(self, following: Layer) -> Layer | None:
        """A convolution with padding of its own."""
        return following.behind_zeros(self.left, self.right)

    def behind_zeros(self, left: int, right: int) -> ZeroPadding:
        """More of them."""
        return replace(self, left=self.left + left, right=self.right + right)

    def span(self, source: Signal, stored: Span) -> Span:
        """That of its input, and 0.0."""
        return self.window.holds(stored, source.zero_point)

    def run(self, x: Array, seat: Seat) -> Array:
        """Nothing is computed."""
        return self.window.over(x, seat.source.zero_point)[:, :, 0]

    def work(self, builder: Builder, index: int) -> int:
        """A window of one vector."""
        builder.arrange(index)
        self.window.ask(builder, index, builder.network.input_of(index).zero_point)
        return index


@dataclass(frozen=True, eq=False)
class Cropping(Ends):
    """Only what lies between is left."""

    kind: ClassVar[str] = "cropping"

    @property
    def window(self) -> Window:
        """As many as it takes to know that a vector is not among the last ones."""
        return Window(self.left + self.right + 1)

    def run(self, x: Array, seat: Seat) -> Array:
        """Nothing is computed."""
        return x[:, self.left : x.shape[1] - self.right]

    def work(self, builder: Builder, index: int) -> int:
        """One vector out of each window."""
        builder.arrange(index)
        features = builder.current.length
        self.window.ask(builder, index, 0)
        offset = builder.current.offset + self.left * features
        builder.current = replace(builder.current, length=features, offset=offset)
        return index
