# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How far integers can go, over all inputs there can be: sums, and what becomes of them times a factor.

No step may leave the bits that it has on the device; what could is a ``BeyondError``.
"""

from __future__ import annotations

import numpy as np

from model import fixed_point as fp
from model.signal import Array, Signal

MAX_SHIFT = 30  # of the multiplier of a sum of 32 bits
MAX_SHIFT_WIDE = 14  # … of 64 bits: it is shifted right by 15 less this
MAX_SUM_WIDE = 1 << 47  # times a 15-bit factor it fits 63 bits

Span = tuple[Array, Array]  # smallest and largest values of numbers


class BeyondError(Exception):
    """What a layer's integers cannot hold."""


def ends(low: int, high: int) -> Span:
    """That of one number."""
    return np.array(low), np.array(high)


def clipped(span: Span, low: int, high: int) -> Span:
    """What is left of a span that is saturated."""
    return np.clip(span[0], low, high), np.clip(span[1], low, high)


def whole(signal: Signal) -> Span:
    """All a signal's type holds; of floats nothing is said."""
    return ends(0, 0) if signal.real else ends(signal.low, signal.high)


def sum_range(values: Array, bias: Array, stored: Span, zero_point: int) -> Span:
    """Of the sum of each row (..., I) with its bias (...); exact, as Python's integers."""
    wide = values.astype(np.int64)
    limits = wide * (int(stored[0]) - zero_point), wide * (int(stored[1]) - zero_point)
    start = bias.astype(object)
    return start + np.minimum(*limits).sum(axis=-1), start + np.maximum(*limits).sum(axis=-1)


def int32(what: str, span: Span) -> Span:
    """The span, of int64; raises where it leaves 32 bits."""
    low, high = span[0].min(), span[1].max()
    if low < -(1 << 31) or high >= 1 << 31:
        raise BeyondError(f"{what} can reach {max(-low, high)} and overflow 32 bits")
    return span[0].astype(np.int64), span[1].astype(np.int64)


def factored(what: str, span: Span, factor: fp.Multiplier, zero_point: int) -> Span:
    """32-bit numbers times a factor, plus a zero point: none of the steps may overflow."""
    left = max(factor.shift, 0)
    if left > MAX_SHIFT:
        raise BeyondError(f"the scale of {what} is more than 2^{MAX_SHIFT} times that of its output")
    low, high = int32(what, span)
    int32(f"{what}, shifted left by {left} bits,", (low << left, high << left))
    scaled = fp.requantise32(low, factor) + zero_point, fp.requantise32(high, factor) + zero_point
    return int32(f"{what}, in steps of its output,", scaled)


def factored_wide(span: Span, factor: fp.Multiplier, out: Signal) -> Span:
    """The same of 64-bit sums, which are saturated to ``out``."""
    largest = max(-span[0].min(), span[1].max())
    if largest >= MAX_SUM_WIDE:
        raise BeyondError(f"its sums can reach {largest:.3g} and overflow 48 bits")
    if factor.shift > MAX_SHIFT_WIDE:
        raise BeyondError("the scale of its weights is too coarse for that of its output")
    low, high = (fp.product64(end.astype(np.int64), factor) for end in span)
    # the device takes 32 bits of them, which shows unless what it saturates to stays the same
    harmless = (low - fp.wrap32(low)) == (high - fp.wrap32(high))
    for end in (low, high):
        harmless &= np.clip(fp.wrap32(end), out.low, out.high) == np.clip(end, out.low, out.high)
    int32("its sums, in steps of its output,", (np.where(harmless, 0, low), np.where(harmless, 0, high)))
    return low, high


def stored_factor(source: Signal, stored: Span, factor: fp.Multiplier, out: Signal) -> Span:
    """Stored values less their zero point, times a factor, plus the output's zero point."""
    span = stored[0] - source.zero_point, stored[1] - source.zero_point
    return clipped(factored("its input", span, factor, out.zero_point), out.low, out.high)
