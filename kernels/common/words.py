# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Rows and columns as words: what the assembly sets' streams of weights are made of."""

from __future__ import annotations

import numpy as np

from model.signal import Array


def bytes_of(numbers: Array) -> Array:
    """Numbers as bytes one behind the other, four a word, the last one filled up with zeros."""
    flat = (numbers.astype(np.int64).reshape(-1) & 255).astype(np.uint8)
    return np.pad(flat, (0, -len(flat) % 4)).view("<i4").astype(np.int64)


def groups(outputs: int, rows: int = 4) -> list[slice]:
    """The rows of a Dense that are summed together."""
    return [slice(first, min(first + rows, outputs)) for first in range(0, outputs, rows)]
