# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 matrices whose rows have scales of their own, in kernel set ``asm`` for ARMv7-M."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kernels.armv7m.layout import packing_of, scratch_of, starts_of, vector_words, words_of
from kernels.common.assembly import prove_doubled, set_symbols
from kernels.common.rows import any_shift
from kernels.common.words import bytes_of
from kernels.common.work import Work
from model import lower
from model.layers.recurrent import Recurrent
from model.lower import GateMatrix
from model.signal import Array

# Words of a unit's multipliers, left shifts and right shifts, in the order of the rows; and whether any shift may be
Scales = Callable[[Array, Array, Array, bool], Sequence[Array]]


def less_one(right: Array) -> Array:
    """What shifts right where one more bit follows; a factor of 0 has no shift."""
    return np.maximum(right, 1) - 1


def _constants(matrix: GateMatrix, order: list[int], unit: int, scales: Scales) -> list[Array]:
    shift = matrix.by_row.shift[order, unit]
    values = matrix.by_row.value[order, unit]
    return list(scales(values, np.maximum(shift, 0), np.maximum(-shift, 0), any_shift(matrix)))


def stream_of(work: Work[Recurrent], order: list[int], scales: Scales) -> tuple[str, list[Array], int]:
    """Symbols, what the code reads unit after unit, behind the columns' orders, and bytes of scratch.

    ``order``: a unit's rows as their packing has them.
    """
    layer, optimize = work.layer, work.optimize
    text = set_symbols(inputs=layer.features, units=layer.units)
    made, header, words = [], [], 0
    for matrix, vector in zip(lower.gate_matrices(layer, work.source), ("input", "hidden"), strict=True):
        left = np.maximum(matrix.by_row.shift, 0)  # (G, H)
        prove_doubled(matrix.rows.astype(np.int64) << left[..., np.newaxis], matrix.starts << left)
        packing, along = packing_of(matrix.rows[order], matrix.which, optimize)
        symbols = {"block": along.length, "ordered": int(bool(along.order))}
        text += set_symbols(**{f"{vector}_{symbol}": value for symbol, value in symbols.items()})
        text += set_symbols(**{f"{matrix.which}_any": int(any_shift(matrix))})
        text += set_symbols(kernel_packing=packing) if vector == "input" else ""
        header.append(bytes_of(np.array(along.order)))
        words += vector_words(packing, along, optimize)
        made.append((matrix, packing, along))
    parts = [
        part
        for unit in range(layer.units)
        for matrix, packing, along in made
        for part in (
            starts_of(matrix.starts[order, unit], packing, along, optimize),
            words_of(matrix.rows[order, unit], packing, along, optimize),
            *_constants(matrix, order, unit, scales),
        )
    ]
    return text, header + parts, scratch_of(words)
