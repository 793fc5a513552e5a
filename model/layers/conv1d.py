# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A convolution over time: a Dense on every window of the sequence.

In groups the features, and with them the outputs, fall into G parts that know nothing of each other. A depthwise
convolution has as many as there are features.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from model.layers.base import Seat
from model.layers.dense import Dense
from model.layers.products import absorbed
from model.layers.window import ALONE, Window
from model.signal import Array, Signal, Weights
from model.spans import Span

if TYPE_CHECKING:
    from model.layers.normalise import Normalise
    from model.planner import Builder


@dataclass(frozen=True, eq=False)
class Conv1d(Dense):
    """A matrix over the K vectors of a window, oldest first: row o is (K, F / G), read along the last axis."""

    kind: ClassVar[str] = "conv1d"
    window: Window = ALONE
    groups: int = 1  # G; output o belongs to group o * G // O

    @property
    def kernels(self) -> str:
        """Those of a Dense, which sees no difference; in groups its own."""
        return Dense.kind if self.groups == 1 else "grouped"

    @property
    def features(self) -> int:
        """F."""
        return int(self.kernel.values.shape[1]) // self.window.length * self.groups

    @property
    def dense(self) -> Dense:
        """What computes one window (K * F) without groups: of other groups' features the weights are 0."""
        values, groups, (length, features) = self.kernel.values, self.groups, (self.window.length, self.features)
        outputs = len(values)
        whole = np.zeros((groups, outputs // groups, length, groups, features // groups), values.dtype)
        parts = values.reshape(groups, outputs // groups, length, features // groups)
        for group in range(groups):
            whole[group, :, :, group] = parts[group]
        kernel = Weights(whole.reshape(outputs, length * features), self.kernel.scale)
        return Dense(self.name, kernel, self.bias, self.activation, self.output, self.format)

    def macs(self, source: Signal) -> int:
        """All of its weights for every window."""
        return self.window.steps(source.shape[0]) * int(self.kernel.values.size)

    def absorbing(self, normalise: Normalise) -> Conv1d | None:
        """Each vector of a window meets the same scale and offset; the zeros of padding would not."""
        if self.window.padded or self.groups > 1:
            return None
        scale, offset = (np.tile(values, self.window.length) for values in (normalise.scale, normalise.offset))
        kernel, bias = absorbed(self.kernel, self.bias, replace(normalise, scale=scale, offset=offset))
        return replace(self, kernel=kernel, bias=bias)

    def behind_zeros(self, left: int, right: int) -> Conv1d:
        """Its own zeros stand beside them."""
        return replace(self, window=replace(self.window, left=self.window.left + left, right=self.window.right + right))

    def span(self, source: Signal, stored: Span) -> Span:
        """As a Dense whose inputs may be 0.0 as well."""
        return super().span(source, self.window.holds(stored, source.zero_point))

    def run(self, x: Array, seat: Seat) -> Array:
        """Window after window."""
        windows = self.window.over(x, seat.source.zero_point, seat.goes_on)
        return self.dense.run(windows.reshape(*windows.shape[:2], -1), seat)

    def work(self, builder: Builder, index: int) -> int:
        """A Dense for each window."""
        builder.arrange(index)
        self.window.ask(builder, index, builder.network.input_of(index).zero_point)
        y = builder.temporary(self.output.dtype, self.output.shape[-1])
        builder.emit(builder.op("dense", index, builder.current, y))
        return index
