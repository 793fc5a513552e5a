# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8 GRU in kernel set ``asm`` for ARMv7-M (gru_s8.inc)."""

from __future__ import annotations

import numpy as np

from kernels.armv7m.layout import packing_of, scratch_of, starts_of, vector_words, words_of
from kernels.common import assembly
from kernels.common.assembly import output_addend, prove_doubled, set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.grus import any_shift, kept_symbols, prove
from kernels.common.words import bytes_of
from kernels.common.work import UnprovenError, Work
from model import lower
from model.layers.gru import Gru
from model.lower import NO_LIMIT, GateMatrix
from model.signal import Array

ROWS = [1, 0, 2]  # r, z in a pair, and h: r4, r5, r6


def _scales(matrix: GateMatrix, unit: int) -> Array:
    """What brings a unit's sums to Q3.12, see gru_s8.inc."""
    values, shifts = matrix.by_row.value[ROWS, unit], matrix.by_row.shift[ROWS, unit]
    left, right, places = np.maximum(shifts, 0), np.maximum(-shifts, 0), np.array([0, 8, 16])
    if not any_shift(matrix):
        return np.append(values, ((np.maximum(right, 1) - 1) << places).sum())  # a factor of 0 has no shift
    lefts, rights = (left << places).sum(), (right << places).sum()
    return np.concatenate([values[:2], [lefts], values[2:], (1 << right) >> 1, [rights]])


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of a GRU's step."""
    prove(work)
    name, layer, optimize = work.name, work.layer, work.optimize
    if optimize == "size":
        raise UnprovenError("no GRU is written for size")
    zero = layer.output.zero_point
    late = output_addend(layer.update.shown, zero, NO_LIMIT) is None
    text = '#include "armv7m/gru_s8.inc"\n'
    text += set_symbols(inputs=layer.features, units=layer.units, **kept_symbols(layer))
    text += set_symbols(hidden_late=int(late), hidden_power=0)
    packed, header, words = [], [], 0
    for matrix, vector in zip(lower.gate_matrices(layer, work.source), ("input", "hidden"), strict=True):
        left = np.maximum(matrix.by_row.shift, 0)  # (3, H)
        prove_doubled(matrix.rows.astype(np.int64) << left[..., np.newaxis], matrix.starts << left)
        packing, along = packing_of(matrix.rows[ROWS], matrix.which, optimize)
        symbols = {"block": along.length, "ordered": int(bool(along.order))}
        text += set_symbols(**{f"{vector}_{symbol}": value for symbol, value in symbols.items()})
        text += set_symbols(**{f"{matrix.which}_any": int(any_shift(matrix))})
        header.append(bytes_of(np.array(along.order)))
        words += vector_words(packing, along, optimize)
        packed.append((matrix, packing, along))
    parts = [
        part
        for unit in range(layer.units)
        for matrix, packing, along in packed
        for part in (
            starts_of(matrix.starts[ROWS, unit], packing, along, optimize),
            words_of(matrix.rows[ROWS, unit], packing, along, optimize),
            _scales(matrix, unit),
        )
    ]
    blocks = " and ".join(str(along.length) for *_, along in packed)
    comment = f"{layer.units} units: starts of the sums, rows of r, z, h and scales, blocks of {blocks} columns"
    return assembly.cell(work, text, stream(f"{name}_weights", header + parts, comment), scratch_of(words))
