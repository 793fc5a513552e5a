# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Two signals of one shape as one, element by element: sum, difference, mean, product, larger or smaller.

In integers sum, difference and product are those of TensorFlow Lite Micro, the mean is its sum times a half, and of two
values the larger or smaller is taken when both are in steps of the output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model import fixed_point as fp
from model import spans
from model.formats.base import Format
from model.formats.float32 import FORMAT as FLOAT32
from model.layers.base import Integers, Joining, Layer, Place, Ranges, Seat
from model.lower import rescale
from model.signal import Array, Signal
from model.spans import Span

FUNCTIONS: dict[str, Callable[[Array, Array], Array]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "average": lambda a, b: (a + b) / 2,
    "multiply": lambda a, b: a * b,
    "maximum": np.maximum,
    "minimum": np.minimum,
}
FINEST = 2.0**-8  # an output's scale to the coarser input's: finer shows nothing of it
WEIGHTS = {"add": (1, 1.0), "subtract": (-1, 1.0), "average": (1, 0.5)}  # sign of the second, factor of the sum


@dataclass(frozen=True)
class Sum:
    """The integers of a weighted sum: both are shifted left, brought to twice the coarser scale, and added."""

    shift: int
    sign: int  # of the second
    factors: tuple[fp.Multiplier, fp.Multiplier]
    sum: fp.Multiplier


@dataclass(frozen=True, eq=False)
class Merge(Joining):
    """One of ``FUNCTIONS``."""

    kind: ClassVar[str] = "merge"
    name: str
    function: str
    output: Signal
    format: Format = FLOAT32

    def __post_init__(self) -> None:
        """A format is said, never guessed: whoever forgets to say it hears of it."""
        self.fits(self.format)

    @property
    def elementwise(self) -> bool:
        """Of every shape."""
        return True

    @property
    def adds(self) -> bool:
        """Whether it is a weighted sum."""
        return self.function in WEIGHTS

    def quantised_of(self, place: Place, sources: Sequence[Signal], ranges: Ranges, format: Format) -> Merge:
        """The output covers what was observed, no finer than shows of the coarser of both."""
        if not format.integer:
            return replace(self, format=format)
        finest = max(source.scale for source in sources) * FINEST
        if self.function == "multiply":
            finest = sources[0].scale * sources[1].scale
        output = format.signal(self.output.shape, *ranges[place, "output"], finest=finest)
        return replace(self, output=output, format=format)

    def in_steps(self, sources: Sequence[Signal], output: Signal, format: Format, integers: Integers) -> Layer | None:
        """As it is."""
        return replace(self, output=output, format=format)

    # ---- integers ----

    def sum(self, sources: Sequence[Signal]) -> Sum:
        """Of those that add up."""
        sign, factor = WEIGHTS[self.function]
        twice, shift = 2 * max(float(source.scale) for source in sources), self.format.sum_shift
        one, other = (fp.multiplier(float(source.scale) / twice) for source in sources)
        return Sum(shift, sign, (one, other), fp.multiplier(factor * twice / (2.0**shift * float(self.output.scale))))

    def product(self, sources: Sequence[Signal]) -> fp.Multiplier:
        """From the product of both to the output."""
        one, other = sources
        return fp.multiplier(float(one.scale) * float(other.scale) / float(self.output.scale))

    def span_of(self, sources: Sequence[Signal], stored: Sequence[Span]) -> Span:
        """From the ends of both."""
        out = self.output
        if out.real:
            return spans.whole(out)
        moved = [(low - s.zero_point, high - s.zero_point) for s, (low, high) in zip(sources, stored, strict=True)]
        if self.adds:
            made = self.sum(sources)
            both = [
                spans.factored("its input", (low << made.shift, high << made.shift), factor, 0)
                for (low, high), factor in zip(moved, made.factors, strict=True)
            ]
            (low, high), (a, b) = both
            added = (low + a, high + b) if made.sign > 0 else (low - b, high - a)
            span = spans.factored("its sum", added, made.sum, out.zero_point)
        elif self.function == "multiply":
            products = np.multiply.outer(np.array(moved[0]), np.array(moved[1]))
            span = spans.factored(
                "its product", (products.min(), products.max()), self.product(sources), out.zero_point
            )
        else:
            each = [spans.stored_factor(s, at, rescale(s, out), out) for s, at in zip(sources, stored, strict=True)]
            span = min(low for low, _ in each), max(high for _, high in each)
        return spans.clipped(span, out.low, out.high)

    def run_of(self, xs: Sequence[Array], seat: Seat) -> Array:
        """Of (N, ...) both, as its format has it."""
        out, function = self.output, FUNCTIONS[self.function]
        if out.real:
            return function(xs[0], xs[1])
        moved = [x - source.zero_point for x, source in zip(xs, seat.sources, strict=True)]
        if self.adds:
            made = self.sum(seat.sources)
            a, b = (fp.requantise32(x << made.shift, f) for x, f in zip(moved, made.factors, strict=True))
            y = fp.requantise32(a + made.sign * b, made.sum)
        elif self.function == "multiply":
            y = fp.requantise32(moved[0] * moved[1], self.product(seat.sources))
        else:
            y = function(*(fp.requantise32(x, rescale(s, out)) for x, s in zip(moved, seat.sources, strict=True)))
        return np.clip(y + out.zero_point, out.low, out.high)
