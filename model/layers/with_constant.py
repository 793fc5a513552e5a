# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A signal and a constant for each of its features as one: what ``Merge`` makes of two signals, of integers.

Of real values a sum or product with a constant is a ``Normalise``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

import numpy as np

from model.formats.base import Format
from model.layers.base import Layer, Seat
from model.layers.merge import Merge
from model.signal import Array, Signal
from model.spans import Span, ends

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class WithConstant(Layer):
    """One of the functions of ``Merge``, of the signal and the constant, in this order unless it says otherwise."""

    kind: ClassVar[str] = "with_constant"
    name: str
    function: str
    constant: Array  # (F,) as stored
    held: Signal  # what it is stored as
    output: Signal
    format: Format
    first: bool = False  # whether the constant is the first of both

    def both(self, signal: T, constant: T) -> tuple[T, T]:
        """What belongs to either, in their order."""
        return (constant, signal) if self.first else (signal, constant)

    @property
    def merge(self) -> Merge:
        """The layer that does it with two signals."""
        return Merge(self.name, self.function, self.output, self.format)

    def span(self, source: Signal, stored: Span) -> Span:
        """From the ends of both."""
        constant = ends(int(self.constant.min()), int(self.constant.max()))
        return self.merge.span_of(self.both(source, self.held), self.both(stored, constant))

    def run(self, x: Array, seat: Seat) -> Array:
        """The same constant at every step."""
        constant = np.broadcast_to(self.constant.astype(x.dtype), x.shape)
        return self.merge.run_of(self.both(x, constant), replace(seat, sources=self.both(seat.source, self.held)))
