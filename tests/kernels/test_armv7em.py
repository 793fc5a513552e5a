# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel set armv7em alone does; test_every_set.py has what all do."""

from __future__ import annotations

import re

import numpy as np

from kernels.armv7em import layout
from kernels.common import assembly
from model import fixed_point as fp
from model.signal import Array
from tests.probe import TARGETS
from tests.support.assembly import Assembly

KERNELS = Assembly("armv7em", TARGETS["cortex-m4"])


def test_signed_lines_are_the_reference_for_every_input() -> None:
    intercepts, slopes = assembly.signed_lines()
    x = np.arange(-32768, 32768)
    v = 3 * x
    k = (v >> 9) + 256
    sign = np.where(v < 0, -1, 0)
    np.testing.assert_array_equal((512 * intercepts[k] + v * slopes[k] + 512 + sign) >> 10, fp.sigmoid16(x))
    for up in range(5):
        v = 3 * x << up
        k = np.clip(v >> 8, -256, 255) + 256
        line = 256 * intercepts[k] + v * slopes[k] - (1 << 23) + 128 + np.where(v < 0, -1, 0)
        np.testing.assert_array_equal(line >> 8, fp.tanh16(x, up - 12))
    assert intercepts.min() >= 0
    assert intercepts.max() < 1 << 16


def test_packed_lines_are_the_reference_for_every_input() -> None:
    """Those of balanced, read from its table, as the instructions take them."""
    words = re.findall(r"\.word ([-\d, ]+)", layout.prologue("balanced", ()))
    table = np.array([int(word) for line in words for word in line.split(",")], np.int64)
    assert len(table) == 512

    def line(v: Array, k: Array, half: int, bits: int) -> Array:
        """SMLAWT, and the offset added; the 16 bits from where the result is."""
        entries = table[k + 256]
        r = ((v * (entries >> 16) >> 16) + half + (entries << bits)) % (1 << 32)
        return (r >> (bits + (bits == 9))) & 0xFFFF

    def signed(halves: Array) -> Array:
        return (halves ^ 0x8000) - 0x8000

    x = np.arange(-32768, 32768)
    v = x * 0x30000001 >> 16
    np.testing.assert_array_equal(line(v, v >> 21, 512, 9), fp.sigmoid16(x))
    np.testing.assert_array_equal(signed(line(v, np.clip(v >> 20, -256, 255), 0x800080, 8)), fp.tanh16(x, -12))
    for log2 in range(-24, -6):
        v = np.clip(fp.table_units(x, log2), -(1 << 16), (1 << 16) - 1) if log2 > -10 else fp.table_units(x, log2)
        assert np.abs(v).max() < 1 << 19
        v = (v << 12) - (v < 0)
        np.testing.assert_array_equal(signed(line(v, np.clip(v >> 20, -256, 255), 0x800080, 8)), fp.tanh16(x, log2))
