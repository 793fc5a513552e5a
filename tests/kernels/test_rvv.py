# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel set rvv alone does, 64 bits, and its proofs; test_every_set.py has what all do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from kernels import OPTIMIZE
from kernels.common import wide
from kernels.common.blocks import few
from kernels.common.work import UnprovenError
from kernels.rvv import layout as layout
from kernels.rvv import s16
from model import fixed_point as fp
from model import formats
from model.layers.dense import Dense
from model.signal import Signal, Weights
from target import isa
from tests.probe import CORES
from tests.support import layer_cases
from tests.support.assembly import Assembly, with_vlen
from tests.support.layer_cases import dense_case

FORMATS = [formats.named(name) for name in ("int8", "int16x8")]
RV32, RV64 = ([Assembly("rvv", CORES[name], format) for format in FORMATS] for name in ("rv32imafcv", "rv64gcv"))


def called(kernels: Assembly) -> str:
    return f"{kernels.target.name}-{kernels.format.name}"


@pytest.mark.parametrize("kernels", RV64, ids=called)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_the_same_on_64_bits(tmp_path: Path, optimize: str, kernels: Assembly) -> None:
    cases = list(kernels.cases(optimize, 2, 24))
    kernels.check(tmp_path, cases, optimize, on=[with_vlen(kernels, vlen) for vlen in (128, 1024)])


@pytest.mark.parametrize("kernels", RV32, ids=called)
def test_rows_of_a_dense_that_take_many_turns(tmp_path: Path, kernels: Assembly) -> None:
    """Up to two and over two times what the registers hold; in parts a row of two pairs is added once."""
    random = np.random.default_rng(3)
    shapes = [(parts, 1, 7, outputs) for parts in (1, 2) for outputs in (63, 64, 65, 127, 129, 143)]
    cases = [
        dense_case("rvv", f"dense{k}", random, shape, 0, "balanced", kernels.format) for k, shape in enumerate(shapes)
    ]
    assert all(case.assembled for case in cases)
    kernels.check(tmp_path, cases, "balanced", on=[with_vlen(kernels, vlen) for vlen in (128, 256, 512)])


@pytest.mark.parametrize("kernels", [*RV32, *RV64], ids=called)
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


# ---- int16x8 ----


def test_pairs_hold_every_row_and_may_have_one_twice() -> None:
    random = np.random.default_rng(1)
    for count, columns in ((1, 1), (2, 3), (3, 2), (7, 5), (8, 4)):
        rows, x = random.integers(-127, 128, (count, columns)), random.integers(-32768, 32768, columns)
        pairs = -(-count // 2)
        for twice in (False, True):
            halves = s16._packed(rows.astype(np.int8), twice).view("<i2").astype(np.int64)
            columnwise = halves[: pairs * columns].reshape(columns, pairs)
            second = (columnwise + 128) >> 8
            np.testing.assert_array_equal(x @ (columnwise - 256 * second), (rows @ x)[:pairs])
            once = 0 if twice else count % 2
            assert not second[:, :once].any()
            np.testing.assert_array_equal((x @ second)[once:], (rows @ x)[count // 2 :][once:])


def test_the_smallest_weight_has_room_beside_one_that_is_not_negative() -> None:
    assert s16._packed(np.array([[0], [-128]], np.int8)).tolist() == [32768]
    assert s16._packed(np.array([[-128], [-127]], np.int8)).tolist() == [(1 << 16) - 128 - 127 * 256]
    with pytest.raises(UnprovenError, match="a weight is -128"):
        s16._packed(np.array([[-1], [-128]], np.int8))


@pytest.mark.parametrize("rights", [(16, 31), (17, 32), (20, 36), (28, 28), (31, 46), (12, 20)])
def test_rows_share_shifts_and_keep_their_rounding(rights: tuple[int, int]) -> None:
    random = np.random.default_rng(rights)
    largest = (1 << 31 - max(0, 16 - min(rights))) - 1
    x = np.concatenate([random.integers(-largest, largest + 1, 2000) >> k for k in range(0, 31, 3)])
    for fraction in (0x40008000, 0x5A5A5A5A, (1 << 31) - 1):
        factors = [fp.Multiplier(fraction, 15 - right) for right in (*rights, min(rights) + 1)]
        values, shifts = s16._shared([wide.high_word(factor, largest) for factor in factors], largest)
        for factor, value in zip(factors, values, strict=True):
            assert 0 < value < 1 << 31
            sums, right = x << shifts["left"], shifts["right"]
            assert np.abs(sums).max() < 1 << 31
            product = sums * value >> 32 if right else (sums * value + (1 << 30)) >> 31  # vmulh, vsmul
            narrowed = (product + (1 << right >> 1)) >> right
            np.testing.assert_array_equal(fp.saturate(narrowed, 16), fp.saturate(fp.product64(x, factor), 16))


def test_scales_too_far_apart_to_share_a_shift_are_left_to_c() -> None:
    for low, high in ((16, 32), (17, 34)):
        words = [wide.high_word(fp.Multiplier(0x5A5B0000, 15 - right), 1) for right in (low, high)]
        with pytest.raises(UnprovenError, match="the rows' scales are too far apart to share a shift"):
            s16._shared(words, 1)
    with pytest.raises(
        UnprovenError, match="a sum can reach 1073741824, and overflow 32 bits once it is shifted left by 1"
    ):
        s16._shared([fp.Multiplier(1 << 30, 1)], 1 << 30)


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_a_dense_whose_scales_come_near_one_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimize: str
) -> None:
    """Its products are rounded at bit 31, and not shifted."""
    made, kernels = layer_cases._random_dense, RV32[1]

    def coarse(*arguments: object) -> tuple[Signal, Dense]:
        source, layer = made(*arguments)  # type: ignore[arg-type]
        scales = layer.output.scale / source.scale * 2.0 ** -(1.001 + np.arange(len(layer.bias)) % 15)
        return source, replace(layer, kernel=Weights(layer.kernel.values, scales.astype(np.float32)))

    monkeypatch.setattr(layer_cases, "_random_dense", coarse)
    shapes = [(1, 1, 5, 18), (2, 1, 5, 33), (1, 1, 1, 1)]
    cases = [
        dense_case("rvv", f"dense{k}", np.random.default_rng(k), shape, 0, optimize, kernels.format)
        for k, shape in enumerate(shapes)
    ]
    assert all("dense_right, 0\n" in case.made.assembly for case in cases)
    kernels.check(tmp_path, cases, optimize)
