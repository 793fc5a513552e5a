# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The integer arithmetic against exact rational numbers, against the real functions, and against the C runtime."""

from __future__ import annotations

import math
import re
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import fixed_point as fp
from model.fixed_point import Multiplier
from tests.support.host import FIRMWARE, Host

INT32 = st.integers(-(1 << 31), (1 << 31) - 1)
MANTISSA = st.one_of(st.just(0), st.just(1 << 30), st.just((1 << 31) - 1), st.integers(1 << 30, (1 << 31) - 1))
LOG2_SCALES = (-15, -14, -13, -12, -11, -9, -5, 0, 2)


def away_from_zero(x: Fraction) -> int:
    """Nearest integer, halves away from zero."""
    return int(math.copysign(1, x)) * math.floor(abs(x) + Fraction(1, 2))


@given(INT32, MANTISSA, st.integers(-31, 0))
def test_requantise32_rounds_twice(x: int, value: int, shift: int) -> None:
    """TFLite's definition: a doubling high multiply (nearest, halves up), then a shift (nearest, halves away)."""
    high = math.floor(Fraction(x * value, 1 << 31) + Fraction(1, 2))
    expected = away_from_zero(Fraction(high, 1 << -shift))
    assert fp.requantise32(np.array([x]), Multiplier(value, shift))[0] == expected


@given(st.integers(-(1 << 20), 1 << 20), MANTISSA, st.integers(1, 10))
def test_requantise32_shifts_left_before_it_multiplies(x: int, value: int, shift: int) -> None:
    expected = math.floor(Fraction((x << shift) * value, 1 << 31) + Fraction(1, 2))
    assert fp.requantise32(np.array([x]), Multiplier(value, shift))[0] == expected


def test_requantise32_wraps_like_the_devices_registers() -> None:
    shifted_out = fp.requantise32(np.array([(1 << 30) + 5]), Multiplier(1 << 30, 2))
    assert shifted_out[0] == (5 << 2) // 2


@given(st.integers(-(1 << 40), 1 << 40), MANTISSA, st.integers(-31, 0))
def test_requantise64_rounds_once_with_16_bits(x: int, value: int, shift: int) -> None:
    reduced = 0x7FFF if value >= 0x7FFF0000 else (value + (1 << 15)) >> 16
    exact = math.floor(Fraction(x * reduced) * Fraction(2) ** (shift - 15) + Fraction(1, 2))
    expected = (exact + (1 << 31)) % (1 << 32) - (1 << 31)
    assert fp.requantise64(np.array([x]), Multiplier(value, shift))[0] == expected


@given(st.floats(2.0**-31, 2.0**20))
def test_a_multiplier_is_the_nearest_31_bit_number(real: float) -> None:
    m = fp.multiplier(real)
    assert 1 << 30 <= m.value < 1 << 31
    got = Fraction(m.value) * Fraction(2) ** (m.shift - 31)
    assert abs(got - Fraction(real)) <= Fraction(2) ** (m.shift - 31) / 2 + Fraction(real) / (1 << 60)


@given(st.lists(st.floats(2.0**-31, 2.0**29), min_size=1, max_size=9), st.integers(-(1 << 20), 1 << 20))
def test_several_multipliers_are_each_of_them(reals: list[float], x: int) -> None:
    made = fp.multipliers(np.array(reals))
    assert made.each() == [fp.multiplier(real) for real in reals]
    sums = np.full(len(reals), x)
    assert fp.requantise32(sums, made).tolist() == [int(fp.requantise32(np.array(x), m)) for m in made.each()]
    narrow = fp.multipliers(np.array(reals) * 2.0**-16)
    assert fp.product64(sums, narrow).tolist() == [int(fp.product64(np.array(x), m)) for m in narrow.each()]


@given(st.floats(2.0**-31, 2.0**29))
def test_a_packed_multiplier_is_the_nearest_25_bit_number_and_its_shift(real: float) -> None:
    made = fp.multipliers(np.array([real]), fp.PACKED)
    (m,), (packed,) = made.each(), fp.packed(made).tolist()
    assert (packed // 64 * 64, packed % 64 - 32) == (m.value, m.shift)
    assert abs(m.value * 2.0 ** (m.shift - 31) / real - 1) <= 2.0**-25


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, Multiplier(0, 0)),
        (0.5, Multiplier(1 << 30, 0)),
        (1.0, Multiplier(1 << 30, 1)),
        (2.0**-15, Multiplier(1 << 30, -14)),
        (np.nextafter(1.0, 0.0), Multiplier(1 << 30, 1)),  # rounds up to the next power of two
        (2.0**-40, Multiplier(0, 0)),  # nothing is left of any int32
    ],
)
def test_special_multipliers(real: float, expected: Multiplier) -> None:
    assert fp.multiplier(real) == expected


