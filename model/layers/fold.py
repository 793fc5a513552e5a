# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Both halves of the last axis as one: their sum, mean or product. What lies side by side after a Bidirectional."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model import fixed_point as fp
from model import spans
from model.formats.base import Elementwise, Format
from model.layers.base import Layer, Place, Ranges, Seat
from model.signal import Array, Signal
from model.spans import Span

FINEST = 2.0**-8  # the output's scale to that of the halves: finer shows nothing of them
FACTORS = {"sum": 1.0, "ave": 0.5, "mul": 1.0}  # of the sum or product


@dataclass(frozen=True, eq=False)
class Fold(Layer):
    """(..., 2H) to (..., H)."""

    kind: ClassVar[str] = "fold"
    name: str
    mode: str  # sum, ave, mul
    output: Signal

    @property
    def multiplies(self) -> bool:
        """Whether halves are multiplied; else added."""
        return self.mode == "mul"

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Fold:
        """Of integers the output covers what was observed."""
        if not format.integer:
            return self
        finest = self._unit(source) * FINEST
        return replace(self, output=format.signal(self.output.shape, *ranges[place, "output"], finest=finest))

    def _unit(self, source: Signal) -> float:
        """The real value of 1 of the sum or product."""
        return float(source.scale) * (float(source.scale) if self.multiplies else FACTORS[self.mode])

    def _factor(self, source: Signal) -> fp.Multiplier:
        return fp.multiplier(self._unit(source) / float(self.output.scale))

    def span(self, source: Signal, stored: Span) -> Span:
        """From the sums or products of all pairs."""
        if source.real:
            return spans.whole(self.output)
        low, high = (int(end) - source.zero_point for end in stored)
        ends = [low * low, low * high, high * high] if self.multiplies else [2 * low, 2 * high]
        span = np.array(min(ends)), np.array(max(ends))
        found = spans.factored("what it makes of both halves", span, self._factor(source), self.output.zero_point)
        return spans.clipped(found, self.output.low, self.output.high)

    def run(self, x: Array, seat: Seat) -> Array:
        """Exact until the one factor to the output's scale."""
        source, out = seat.source, self.output
        one, other = np.split(x if source.real else x - source.zero_point, 2, axis=-1)
        made = one * other if self.multiplies else one + other
        if source.real:
            return np.asarray(made * FACTORS[self.mode])
        return np.clip(fp.requantise32(made, self._factor(source)) + out.zero_point, out.low, out.high)

    def lowered(self, source: Signal) -> Elementwise:
        """kernels/c/fold.h."""
        function = f"lstmcu_fold_{'multiply' if self.multiplies else 'add'}_{self.suffix}"
        if source.real:
            return Elementwise(function, () if self.multiplies else (FACTORS[self.mode],))
        factor = self._factor(source)
        return Elementwise(function, (source.zero_point, factor.value, factor.shift, self.output.zero_point))
