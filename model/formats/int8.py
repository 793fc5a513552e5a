# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Values and weights of 8 bits, as TensorFlow Lite Micro computes them, bit for bit.

An elementwise function is a table of 256 values; softmax has an arithmetic of its own. Q0.31 and Q5.26 name
fixed-point formats by integer and fraction bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import fixed_point as fp
from model import spans
from model.fixed_point import Int
from model.formats import pieces, types
from model.formats.base import Elementwise
from model.formats.integer import Integer
from model.formats.weights8 import SMALLEST
from model.functions import Function
from model.signal import Array, Signal
from model.spans import Span

ORDER, SUFFIX = 3, "s8"
ONE = (1 << 31) - 1  # the largest Q0.31, standing for 1
FIXED_POINT = ("sigmoid", "tanh")  # have an arithmetic of their own in TFLite


def _product(a: Int, b: Int | int) -> Int:
    """a * b of two Q0.31 (or of a Q0.31 and another format, in that format), rounded."""
    return (a * b + (1 << 30)) >> 31


def _shift_left(x: Int, bits: int) -> Int:
    return fp.saturate(x << bits, 32)


def _shift_right(x: Int, bits: Int | int) -> Int:
    """x / 2**bits, halves away from zero."""
    half = (1 << np.asarray(bits, np.int64)) >> 1
    return (x + half - ((x < 0) & (half > 0))) >> bits


def _exp(x: Int, integer_bits: int) -> Int:
    """exp(x) in Q0.31 of x <= 0 with this many integer bits: a Taylor series near -1/8, factors exp(-2**k)."""
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    low = (x & (quarter - 1)) - quarter  # in [-1/4, 0)
    a = _shift_left(low, integer_bits) + (1 << 28)
    a2 = _product(a, a)
    a3, a4 = _product(a2, a), _product(a2, a2)
    cubic = _product(_shift_right(a4, 2) + a3, 715827883)  # a3/3 + a4/12
    series = a + _shift_right(cubic + a2, 1)
    result = 1895147668 + _product(series, 1895147668)  # exp(-1/8)
    rest = low - x
    factors = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)  # exp(-2**k), k = -2..4
    for k, factor in enumerate(factors[: integer_bits + 2], start=-2):
        result = np.where(rest >> (fraction_bits + k) & 1, _product(result, factor), result)
    return np.where(x == 0, ONE, result)


def _reciprocal(x: Int) -> Int:
    """2 / (1 + x) in Q2.29 of x in [0, 1) as Q0.31: Newton steps from 48/17 - 32/17 d, d = (1 + x) / 2."""
    half_denominator = (x + ONE + 1) // 2
    y = 1515870810 + _product(half_denominator, -1010580540)
    for _ in range(3):
        y = y + _shift_left(_product(y, (1 << 29) - _product(half_denominator, y)), 2)
    return y


def _sigmoid31(x: Int) -> Int:
    """Logistic function of Q4.27 in Q0.31."""
    positive = _shift_left(_reciprocal(_exp(-np.abs(x), 4)), 1)
    return np.where(x == 0, 1 << 30, np.where(x > 0, positive, ONE - positive))


def _tanh31(x: Int) -> Int:
    """tanh of Q4.27 in Q0.31."""
    positive = _shift_left(_reciprocal(_exp(-np.abs(x), 5)) - (1 << 29), 2)  # the same bits as Q5.26 are 2x
    return np.where(x == 0, 0, np.where(x > 0, positive, -positive))


def _radius(integer_bits: int, shift: int) -> int:
    """The largest input difference that stays within the format after scaling by 2**shift."""
    return int(((1 << integer_bits) - 1) * (1 << (31 - integer_bits)) / 2.0**shift)


STORED = np.arange(-128, 128)


def _elu32(x: Array, alpha: float) -> Array:
    """As tflite-micro has it: of tiny scales, what exp(x) has after its 1 is lost."""
    below = np.exp(np.minimum(x, 0).astype(np.float64)).astype(np.float32) - np.float32(1)
    return np.where(x < 0, np.float32(alpha) * below, x)


def _of_real(function: Function, source: Signal, out: Signal) -> Int:
    """Results for all stored values as TFLite's tables have them: float32 but for the function itself."""
    x = np.float32(source.scale) * (STORED - source.zero_point).astype(np.float32)
    with np.errstate(over="ignore"):
        values = _elu32(x, *function.parameters) if function.name == "elu" else function(x.astype(np.float64))
        scaled = values.astype(np.float32) * (np.float32(1) / np.float32(out.scale))
    limit = 2.0**24  # steps of the output: what is infinite, or far beyond, is saturated like what is near
    steps = np.clip(scaled.astype(np.float64), -limit, limit)
    rounded = np.trunc(steps + np.copysign(0.5, steps)).astype(np.int64)
    return np.clip(rounded + out.zero_point, out.low, out.high)


def _of_fixed_point(function: str, source: Signal) -> Int:
    """Sigmoid or tanh of all stored values."""
    stored = STORED
    factor = fp.multiplier(source.scale * 2.0**27)
    x = stored - source.zero_point
    radius = _radius(4, factor.shift)
    inside = fp.requantise32(np.where(np.abs(x) < radius, x, 0), factor)
    y = _shift_right(_sigmoid31(inside), 23) - 128 if function == "sigmoid" else _shift_right(_tanh31(inside), 24)
    return np.where(x <= -radius, -128, np.where(x >= radius, 127, np.clip(y, -128, 127)))


