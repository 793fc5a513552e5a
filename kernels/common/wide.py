# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What sets share for int16x8, whose definition has sums of 64 bits and one rounding of their product with a factor.

32 bits hold a layer's sums where that is proved of its weights; then the high word of a product of 64 bits is all that
a requantisation needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.common import assembly
from kernels.common.constants import Constants, ConstArray, dense_parts
from kernels.common.words import bytes_of
from kernels.common.work import UnprovenError, Work
from model import fixed_point as fp
from model import lower
from model.layers.dense import Dense
from model.signal import Array, Signal

MOST = 1 << 15  # the largest magnitude of an int16
BITS = 31  # of a magnitude in 32 bits
ROWS = 4  # of a word, see ``raised``
RAISED = 128  # what its bytes are above the weights
BEYOND = 1 << 16  # times a sum that leaves 32 bits it leaves 16 bits in the high word


def peak(rows: Array, starts: Array) -> int:
    """The largest magnitude of a row's sum (..., I), on its way too; proved to fit 32 bits."""
    largest = int(lower.peak(rows, starts, MOST).max())
    if largest >= 1 << BITS:
        raise UnprovenError(f"a sum can reach {largest} and overflow 32 bits")
    return largest


def high_word(factor: fp.Multiplier, largest: int) -> fp.Multiplier:
    """A factor for the high word of the product with a sum of at most ``largest``.

    Shift 0: rounded, it is the result. Above 0: of the sum shifted left by so many bits. Below 0: it is shifted right
    by so many bits, and rounded there.
    """
    reduced, right = (int(each) for each in fp.reduced16(factor))
    if reduced == 0:
        return fp.Multiplier(0, 0)
    left = max(16 - right, 0)
    if largest << left >= 1 << BITS:
        raise UnprovenError(f"a sum can reach {largest}, and overflow 32 bits once it is shifted left by {left}")
    if right > 32:
        return fp.Multiplier(reduced, 32 - right)
    return fp.Multiplier(reduced << (32 - max(right, 16)), left)


def gate_factors(matrix: lower.GateMatrix) -> list[fp.Multiplier]:
    """Each gate's factor, as ``high_word`` gives it for the largest of its sums."""
    return [
        high_word(factor, peak(rows, starts))
        for factor, rows, starts in zip(matrix.factors, matrix.rows, matrix.starts, strict=True)
    ]


def dense_factors(layer: Dense, source: Signal, in_parts: bool) -> Array:
    """Each row's factor (O,), whose product's high word, rounded, is the output; proved for sums saturated to 32 bits.

    ``in_parts``: the sums are kept in 64 bits.
    """
    factors = lower.dense_factors(layer, source)
    words = [high_word(factor, 0) for factor in factors]
    if any(word.shift > 0 for word in words):
        raise UnprovenError("a row's scale is above 1/2")
    if any(word.shift < 0 for word in words):
        raise UnprovenError("a row's scale is below 2^-18")
    if not in_parts or any(0 < word.value < BEYOND for word in words):
        peak(layer.kernel.values, layer.bias)
    return np.array([word.value for word in words], np.int64)


@dataclass(frozen=True, eq=False)
class DenseRows:
    """What a set packs of a Dense, whose sums are proved to fit 32 bits in each part."""

    kernel: Array  # (parts, O, I)
    starts: Array  # (O,) int64: what the sums start from
    factors: Array  # (O,), see ``dense_factors``


def dense_rows(work: Work[Dense]) -> DenseRows:
    """Of a Dense, whole or in parts."""
    layer, outputs = work.layer, len(work.layer.bias)
    factors = dense_factors(layer, work.source, work.parts > 1)
    kernel = dense_parts(layer, work.steps, work.blocks)[0].reshape(work.parts, outputs, -1)
    peak(kernel, np.zeros(1, np.int64))
    return DenseRows(kernel, lower.dense_starts(layer, work.source), factors)


def dense(work: Work[Dense], rows: DenseRows, weights: ConstArray, scratch: int, **symbols: int | str) -> Constants:
    """Constants and code of a Dense whose weights are packed; ``symbols``: what its macros want beside the usual."""
    outputs = len(rows.starts)
    text = assembly.set_symbols(
        inputs=rows.kernel.shape[-1],
        outputs=outputs,
        part_bytes=4 * len(weights.values) // work.parts,
        rows_low=lower.lowest(work.layer),
        **symbols,
    )
    starts = ConstArray(f"{work.name}_bias", rows.starts.astype(np.int64), "int64_t", f"({outputs} outputs)")
    scales = assembly.stream(f"{work.name}_scales", [rows.factors], f"({outputs} outputs): factors")
    return assembly.dense(work, text, weights, (starts, scales), scratch)


def raised(rows: Array) -> Array:
    """Rows (R, I) of int8, column by column: shifted right by so many bytes a word holds the rows that are left.

    All bytes of a column but the last one are raised by 128, so that none is below 0 and borrows from the next.
    """
    above = np.full((len(rows), 1), RAISED)
    above[-1] = 0
    return bytes_of((rows.astype(np.int64) + above).T)


def raw_starts(starts: Array) -> Array:
    """What sums of such words start from, for rows whose own do from ``starts`` (R,)."""
    raw = starts.astype(np.int64)
    for row in reversed(range(len(raw) - 1)):
        raw[row] += raw[row + 1] << 8
    return raw


def turn(columns: int, straight: int) -> int:
    """Columns that a turn of a loop takes, so that its code and that of those left have no more; 0: no loop."""
    if columns <= straight:
        return 0
    return next(each for each in range(straight, 0, -1) if each + columns % each <= straight)
