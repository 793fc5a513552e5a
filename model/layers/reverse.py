# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The steps of a sequence, the last one first; costs nothing on the device but that the sequence is whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from model.layers.base import Passing, Seat
from model.signal import Array, Signal

if TYPE_CHECKING:
    from model.planner import Builder


@dataclass(frozen=True, eq=False)
class Reverse(Passing):
    """The same stored values in the other order of time."""

    kind: ClassVar[str] = "reverse"
    name: str
    output: Signal  # (T, F)

    def run(self, x: Array, seat: Seat) -> Array:
        """Nothing is computed."""
        return x[:, ::-1]

    def work(self, builder: Builder, index: int) -> int:
        """What reads it reads an array from its end."""
        builder.arrange(index)
        if builder.steps > 1:
            builder.materialise(index)
            builder.current = replace(builder.current, backwards=not builder.current.backwards)
            builder.streamable = f"layer '{self.name}' turns the window round"
        return index
