# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel set armv6m alone does; test_every_set.py has what all do.

A Cortex-M0's machine has too little memory for many layers, so those run, as the same code, on a Cortex-M4's.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from kernels import OPTIMIZE
from kernels.armv6m import layout, s16
from kernels.common.blocks import equal, in_order
from kernels.common.work import Work
from model import fixed_point as fp
from model import formats, lower
from model.signal import Array, scale_of
from target import compiler
from tests.probe import ROOT, TARGETS
from tests.support.assembly import Assembly
from tests.support.layer_cases import Case, Random, dense_case, lstm_case, random_lstm

M0, M4 = TARGETS["cortex-m0"], TARGETS["cortex-m4"]


@dataclass(frozen=True)
class Small(Assembly):
    """What fits a Cortex-M0's 16 KB of RAM."""

    room: int = 1000

    def large_cases(self, optimize: str, random: Random) -> Iterator[Case]:
        return iter(())

    def cases(self, optimize: str, seed: int, count: int) -> Iterator[Case]:
        return (case for case in super().cases(optimize, seed, count) if case.name != "ties")


def trained_cases(optimize: str) -> Iterator[Case]:
    """Layers whose weights let blocks be longer than two columns."""
    random = np.random.default_rng(4)
    for k in range(12):
        features, units = (int(n) for n in random.integers(1, 70, 2))
        steps = 1 if k % 3 == 2 else 2
        yield lstm_case("armv6m", f"layer{k}", random, (steps, features, units), -1, optimize, steps == 1)
    for k in range(8):
        parts, inputs, outputs = (int(n) for n in (random.integers(1, 3), *random.integers(1, 70, 2)))
        yield dense_case("armv6m", f"dense{k}", random, (parts, 1, inputs, outputs), -1, optimize)


KERNELS = Assembly("armv6m", replace(M0, qemu=M4.qemu, flash=M4.flash, ram=M4.ram))
LAYOUTS = {"int8": layout.lstm, "int16x8": s16.lstm}


@pytest.mark.parametrize("optimize", ["balanced", "speed"])
def test_blocks_of_many_columns(tmp_path: Path, optimize: str) -> None:
    cases = list(trained_cases(optimize))
    text = "".join(case.made.assembly for case in cases)
    for wanted in ("_n, 12", "_n, 8", "_n, 6", "_n, 5", "_n, 4", "_n, 3", "_ordered, 1", "_bits, 15", "_bits, 20"):
        assert wanted in text
    assert any(int(shift) < -15 for shift in re.findall(r"_[ifco]_s, (-\d+)", text))
    KERNELS.check(tmp_path, cases, optimize)


SHAPES = [(1, 75), (75, 1), (38, 38), (41, 35), (200, 200), (11, 11), (7, 76), (64, 64), (15, 15), (47, 55)]


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_the_longest_code_is_within_the_reach_of_its_branches(tmp_path: Path, optimize: str, name: str) -> None:
    random, format = np.random.default_rng(1), formats.named(name)
    text = layout.prologue(optimize, (format.suffix,))
    for weight in (-128, 127):  # blocks of one column, of two
        for k, (features, units) in enumerate(SHAPES):
            source, layer = random_lstm(random, 1, features, units, 0, format)
            kernel, recurrent = (
                replace(weights, values=np.full_like(weights.values, weight), scale=scale_of(weights) / 16384)
                for weights in (layer.kernel, layer.recurrent)
            )
            bias = np.full_like(layer.bias, 1 << 24)  # with such scales, for the widest requantisation
            layer = replace(layer, kernel=kernel, recurrent=recurrent, bias=bias, cell_clip=0.7, cell_scale=2.0**-9)
            for once in (False, True):
                kinds = ("lstm_once",) if once else ("lstm",)
                made = LAYOUTS[name](Work(f"layer{k}_{weight & 255}", layer, source, kinds, optimize=optimize))
                assert made.assembly
                text += made.assembly
    (tmp_path / "layers.S").write_text(text)
    for chosen in ("gcc", "clang"):
        found = compiler.find(M0, chosen)
        words = [found.program, *found.compile, "-Wa,--fatal-warnings", "-c", "layers.S", "-o", "layers.o"]
        folders = [f"-I{ROOT}/{folder}" for folder in ("firmware/include", "kernels", "kernels/common")]
        subprocess.run([*words, *folders], cwd=tmp_path, check=True)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_they_run_on_a_cortex_m0(tmp_path: Path, optimize: str, name: str) -> None:
    on_m0 = Small("armv6m", M0, formats.named(name))
    on_m0.check(tmp_path, list(on_m0.cases(optimize, 8, 16)), optimize)


