# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The largest value or the mean of each feature over a whole sequence, kept up to date step by step."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from model import fixed_point as fp
from model import spans
from model.formats import types
from model.formats.base import Elementwise, Format
from model.layers.base import Layer, Passing, Place, Ranges, Seat
from model.layers.pool import lowest
from model.lower import rescale
from model.signal import Array, Signal
from model.spans import Span

if TYPE_CHECKING:
    from model.plan import Op, Value
    from model.planner import Builder

FINEST_MEAN = 2.0**-8  # a mean's output scale to its input's: finer shows little of it


@dataclass(frozen=True, eq=False)
class GlobalPool(Layer):
    """One vector of a sequence; ``sums`` holds what it is made of, from ``start`` on."""

    name: str
    output: Signal  # (F,)

    def sums_type(self) -> str:
        """numpy's name of what the sums are stored in."""
        return self.output.dtype

    @abstractmethod
    def start(self, source: Signal) -> Array:
        """(F,) that the sums of every window start from."""

    @abstractmethod
    def lowered_parts(self, source: Signal) -> Mapping[str, Elementwise]:
        """The functions of kernels/c/pool.c that its operations are, by their kind."""

    def work(self, builder: Builder, index: int) -> int:
        """A share of every step, and what is left to do at the end."""
        builder.arrange(index)
        sums = builder.state(builder.c_name(index), "sums", self.sums_type(), self.output.size)
        builder.emit(builder.op("pool_add", index, builder.current, sums))
        builder.whole()
        builder.emit(builder.op("pool_finish", index, sums, builder.temporary(self.output.dtype, self.output.size)))
        return index

    def results(self, op: Op) -> list[tuple[Value, str]]:
        """Not the sums on their way."""
        return [] if op.kind == "pool_add" else super().results(op)


@dataclass(frozen=True, eq=False)
class GlobalMaxPool(Passing, GlobalPool):
    """The largest value."""

    kind: ClassVar[str] = "global_max_pool"

    def start(self, source: Signal) -> Array:
        """The smallest there is."""
        return np.full(self.output.size, lowest(source), self.output.dtype)

    def lowered_parts(self, source: Signal) -> Mapping[str, Elementwise]:
        """What is left to do at the end is a copy."""
        suffix = self.output.stored.suffix
        largest, copied = Elementwise(f"lstmcu_pool_largest_{suffix}"), Elementwise(f"lstmcu_max_pool_{suffix}", (1,))
        return {"pool_add": largest, "pool_finish": copied}

    def run(self, x: Array, seat: Seat) -> Array:
        """Exact."""
        return np.asarray(np.maximum(x.max(axis=1), lowest(seat.source)))


@dataclass(frozen=True, eq=False)
class GlobalAveragePool(GlobalPool):
    """The mean; of integers as TFLite's MEAN, with one factor from their sum to the output's scale."""

    kind: ClassVar[str] = "global_average_pool"

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> GlobalAveragePool:
        """Of integers the output covers what was observed."""
        if not format.integer:
            return self
        finest = source.scale * FINEST_MEAN
        return replace(self, output=format.signal(self.output.shape, *ranges[place, "output"], finest=finest))

    def sums_type(self) -> str:
        """Of integers 32 bits."""
        return types.FLOAT32.name if self.output.real else types.INT32.name

    def start(self, source: Signal) -> Array:
        """The zero points of all steps taken out beforehand."""
        return np.full(self.output.size, -source.zero_point * source.shape[0], self.sums_type())

    def factor(self, source: Signal) -> fp.Multiplier:
        """What brings the sum of T steps to the output's scale: TFLite divides the factor of one step by T, keeping as
        many bits as fit."""
        plain, steps = rescale(source, self.output), source.shape[0]
        up = min(steps.bit_length() - 1, 32, 31 + plain.shift)
        return fp.Multiplier((plain.value << up) // steps, plain.shift - up)

    def span(self, source: Signal, stored: Span) -> Span:
        """From the sum of T values."""
        if source.real:
            return spans.whole(self.output)
        low, high = (source.shape[0] * (np.asarray(end, np.int64) - source.zero_point) for end in stored)
        start = np.int64(-source.zero_point * source.shape[0])  # on its way a sum lies between start and end
        spans.int32("its sums", (np.minimum(low, start), np.maximum(high, start)))
        found = spans.factored("its sums", (low, high), self.factor(source), self.output.zero_point)
        return spans.clipped(found, self.output.low, self.output.high)

    def lowered_parts(self, source: Signal) -> Mapping[str, Elementwise]:
        """A sum, and its mean."""
        suffix = self.output.stored.suffix
        numbers: tuple[int, ...] = (source.shape[0],)
        if not source.real:
            factor = self.factor(source)
            numbers = (factor.value, factor.shift, self.output.zero_point)
        return {
            "pool_add": Elementwise(f"lstmcu_pool_add_{suffix}"),
            "pool_finish": Elementwise(f"lstmcu_pool_mean_{suffix}", numbers),
        }

    def run(self, x: Array, seat: Seat) -> Array:
        """From the sums."""
        source, out = seat.source, self.output
        if source.real:
            return np.asarray(x.mean(axis=1))
        sums = (x - source.zero_point).sum(axis=1)
        return np.clip(fp.requantise32(sums, self.factor(source)) + out.zero_point, out.low, out.high)
