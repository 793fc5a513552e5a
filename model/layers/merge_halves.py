# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Both halves of the last axis as one, as ``Merge`` makes of two signals: what a Bidirectional puts side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from model.formats.base import Format
from model.formats.float32 import FORMAT as FLOAT32
from model.layers.base import Layer, Place, Ranges, Seat
from model.layers.merge import Merge
from model.signal import Array, Signal
from model.spans import Span

if TYPE_CHECKING:
    from model.planner import Builder


@dataclass(frozen=True, eq=False)
class MergeHalves(Layer):
    """(..., 2H) to (..., H)."""

    kind: ClassVar[str] = "merge_halves"
    name: str
    function: str
    output: Signal
    format: Format = FLOAT32

    @property
    def merge(self) -> Merge:
        """The layer that does it with two signals."""
        return Merge(self.name, self.function, self.output, self.format)

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> MergeHalves:
        """As of two signals."""
        made = self.merge.quantised_of(place, (source, source), ranges, format)
        return replace(self, output=made.output, format=format)

    def span(self, source: Signal, stored: Span) -> Span:
        """From the ends of both."""
        return self.merge.span_of((source, source), (stored, stored))

    def run(self, x: Array, seat: Seat) -> Array:
        """Of (N, ..., 2H)."""
        return self.merge.run_of(np.split(x, 2, axis=-1), replace(seat, sources=(seat.source, seat.source)))

    def work(self, builder: Builder, index: int) -> int:
        """The second half lies behind the first."""
        builder.arrange(index)
        units = self.output.shape[-1]
        one = replace(builder.current, length=units)
        other = replace(one, offset=one.offset + units)
        builder.emit(builder.op("apply", index, one, builder.temporary(self.output.dtype, units), more=(other,)))
        return index
