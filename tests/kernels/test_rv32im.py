# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel set rv32im alone does; test_every_set.py has what all do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernels import OPTIMIZE
from kernels.common import wide
from kernels.common.work import UnprovenError
from kernels.rv32im import layout, s16
from model import fixed_point as fp
from model.layers.lstm import Lstm
from model.signal import Signal, Weights
from tests.probe import CORES
from tests.support import layer_cases
from tests.support.assembly import Assembly
from tests.support.layer_cases import random_lstm

KERNELS = Assembly("rv32im", CORES["rv32imc"])


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_one_gate_may_be_louder_than_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimize: str) -> None:
    random, cases = np.random.default_rng(5), []
    for loud in range(4):

        def quietened(random: np.random.Generator, *size: int, loud: int = loud) -> tuple[Signal, Lstm]:
            source, layer = random_lstm(random, *size)
            share = np.where(np.arange(4) == loud, 1, 16)[:, None, None]
            kernel, recurrent = (replace(w, values=w.values // share) for w in (layer.kernel, layer.recurrent))
            layer = replace(layer, kernel=_int8(kernel), recurrent=_int8(recurrent))
            return source, layer

        monkeypatch.setattr(layer_cases, "random_lstm", quietened)
        for once in (False, True):
            size = (1 if once else 3, 40, 24)
            cases.append(layer_cases.lstm_case("rv32im", f"loud{loud}_{once:d}", random, size, 1, optimize, once))
    KERNELS.check(tmp_path, cases, optimize)


def _int8(weights: Weights) -> Weights:
    return replace(weights, values=weights.values.astype(np.int8))


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_no_segment_can_leave_its_half_of_a_word(optimize: str) -> None:
    random = np.random.default_rng(3)
    for columns in (1, 2, 7, 30, 64, 150):
        for bits in (8, 7, 5, 3):
            rows = random.integers(-(1 << (bits - 1)), 1 << (bits - 1), (12, columns)).astype(np.int8)
            (plan,) = layout.planned([rows], optimize, 12)
            assert sorted(plan.order) == list(range(columns))
            for segment in plan.segments:
                part = rows[:, list(segment)].astype(np.int64)
                assert np.maximum(-128 * part, 127 * part).sum(axis=1).max() < 1 << 15
                assert np.minimum(-128 * part, 127 * part).sum(axis=1).min() >= -(1 << 15)


def test_a_gate_of_int16x8_that_needs_no_saturation_really_needs_none() -> None:
    """Over factors and rows around the edge."""
    random, found = np.random.default_rng(0), {0: 0, 1: 0}
    for _ in range(5000):
        rows = random.integers(-128, 128, (1, int(random.integers(1, 40)))).astype(np.int8)
        starts = random.integers(-5000, 5000, 1)
        largest = wide.peak(rows, starts)
        factor = fp.multiplier((32767 + random.uniform(-2, 1)) / largest)
        safe = s16._factor(factor, rows, starts)[1]
        reached = fp.product64(np.array([-largest, largest]), factor)
        assert not safe or np.abs(reached).max() <= 32767
        found[safe] += 1
    assert min(found.values()) > 1000


def test_twice_a_product_of_int16x8_fits_a_word() -> None:
    """With what is added to it before it is halved."""
    rows, starts = np.ones((1, 1), np.int8), np.full(1, 32767)
    word, safe = s16._factor(fp.Multiplier(0x7FFE0000, 14), rows, starts)
    assert not safe
    assert ((65535 << word.shift) * 2 * word.value >> 32) + (1 << 16) + 1 < 1 << 31
    with pytest.raises(UnprovenError, match="twice a rounded product can reach 2147385345 and overflow 32 bits"):
        s16._factor(fp.Multiplier(0x7FFF0000, 14), rows, starts)
