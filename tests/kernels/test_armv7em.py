# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel set armv7em alone does; test_every_set.py has what all do."""

from __future__ import annotations

import numpy as np

from kernels.common import assembly
from model import fixed_point as fp
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
