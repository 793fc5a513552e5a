# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What int16x8 alone needs of every assembly set that has it; test_every_set.py has what all formats do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernels import OPTIMIZE, all_sets
from kernels.common import wide
from kernels.common.constants import Constants
from kernels.common.work import Work
from model import lower
from model.formats.int16x8 import FORMAT as INT16X8
from model.layers.dense import Dense
from model.signal import Signal, Weights
from tests.kernels.test_every_set import KINDS, on_its_core
from tests.support import layer_cases
from tests.support.layer_cases import dense_case, lstm_case, made_by, random_lstm

OWN = {kind: name for kind, (name, format) in KINDS.items() if format is INT16X8}  # a set by what its kind is called
LEAST = {"armv7em": -127, "rvv": -127}  # the smallest weight that a set has room for, if not all
UNPAIRED = "a weight is -128, and the products of pairs of rows could overflow"
BEYOND = "a sum can reach 2151514112 and overflow 32 bits"


def test_there_are_some() -> None:
    assert len(OWN) > 1
    assert set(LEAST) <= set(OWN.values())


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_sums_of_fine_units(tmp_path: Path, optimize: str, kind: str) -> None:
    """Shifted right by 31 to 46 bits: beyond 32 the high word is shifted, too."""
    cases, shifts = [], set()
    for right in range(31, 47):
        random = np.random.default_rng(right)
        source, layer = random_lstm(random, 2, 139, 6, 0, INT16X8)
        scales = np.full(4, 2.0 ** (2.5 - right) / source.scale, np.float32)
        fine = replace(layer, kernel=Weights(layer.kernel.values, scales))
        name, once = f"fine_{right}", bool(right % 3)
        cases.append(lstm_case(OWN[kind], name, random, (source, fine), right % 2, optimize, once))
        shifts |= {factor.shift for factor in wide.gate_factors(lower.gate_matrices(fine, source)[0])}
    assert all(case.assembled for case in cases)
    assert shifts == {0, *range(-14, 0)}
    on_its_core(kind).check(tmp_path, cases, optimize)


@pytest.mark.parametrize("kind", OWN)
def test_parts_whose_sums_leave_32_bits_on_their_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    made = layer_cases._random_dense

    def large(*arguments: object) -> tuple[Signal, Dense]:
        source, layer = made(*arguments)  # type: ignore[arg-type]
        values = np.full_like(layer.kernel.values, 127)
        values[1::2, values.shape[1] // 2 :] = -127  # the second half takes back what the first one brings
        scales = np.full(len(values), layer.output.scale / source.scale * 2.0**-15, np.float32)
        return source, replace(layer, kernel=Weights(values, scales))

    monkeypatch.setattr(layer_cases, "_random_dense", large)
    monkeypatch.setattr(layer_cases, "_inputs", lambda _, shape, __, ___: np.full(shape, 32767, np.int16))
    for level in OPTIMIZE:
        cases = [
            dense_case(
                OWN[kind], f"dense{outputs}", np.random.default_rng(outputs), (4, 1, 500, outputs), 0, level, INT16X8
            )
            for outputs in (1, 2, 3, 4, 6)
        ]
        assert all(case.assembled for case in cases)
        replace(on_its_core(kind), room=64000).check(tmp_path, cases, level)


def made_dense(kernels: str, weight: int, inputs: int, parts: int, optimize: str) -> Constants:
    """Three rows of one weight."""
    values = np.full((3, parts * inputs), weight, np.int8)
    source, out = Signal((parts * inputs,), "int16", 2.0**-12), Signal((3,), "int16", 2.0**-12)
    kernel = Weights(values, np.full(3, 1e-4, np.float32))
    layer = Dense("dense", kernel, np.zeros(3, np.int64), "linear", out, INT16X8)
    kinds = ("dense",) if parts == 1 else ("dense_add", "dense_finish")
    return made_by(kernels, Work("dense", layer, source, kinds, parts, optimize=optimize))


@pytest.mark.parametrize("kernels", OWN.values())
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_what_cannot_be_proved_runs_on_the_portable_kernels(optimize: str, kernels: str) -> None:
    least = LEAST.get(kernels, -128)
    for weight, inputs, parts, why in ((-128, 6, 1, UNPAIRED), (127, 517, 1, BEYOND), (127, 517, 2, BEYOND)):
        beyond = made_dense(kernels, weight, inputs, parts, optimize)
        wanted = weight < least or inputs > 516
        assert bool(beyond.assembly) != wanted
        assert beyond.notes == ((f"layer 'dense' runs with kernel set c: {why}",) if wanted else ())
        within = made_dense(kernels, max(weight, least), inputs - 1, parts, optimize)
        assert within.assembly
        assert within.notes == ()


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_layers_of_both_formats_in_one_file(tmp_path: Path, optimize: str, kind: str) -> None:
    random, kernels, int8 = np.random.default_rng(7), OWN[kind], on_its_core(OWN[kind])
    cases = []
    for k, format in enumerate((int8.format, INT16X8) * 2):
        cases.append(lstm_case(kernels, f"lstm{k}", random, (3, 9, 7), k // 2, optimize, k > 1, format))
        cases.append(dense_case(kernels, f"dense{k}", random, (1 + k // 2, 1, 11, 6), 0, optimize, format))
    assert all(case.assembled for case in cases)
    int8.check(tmp_path, cases, optimize)


@pytest.mark.parametrize("kernels", OWN.values())
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_a_byte_of_flash_a_weight(optimize: str, kernels: str) -> None:
    """At every level: beside it a unit has at most two words a pair of gates, and to size a row more."""
    assert all_sets()[kernels].covers_format("s16")
    for once, gates in ((False, 4), (True, 3)):
        source, layer = random_lstm(np.random.default_rng(1), 1, 8, 8, 0, INT16X8)
        kinds = ("lstm_once",) if once else ("lstm",)
        (weights,) = made_by(kernels, Work("lstm", layer, source, kinds, optimize=optimize)).arrays
        rows = 4 if optimize == "size" else gates
        assert len(weights.values) <= rows * 8 * (8 if once else 16) // 4 + 8 * (rows * 3 // 2)
