# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""y = x * scale + offset along the last axis.

As the first layer it is folded into the quantisation of the input, and wherever ``model.fold`` can into a neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model import lower, spans
from model.formats.base import Elementwise, Format
from model.layers.base import Integers, Layer, Place, Ranges, Seat
from model.signal import Array, Signal
from model.spans import Span

FINEST = 2.0**-8  # an output's scale to that of the largest factor's product: finer shows nothing of it


@dataclass(frozen=True, eq=False)
class Normalise(Layer):
    """A mean and a standard deviation for each feature."""

    kind: ClassVar[str] = "normalise"
    name: str
    scale: Array  # (F,) float32
    offset: Array  # (F,) float32
    output: Signal

    @property
    def as_input(self) -> Normalise | None:
        """Itself, of real values."""
        return self if self.output.real else None

    def absorbing(self, normalise: Normalise) -> Normalise:
        """One after the other."""
        scale, offset = normalise.scale * self.scale, normalise.offset * self.scale + self.offset
        return replace(self, scale=scale, offset=offset)

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Normalise:
        """The output covers what was observed."""
        if not format.integer:
            return self
        finest = source.scale * float(np.abs(self.scale).max()) * FINEST
        return replace(self, output=format.signal(self.output.shape, *ranges[place, "output"], finest=finest))

    def in_steps(self, sources: Sequence[Signal], output: Signal, format: Format, integers: Integers) -> Layer | None:
        """Where its factors and offsets fit."""
        try:
            lower.channels(self.scale, self.offset, sources[0], output)
        except spans.BeyondError:
            return None
        return replace(self, output=output)

    def giving(self, normalise: Normalise) -> Normalise:
        """One after the other."""
        return normalise.absorbing(self)

    def span(self, source: Signal, stored: Span) -> Span:
        """From the ends times each factor; of real values nothing is said."""
        if self.output.real:
            return spans.whole(self.output)
        channels = lower.channels(self.scale, self.offset, source, self.output)
        ends = np.stack([channels.at(np.asarray(end, np.int64)) for end in stored])
        return spans.clipped((ends.min(), ends.max()), self.output.low, self.output.high)

    def run(self, x: Array, seat: Seat) -> Array:
        """In float64, or with one rounding."""
        if self.output.real:
            return np.asarray(x * self.scale.astype(np.float64) + self.offset)
        channels = lower.channels(self.scale, self.offset, seat.source, self.output)
        return np.clip(channels.at(x.astype(np.int64)), self.output.low, self.output.high)

    def applied(self, real: Array) -> Array:
        """Real values (N, T, F) in its units, float32 as on the device."""
        return np.asarray(real.astype(np.float32) * self.scale + self.offset)

    def lowered(self, source: Signal) -> Elementwise:
        """Both arrays."""
        count, function = f"({len(self.scale)} features)", f"lstmcu_normalise_{self.suffix}"
        if self.output.real:
            return Elementwise(function, arrays=(("scale", self.scale, count), ("offset", self.offset, count)))
        channels = lower.channels(self.scale, self.offset, source, self.output)
        arrays = (
            ("factor", channels.factor.astype(np.int32), f"{count}, times 2^{channels.shift}"),
            ("offset", channels.offset, f"{count}, zero points and half a step folded in"),
        )
        return Elementwise(function, (channels.shift,), arrays)
