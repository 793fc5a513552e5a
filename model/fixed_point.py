# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The integer arithmetic of TensorFlow Lite Micro's LSTM and Dense, in numpy, bit for bit.

Integers are held in int64 so that nothing wraps by accident; where the device wraps or saturates, so does this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]

PACKED = 6  # low bits of a factor that are its shift, where a factor is one number


@dataclass(frozen=True)
class Multiplier:
    """A real factor as ``value * 2**(shift - 31)``, value in [2**30, 2**31) or 0."""

    value: int
    shift: int


@dataclass(frozen=True, eq=False)
class Multipliers:
    """The same, several at once: arrays of one shape."""

    value: Int
    shift: Int

    def at(self, index: int) -> Multipliers:
        """Those of one leading index."""
        return Multipliers(self.value[index], self.shift[index])

    def each(self) -> list[Multiplier]:
        """One after another."""
        return [
            Multiplier(int(value), int(shift)) for value, shift in zip(self.value.flat, self.shift.flat, strict=True)
        ]


Factor = Multiplier | Multipliers


def multiplier(real: float, spare: int = 0) -> Multiplier:
    """Split a non-negative real factor the way TFLite's QuantizeMultiplier does; the ``spare`` low bits are 0."""
    if real == 0.0:
        return Multiplier(0, 0)
    fraction, shift = np.frexp(real)
    value = int(np.floor(fraction * 2.0 ** (31 - spare) + 0.5)) << spare  # round half away from zero; fraction > 0
    if value == 1 << 31:
        value, shift = 1 << 30, shift + 1
    if shift < -31:
        return Multiplier(0, 0)
    return Multiplier(value, int(shift))


def saturate(x: Int, bits: int) -> Int:
    """Clamp to a signed integer of ``bits`` bits."""
    limit = 1 << (bits - 1)
    return np.clip(x, -limit, limit - 1)


def wrap32(x: Int) -> Int:
    """The low 32 bits of ``x`` as a signed number."""
    return (x + (1 << 31)) % (1 << 32) - (1 << 31)


def multipliers(real: NDArray[np.float64], spare: int = 0) -> Multipliers:
    """Each of an array."""
    made = [multiplier(float(each), spare) for each in real.flat]
    value, shift = (np.array(each, np.int64) for each in zip(*((m.value, m.shift) for m in made), strict=True))
    return Multipliers(value.reshape(real.shape), shift.reshape(real.shape))


def packed(m: Multipliers) -> NDArray[np.uint32]:
    """Those whose ``PACKED`` low bits are 0 with their shifts in these bits, 32 more each."""
    bits = m.shift + (1 << (PACKED - 1))
    assert not (m.value % (1 << PACKED)).any(), "low bits are taken"
    assert ((bits >= 0) & (bits < 1 << PACKED)).all(), "a shift of more bits than there are"
    return (m.value + bits).astype(np.uint32)


def requantise32(x: Int, m: Factor) -> Int:
    """Multiply an int32 by ``m``: doubling high multiply with rounding, then a rounding shift (two roundings).

    (a*m + 2**30) >> 31 equals the saturating rounding doubling high multiply for both signs; the shift
    rounds half away from zero.
    """
    right = np.maximum(-m.shift, 0)
    high = (wrap32(x << np.maximum(m.shift, 0)) * m.value + (1 << 30)) >> 31
    return np.asarray((high + ((1 << right) >> 1) - ((high < 0) & (right > 0))) >> right)


def requantise64(x: Int, m: Factor) -> Int:
    """Multiply an int64 accumulator by ``m`` reduced to 16 bits, with one rounding (int16x8 kernels)."""
    return wrap32(product64(x, m))


def product64(x: Int, m: Factor) -> Int:
    """The same before the device takes 32 bits of it."""
    reduced, right = reduced16(m)
    return np.asarray((x * reduced + (1 << (right - 1))) >> right)


def reduced16(m: Factor) -> tuple[Int, Int]:
    """A factor as ``requantise64`` takes it: of 15 bits, and the right shift."""
    value = np.where(m.value < 0x7FFF0000, (m.value + (1 << 15)) >> 16, 0x7FFF)
    return value, np.asarray(15 - m.shift)


def _sigmoid_table() -> Int:
    """TFLite's table: 2**16 sigmoid(k / 24), k = 0..255, raised by half of what a chord misses at its middle.

    The sigmoid lies above its chords for x > 0; the shift halves the largest error of the interpolation.
    """
    exact = 65536.0 / (1.0 + np.exp(-np.arange(513) / 48.0))  # at k / 2: even entries and their midpoints
    entries, midpoints = exact[:-1:2], exact[1::2]
    missed = midpoints - (entries + exact[2::2]) / 2
    table = np.floor(entries + missed / 2 + 0.5).astype(np.int64)
    table[255] = 65535
    return table


# one table serves sigmoid and tanh: tanh(x) = 2 sigmoid(2x) - 1
SIGMOID_TABLE: Int = _sigmoid_table()


def _interpolate(v: Int, index_bits: int, one: int) -> Int:
    """SIGMOID_TABLE at |v| / 2**index_bits, linear between entries, with ``index_bits`` fraction bits."""
    magnitude = np.abs(v)
    k = np.minimum(magnitude >> index_bits, 254)
    base, slope = SIGMOID_TABLE[k], SIGMOID_TABLE[k + 1] - SIGMOID_TABLE[k]
    inside = (base << index_bits) + (magnitude & ((1 << index_bits) - 1)) * slope
    return np.where(magnitude >> index_bits >= 255, one << index_bits, inside)


def sigmoid_at(v: Int) -> Int:
    """Logistic function of v / 3 / 2**12, result Q0.15 in [0, 32767]."""
    r = _interpolate(v, 9, 0x7FFF << 1)
    return np.where(v >= 0, r + 512, (1 << 25) - r + 511) >> 10


def tanh_at(v: Int) -> Int:
    """tanh of v / 3 / 2**12, result Q0.15."""
    r = _interpolate(v, 8, 0xFFFF)
    return np.where(v >= 0, r - (1 << 23) + 128, -r + (1 << 23) + 127) >> 8


def sigmoid16(x: Int) -> Int:
    """Logistic function of an int16 in Q3.12, result Q0.15."""
    return sigmoid_at(3 * x)


def table_units(x: Int, log2_scale: int) -> Int:
    """An int16 at scale 2**log2_scale in units of 1 / 3 / 2**12, which the table's functions take."""
    shift = 12 + log2_scale
    return x * (3 << shift) if shift >= 0 else (3 * x + (1 << (-shift - 1))) >> -shift


def tanh16(x: Int, log2_scale: int) -> Int:
    """tanh of an int16 at scale 2**log2_scale (-12 for a gate), result Q0.15."""
    return tanh_at(table_units(x, log2_scale))
