# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set asm-armv7em, layer by layer under QEMU; see tests/support/assembly.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model import fixed_point as fp
from model.layouts import OPTIMIZE, assembly
from tests.probe import TARGETS
from tests.support.assembly import Assembly
from tests.support.thumb2 import STUB

KERNELS = Assembly("asm-armv7em", TARGETS["cortex-m4"], STUB)


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_layers_of_all_kinds_give_the_reference_s_bits(tmp_path: Path, optimize: str) -> None:
    cases = list(KERNELS.cases(optimize, 1, 48))
    assembled = sum(case.assembled for case in cases)
    assert assembled >= 36
    assert KERNELS.run(KERNELS.build(tmp_path, cases, optimize)) == ""


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_another_assembler_makes_them_too(tmp_path: Path, optimize: str) -> None:
    cases = list(KERNELS.cases(optimize, 9, 12))
    assert KERNELS.run(KERNELS.build(tmp_path, cases, optimize, "clang")) == ""


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 8))
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_many_more_layers(tmp_path: Path, optimize: str, seed: int) -> None:
    assert KERNELS.run(KERNELS.build(tmp_path, list(KERNELS.cases(optimize, seed, 80)), optimize)) == ""


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
