# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""y = activation(kernel x + bias) on the last axis; on a sequence it runs at every step.

Over a flattened sequence the device adds up step by step, and no step is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from model import lower, spans
from model.formats import types
from model.formats.base import Format
from model.formats.float32 import FORMAT as FLOAT32
from model.functions import named as function
from model.layers.base import Integers, Layer, Place, Ranges, Seat, Weighted
from model.layers.products import absorbed, products, sums_span
from model.signal import Array, Signal, Weights, scale_of
from model.spans import Span

if TYPE_CHECKING:
    from model.layers.normalise import Normalise
    from model.plan import Op, Value
    from model.planner import Builder

FINEST_SUMS = 2.0**12  # steps of an output in one of its coarsest sums: finer shows nothing of them
MOST_STEPS = 2.0**29  # of an output in the largest sum there can be: they and their left shift fit 32 bits


@dataclass(frozen=True, eq=False)
class Dense(Weighted):
    """A matrix, a bias and a clamp."""

    kind: ClassVar[str] = "dense"
    name: str
    kernel: Weights  # (O, I)
    bias: Array  # (O,); of integers at scale input * kernel
    activation: str  # linear or relu: what a clamp can do; others are an Activation of their own
    output: Signal
    format: Format = FLOAT32

    def __post_init__(self) -> None:
        """A format is said, never guessed: whoever forgets to say it hears of it."""
        self.fits(self.format, self.kernel)

    @property
    def clamps(self) -> bool:
        """Whether nothing below 0 is put out."""
        return self.activation == "relu"

    def macs(self, source: Signal) -> int:
        """All of its weights at every step."""
        return int(np.prod(source.shape[:-1])) * int(self.kernel.values.size)

    def absorbing(self, normalise: Normalise) -> Dense | None:
        """With other weights and another bias."""
        kernel, bias = absorbed(self.kernel, self.bias, normalise)
        return replace(self, kernel=kernel, bias=bias)

    def giving(self, normalise: Normalise) -> Dense | None:
        """The same: nothing may be clamped before."""
        if self.clamps:
            return None
        scale = normalise.scale.astype(np.float64)
        kernel = (self.kernel.values * scale[:, None]).astype(np.float32)
        bias = (self.bias * scale + normalise.offset).astype(np.float32)
        return replace(self, kernel=Weights(kernel), bias=bias)

    def joined(self, following: Layer) -> Layer | None:
        """Of real values it clamps what it puts out."""
        fits = following.rectifies and self.output.real and not self.clamps
        return replace(self, activation="relu") if fits else None

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Dense:
        """Of integers the output is no finer than shows, and no finer than its sums bear."""
        if not format.integer:
            return replace(self, kernel=format.quantise_weights(self.kernel.values), format=format)
        kernel = format.quantise_weights(self.kernel.values, format.least_scale(self.bias, source.scale))
        units = source.scale * scale_of(kernel).astype(np.float64)  # of the sums
        bias = format.quantise_bias(self.bias, source.scale, scale_of(kernel))
        reach = (source.high - source.low) * np.abs(kernel.values.astype(np.float64)).sum(axis=-1)
        finest = max(units.max() / FINEST_SUMS, float(((reach + np.abs(bias)) * units).max()) / MOST_STEPS)
        output = format.signal(self.output.shape, *ranges[place, "output"], finest=finest)
        return replace(self, kernel=kernel, bias=bias, output=output, format=format)

    def in_steps(self, sources: Sequence[Signal], output: Signal, format: Format, integers: Integers) -> Layer | None:
        """With the weights that the file has, if they are integers, and a bias that its sums can start from."""
        kernel = integers(self.kernel)
        if kernel is None or (format.least_scale(self.bias, sources[0].scale) > scale_of(kernel)).any():
            return None
        bias = format.quantise_bias(self.bias, sources[0].scale, scale_of(kernel))
        return replace(self, kernel=kernel, bias=bias, output=output, format=format)

    def span(self, source: Signal, stored: Span) -> Span:
        """From what its rows can sum up to."""
        out = self.output
        if not self.format.integer:
            self.format.hold_weights(self.kernel)
            return spans.whole(out)
        span = sums_span(self.format, self.kernel, self.bias, source, stored, out)
        return spans.clipped(span, lower.lowest(self), out.high)

    def run(self, x: Array, seat: Seat) -> Array:
        """Sums times a factor for each row; of integers exactly."""
        if not self.format.integer:
            return self._run_real(x, seat.vectors)
        out = self.output
        total = products(self.kernel.values, x.astype(np.int64) - seat.source.zero_point) + self.bias
        requantise = types.of(self.bias).requantise  # a sum is as wide as the bias that it starts from
        assert requantise is not None, f"no sums of {self.bias.dtype}"
        factors = lower.dense_factors(self, seat.source)
        channels = [requantise(total[..., k], factor) for k, factor in enumerate(factors)]
        return np.clip(np.stack(channels, axis=-1) + out.zero_point, lower.lowest(self), out.high)

    def _run_real(self, x: Array, vectors: int) -> Array:
        kernels = np.split(self.kernel.values, vectors, axis=1)
        pairs = zip(kernels, np.split(x, vectors, axis=-1), strict=True)
        shares = (self.format.product(Weights(kernel, self.kernel.scale), vector) for kernel, vector in pairs)
        return function(self.activation)(sum(shares) + self.bias)

    def work(self, builder: Builder, index: int) -> int:
        """Whole, at every step, or as the sum over a flattened sequence."""
        if len(builder.shape) == 1 and builder.steps > 1:
            self.add(builder, index, 0, 1)
            self.finish(builder, index)
            return index
        builder.arrange(index)
        y = builder.temporary(self.output.dtype, self.output.shape[-1])
        builder.emit(builder.op("dense", index, builder.current, y))
        return index

    def add(self, builder: Builder, index: int, block: int, blocks: int) -> None:
        """Add one step's share, as layer ``index``."""
        if block == 0:
            builder.sums = builder.state(builder.c_name(index), "sums", self.format.sums.name, self.output.size)
        assert builder.sums is not None
        builder.emit(builder.op("dense_add", index, builder.current, builder.sums, block=block, blocks=blocks))

    def finish(self, builder: Builder, index: int) -> None:
        """Requantise the sums of a flattened sequence."""
        builder.whole()
        assert builder.sums is not None
        y = builder.temporary(self.output.dtype, builder.sums.length)
        builder.emit(builder.op("dense_finish", index, builder.sums, y))

    def results(self, op: Op) -> list[tuple[Value, str]]:
        """Not the sums on their way."""
        return [] if op.kind == "dense_add" else super().results(op)
