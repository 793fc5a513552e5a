# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Activations of whole integer layers as TensorFlow Lite Micro computes them, bit for bit.

An elementwise function of int8 is a table of 256 values; of int16, the sigmoid table of the LSTM; softmax has
an arithmetic of its own for each. Q0.31 and Q5.26 name fixed-point formats by integer and fraction bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model import fixed_point as fp
from model.fixed_point import Int
from model.network import Signal

ONE = (1 << 31) - 1  # the largest Q0.31, standing for 1

# what the output of each function must be quantised to: {function: {type: (scale, zero point)}}
OUTPUTS = {
    "sigmoid": {"int8": (2.0**-8, -128), "int16": (2.0**-15, 0)},
    "softmax": {"int8": (2.0**-8, -128), "int16": (2.0**-15, 0)},
    "tanh": {"int8": (2.0**-7, 0), "int16": (2.0**-15, 0)},
}


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


def relu_multiplier(source: Signal, out: Signal) -> fp.Multiplier:
    """The factor of a ReLU of its own: from the input's scale to the output's."""
    return fp.multiplier(source.scale / out.scale)


def _relu(x: Int, source: Signal, out: Signal) -> Int:
    y = fp.requantise32(x - source.zero_point, relu_multiplier(source, out)) + out.zero_point
    return np.clip(y, max(out.low, out.zero_point), out.high)


def table8(function: str, source: Signal, out: Signal) -> Int:
    """An elementwise function of int8 as a table: entry k is the result for the stored value k - 128."""
    stored = np.arange(-128, 128)
    if function == "relu":
        return _relu(stored, source, out)
    factor = fp.multiplier(source.scale * 2.0**27)
    x = stored - source.zero_point
    radius = _radius(4, factor.shift)
    inside = fp.requantise32(np.where(np.abs(x) < radius, x, 0), factor)
    y = _shift_right(_sigmoid31(inside), 23) - 128 if function == "sigmoid" else _shift_right(_tanh31(inside), 24)
    return np.where(x <= -radius, -128, np.where(x >= radius, 127, np.clip(y, -128, 127)))


@dataclass(frozen=True)
class Slope16:
    """An int16 input times ``value``, plus half, shifted right by ``shift``: units of 1 / 3 / 2**12."""

    value: int
    shift: int


def slope16(function: str, scale: float) -> Slope16:
    """How the int16 sigmoid or tanh brings its input to the sigmoid table's units."""
    log2 = np.log(np.float32(scale)) * (np.float32(1) / np.log(np.float32(2)))
    up = 12 + int(np.round(log2))
    if abs(log2 - np.round(log2)) < 1e-3 and up in ((0, 1) if function == "tanh" else (0,)):
        return Slope16(3 << up, 0)
    value, shift = scale * 4096.0 * 3.0, 0
    while value <= 32767.0 / 2.0 and shift <= 30:
        value, shift = value * 2.0, shift + 1
    return Slope16(int(value), shift)


def _elementwise16(function: str, x: Int, source: Signal) -> Int:
    slope = slope16(function, source.scale)
    v = (x * slope.value + ((1 << slope.shift) >> 1)) >> slope.shift
    return fp.sigmoid_at(v) if function == "sigmoid" else fp.tanh_at(v)


def softmax8_multiplier(source: Signal) -> fp.Multiplier:
    """What brings a difference of two int8 inputs to Q5.26."""
    return fp.multiplier(min(source.scale * 2.0**26, 2.0**31 - 1))


def _softmax8(x: Int, source: Signal) -> Int:
    factor = softmax8_multiplier(source)
    difference = x - x.max(axis=-1, keepdims=True)
    near = difference >= -_radius(5, factor.shift)  # exp of the others counts as 0
    e = np.where(near, _exp(fp.requantise32(np.where(near, difference, 0), factor), 5), 0)
    total = np.where(near, _shift_right(e, 12), 0).sum(axis=-1, keepdims=True)  # Q12.19
    bits = np.frexp(total.astype(np.float64))[1].astype(np.int64)
    scale = _shift_left(_reciprocal((total << (32 - bits)) - (1 << 31)), 1)
    y = _shift_right(_product(scale, e), bits - 20 + 31 - 8) - 128
    return np.where(near, np.clip(y, -128, 127), -128)


