# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel set helium alone does; test_every_set.py has what all do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernels import OPTIMIZE
from kernels.common import wide
from kernels.helium import layout
from model import fixed_point as fp
from model.formats.int16x8 import FORMAT as INT16X8
from model.signal import Array, Weights
from tests.probe import TARGETS
from tests.support.assembly import Assembly
from tests.support.layer_cases import lstm_case, random_lstm

WIDE = Assembly("helium", TARGETS["cortex-m55"], INT16X8)


def _half(product: fp.Int, rounding: int = 0) -> fp.Int:
    """The high half of a product of 16-bit lanes."""
    return (product + rounding) >> 16


def _table(optimize: str) -> tuple[fp.Int, fp.Int]:
    """Entries and differences, as the gathers read them."""
    values, slopes = layout.table(optimize)
    words = np.array(values)
    return words, words[slopes // 2 :] - (words[:-1] if slopes == 2 else 0)


def _tanh(k: fp.Int, fraction: fp.Int, optimize: str) -> fp.Int:
    entries, differences = _table(optimize)
    return entries[k] + _half(fraction * differences[k], 1 << 15)


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_lanes_of_16_bits_give_the_reference_s_activations_for_every_input(optimize: str) -> None:
    x = np.arange(-32768, 32768)
    entries, differences = _table(optimize)

    def signed(magnitude: fp.Int) -> fp.Int:
        return np.where(x < 0, -magnitude, magnitude)

    a = np.minimum(np.abs(x), 32767)  # vqabs
    k, fraction = _half(384 * a), 384 * a & 0xFFFF
    sigmoid = (entries[k] + _half(fraction * differences[k]) + 1) >> 1
    np.testing.assert_array_equal(signed(sigmoid) + 16384, fp.sigmoid16(x))
    last = 255 if optimize == "size" else 384
    for up in range(-12, 6):
        if up >= 0:
            a = np.minimum(np.abs(x) << up, 32767)  # vqshl, vqabs
            k, fraction = np.minimum(_half(768 * a), last), 768 * a & 0xFFFF
        else:
            v = x + ((x + 1) >> 1) if up == -1 else (x * (3 << (15 + up)) + (1 << 14)) >> 15
            k, fraction = np.abs(v) >> 8, np.abs(v) << 8 & 0xFFFF
        np.testing.assert_array_equal(signed(_tanh(k, fraction, optimize)), fp.tanh16(x, up - 12))


# ---- int16x8 ----


@pytest.mark.parametrize("shift", range(-31, 15))
def test_a_narrowed_high_half_is_the_reference_s_requantisation(shift: int) -> None:
    """VSHL, VQDMULH, VQRSHRN of sums up to what 32 bits hold."""
    largest = ((1 << 31) - 1) >> max(shift + 1, 0)
    random = np.random.default_rng(shift + 31)
    some = np.concatenate([np.arange(64), largest - np.arange(64), random.integers(0, largest + 1, 4000)])
    x = np.concatenate([part >> k for k in range(0, 31, 3) for part in (some, -some)])
    for value in (1 << 30, 0x40007FFF, 0x40008000, 0x5A5A5A5A, 0x7FFF0000, (1 << 31) - 1):
        factor = fp.Multiplier(value, shift)
        word = wide.high_word(factor, largest)
        right = 1 - min(word.shift, 0)
        assert 1 <= right <= 16
        assert 0 <= word.value < 1 << 31
        shifted = x << max(word.shift, 0)
        assert np.abs(shifted).max() < 1 << 31
        narrowed = ((shifted * word.value >> 31) + (1 << (right - 1))) >> right
        np.testing.assert_array_equal(fp.saturate(narrowed, 16), fp.saturate(fp.product64(x, factor), 16))


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_the_lowest_weight_is_one_like_others(tmp_path: Path, optimize: str) -> None:
    random = np.random.default_rng(3)
    source, layer = random_lstm(random, 3, 11, 9, 0, INT16X8)

    def lower(weights: Weights) -> Weights:
        lowest: Array = np.where(random.integers(3, size=weights.values.shape) == 0, -128, weights.values)
        return replace(weights, values=lowest.astype(np.int8))

    layer = replace(layer, kernel=lower(layer.kernel), recurrent=lower(layer.recurrent))
    cases = [
        lstm_case("helium", f"lowest{once}", random, (source, layer), 1, optimize, bool(once)) for once in range(2)
    ]
    assert all(case.assembled for case in cases)
    WIDE.check(tmp_path, cases, optimize)
