# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Functions of an int16 as tables of 513 int16, linear between their entries: firmware/runtime/table16.h.

Entry k belongs to the stored value 128 k - 32768. As in TFLite's tables of int16, each entry but the last is moved by
half of what the chord to the next misses at its middle; none beyond what the function itself reaches.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.fixed_point import Int
from model.signal import Array

STEPS, STEP = 512, 128  # of a table; stored values between two entries


def _nearest(values: Array) -> Array:
    return np.trunc(values.astype(np.float64) + np.copysign(0.5, values)).astype(values.dtype)


def entries(values: Array, middles: Array) -> Int:
    """The table of values (513,) and of those half way between them (512,), in steps of the output.

    The order of operations is TFLite's, which in float32 decides the last bit.
    """
    here = _nearest(values)
    chord = _nearest((values[1:] + here[:-1]) / values.dtype.type(2))
    moved = here[:-1] - _nearest((chord - _nearest(middles)) / values.dtype.type(2))
    table: Int = np.clip(np.append(moved, here[-1]), -32768, 32767).astype(np.int64)
    return table


def table(function: Callable[[Array], Array], source_scale: float, out_scale: float) -> Int:
    """That of a real function from int16 of one scale to int16 of another, both symmetric."""
    stored = np.arange(-32768, 32769, STEP // 2, dtype=np.float64)
    limit = 2.0**31 * out_scale  # what is infinite, or far beyond, is saturated like what is near
    found = np.clip(function(stored * source_scale), -limit, limit) / out_scale
    ends = _nearest(np.clip([found.min(), found.max()], -32768, 32767)).astype(np.int64)
    return np.clip(entries(found[::2], found[1::2]), *ends)


def at(table: Int, x: Int) -> Int:
    """A table at int16 values."""
    k = (STEPS // 2) + (x >> 7)
    return np.asarray(table[k] + (((table[k + 1] - table[k]) * (x & 127) + 64) >> 7))
