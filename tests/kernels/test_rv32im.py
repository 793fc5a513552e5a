# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel set rv32im alone does; test_every_set.py has what all do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernels import OPTIMIZE
from kernels.rv32im import layout
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
            (plan,) = layout._planned([rows], optimize, 12)
            assert sorted(plan.order) == list(range(columns))
            for segment in plan.segments:
                part = rows[:, list(segment)].astype(np.int64)
                assert np.maximum(-128 * part, 127 * part).sum(axis=1).max() < 1 << 15
                assert np.minimum(-128 * part, 127 * part).sum(axis=1).min() >= -(1 << 15)
