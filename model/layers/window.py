# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which vectors of a sequence one vector of the next is made of: what convolutions, pools and padding share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.signal import Array
from model.spans import Span

if TYPE_CHECKING:
    from model.planner import Builder

MOST = 16383  # vectors that a ring holds, and that a window may move by: its slots, twice as many, fit 16 bits


@dataclass(frozen=True)
class Window:
    """``length`` vectors of a sequence, ``dilation`` apart, of every ``stride`` of them."""

    length: int  # K vectors
    stride: int = 1
    dilation: int = 1
    left: int = 0  # vectors of a fill value that stand before the sequence
    right: int = 0  # and behind it

    @property
    def reach(self) -> int:
        """Vectors from its first to its last."""
        return (self.length - 1) * self.dilation + 1

    @property
    def fits(self) -> bool:
        """Whether a ring can hold the vectors from its first to its last."""
        return self.length * self.dilation <= MOST and self.stride <= MOST

    @property
    def padded(self) -> bool:
        """Whether any of it may be a fill value."""
        return self.left > 0 or self.right > 0

    @property
    def single(self) -> bool:
        """Whether it is each vector by itself."""
        return self == ALONE

    def steps(self, steps: int) -> int:
        """How many there are over a sequence of T steps."""
        return (steps + self.left + self.right - self.reach) // self.stride + 1

    @property
    def early(self) -> int:
        """How many of them the fill values complete before the sequence starts."""
        return max(0, self.left + 1 - self.reach)

    @property
    def wait(self) -> int:
        """After how many vectors the next one completes the first window."""
        return max(0, self.reach - 1 - self.left)

    def over(self, x: Array, fill: float, goes_on: bool = False) -> Array:
        """(N, T, F) to (N, T', K, F), oldest first; where single steps go on one from another, of all before them."""
        if goes_on and x.shape[1] == 1:
            joined = self.over(x.reshape(1, len(x), -1), fill)
            return joined.reshape(len(x), 1, *joined.shape[2:])
        padded = np.pad(x, ((0, 0), (self.left, self.right), (0, 0)), constant_values=fill)
        starts = np.arange(self.steps(x.shape[1])) * self.stride
        return np.asarray(padded[:, starts[:, None] + np.arange(self.length) * self.dilation])

    def holds(self, stored: Span, fill: float) -> Span:
        """What its stored values can be, of vectors within a span."""
        if not self.padded:
            return stored
        return np.minimum(stored[0], fill), np.maximum(stored[1], fill)

    def ask(self, builder: Builder, index: int, fill: float) -> None:
        """Let what layer ``index`` does from here on be done for each window, of (K * F) elements side by side."""
        if self.single:
            return
        builder.window(index, self, fill)
        if builder.network.steps == 1 and self.stride > 1:
            name = builder.network.layers[index].name
            builder.streamable = f"layer '{name}' reads every {self.stride} steps of a model of single ones"


ALONE = Window(1)


def padded(padding: str, steps: int, length: int, stride: int = 1, dilation: int = 1) -> Window:
    """As Keras and TensorFlow pad a sequence of T steps: ``same`` has ceil(T / stride) windows, its zeros at both ends,
    ``causal`` has them before the sequence only."""
    plain = Window(length, stride, dilation)
    if padding == "causal":
        return Window(length, stride, dilation, left=plain.reach - 1)
    if padding == "same":
        zeros = max(0, (-(-steps // stride) - 1) * stride + plain.reach - steps)
        return Window(length, stride, dilation, zeros // 2, zeros - zeros // 2)
    return plain
