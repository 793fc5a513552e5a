# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A vector as a sequence of equal steps (RepeatVector); costs nothing on the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from model.layers.base import Passing, Seat
from model.signal import Array, Signal

if TYPE_CHECKING:
    from model.planner import Builder


@dataclass(frozen=True, eq=False)
class Repeat(Passing):
    """The same stored values at every step."""

    kind: ClassVar[str] = "repeat"
    name: str
    output: Signal  # (T, F)

    def run(self, x: Array, seat: Seat) -> Array:
        """(N, F) to (N, T, F)."""
        return np.repeat(x[:, np.newaxis], self.output.shape[0], axis=1)

    def work(self, builder: Builder, index: int) -> int:
        """A loop that reads the same vector at every step."""
        builder.arrange(index)
        builder.steps, builder.level = self.output.shape[0], None
        builder.streamable = f"layer '{self.name}' repeats what the whole window gave"
        return index
