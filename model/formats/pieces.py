# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Functions of straight pieces in integers, as TFLite has its ReLUs: each piece is a factor, rounded twice."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from model import fixed_point as fp
from model import spans
from model.formats.base import Elementwise
from model.functions import Bend, Function
from model.lower import rescale
from model.signal import Signal
from model.spans import Span


def nearest(value: float, signal: Signal) -> int:
    """The integer that stands for a real value, halves away from zero, not yet saturated to its type."""
    steps = float(np.clip(value / signal.scale, -(2.0**24), 2.0**24))
    return int(math.copysign(math.floor(abs(steps) + 0.5), steps)) + signal.zero_point


def _saturated(value: float, signal: Signal) -> int:
    return int(np.clip(nearest(value, signal), signal.low, signal.high))


def _factor(slope: float, source: Signal, out: Signal) -> fp.Multiplier:
    return rescale(source, out) if slope == 1.0 else fp.multiplier(slope * source.scale / out.scale)


@dataclass(frozen=True)
class StoredLine:
    """clip((x - zero) * factor + offset, low, high) of stored x."""

    source: Signal
    factor: fp.Multiplier
    offset: int  # with the zero point of the output
    low: int
    high: int

    def at(self, x: fp.Int) -> fp.Int:
        """Of stored values."""
        scaled = fp.requantise32(x - self.source.zero_point, self.factor)
        return np.clip(scaled + self.offset, self.low, self.high)

    def span(self, stored: Span) -> Span:
        """Of all in a span."""
        span = stored[0] - self.source.zero_point, stored[1] - self.source.zero_point
        return spans.clipped(spans.factored("its input", span, self.factor, self.offset), self.low, self.high)

    def lowered(self, suffix: str) -> Elementwise:
        """Of signals without zero points; that of a ReLU without a limit is told its factor alone."""
        factor = self.factor.value, self.factor.shift
        if (self.offset, self.low, self.high) == (0, 0, self.source.high):
            return Elementwise(f"lstmcu_relu_{suffix}", factor)
        return Elementwise(f"lstmcu_line_{suffix}", (*factor, self.offset, self.low, self.high))


@dataclass(frozen=True)
class StoredBend:
    """(x - bend) * below of stored x up to the bend, (x - zero) * factor above it, then clamped."""

    source: Signal
    out: Signal
    bend: int
    below: fp.Multiplier
    factor: fp.Multiplier
    high: int

    def at(self, x: fp.Int) -> fp.Int:
        """Of stored values."""
        below = fp.requantise32(x - self.bend, self.below)
        above = fp.requantise32(x - self.source.zero_point, self.factor)
        moved = np.where(x <= self.bend, below, above) + self.out.zero_point
        highest = np.where(x <= self.bend, self.out.high, self.high)
        return np.asarray(np.clip(moved, self.out.low, highest))

    def span(self, stored: Span) -> Span:
        """Of all in a span: both pieces rise."""
        zero = self.out.zero_point
        low = np.minimum(stored[0], self.bend) - self.bend, np.minimum(stored[1], self.bend) - self.bend
        high = stored[0] - self.source.zero_point, stored[1] - self.source.zero_point
        below = spans.factored("its input", low, self.below, zero)
        above = spans.clipped(spans.factored("its input", high, self.factor, zero), self.out.low, self.high)
        lowest, highest = np.minimum(below[0], above[0]), np.maximum(below[1], above[1])
        return spans.clipped((lowest, highest), self.out.low, self.out.high)

    def lowered(self, suffix: str) -> Elementwise:
        """Of signals without zero points."""
        factors = (self.factor.value, self.factor.shift, self.below.value, self.below.shift)
        return Elementwise(f"lstmcu_bend_{suffix}", (self.bend, *factors, self.high))


def of(function: Function, source: Signal, out: Signal) -> StoredLine | StoredBend | None:
    """A function's pieces; None if it has none, or one that falls."""
    pieces = function.pieces
    if pieces is None or pieces.slope < 0:
        return None
    if isinstance(pieces, Bend):
        bend, high = _saturated(pieces.threshold, source), _saturated(pieces.most, out)
        factors = _factor(pieces.slope, source, out), rescale(source, out)
        return StoredBend(source, out, bend, *factors, high)
    low, high = _saturated(pieces.low, out), _saturated(pieces.high, out)
    return StoredLine(source, _factor(pieces.slope, source, out), nearest(pieces.offset, out), low, high)
