# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel set armv7m alone does, and its proofs; test_every_set.py has what all do."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernels import OPTIMIZE
from kernels.armv7m import layout as layout
from kernels.common.blocks import Cut
from kernels.common.work import UnprovenError, Work
from model.formats.int8 import FORMAT as INT8
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array, Signal, Weights
from tests.probe import TARGETS
from tests.support import layer_cases
from tests.support.assembly import Assembly
from tests.support.layer_cases import Case, Random

KERNELS = Assembly("armv7m", TARGETS["cortex-m3"])
MADE = layer_cases._weights


def of_spread(spread: float) -> object:
    """Weights as trained ones are: many small, few large; the smaller ``spread``, the longer the blocks."""

    def weights(random: Random, shape: tuple[int, ...], wild: int, unit: float) -> Weights:
        made = MADE(random, shape, wild, unit)
        values = np.clip(np.round(random.normal(0, spread, shape)), -127, 127).astype(np.int8)
        assert made.scale is not None
        return Weights(values, made.scale * np.float32(60 / spread))

    return weights


def symbols(cases: list[Case], name: str) -> set[int]:
    """All values of an assembly symbol."""
    return {int(n) for case in cases for n in re.findall(rf"\.set {name}, (\d+)", case.made.assembly)}


@pytest.mark.parametrize("spread", [12, 28, 36])
@pytest.mark.parametrize("optimize", ["balanced", "speed"])
def test_longer_blocks_in_orders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimize: str, spread: int
) -> None:
    monkeypatch.setattr(layer_cases, "_weights", of_spread(spread))
    cases = list(KERNELS.cases(optimize, spread, 24))
    assert symbols(cases, "(?:input|hidden)_block") >= {2, 4, 6, 8}
    assert spread < 28 or symbols(cases, "(?:input|hidden)_ordered") == {0, 1}
    KERNELS.check(tmp_path, cases, optimize)


@pytest.mark.parametrize("zero_point", [-128, -3, 127])
def test_hidden_states_of_a_power_of_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zero_point: int) -> None:
    random_lstm = layer_cases.random_lstm

    def changed(*arguments: Any) -> tuple[Signal, Lstm]:
        source, layer = random_lstm(*arguments)
        return source, replace(layer, output=Signal(layer.output.shape, "int8", 2.0**-7, zero_point))

    monkeypatch.setattr(layer_cases, "random_lstm", changed)
    random = np.random.default_rng(zero_point + 128)
    sizes = ((4, 3, 5), (1, 9, 70))
    cases = [
        layer_cases.lstm_case("armv7m", f"lstm{k}{once}", random, size, 0, "balanced", bool(once))
        for k, size in enumerate(sizes)
        for once in range(1 + (size[0] == 1))
    ]
    assert symbols(cases, "hidden_power") == {1}
    KERNELS.check(tmp_path, cases, "balanced")


# ---- proofs ----


def sums(rows: Array, along: Cut) -> tuple[int, int]:
    """Smallest and largest sum of int8 inputs over any block, rows (R, I) as they are walked."""
    arranged = along.ordered(rows).astype(np.int64)
    high = np.where(arranged > 0, 127, -128) * arranged
    low = np.where(arranged > 0, -128, 127) * arranged
    starts = np.arange(0, along.count, along.length)
    lows, highs = (np.add.reduceat(values, starts, axis=-1) for values in (low, high))
    return int(lows.min()), int(highs.max())


@pytest.mark.parametrize("spread", [4, 12, 25, 34, 60])
def test_blocks_never_leave_16_bits(spread: int) -> None:
    random = np.random.default_rng(spread)
    ordered = 0
    for rows, count in ((3, 1), (8, 2), (16, 5), (40, 9), (128, 32), (12, 75), (64, 130), (4, 300)):
        values = np.clip(np.round(random.normal(0, spread, (rows, count))), -127, 127).astype(np.int8)
        along = layout.columns(values, 16)
        assert along.length % 2 == 0
        assert sorted(along.order or range(count)) == list(range(count))
        low, high = sums(values, along)
        assert low >= -32768
        assert high <= 32767
        ordered += bool(along.order)
    assert (ordered > 0) == (spread in (25, 34, 60))


def test_the_last_block_that_fits_is_taken() -> None:
    assert layout.columns(np.array([[127, 127, 1, 1]], np.int8), 4) == Cut(4, 4)  # -128 * 256 = -2^15
    assert layout.columns(np.array([[-127, -127, -1, -1]], np.int8), 4).length == 2  # 2^15 is one too many
    assert layout.columns(np.array([[-127, -127, -1, 0]], np.int8), 4) == Cut(4, 4)
    with pytest.raises(UnprovenError, match="2 columns"):
        layout.columns(np.array([[-128, -128]], np.int8), 16)
    apart = layout.columns(np.array([[-128, -128, 0, 0]], np.int8), 2)
    assert apart.length == 2
    assert apart.order.index(0) // 2 != apart.order.index(1) // 2


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_weights_that_cannot_be_proved_run_on_the_portable_kernels(optimize: str) -> None:
    kernel = Weights(np.full((3, 6), -128, np.int8), np.full(3, 1e-3, np.float32))
    layer = Dense("dense", kernel, np.zeros(3, np.int32), "linear", Signal((3,), "int8", 0.1, 0), INT8)
    made = layer_cases.made_by(
        "armv7m", Work("dense", layer, Signal((6,), "int8", 0.1, 0), ("dense",), optimize=optimize)
    )
    if optimize == "size":  # a product a register
        assert made.assembly
    else:
        assert not made.assembly
        assert made.notes == ("layer 'dense' runs with kernel set c: sums of 2 columns could overflow 16 bits",)


def test_loops_of_more_turns_than_a_byte_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = Assembly("armv7m", TARGETS["cortex-m3"], room=16000)
    random = np.random.default_rng(1)
    monkeypatch.setattr(layer_cases, "_weights", of_spread(30))
    sizes = ((1, 1, 2310, 5), (2, 1, 1153, 6), (1, 1, 2049, 3))
    cases = [layer_cases.dense_case("armv7m", f"dense{k}", random, size, 0, "balanced") for k, size in enumerate(sizes)]
    assert all(case.assembled for case in cases)
    wide.check(tmp_path, cases, "balanced")


def test_size_counts_512_columns() -> None:
    assert layout._small_columns(np.zeros((1, 512), np.int8)) == Cut(512, 2)
    with pytest.raises(UnprovenError, match="512 columns"):
        layout._small_columns(np.zeros((1, 513), np.int8))
