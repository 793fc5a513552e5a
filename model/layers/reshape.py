# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The same elements in another shape (Flatten, Reshape); costs nothing on the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from model.layers.base import Passing, Seat
from model.signal import Array, Signal

if TYPE_CHECKING:
    from model.planner import Builder


@dataclass(frozen=True, eq=False)
class Reshape(Passing):
    """The same stored values, in the order they have."""

    kind: ClassVar[str] = "reshape"
    flat: ClassVar[bool] = True
    name: str
    output: Signal

    def run(self, x: Array, seat: Seat) -> Array:
        """Nothing is computed."""
        return x.reshape(len(x), *self.output.shape)

    def work(self, builder: Builder, index: int) -> int:
        """None."""
        return index