def test_scales_of_rows_of_int16x8_are_their_factors() -> None:
    """Of a factor of 15 bits that is shifted right by 16 to 32, twice its bits: the sum's high half times them fits."""
    for right in range(16, 33):
        for reduced in (0x4000, 0x5A5A, 0x7FFF):
            (scale,) = s16.row_scales(np.array([reduced << (32 - right)])).tolist()
            multiplier, shift = scale & 0xFFFF, scale >> 16
            assert (multiplier, shift) == (2 * reduced, right - 15)
            assert -(1 << 15) * multiplier >= -(1 << 31)
            assert 32767 * multiplier + (65535 * multiplier >> 16) + 1 < 1 << 31
    assert s16.row_scales(np.zeros(1, np.int64)).tolist() == [1 << 16]


def test_a_sum_of_int16x8_leaves_room_for_what_is_added_to_its_product() -> None:
    largest = (1 << 31) - 1
    for right in range(2, 47):
        left = max(16 - right, 0)
        rows, starts = np.ones((1, 1), np.int8), np.array([(largest >> left) - (1 << 15)])
        factor, n = s16.gate_factor(fp.Multiplier(0x7FFF0000, 15 - right), rows, starts)
        assert (factor.value, max(factor.shift, 0), n) == (0x7FFF, left, max(right - 16, 0))
        assert lower.peak(rows, starts, 1 << 15).max() << left <= largest
        added = (1 << n >> 1) + (0x8000 << n if n <= 14 else 0)
        assert (largest * factor.value >> 16) + added + 1 < 1 << 31


def _looked_up(w: Array) -> Array:
    """What `look_up` of cell.inc makes of ``w``: 2^31 times the sigmoid, modulo 2^32."""
    entry = layout.gate_lines()[(w >> 15) + 256 + 192]
    borrow = 1 - (entry >> 17 & 1)
    return np.asarray(((entry << 15) - (entry >> 18) * w - borrow) % (1 << 32))


def _tanh(w: Array) -> Array:
    line = (_looked_up(w) - 0x40004000) % (1 << 32)
    return np.where(line >= 1 << 31, line - (1 << 32), line) >> 15


def test_lines_are_the_reference_for_every_input() -> None:
    x = np.arange(-32768, 32768)
    np.testing.assert_array_equal(_looked_up(-192 * (x + 0x8000)) >> 16, fp.sigmoid16(x))
    np.testing.assert_array_equal(_tanh(-384 * (np.clip(x, -21845, 21845) + 0x4000)), fp.tanh16(x, -12))
    for up in range(-12, 6):
        v = 3 * x << up if up >= 0 else (3 * x + (1 << (-up - 1))) >> -up
        np.testing.assert_array_equal(_tanh(-128 * (np.clip(v, -65535, 65535) + 192 * 256)), fp.tanh16(x, up - 12))


def test_blocks_are_as_long_as_their_sums_allow() -> None:
    rows = np.zeros((2, 40), np.int8)
    rows[1, 8:16] = 31
    assert equal(rows, layout.BLOCKS, layout.ORDERED_BLOCK).length == 12
    rows[:, :] = -127
    assert equal(rows, layout.BLOCKS, layout.ORDERED_BLOCK).length == 2
    rows[0, 18:20] = -128  # -128 * -128 * 2 is 2^15
    assert equal(rows, layout.BLOCKS, layout.ORDERED_BLOCK).length == 1


def test_columns_are_ordered_for_longer_blocks() -> None:
    random = np.random.default_rng(3)
    rows = np.clip(random.normal(0, 30, (128, 32)), -127, 127).astype(np.int8)
    found = equal(rows, layout.BLOCKS, layout.ORDERED_BLOCK)
    assert sorted(found.order) == list(range(32))
    assert found.length > in_order(rows, layout.BLOCKS).length
    sums = np.add.reduceat(np.abs(found.ordered(rows).astype(int)), np.arange(0, 32, found.length), axis=1)
    assert sums.max() <= 256
