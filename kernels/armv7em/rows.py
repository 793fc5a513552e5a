# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 rows whose scales are their own, in kernel set ``asm`` for ARMv7E-M: what brings their sums to 16 bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.armv7em.layout import PAIRS, WORDS, packed, pairs_proved, sums
from kernels.common import assembly
from kernels.common.rows import any_shift
from kernels.common.work import UnprovenError
from model.lower import GateMatrix
from model.signal import Array

LEAST = 2  # bits of a right shift that is done by a multiplication
MOST_LEFT = 7  # bits by which a weight of 8, doubled, can be shifted left in 16


@dataclass(frozen=True, eq=False)
class Rows:
    """A matrix (G, H, I) whose sums are proved to fit, shifted left where their scales ask for it."""

    matrix: GateMatrix
    rows: Array  # (G, H, I)
    starts: Array  # (G, H)
    paired: bool  # two rows share a word
    any_shift: bool  # rows are shifted right by any number, 0 and 1 too

    @property
    def packing(self) -> str:
        """See mac_s8.inc."""
        return (PAIRS if self.paired else WORDS)[len(self.rows)]

    def words(self, order: list[int], unit: int) -> Array:
        """Weight words of a unit's rows, which come in the ``order`` of their packing."""
        return packed(self.rows[order, unit], self.paired)

    def begin(self, order: list[int], unit: int) -> Array:
        """What their sums start from."""
        return sums(self.starts[order, unit], self.paired)

    def scales(self, order: list[int], unit: int) -> tuple[Array, Array, Array]:
        """Of each row its multiplier; 2^(32 - right shift), or of any shifts half of 2^right; the right shift."""
        value, right = self.matrix.by_row.value[order, unit], np.maximum(-self.matrix.by_row.shift[order, unit], 0)
        powers = (1 << right) >> 1 if self.any_shift else 1 << (32 - np.maximum(right, LEAST))  # a factor of 0 has none
        return value, powers, right


def rows_of(matrix: GateMatrix) -> Rows:
    """Proved, or refused."""
    left = np.maximum(matrix.by_row.shift, 0)  # (G, H)
    rows, starts = matrix.rows.astype(np.int64) << left[..., np.newaxis], matrix.starts << left
    assembly.prove_doubled(rows, starts)
    if left.max() > MOST_LEFT:
        raise UnprovenError(f"a row's scale is 2^{left.max()}")
    return Rows(matrix, rows, starts, not left.any() and pairs_proved(rows, starts), any_shift(matrix, LEAST))