def test_saturate_and_wrap_at_their_limits() -> None:
    x = np.array([-(1 << 15) - 1, -(1 << 15), (1 << 15) - 1, 1 << 15])
    assert fp.saturate(x, 16).tolist() == [-32768, -32768, 32767, 32767]
    assert fp.wrap32(np.array([1 << 31, -(1 << 31) - 1, 7])).tolist() == [-(1 << 31), (1 << 31) - 1, 7]


def test_sigmoid_is_within_one_unit_of_the_real_one() -> None:
    x = np.arange(-32768, 32768)
    real = 32768 / (1 + np.exp(-x / 4096))
    assert np.abs(fp.sigmoid16(x) - real).max() <= 1.02
    assert fp.sigmoid16(x).min() >= 0
    assert fp.sigmoid16(x).max() <= 32767


@pytest.mark.parametrize("log2_scale", LOG2_SCALES)
def test_tanh_is_within_one_and_a_half_units_of_the_real_one(log2_scale: int) -> None:
    x = np.arange(-32768, 32768)
    real = 32768 * np.tanh(x * 2.0**log2_scale)
    # at fine scales the argument itself is rounded, to 1 / 3 / 2**12
    rounding = 0.0 if log2_scale >= -12 else 32768 / 3 / 4096 / 2
    assert np.abs(fp.tanh16(x, log2_scale) - real).max() <= 1.52 + rounding
    assert (np.diff(fp.tanh16(x, log2_scale)) >= 0).all()


def test_the_tables_of_c_and_python_are_the_same() -> None:
    text = (FIRMWARE / "runtime/activation.c").read_text()
    found = re.search(r"sigmoid_table\[256\] = \{([^}]*)\}", text)
    assert found is not None
    np.testing.assert_array_equal([int(word) for word in re.findall(r"\d+", found[1])], fp.SIGMOID_TABLE)


@pytest.fixture(scope="module")
def arithmetic(host: Host) -> Path:
    """The C arithmetic as a program; see tests/support/arithmetic.c."""
    return host.program("arithmetic", [Path(__file__).parents[1] / "support/arithmetic.c"])


def run(program: Path, *words: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run([program, *words], input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_c_sigmoid_for_every_input(arithmetic: Path) -> None:
    np.testing.assert_array_equal(np.frombuffer(run(arithmetic, "s"), np.int16), fp.sigmoid16(np.arange(-32768, 32768)))


@pytest.mark.parametrize("log2_scale", LOG2_SCALES)
def test_c_tanh_for_every_input(arithmetic: Path, log2_scale: int) -> None:
    expected = fp.tanh16(np.arange(-32768, 32768), log2_scale)
    np.testing.assert_array_equal(np.frombuffer(run(arithmetic, str(log2_scale)), np.int16), expected)


def test_c_requantise_on_extreme_and_random_values(arithmetic: Path) -> None:
    random = np.random.default_rng(0)
    limits = [s * (1 << k) + d for k in (0, 1, 14, 15, 16, 30) for s in (-1, 1) for d in (-1, 0, 1)]
    xs = [*limits, -(1 << 31), (1 << 31) - 1, 0]
    values = [0, 1 << 30, (1 << 30) + 1, 3 << 29, (1 << 31) - 1]
    triples = [(x, value, shift) for x in xs for value in values for shift in range(-31, 13)]
    triples += zip(
        random.integers(-(1 << 31), 1 << 31, 5000).tolist(),
        random.integers(1 << 30, 1 << 31, 5000).tolist(),
        random.integers(-31, 13, 5000).tolist(),
        strict=True,
    )
    got = np.frombuffer(run(arithmetic, stdin=np.array(triples, np.int32).tobytes()), np.int32)
    expected = [fp.requantise32(np.array([x]), Multiplier(value, shift))[0] for x, value, shift in triples]
    np.testing.assert_array_equal(got, expected)
