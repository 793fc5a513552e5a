# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps as features and features as steps (Permute): each step gathers one feature of the whole window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from model.formats.base import Elementwise
from model.layers.base import Passing, Seat
from model.signal import Array, Signal

if TYPE_CHECKING:
    from model.planner import Builder


@dataclass(frozen=True, eq=False)
class Permute(Passing):
    """(T, F) to (F, T)."""

    kind: ClassVar[str] = "permute"
    name: str
    output: Signal

    def run(self, x: Array, seat: Seat) -> Array:
        """Nothing is computed."""
        return np.swapaxes(x, 1, 2)

    def work(self, builder: Builder, index: int) -> int:
        """A loop over the features of an array: each step begins one element further on."""
        builder.arrange(index)
        builder.materialise(index, side_by_side=True)
        builder.steps, builder.level = self.output.shape[0], None
        builder.streamable = f"layer '{self.name}' makes steps of features, for which it needs the whole window"
        x = replace(builder.current, length=1, stride=1)
        y = builder.temporary(self.output.dtype, self.output.shape[1])
        builder.emit(builder.op("apply", index, x, y))
        return index

    def lowered(self, source: Signal) -> Elementwise:
        """kernels/c/permute.c."""
        return Elementwise(f"lstmcu_permute_{self.suffix}", (source.shape[1],))
