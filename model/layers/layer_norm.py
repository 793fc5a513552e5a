# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Each vector less its mean, over its standard deviation, times a scale plus an offset by feature.

In integers mean and variance are exact, and the inverse square root has 30 bits: docs/arithmetic.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model import lower, spans
from model.formats.base import Elementwise, Format
from model.layers.base import Layer, Place, Ranges, Seat
from model.lower import Channels
from model.signal import Array, Signal
from model.spans import BeyondError, Span

NORMALISED = Signal((), "int32", 2.0**-16)  # how vectors of mean 0 and variance 1 are stored
FINEST = 2.0**-14  # an output's scale to the largest factor: finer shows nothing of what is normalised
MOST_FEATURES = 1 << 13  # with differences and variances of int16 within 64 bits
SUM_BITS = 61  # of a variance, and of an epsilon


@dataclass(frozen=True)
class Stored:
    """The integers of one layer."""

    epsilon: int  # times F**2 * 2**bits, in steps of the input squared
    bits: int  # of a fraction that variances have, an even number
    channels: Channels  # from NORMALISED to the output


def _inverse_roots(sums: Array) -> tuple[Array, Array]:
    """1 / sqrt(sums) as value * 2**(exponent - 62): value (30 bits and a sign) of sums from 1 to 2**63 - 1."""
    exponents = (64 - np.frexp(sums.astype(np.float64))[1]) // 2
    values, moved = [], []
    for total, exponent in zip(map(int, sums.flat), map(int, exponents.flat), strict=True):
        up = exponent - (total << (2 * exponent) >= 1 << 64)  # float64 may have rounded up to a power of two
        values.append((1 << 62) // math.isqrt(total << (2 * up)))
        moved.append(up)
    return np.array(values, np.int64).reshape(sums.shape), np.array(moved, np.int64).reshape(sums.shape)


def _normalised(x: Array, epsilon: int, bits: int) -> Array:
    """Vectors of stored integers (..., F) as ``NORMALISED``."""
    features = x.shape[-1]
    total = x.sum(axis=-1, keepdims=True)
    variance = features * (x * x).sum(axis=-1, keepdims=True) - total * total  # times F**2
    inverse, exponent = _inverse_roots(np.maximum((variance << bits) + epsilon, 1 << bits))
    right = 46 - exponent - bits // 2
    return np.asarray(((features * x - total) * inverse + (np.int64(1) << (right - 1))) >> right)


@dataclass(frozen=True, eq=False)
class LayerNorm(Layer):
    """A scale and an offset for each feature of a vector."""

    kind: ClassVar[str] = "layer_norm"
    name: str
    scale: Array  # (F,) float32
    offset: Array  # (F,) float32
    epsilon: float  # added to the variance
    output: Signal

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> LayerNorm:
        """The output covers what was observed."""
        if not format.integer:
            return self
        finest = float(np.abs(self.scale).max()) * FINEST
        return replace(self, output=format.signal(self.output.shape, *ranges[place, "output"], finest=finest))

    def stored(self, source: Signal) -> Stored:
        """Its integers."""
        features = len(self.scale)
        if features > MOST_FEATURES:
            raise BeyondError(f"a mean over {features} features; supported: {MOST_FEATURES}")
        widest = 2 * math.ceil(math.log2(max(2, features) * (source.high - source.low) / 2))  # bits of a variance, F**2
        epsilon = self.epsilon * (features / source.scale) ** 2
        bits = 2 * ((SUM_BITS - max(widest, math.frexp(epsilon)[1])) // 2)
        if bits < 0:
            steps = f"its input has steps of {source.scale:.3g}"
            raise BeyondError(f"{steps}, too fine for its epsilon of {self.epsilon:g}")
        return Stored(
            round(epsilon * 2.0**bits), bits, lower.channels(self.scale, self.offset, NORMALISED, self.output)
        )

    def span(self, source: Signal, stored: Span) -> Span:
        """No value is further from the mean than sqrt(F) standard deviations."""
        if self.output.real:
            return spans.whole(self.output)
        channels, most = self.stored(source).channels, math.isqrt(len(self.scale) << 32) + 2
        ends = np.stack([channels.at(np.asarray(end, np.int64)) for end in (-most, most)])
        return spans.clipped((ends.min(), ends.max()), self.output.low, self.output.high)

    def run(self, x: Array, seat: Seat) -> Array:
        """In float64, or as integers."""
        if self.output.real:
            mean = x.mean(axis=-1, keepdims=True)
            variance = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
            scale = self.scale.astype(np.float64)
            return np.asarray((x - mean) / np.sqrt(variance + self.epsilon) * scale + self.offset)
        stored = self.stored(seat.source)
        made = stored.channels.at(_normalised(x.astype(np.int64), stored.epsilon, stored.bits))
        return np.clip(made, self.output.low, self.output.high)

    def lowered(self, source: Signal) -> Elementwise:
        """kernels/c/layer_norm.c."""
        function, count = f"lstmcu_layer_norm_{self.suffix}", f"({len(self.scale)} features)"
        if self.output.real:
            arrays = (("scale", self.scale, count), ("offset", self.offset, count))
            return Elementwise(function, (float(self.epsilon),), arrays)
        stored = self.stored(source)
        channels = stored.channels
        return Elementwise(
            function,
            (stored.bits, channels.shift),
            (
                ("factor", channels.factor.astype(np.int32), f"{count}, times 2^{channels.shift}"),
                ("offset", channels.offset, f"{count}, zero point and half a step folded in"),
                (
                    "epsilon",
                    np.array([stored.epsilon], np.int64),
                    f"in steps squared, times F^2 * 2^{stored.bits}",
                ),
            ),
        )
