# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The largest value or the mean of each feature over a window; stored as its input is."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from model.formats.base import Elementwise
from model.layers.base import Passing, Seat
from model.layers.window import Window
from model.signal import Array, Signal

if TYPE_CHECKING:
    from model.planner import Builder


def lowest(source: Signal) -> float:
    """The smallest stored value: what a window of a maximum is padded with."""
    return float(np.finfo(source.dtype).min) if source.real else source.low


@dataclass(frozen=True, eq=False)
class Pool(Passing):
    """One vector of each window."""

    ignores_padding: ClassVar[bool] = False  # whether what is padded in does not show
    name: str
    window: Window
    output: Signal

    @abstractmethod
    def pooled(self, windows: Array) -> Array:
        """(N, T', K, F) to (N, T', F)."""

    def run(self, x: Array, seat: Seat) -> Array:
        """Window after window."""
        return self.pooled(self.window.over(x, lowest(seat.source), seat.goes_on))

    def work(self, builder: Builder, index: int) -> int:
        """A function of each window."""
        builder.arrange(index)
        self.window.ask(builder, index, lowest(builder.network.input_of(index)))
        y = builder.temporary(self.output.dtype, self.output.shape[-1])
        builder.emit(builder.op("apply", index, builder.current, y))
        return index

    def lowered(self, source: Signal) -> Elementwise:
        """kernels/c/pool.c."""
        return Elementwise(f"lstmcu_{self.kind}_{self.output.stored.suffix}", (self.window.length,))


@dataclass(frozen=True, eq=False)
class MaxPool(Pool):
    """The largest value."""

    kind: ClassVar[str] = "max_pool"
    ignores_padding: ClassVar[bool] = True

    def pooled(self, windows: Array) -> Array:
        """Exact."""
        return np.asarray(windows.max(axis=2))


@dataclass(frozen=True, eq=False)
class AveragePool(Pool):
    """The mean; nothing is padded, as padding would count."""

    kind: ClassVar[str] = "average_pool"
    moves: ClassVar[bool] = False

    def pooled(self, windows: Array) -> Array:
        """Of stored integers rounded half away from zero, as TFLite does."""
        total = windows.sum(axis=2)
        if self.output.real:
            return np.asarray(total / self.window.length)
        rounded = (np.abs(total) + self.window.length // 2) // self.window.length
        return np.asarray(np.sign(total) * rounded)
