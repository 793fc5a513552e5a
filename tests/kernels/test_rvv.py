# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel set rvv alone does, 64 bits, and its proofs; test_every_set.py has what all do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from kernels import OPTIMIZE
from kernels.common.blocks import few
from kernels.rvv import layout as layout
from model import fixed_point as fp
from target import isa
from tests.probe import CORES
from tests.support.assembly import Assembly, with_vlen

RV32, RV64 = (Assembly("rvv", CORES[name]) for name in ("rv32imafcv", "rv64gcv"))


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_the_same_on_64_bits(tmp_path: Path, optimize: str) -> None:
    cases = list(RV64.cases(optimize, 2, 24))
    RV64.check(tmp_path, cases, optimize, on=[with_vlen(RV64, vlen) for vlen in (128, 1024)])


@pytest.mark.parametrize("kernels", [RV32, RV64], ids=lambda kernels: kernels.target.name)
def test_clang_assembles_the_same(tmp_path: Path, kernels: Assembly) -> None:
    elf = kernels.check(tmp_path, list(kernels.cases("balanced", 3, 12)), "balanced", "clang")
    with elf.open("rb") as file:
        isa.require(ELFFile(file), elf, kernels.target)


def test_groups_hold_every_column_once_and_cannot_overflow() -> None:
    random = np.random.default_rng(5)
    for spread in (3, 30, 90):
        rows = np.clip(np.round(random.normal(0, spread, (40, 50))), -128, 127).astype(np.int8)
        start = random.integers(-32768, 32768, 40)
        made = few(rows, start=start)
        assert sorted(column for group in made for column in group) == list(range(50))
        for number, group in enumerate(made):
            wide, begin = rows[:, list(group)].astype(int), start if number == 0 else 0
            largest = np.where(wide > 0, 127 * wide, -128 * wide).sum(axis=1) + begin
            smallest = np.where(wide > 0, -128 * wide, 127 * wide).sum(axis=1) + begin
            assert largest.max(initial=0) <= 32767
            assert smallest.min(initial=0) >= -32768
        assert spread != 3 or len(made) < 12


def test_a_row_shifted_left_before_a_common_shift_keeps_its_rounding() -> None:
    y = np.arange(-5000, 5001)
    for right in range(7):
        expected = (y + ((1 << right) >> 1) - ((y < 0) & (right > 0))) >> right
        for more in range(1, 7):
            sign = (y < 0).astype(np.int64)
            shared = ((y << more) - sign + (1 << (right + more - 1))) >> (right + more)
            np.testing.assert_array_equal(shared, expected)


def test_tables_are_the_definition_s_for_every_input() -> None:
    x = np.arange(-32768, 32768)
    pairs = np.array(layout._table("balanced")).reshape(-1, 2)
    k, fraction = np.abs(x) * 384 >> 16, np.abs(x) * 384 & 0xFFFF
    half = (pairs[k, 0] + (fraction * pairs[k, 1] >> 16) + 2) >> 2
    np.testing.assert_array_equal(16384 + np.where(x < 0, -half, half), fp.sigmoid16(x))
    own = np.array(layout._table("speed")).reshape(-1, 2)
    value = (own[k, 0] + (fraction * own[k, 1] >> 16) + 1) >> 1
    np.testing.assert_array_equal(np.where(x < 0, 32768 - value, value), fp.sigmoid16(x))
    k, fraction = np.minimum(np.abs(x) * 768 >> 16, 255), np.abs(x) * 768 & 0xFFFF
    value = (pairs[k, 0] + (fraction * pairs[k, 1] >> 16) + 1) >> 1
    np.testing.assert_array_equal(np.where(x < 0, -value, value), fp.tanh16(x, -12))
