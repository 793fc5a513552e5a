# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Rows and columns as words: what the assembly sets' streams of weights are made of."""

from __future__ import annotations

import numpy as np

from kernels.common import assembly
from model import lower
from model.layers.dense import Dense
from model.signal import Array, Signal


def bytes_of(numbers: Array) -> Array:
    """Numbers as bytes one behind the other, four a word, the last one filled up with zeros."""
    flat = (numbers.astype(np.int64).reshape(-1) & 255).astype(np.uint8)
    return np.pad(flat, (0, -len(flat) % 4)).view("<i4").astype(np.int64)


def groups(outputs: int, rows: int = 4) -> list[slice]:
    """The rows of a Dense that are summed together."""
    return [slice(first, min(first + rows, outputs)) for first in range(0, outputs, rows)]


def dense_scales(layer: Dense, source: Signal) -> tuple[Array, Array, dict[str, int]]:
    """What the sums of a Dense start from (O,), their scales, and symbols of them; proved for Thumb-2's sets.

    The scales (O, 3): multiplier, addend, shift; (O, 2) where all rows have one shift.
    """
    zero, starts = layer.output.zero_point, lower.dense_starts(layer, source)
    assembly.prove_doubled(layer.kernel.values, starts)
    factors, peaks = assembly.dense_factors(layer, source), lower.peak(layer.kernel.values, starts).tolist()
    early = [assembly.output_addend(m, zero, largest) for m, largest in zip(factors, peaks, strict=True)]
    late = any(addend is None for addend in early)
    addends = [1 << (-m.shift - 1) for m in factors] if late else [addend or 0 for addend in early]
    uniform = len({m.shift for m in factors}) == 1
    rows = [(m.value, addend, -m.shift) for m, addend in zip(factors, addends, strict=True)]
    symbols = {
        "rows_s": factors[0].shift if uniform else 0,
        "rows_zero": zero if late else 0,
        "rows_low": lower.lowest(layer),
    }
    return starts, np.array(rows, np.int64)[:, : 2 if uniform else 3], symbols
