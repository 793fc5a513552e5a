# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A signal and a constant for each of its features as one: what ``Merge`` makes of two signals, of integers.

Of real values a sum or product with a constant is a ``Normalise``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model.formats.base import Format
from model.layers.base import Layer, Seat
from model.layers.merge import Merge
from model.signal import Array, Signal
from model.spans import Span, ends


@dataclass(frozen=True, eq=False)
class WithConstant(Layer):
    """One of the functions of ``Merge``, of the signal and the constant, in this order."""

    kind: ClassVar[str] = "with_constant"
    name: str
    function: str
    constant: Array  # (F,) as stored
    held: Signal  # what it is stored as
    output: Signal
    format: Format

    @property
    def merge(self) -> Merge:
        """The layer that does it with two signals."""
        return Merge(self.name, self.function, self.output, self.format)

    def span(self, source: Signal, stored: Span) -> Span:
        """From the ends of both."""
        return self.merge.span_of(
            (source, self.held), (stored, ends(int(self.constant.min()), int(self.constant.max())))
        )

    def run(self, x: Array, seat: Seat) -> Array:
        """The same constant at every step."""
        constant = np.broadcast_to(self.constant.astype(x.dtype), x.shape)
        return self.merge.run_of((x, constant), replace(seat, sources=(seat.source, self.held)))
