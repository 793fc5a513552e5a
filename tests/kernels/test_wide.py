# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What int16x8's kernels make of 64-bit sums: the high word of a product is the reference's requantisation."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.common import wide
from kernels.common.work import UnprovenError
from model import fixed_point as fp
from model import lower
from model.formats.int16x8 import FORMAT as INT16X8
from model.layers.dense import Dense
from model.signal import Array, Signal, Weights

LARGEST = (1 << 31) - 1
FRACTIONS = (1 << 30, 0x40007FFF, 0x40008000, 0x5A5A5A5A, 0x7FFEFFFF, 0x7FFF0000, (1 << 31) - 1)


def numbers(largest: int) -> Array:
    """Sums of all sizes up to this one, both signs."""
    random = np.random.default_rng(largest)
    steps = np.concatenate([np.arange(64), [largest - k for k in range(64)], random.integers(0, largest + 1, 4000)])
    shifted = np.concatenate([steps >> k for k in range(0, 31, 3)])
    return np.concatenate([shifted, -shifted])


def requantised(x: Array, word: fp.Multiplier) -> Array:
    """What SMMULR, or SMMLA and a shift, make of it, saturated."""
    if word.shift >= 0:
        shifted = x << word.shift
        assert np.abs(shifted).max() <= 1 << 31
        return fp.saturate((shifted * word.value + (1 << 31)) >> 32, 16)
    right = -word.shift
    return fp.saturate(((x * word.value >> 32) + (1 << (right - 1))) >> right, 16)


@pytest.mark.parametrize("shift", range(-31, 15))
def test_the_high_word_is_the_reference(shift: int) -> None:
    largest = LARGEST >> max(shift + 1, 0)  # shifted left by 16 - (15 - shift)
    x = numbers(largest)
    for value in FRACTIONS:
        factor = fp.Multiplier(value, shift)
        word = wide.high_word(factor, largest)
        assert 0 < word.value < 1 << 31
        np.testing.assert_array_equal(requantised(x, word), fp.saturate(fp.product64(x, factor), 16))
    if shift >= 0:
        with pytest.raises(UnprovenError, match=f"overflow 32 bits once it is shifted left by {shift + 1}"):
            wide.high_word(fp.Multiplier(1 << 30, shift), largest + 1)
    assert wide.high_word(fp.Multiplier(0, shift), LARGEST) == fp.Multiplier(0, 0)


def dense(weight: int, inputs: int, scale: float, bias: int = 0) -> tuple[Dense, Signal]:
    """Two rows, the first of which has a usual scale."""
    kernel = Weights(np.full((2, inputs), weight, np.int8), np.array([2.0**-10, scale], np.float32))
    out, source = Signal((2,), "int16", 2.0**-12), Signal((inputs,), "int16", 2.0**-12)
    return Dense("dense", kernel, np.full(2, bias, np.int64), "linear", out, INT16X8), source


@pytest.mark.parametrize("log2", range(-18, -1))
def test_sums_beyond_32_bits_may_be_saturated_before_they_are_factored(log2: int) -> None:
    """In parts a sum is kept in 64 bits. With too small a factor it would have to be proved, as that of a whole one."""
    layer, source = dense(127, 600, 2.0**log2)
    beyond = pytest.raises(UnprovenError, match="a sum can reach 2496921600 and overflow 32 bits")
    with beyond:
        wide.dense_factors(layer, source, in_parts=False)
    if log2 < -16:
        with beyond:
            wide.dense_factors(layer, source, in_parts=True)
        return
    x = np.concatenate([numbers(1 << 46), numbers(1 << 31), numbers(LARGEST)])
    words = wide.dense_factors(layer, source, in_parts=True)
    for word, factor in zip(words.tolist(), lower.dense_factors(layer, source), strict=True):
        kept = requantised(np.clip(x, -(1 << 31), LARGEST), fp.Multiplier(word, 0))
        np.testing.assert_array_equal(kept, fp.saturate(fp.product64(x, factor), 16))


@pytest.mark.parametrize(
    ("scale", "bias", "what"),
    [
        (1.0, 0, "a row's scale is above 1/2"),
        (0.5 - 2.0**-20, (1 << 31) - (1 << 15), "a sum can reach 2147483648 and overflow 32 bits"),
        (2.0**-19, 0, "a row's scale is below 2\\^-18"),
    ],
)
def test_what_a_row_must_not_be(scale: float, bias: int, what: str) -> None:
    with pytest.raises(UnprovenError, match=what):
        wide.dense_factors(*dense(1, 1, scale, bias), in_parts=False)
    assert (wide.dense_factors(*dense(1, 1, 0.499, (1 << 31) - (1 << 15) - 1), in_parts=False) > 0).all()
    assert (wide.dense_factors(*dense(1, 1, 2.0**-18), in_parts=False) == [1 << 22, 1 << 14]).all()


def test_turns_leave_little_code() -> None:
    for straight in (1, 8, 20, 28):
        for columns in range(1, 300):
            turn = wide.turn(columns, straight)
            assert (turn == 0) == (columns <= straight)
            assert not turn or turn + columns % turn <= straight
