# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A ReLU with a slope of its own for what is below 0 of each feature (PReLU); of integers as TFLite's PRELU."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model import fixed_point as fp
from model import spans
from model.formats import types
from model.formats.base import Elementwise, Format
from model.layers.base import Layer, Place, Ranges, Seat
from model.lower import rescale
from model.signal import Array, Signal
from model.spans import Span

FINEST = 2.0**-8  # the output's scale to the input's: finer shows nothing of it
STEPS = 127  # of the largest slope


@dataclass(frozen=True, eq=False)
class Prelu(Layer):
    """x where it is 0 or more, else x times the feature's slope."""

    kind: ClassVar[str] = "prelu"
    name: str
    alpha: Array  # (F,) slopes as stored
    held: Signal  # what they are stored as: of integers int8
    output: Signal

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Prelu:
        """Slopes of 8 bits, one scale for all; the output covers what was observed."""
        if not format.integer:
            return self
        peak = float(np.abs(self.alpha).max())
        held = Signal(self.held.shape, types.INT8.name, float(np.float32(peak / STEPS if peak > 0 else 1.0)))
        alpha = np.clip(np.rint(self.alpha / held.scale), -STEPS, STEPS).astype(held.dtype)
        output = format.signal(self.output.shape, *ranges[place, "output"], finest=source.scale * FINEST)
        return replace(self, alpha=alpha, held=held, output=output)

    def factors(self, source: Signal) -> tuple[fp.Multiplier, fp.Multiplier]:
        """What brings the input, and its product with a slope, to the output's scale."""
        below = fp.multiplier(float(source.scale) * float(self.held.scale) / float(self.output.scale))
        return rescale(source, self.output), below

    def span(self, source: Signal, stored: Span) -> Span:
        """From the ends of both pieces."""
        out = self.output
        if out.real:
            return spans.whole(out)
        low, high = (int(end) - source.zero_point for end in stored)
        slopes = self.alpha.astype(np.int64) - self.held.zero_point
        products = np.multiply.outer(np.array([min(low, 0), min(high, 0)]), slopes)
        factor, below = self.factors(source)
        above = spans.factored("its input", spans.ends(max(low, 0), max(high, 0)), factor, out.zero_point)
        beneath = spans.factored("its product", (products.min(), products.max()), below, out.zero_point)
        found = np.minimum(above[0], beneath[0]), np.maximum(above[1], beneath[1])
        return spans.clipped(found, out.low, out.high)

    def run(self, x: Array, seat: Seat) -> Array:
        """Of (N, ..., F)."""
        source, out = seat.source, self.output
        if out.real:
            return np.asarray(np.where(x >= 0, x, x * self.alpha.astype(np.float64)))
        moved = x - source.zero_point
        factor, below = self.factors(source)
        product = moved * (self.alpha.astype(np.int64) - self.held.zero_point)
        y = np.where(moved >= 0, fp.requantise32(moved, factor), fp.requantise32(product, below))
        return np.asarray(np.clip(y + out.zero_point, out.low, out.high))

    def lowered(self, source: Signal) -> Elementwise:
        """kernels/c/prelu.h."""
        function, out = f"lstmcu_prelu_{self.suffix}", self.output
        arrays = (("alpha", self.alpha, f"slopes ({self.alpha.size} features)"),)
        if out.real:
            return Elementwise(function, arrays=arrays)
        factor, below = self.factors(source)
        zeros = source.zero_point, self.held.zero_point, out.zero_point
        return Elementwise(function, (*zeros, factor.value, factor.shift, below.value, below.shift), arrays)