Real32 = NDArray[np.float32]


def _softmax_table(low: np.float32, high: np.float32, function: Callable[[Real32], Real32]) -> Int:
    """513 samples of a function over [low, high] in Q0.15, moved by half the error of a chord at its middle.

    Computed in float32 as TFLite does, where the order of operations decides the last bit.
    """
    f32 = np.float32
    unit = f32(2) / f32(65535)
    inverse = f32(65536) / (unit * f32(32767) - unit * f32(-32768))
    step = (high - low) / f32(512)
    at = low + np.arange(512, dtype=np.float32) * step
    after = low + np.arange(1, 513, dtype=np.float32) * step

    def nearest(values: Real32) -> Real32:
        return np.trunc(values.astype(np.float64) + np.copysign(0.5, values)).astype(np.float32)

    here = nearest(function(at) * inverse)
    middle = nearest(function(at + step / f32(2)) * inverse)
    chord = nearest((function(after) * inverse + here) / f32(2))
    last = nearest(function(np.array([high])) * inverse)
    table = np.append(here - nearest((chord - middle) / f32(2)), last)
    return np.clip(table, -32768, 32767).astype(np.int64)


def _exp32(x: Real32) -> Real32:
    return np.exp(x.astype(np.float64)).astype(np.float32)


def _reciprocal32(x: Real32) -> Real32:
    return (np.float32(1) / (np.float32(1) + x)).astype(np.float32)


_STEP16 = np.float32(65535)  # steps between the ends of int16
EXP_TABLE: Int = _softmax_table(np.float32(10) / _STEP16 * -_STEP16, np.float32(0), _exp32)
RECIPROCAL_TABLE: Int = _softmax_table(np.float32(0), np.float32(1) / _STEP16 * _STEP16, _reciprocal32)


def _look_up(x: Int, table: Int) -> Int:
    """A 513-entry table at an int16, linear between entries."""
    k = 256 + (x >> 7)
    return np.asarray(table[k] + (((table[k + 1] - table[k]) * (x & 127) + 64) >> 7))


def softmax16_multiplier(source: Signal) -> fp.Multiplier:
    """What brings a difference of two int16 inputs to units of 10 / 65535."""
    return fp.multiplier(source.scale / (10.0 / 65535.0))


def _softmax16(x: Int, source: Signal) -> Int:
    difference = x - x.max(axis=-1, keepdims=True)
    scaled = fp.requantise32(difference, softmax16_multiplier(source))
    e = _look_up(np.clip(scaled + 32767, -32768, 32767), EXP_TABLE)
    total = e.sum(axis=-1, keepdims=True)  # Q16.15
    bits = np.frexp(total.astype(np.float64))[1].astype(np.int64)
    mantissa = ((total << (31 - bits)) + (1 << 13)) >> 14  # total as 2**16 .. 2**17
    reciprocal = _look_up(np.clip(mantissa - (1 << 15) - (1 << 16), -32768, 32767), RECIPROCAL_TABLE)
    right = bits - 1
    return np.asarray(np.clip((e * reciprocal + (1 << (right - 1))) >> right, 0, 32767))


def run(function: str, x: Int, source: Signal, out: Signal) -> Int:
    """Stored results of relu, sigmoid, tanh or softmax (over the last axis) for stored inputs."""
    if function == "softmax":
        return _softmax8(x, source) if source.dtype == "int8" else _softmax16(x, source)
    if source.dtype == "int8":
        return table8(function, source, out)[x + 128]
    return _relu(x, source, out) if function == "relu" else _elementwise16(function, x, source)
