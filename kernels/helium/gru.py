# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 GRU in kernel set ``asm`` for Armv8.1-M with MVE (gru_s8.inc)."""

from __future__ import annotations

import numpy as np

from kernels.common import assembly
from kernels.common.assembly import prove_doubled, set_symbols
from kernels.common.constants import Constants
from kernels.common.grus import any_shift, kept_symbols, prove
from kernels.common.work import UnprovenError, Work
from kernels.helium.layout import block_of, blocks, by_columns, eight, left_rows, stream, vector_bytes, words
from model import lower
from model.layers.gru import Gru
from model.lower import GateMatrix

ORDER = (1, 0, 2)  # of work: r, z, h
MOST_LEFT = 31


def _scales(matrix: GateMatrix, gate: int, block: slice) -> bytes:
    """What brings the sums of even and of odd units to Q3.12, see `narrow_rows` in gru_s8.inc."""
    value, shift = (
        eight(each[gate, block], block.stop - block.start) for each in (matrix.by_row.value, matrix.by_row.shift)
    )
    right = np.minimum(shift, 0)
    each = [value, right]
    if any_shift(matrix):
        each = [np.maximum(shift, 0), value, -(right < 0).astype(np.int64), right]
    return b"".join(words(half) for lanes in (slice(0, 4), slice(4, 8)) for half in (part[lanes] for part in each))


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of a GRU's step."""
    prove(work)
    name, layer = work.name, work.layer
    columns, units, parts = by_columns(layer), layer.units, list[bytes]()
    kernel, recurrent = lower.gate_matrices(layer, work.source)
    for matrix in (kernel, recurrent):
        left = np.maximum(matrix.by_row.shift, 0)  # (3, H)
        if left.max() > MOST_LEFT:
            raise UnprovenError("a scale is above 2^31")
        prove_doubled(matrix.rows.astype(np.int64) << left[..., np.newaxis], matrix.starts << left)
    for block in blocks(units):
        for gate in ORDER:
            parts += block_of(recurrent.rows[gate, block], recurrent.starts[gate, block], "balanced", False)
            parts += block_of(kernel.rows[gate, block], kernel.starts[gate, block], "balanced", bool(columns))
            parts += [_scales(kernel, gate, block), _scales(recurrent, gate, block)]
    text = '#include "helium/gru_s8.inc"\n'
    text += set_symbols(inputs=layer.features, units=units, columns=columns, left_rows=left_rows(units))
    text += set_symbols(kernel_any=int(any_shift(kernel)), recurrent_any=int(any_shift(recurrent)))
    text += set_symbols(**kept_symbols(layer))
    comment = f"{units} units, eight at a time: starts of the sums and rows of r, z, h, scales"
    scratch = (0 if columns else vector_bytes(layer.features)) + vector_bytes(units) + 3
    return assembly.cell(work, text, stream(f"{name}_weights", parts, comment), scratch)
