# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 GRU in kernel set ``asm`` for ARMv6-M (gru_s8.inc)."""

from __future__ import annotations

import numpy as np

from kernels.armv6m.layout import (
    BLOCKS,
    ORDERED_BLOCK,
    hidden_symbols,
    prove_columns,
    row_stream,
    sum_bits,
    unroll_of,
    vector_bytes,
)
from kernels.common import assembly
from kernels.common.assembly import prove_doubled, set_symbols, stream
from kernels.common.blocks import equal
from kernels.common.constants import Constants
from kernels.common.grus import any_shift, kept_symbols, prove
from kernels.common.words import bytes_of
from kernels.common.work import UnprovenError, Work
from model import lower
from model.layers.gru import Gru
from model.lower import GateMatrix
from model.signal import Array

ORDER = (1, 2, 0)  # of the sums: r, h, z
PAIRED = 2  # rows z, r; that of the candidate is alone


def _scales(matrix: GateMatrix, unit: int, bits: int) -> Array:
    """What brings a unit's sums to Q3.12, see `requantise_row` in gru_s8.inc."""
    words, mixed = [], any_shift(matrix)
    for gate in ORDER:
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


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of a GRU's step."""
    prove(work)
    name, layer, optimize = work.name, work.layer, work.optimize
    if optimize == "size":
        raise UnprovenError("no GRU is written for size")
    prove_columns(layer.features, layer.units)
    text = '#include "armv6m/gru_s8.inc"\n' + set_symbols(inputs=layer.features, units=layer.units)
    text += set_symbols(**{**kept_symbols(layer), **hidden_symbols(layer.update.shown, layer.output.zero_point)})
    scratch, parts = 3, []  # 3 bytes to align the vectors
    orders: list[int] = []
    for matrix in lower.gate_matrices(layer, work.source):
        left = np.maximum(matrix.by_row.shift, 0)  # (3, H)
        shifted = matrix.rows.astype(np.int64) << left[..., np.newaxis], matrix.starts << left
        prove_doubled(*shifted)
        bits = sum_bits(*shifted)
        cut = equal(matrix.rows[:PAIRED].reshape(-1, matrix.rows.shape[-1]), BLOCKS, ORDERED_BLOCK)
        symbols = {"n": cut.length, "ordered": int(bool(cut.order)), "bits": bits, "any": int(any_shift(matrix))}
        text += set_symbols(**{f"{matrix.which}_{symbol}": value for symbol, value in symbols.items()})
        scratch += vector_bytes(matrix.rows.shape[-1], cut.length, optimize)
        parts.append((matrix, cut.ordered(matrix.rows), cut.length, bits))
        orders += cut.order
    words = [
        part
        for unit in range(layer.units)
        for matrix, rows, n, bits in parts
        for part in (*row_stream(matrix.starts[:, unit], rows[:, unit], n, optimize), _scales(matrix, unit, bits))
    ]
    weights_bytes = 4 * sum(part.size for part in words)
    words.append(bytes_of(np.array(orders)))
    comment = f"{layer.units} units: starts of the sums, rows of z, r, h and scales; the same of the hidden state"
    unroll = unroll_of([(rows.shape[-1], n) for _, rows, n, _ in parts], optimize)
    text += set_symbols(weights_bytes=weights_bytes, unroll=unroll)
    return assembly.cell(work, text, stream(f"{name}_weights", words, comment), scratch)
