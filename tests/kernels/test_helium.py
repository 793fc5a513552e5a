# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel set helium alone does; test_every_set.py has what all do."""

from __future__ import annotations

import numpy as np
import pytest

from kernels import OPTIMIZE
from kernels.helium import layout
from model import fixed_point as fp
from tests.probe import TARGETS
from tests.support.assembly import Assembly

KERNELS = Assembly("helium", TARGETS["cortex-m55"])


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
