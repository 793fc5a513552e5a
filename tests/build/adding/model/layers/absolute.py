# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""y = |x|, element by element."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model import fixed_point as fp
from model import spans
from model.formats.base import Elementwise, Format
from model.layers.base import Layer, Place, Ranges, Seat
from model.lower import rescale
from model.signal import Array, Signal
from model.spans import Span


@dataclass(frozen=True, eq=False)
class Absolute(Layer):
    """The magnitude."""

    kind: ClassVar[str] = "absolute"
    name: str
    output: Signal

    @property
    def elementwise(self) -> bool:
        """Always."""
        return True

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Absolute:
        """Of integers the output covers what was observed."""
        if not format.integer:
            return self
        finest = source.scale * 2.0**-8
        return replace(self, output=format.signal(self.output.shape, *ranges[place, "output"], finest=finest))

    def span(self, source: Signal, stored: Span) -> Span:
        """Of integers a magnitude times a factor."""
        if source.real:
            return spans.whole(self.output)
        most = np.maximum(np.abs(stored[0] - source.zero_point), np.abs(stored[1] - source.zero_point))
        found = spans.factored("its input", (np.array(0), most), rescale(source, self.output), self.output.zero_point)
        return spans.clipped(found, self.output.low, self.output.high)

    def run(self, x: Array, seat: Seat) -> Array:
        """Exactly as the device has it."""
        source, out = seat.source, self.output
        if source.real:
            return np.abs(x)
        y = fp.requantise32(np.abs(x - source.zero_point), rescale(source, out)) + out.zero_point
        return np.clip(y, out.low, out.high)

    def lowered(self, source: Signal) -> Elementwise:
        """kernels/c/absolute.c."""
        function = f"lstmcu_absolute_{self.suffix}"
        if source.real:
            return Elementwise(function)
        factor = rescale(source, self.output)
        return Elementwise(function, (source.zero_point, factor.value, factor.shift, self.output.zero_point))
