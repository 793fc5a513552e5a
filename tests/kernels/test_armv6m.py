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
from kernels.armv6m import layout
from kernels.common.blocks import equal, in_order
from kernels.common.work import Work
from model import fixed_point as fp
from model.signal import Array
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
ON_M0 = Small("armv6m", M0)


@pytest.mark.parametrize("optimize", ["balanced", "speed"])
def test_blocks_of_many_columns(tmp_path: Path, optimize: str) -> None:
    cases = list(trained_cases(optimize))
    text = "".join(case.made.assembly for case in cases)
    for wanted in ("_n, 12", "_n, 8", "_n, 6", "_n, 5", "_n, 4", "_n, 3", "_ordered, 1", "_bits, 15", "_bits, 20"):
        assert wanted in text
    assert any(int(shift) < -15 for shift in re.findall(r"_[ifco]_s, (-\d+)", text))
    KERNELS.check(tmp_path, cases, optimize)


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_the_longest_code_is_within_the_reach_of_its_branches(tmp_path: Path, optimize: str) -> None:
    random = np.random.default_rng(1)
    text = layout.prologue(optimize, ("s8",))
    for weight in (-128, 127):  # blocks of one column, of two
        for k, (features, units) in enumerate([(1, 75), (75, 1), (38, 38), (41, 35), (200, 200), (11, 11), (7, 76)]):
            source, layer = random_lstm(random, 1, features, units, 0)
            kernel, recurrent = (
                replace(weights, values=np.full_like(weights.values, weight))
                for weights in (layer.kernel, layer.recurrent)
            )
            bias = np.full_like(layer.bias, 1 << 24)  # for the widest requantisation
            layer = replace(layer, kernel=kernel, recurrent=recurrent, bias=bias, cell_clip=0.7, cell_scale=2.0**-9)
            for once in (False, True):
                kinds = ("lstm_once",) if once else ("lstm",)
                made = layout.lstm(Work(f"layer{k}_{weight & 255}", layer, source, kinds, optimize=optimize))
                assert made.assembly
                text += made.assembly
    (tmp_path / "layers.S").write_text(text)
    for chosen in ("gcc", "clang"):
        found = compiler.find(M0, chosen)
        words = [found.program, *found.compile, "-Wa,--fatal-warnings", "-c", "layers.S", "-o", "layers.o"]
        folders = [f"-I{ROOT}/{folder}" for folder in ("firmware/include", "kernels", "kernels/common")]
        subprocess.run([*words, *folders], cwd=tmp_path, check=True)


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_they_run_on_a_cortex_m0(tmp_path: Path, optimize: str) -> None:
    cases = list(ON_M0.cases(optimize, 8, 16))
    ON_M0.check(tmp_path, cases, optimize)


def _looked_up(w: Array) -> Array:
    """What `look_up` of lstm_s8.inc makes of ``w``: 2^31 times the sigmoid, modulo 2^32."""
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
