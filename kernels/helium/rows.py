# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 matrices whose rows have scales of their own, in kernel set ``asm`` for MVE (rows_s8.inc)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kernels.common.assembly import prove_doubled, set_symbols
from kernels.common.rows import any_shift
from kernels.common.work import UnprovenError, Work
from kernels.helium.layout import block_of, blocks, by_columns, eight, left_rows, vector_bytes, words
from model import lower
from model.layers.recurrent import Recurrent
from model.lower import GateMatrix

MOST_LEFT = 31


def _scales(matrix: GateMatrix, gate: int, block: slice) -> bytes:
    """What brings the sums of even and of odd units to a gate's scale, see `narrow_rows`."""
    both = matrix.by_row.value, matrix.by_row.shift
    value, shift = (eight(each[gate, block], block.stop - block.start) for each in both)
    right = np.minimum(shift, 0)
    parts = [value, right]
    if any_shift(matrix):
        parts = [np.maximum(shift, 0), value, -(right < 0).astype(np.int64), right]
    return b"".join(words(part[lanes]) for lanes in (slice(0, 4), slice(4, 8)) for part in parts)


def stream_of(work: Work[Recurrent], order: Iterable[int]) -> tuple[str, list[bytes], int]:
    """Symbols, what the code reads of the gates in ``order``, eight units after eight, and bytes of scratch."""
    layer = work.layer
    columns, units, parts = by_columns(layer), layer.units, list[bytes]()
    kernel, recurrent = lower.gate_matrices(layer, work.source)
    for matrix in (kernel, recurrent):
        left = np.maximum(matrix.by_row.shift, 0)  # (G, H)
        if left.max() > MOST_LEFT:
            raise UnprovenError("a scale is above 2^31")
        prove_doubled(matrix.rows.astype(np.int64) << left[..., np.newaxis], matrix.starts << left)
    for block in blocks(units):
        for gate in order:
            parts += block_of(recurrent.rows[gate, block], recurrent.starts[gate, block], "balanced", False)
            parts += block_of(kernel.rows[gate, block], kernel.starts[gate, block], "balanced", bool(columns))
            parts += [_scales(kernel, gate, block), _scales(recurrent, gate, block)]
    text = set_symbols(inputs=layer.features, units=units, columns=columns, left_rows=left_rows(units))
    text += set_symbols(kernel_any=int(any_shift(kernel)), recurrent_any=int(any_shift(recurrent)))
    scratch = (0 if columns else vector_bytes(layer.features)) + vector_bytes(units) + 3  # 3 to align it
    return text, parts, scratch
