# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Values of 16 bits and weights of 8, as TensorFlow Lite Micro computes them, bit for bit.

Sigmoid and tanh are those of the LSTM's table; softmax has tables of its own, and so has each other function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model import fixed_point as fp
from model import spans, table16
from model.fixed_point import Int
from model.formats import pieces, types
from model.formats.base import Elementwise
from model.formats.integer import Integer
from model.formats.weights8 import SMALLEST
from model.functions import Function
from model.signal import Array, Signal
from model.spans import BeyondError, Span

ORDER, SUFFIX = 4, "s16"
MAX_SLOPE = 65535  # an int16 times this fits 32 bits
SIGMOIDS = ("sigmoid", "tanh")  # of one table


@dataclass(frozen=True)
class Slope:
    """An input times ``value``, plus half, shifted right by ``shift``: units of 1 / 3 / 2**12."""

    value: int
    shift: int


def slope_of(function: str, scale: float) -> Slope:
    """How the sigmoid or tanh brings its input to the sigmoid table's units."""
    log2 = np.log(np.float32(scale)) * (np.float32(1) / np.log(np.float32(2)))
    up = 12 + int(np.round(log2))
    if abs(log2 - np.round(log2)) < 1e-3 and up in ((0, 1) if function == "tanh" else (0,)):
        return Slope(3 << up, 0)
    value, shift = scale * 4096.0 * 3.0, 0
    while value <= 32767.0 / 2.0 and shift <= 30:
        value, shift = value * 2.0, shift + 1
    return Slope(int(value), shift)


def _elementwise(function: str, x: Int, source: Signal) -> Int:
    slope = slope_of(function, source.scale)
    v = (x * slope.value + ((1 << slope.shift) >> 1)) >> slope.shift
    return fp.sigmoid_at(v) if function == "sigmoid" else fp.tanh_at(v)


Real32 = NDArray[np.float32]


def _softmax_table(low: np.float32, high: np.float32, function: Callable[[Real32], Real32]) -> Int:
    """513 samples of a function over [low, high] in Q0.15, in float32 as TFLite computes them."""
    f32 = np.float32
    unit = f32(2) / f32(65535)
    inverse = f32(65536) / (unit * f32(32767) - unit * f32(-32768))
    step = (high - low) / f32(table16.STEPS)
    at = low + np.arange(table16.STEPS + 1, dtype=np.float32) * step
    return table16.entries(function(at) * inverse, function(at[:-1] + step / f32(2)) * inverse)


def _exp32(x: Real32) -> Real32:
    return np.exp(x.astype(np.float64)).astype(np.float32)


def _reciprocal32(x: Real32) -> Real32:
    return (np.float32(1) / (np.float32(1) + x)).astype(np.float32)


_STEPS = np.float32(65535)  # steps between the ends of int16
EXP_TABLE: Int = _softmax_table(np.float32(10) / _STEPS * -_STEPS, np.float32(0), _exp32)
RECIPROCAL_TABLE: Int = _softmax_table(np.float32(0), np.float32(1) / _STEPS * _STEPS, _reciprocal32)


def softmax_multiplier(source: Signal) -> fp.Multiplier:
    """What brings a difference of two inputs to units of 10 / 65535."""
    return fp.multiplier(source.scale / (10.0 / 65535.0))


def _softmax(x: Int, source: Signal) -> Int:
    difference = x - x.max(axis=-1, keepdims=True)
    scaled = fp.requantise32(difference, softmax_multiplier(source))
    e = table16.at(EXP_TABLE, np.clip(scaled + 32767, -32768, 32767))
    total = e.sum(axis=-1, keepdims=True)  # Q16.15
    bits = np.frexp(total.astype(np.float64))[1].astype(np.int64)
    mantissa = ((total << (31 - bits)) + (1 << 13)) >> 14  # total as 2**16 .. 2**17
    reciprocal = table16.at(RECIPROCAL_TABLE, np.clip(mantissa - (1 << 15) - (1 << 16), -32768, 32767))
    right = bits - 1
    return np.asarray(np.clip((e * reciprocal + (1 << (right - 1))) >> right, 0, 32767))


@dataclass(frozen=True, eq=False, repr=False)
class Int16x8(Integer):
    """Symmetric values, and sums of 64 bits."""

    def signal(self, shape: tuple[int, ...], low: float, high: float, finest: float = 0.0) -> Signal:
        """The symmetric signal that covers [low, high]; its scale is ``finest`` at least."""
        peak = max(-min(low, 0.0), max(high, 0.0))
        scale = np.float32(max(finest, (peak if peak > 32767 * SMALLEST else 1.0) / 32767))
        return Signal(shape, self.values.name, float(scale), 0)

    def hold_sums(self, span: Span, factor: fp.Multiplier, out: Signal) -> Span:
        return spans.factored_wide(span, factor, out)

    def hold_activation(self, function: Function, source: Signal) -> None:
        """A difference of two int16 times 2**15 fits 32 bits, and so must an int16 times its slope."""
        if not function.elementwise:
            wide = softmax_multiplier(source).shift > 15
        else:
            wide = function.name in SIGMOIDS and slope_of(function.name, source.scale).value > MAX_SLOPE
        if wide:
            raise BeyondError(f"its input covers +-{32768 * source.scale:.3g}, too much for a {function}")

    def activate(self, function: Function, x: Array, source: Signal, out: Signal) -> Array:
        if not function.elementwise:
            return _softmax(x, source)
        straight = pieces.of(function, source, out)
        if straight is not None:
            return straight.at(x)
        if function.name in SIGMOIDS:
            return _elementwise(function.name, x, source)
        return table16.at(table16.table(function, source.scale, out.scale), x)

    def lowered(self, function: Function, source: Signal, out: Signal) -> Elementwise:
        straight = pieces.of(function, source, out)
        if straight is not None:
            return straight.lowered(self.suffix)
        if function.elementwise and function.name not in SIGMOIDS:
            values = table16.table(function, source.scale, out.scale).astype(np.int16)
            arrays = (("table", values, f"{function} of every 128th stored value"),)
            return Elementwise(f"lstmcu_table_{self.suffix}", arrays=arrays)
        softmax = softmax_multiplier(source)
        numbers = slope_of(function.name, source.scale) if function.elementwise else softmax
        return Elementwise(f"lstmcu_{function.name}_{self.suffix}", (numbers.value, numbers.shift))


FORMAT = Int16x8(
    name="int16x8",
    suffix=SUFFIX,
    values=types.INT16,
    weights=types.INT8,
    bias=types.INT64,
    sums=types.INT64,
    cell=types.INT16,
    gates=types.INT16,
    tolerance=0.0,
    sum_shift=15,
    multiplies="s16",
    bias_limit=2.0**34,
    bias_bound=2.0**62,  # weights scaled by ``least_scale`` bring no bias near; int64's limits are no float64 numbers
    most_softmax=65535,
    outputs={(0.0, 1.0): (2.0**-15, 0), (-1.0, 1.0): (2.0**-15, 0)},
)