def _product16(a: Int, b: int) -> Int:
    """a * b of two Q0.15, rounded: halves away from zero but for what is 1/2 beyond, as gemmlowp has it."""
    product = a * b
    return np.trunc((product + np.where(product >= 0, 1 << 14, 1 - (1 << 14))) / (1 << 15)).astype(np.int64)


def _factor16(real: np.float32) -> tuple[int, int]:
    """A factor as a Q0.15 and a power of two."""
    factor = fp.multiplier(float(real))
    return min((factor.value + (1 << 15)) >> 16, 0x7FFF), factor.shift


def _hard_swish(source: Signal, out: Signal) -> Int | None:
    """x * clip(x / 6 + 1/2, 0, 1) of all stored values in 16 bits; None of an output too fine for it."""
    finer = np.float32(1.0 / 128.0) * np.float32(source.scale)  # the scale of the input, shifted left by 7
    factor, shift = _factor16(finer / np.float32(out.scale))
    slope, up = _factor16(finer / (np.float32(3.0) / np.float32(32768.0)))
    if shift > 0:
        return None
    x = (STORED - source.zero_point) << 7
    share = fp.saturate(x << max(up - 1, 0), 16)
    share = _product16(share, slope)
    share = fp.saturate(share << 1, 16) if up > 0 else _shift_right(share, -up)
    share = (share + (1 << 15)) >> 1
    product = np.trunc(share * _product16(x, factor) / (1 << 15)).astype(np.int64)
    return np.clip(_shift_right(product, -shift) + out.zero_point, out.low, out.high)


def table(function: Function, source: Signal, out: Signal) -> Int:
    """An elementwise function as a table: entry k is the result for the stored value k - 128."""
    straight = pieces.of(function, source, out)
    if straight is not None:
        return straight.at(STORED)
    if function.name in FIXED_POINT:
        return _of_fixed_point(function.name, source)
    in_16_bits = _hard_swish(source, out) if function.name == "hard_swish" else None
    return _of_real(function, source, out) if in_16_bits is None else in_16_bits


def softmax_multiplier(source: Signal) -> fp.Multiplier:
    """What brings a difference of two inputs to Q5.26."""
    return fp.multiplier(min(source.scale * 2.0**26, 2.0**31 - 1))


def _softmax(x: Int, source: Signal) -> Int:
    factor = softmax_multiplier(source)
    difference = x - x.max(axis=-1, keepdims=True)
    near = difference >= -_radius(5, factor.shift)  # exp of the others counts as 0
    e = np.where(near, _exp(fp.requantise32(np.where(near, difference, 0), factor), 5), 0)
    total = np.where(near, _shift_right(e, 12), 0).sum(axis=-1, keepdims=True)  # Q12.19
    bits = np.frexp(total.astype(np.float64))[1].astype(np.int64)
    scale = _shift_left(_reciprocal((total << (32 - bits)) - (1 << 31)), 1)
    y = _shift_right(_product(scale, e), bits - 20 + 31 - 8) - 128
    return np.where(near, np.clip(y, -128, 127), -128)


@dataclass(frozen=True, eq=False, repr=False)
class Int8(Integer):
    """Zero points, and tables for functions."""

    def signal(self, shape: tuple[int, ...], low: float, high: float, finest: float = 0.0) -> Signal:
        """The signal that covers [low, high] and has an exact zero; its scale is ``finest`` at least."""
        low, high = min(low, 0.0), max(high, 0.0)
        scale = np.float32(max(finest, (high - low if high - low > 255 * SMALLEST else 1.0) / 255))
        zero_point = int(np.clip(np.rint(-128 - low / float(scale)), -128, 127))
        return Signal(shape, self.values.name, float(scale), zero_point)

    def hold_sums(self, span: Span, factor: fp.Multiplier, out: Signal) -> Span:
        return spans.factored("its sums", span, factor, out.zero_point)

    def activate(self, function: Function, x: Array, source: Signal, out: Signal) -> Array:
        return np.asarray(table(function, source, out)[x + 128]) if function.elementwise else _softmax(x, source)

    def lowered(self, function: Function, source: Signal, out: Signal) -> Elementwise:
        if not function.elementwise:
            factor = softmax_multiplier(source)
            return Elementwise(f"lstmcu_softmax_{self.suffix}", (factor.value, factor.shift))
        values = table(function, source, out).astype(np.int8)
        comment = f"{function} of every stored value, from -128"
        return Elementwise(f"lstmcu_look_up_{self.suffix}", arrays=(("table", values, comment),))


FORMAT = Int8(
    name="int8",
    suffix=SUFFIX,
    values=types.INT8,
    weights=types.INT8,
    bias=types.INT32,
    sums=types.INT32,
    cell=types.INT16,
    gates=types.INT16,
    tolerance=0.0,
    sum_shift=20,
    multiplies="s8",
    zero_points=True,
    bias_limit=2.0**30,
    bias_bound=float(types.INT32.high),
    most_softmax=4095,
    outputs={(0.0, 1.0): (2.0**-8, -128), (-1.0, 1.0): (2.0**-7, 0)},
)
