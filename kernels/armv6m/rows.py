# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 matrices whose rows have scales of their own, in kernel set ``asm`` for ARMv6-M (rows_s8.inc)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kernels.armv6m.layout import (
    BLOCKS,
    ORDERED_BLOCK,
    prove_columns,
    row_stream,
    sum_bits,
    unroll_of,
    vector_bytes,
)
from kernels.common.assembly import prove_doubled, set_symbols
from kernels.common.blocks import equal
from kernels.common.rows import any_shift
from kernels.common.words import bytes_of
from kernels.common.work import Work
from model import lower
from model.layers.recurrent import Recurrent
from model.lower import GateMatrix
from model.signal import Array


def _scales(matrix: GateMatrix, unit: int, bits: int, order: Sequence[int]) -> Array:
    """What brings a unit's sums to their gates' scales, see `requantise_row` in rows_s8.inc."""
    words, mixed = [], any_shift(matrix)
    for gate in order:
        value, shift = int(matrix.by_row.value[gate, unit]), int(matrix.by_row.shift[gate, unit])
        left, right = (max(shift, 0), max(-shift, 0)) if mixed else (0, max(-shift, 1))  # a factor of 0 has no shift
        low = (value & 0xFFFF) - ((value & 0x8000) << 1)
        parts = {
            15: [value & 0xFFFF, value >> 16],
            20: [value & 0x7FF, value >> 11 & 0x7FF, value >> 22],
            30: [low, (value - low) >> 16, low],
        }
        words += [left + 256 * right if mixed else right, *parts[bits], (1 << right) >> 1]
    return np.array(words, np.int64)


def stream_of(work: Work[Recurrent], paired: int, order: Sequence[int]) -> tuple[str, list[Array], int]:
    """Symbols, what the code reads unit after unit and then the columns' orders, and bytes of scratch.

    ``paired``: rows of a unit that share words; ``order``: in which their sums are taken.
    """
    layer, optimize, scratch, made = work.layer, work.optimize, 3, []  # 3 bytes to align the vectors
    prove_columns(layer.features, layer.units)
    text, orders = set_symbols(inputs=layer.features, units=layer.units), list[int]()
    for matrix in lower.gate_matrices(layer, work.source):
        left = np.maximum(matrix.by_row.shift, 0)  # (G, H)
        shifted = matrix.rows.astype(np.int64) << left[..., np.newaxis], matrix.starts << left
        prove_doubled(*shifted)
        bits, columns = sum_bits(*shifted), matrix.rows.shape[-1]
        cut = equal(matrix.rows[:paired].reshape(-1, columns), BLOCKS, ORDERED_BLOCK)
        symbols = {"n": cut.length, "ordered": int(bool(cut.order)), "bits": bits, "any": int(any_shift(matrix))}
        text += set_symbols(**{f"{matrix.which}_{symbol}": value for symbol, value in symbols.items()})
        scratch += vector_bytes(columns, cut.length, optimize)
        made.append((matrix, cut.ordered(matrix.rows), cut.length, bits))
        orders += cut.order
    words = [
        part
        for unit in range(layer.units)
        for matrix, rows, n, bits in made
        for part in (
            *row_stream(matrix.starts[:, unit], rows[:, unit], n, optimize),
            _scales(matrix, unit, bits, order),
        )
    ]
    unroll = unroll_of([(rows.shape[-1], n) for _, rows, n, _ in made], optimize)
    text += set_symbols(weights_bytes=4 * sum(part.size for part in words), unroll=unroll)
    return text, [*words, bytes_of(np.array(orders))], scratch
