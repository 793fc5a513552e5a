# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Values of 16 bits and weights of 8, as TensorFlow Lite Micro computes them, bit for bit.

Its functions are those of the LSTM's sigmoid table; softmax has tables of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model import fixed_point as fp
from model import spans
from model.fixed_point import Int
from model.formats import types
from model.formats.base import Elementwise
from model.formats.integer import Integer, relu
from model.formats.weights8 import SMALLEST
from model.lower import rescale
from model.signal import Array, Signal
from model.spans import BeyondError, Span

ORDER, SUFFIX = 4, "s16"
MAX_SLOPE = 65535  # an int16 times this fits 32 bits


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


_STEPS = np.float32(65535)  # steps between the ends of int16
EXP_TABLE: Int = _softmax_table(np.float32(10) / _STEPS * -_STEPS, np.float32(0), _exp32)
RECIPROCAL_TABLE: Int = _softmax_table(np.float32(0), np.float32(1) / _STEPS * _STEPS, _reciprocal32)


def _look_up(x: Int, table: Int) -> Int:
    """A 513-entry table at an int16, linear between entries."""
    k = 256 + (x >> 7)
    return np.asarray(table[k] + (((table[k + 1] - table[k]) * (x & 127) + 64) >> 7))


def softmax_multiplier(source: Signal) -> fp.Multiplier:
    """What brings a difference of two inputs to units of 10 / 65535."""
    return fp.multiplier(source.scale / (10.0 / 65535.0))


def _softmax(x: Int, source: Signal) -> Int:
    difference = x - x.max(axis=-1, keepdims=True)
    scaled = fp.requantise32(difference, softmax_multiplier(source))
    e = _look_up(np.clip(scaled + 32767, -32768, 32767), EXP_TABLE)
    total = e.sum(axis=-1, keepdims=True)  # Q16.15
    bits = np.frexp(total.astype(np.float64))[1].astype(np.int64)
    mantissa = ((total << (31 - bits)) + (1 << 13)) >> 14  # total as 2**16 .. 2**17
    reciprocal = _look_up(np.clip(mantissa - (1 << 15) - (1 << 16), -32768, 32767), RECIPROCAL_TABLE)
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

    def hold_activation(self, function: str, source: Signal) -> None:
        """A difference of two int16 times 2**15 fits 32 bits, and so must an int16 times its slope."""
        softmax = function == "softmax"
        wide = softmax_multiplier(source).shift > 15 if softmax else slope_of(function, source.scale).value > MAX_SLOPE
        if wide:
            raise BeyondError(f"its input covers +-{32768 * source.scale:.3g}, too much for a {function}")

    def activate(self, function: str, x: Array, source: Signal, out: Signal) -> Array:
        if function == "softmax":
            return _softmax(x, source)
        return relu(x, source, out) if function == "relu" else _elementwise(function, x, source)

    def lowered(self, function: str, source: Signal, out: Signal) -> Elementwise:
        numbers: fp.Multiplier | Slope = slope_of(function, source.scale)
        if function == "softmax":
            numbers = softmax_multiplier(source)
        elif function == "relu":
            numbers = rescale(source, out)
        return Elementwise(f"lstmcu_{function}_{self.suffix}", (numbers.value, numbers.shift))


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
    multiplies="s16",
    bias_limit=2.0**34,
    bias_bound=2.0**62,  # weights scaled by ``least_scale`` bring no bias near; int64's limits are no float64 numbers
    most_softmax=65535,
    outputs={"sigmoid": (2.0**-15, 0), "softmax": (2.0**-15, 0), "tanh": (2.0**-15, 0)},
)
