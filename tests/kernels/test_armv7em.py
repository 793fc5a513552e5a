# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel set armv7em alone does; test_every_set.py has what all do."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernels import OPTIMIZE
from kernels.armv7em import layout, s16
from kernels.common import assembly
from kernels.common.constants import Constants
from kernels.common.work import Work
from model import fixed_point as fp
from model.formats.int16x8 import FORMAT as INT16X8
from model.layers.dense import Dense
from model.signal import Array, Signal, Weights
from tests.probe import TARGETS
from tests.support import layer_cases
from tests.support.assembly import Assembly
from tests.support.layer_cases import dense_case, lstm_case, made_by, random_lstm

KERNELS = Assembly("armv7em", TARGETS["cortex-m4"])
WIDE = replace(KERNELS, format=INT16X8)


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


def test_packed_lines_are_the_reference_for_every_input() -> None:
    """Those of balanced, read from its table, as the instructions take them."""
    words = re.findall(r"\.word ([-\d, ]+)", layout.prologue("balanced", ()))
    table = np.array([int(word) for line in words for word in line.split(",")], np.int64)
    assert len(table) == 512

    def line(v: Array, k: Array, half: int, bits: int) -> Array:
        """SMLAWT, and the offset added; the 16 bits from where the result is."""
        entries = table[k + 256]
        r = ((v * (entries >> 16) >> 16) + half + (entries << bits)) % (1 << 32)
        return (r >> (bits + (bits == 9))) & 0xFFFF

    def signed(halves: Array) -> Array:
        return (halves ^ 0x8000) - 0x8000

    x = np.arange(-32768, 32768)
    v = x * 0x30000001 >> 16
    np.testing.assert_array_equal(line(v, v >> 21, 512, 9), fp.sigmoid16(x))
    np.testing.assert_array_equal(signed(line(v, np.clip(v >> 20, -256, 255), 0x800080, 8)), fp.tanh16(x, -12))
    for log2 in range(-24, -6):
        v = np.clip(fp.table_units(x, log2), -(1 << 16), (1 << 16) - 1) if log2 > -10 else fp.table_units(x, log2)
        assert np.abs(v).max() < 1 << 19
        v = (v << 12) - (v < 0)
        np.testing.assert_array_equal(signed(line(v, np.clip(v >> 20, -256, 255), 0x800080, 8)), fp.tanh16(x, log2))


# ---- int16x8 ----


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_sums_of_fine_units(tmp_path: Path, optimize: str) -> None:
    """Shifted right by 31 to 46 bits: beyond 32 the high word is shifted, too."""
    cases = []
    for right in range(31, 47):
        random = np.random.default_rng(right)
        source, layer = random_lstm(random, 2, 139, 6, 0, INT16X8)
        scales = np.full(4, 2.0 ** (2.5 - right) / source.scale, np.float32)
        fine = replace(layer, kernel=Weights(layer.kernel.values, scales))
        cases.append(
            lstm_case("armv7em", f"fine_{right}", random, (source, fine), right % 2, optimize, bool(right % 3))
        )
    shifts = {int(shift) for case in cases for shift in re.findall(r"kernel_[ifco]_s, (-?\d+)", case.made.assembly)}
    assert shifts == {0, *range(-14, 0)}
    WIDE.check(tmp_path, cases, optimize)


def test_parts_whose_sums_leave_32_bits_on_their_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = layer_cases._random_dense

    def large(*arguments: object) -> tuple[Signal, Dense]:
        source, layer = made(*arguments)  # type: ignore[arg-type]
        values = np.full_like(layer.kernel.values, 127)
        values[1::2, values.shape[1] // 2 :] = -127  # the second half takes back what the first one brings
        scales = np.full(len(values), layer.output.scale / source.scale * 2.0**-15, np.float32)
        return source, replace(layer, kernel=Weights(values, scales))

    monkeypatch.setattr(layer_cases, "_random_dense", large)
    monkeypatch.setattr(layer_cases, "_inputs", lambda _, shape, __, ___: np.full(shape, 32767, np.int16))
    cases = [
        dense_case(
            "armv7em", f"dense{outputs}", np.random.default_rng(outputs), (4, 1, 500, outputs), 0, level, INT16X8
        )
        for outputs, level in zip(range(1, 7), OPTIMIZE * 2, strict=True)
    ]
    assert all(case.assembled for case in cases)
    replace(WIDE, room=64000).check(tmp_path, cases, "balanced")


@pytest.mark.parametrize("optimize", OPTIMIZE)
@pytest.mark.parametrize(
    ("weight", "inputs", "parts", "what"),
    [
        (-128, 6, 1, "a weight is -128, and the products of pairs of rows could overflow"),
        (127, 517, 1, "a sum can reach 2151514112 and overflow 32 bits"),
        (127, 517, 2, "a sum can reach 2151514112 and overflow 32 bits"),
    ],
)
def test_int16x8_that_cannot_be_proved_runs_on_the_portable_kernels(
    weight: int, inputs: int, parts: int, what: str, optimize: str
) -> None:
    def made(weight: int, inputs: int) -> Constants:
        kernel = Weights(np.full((3, parts * inputs), weight, np.int8), np.full(3, 1e-4, np.float32))
        source, out = Signal((parts * inputs,), "int16", 2.0**-12), Signal((3,), "int16", 2.0**-12)
        layer = Dense("dense", kernel, np.zeros(3, np.int64), "linear", out, INT16X8)
        kinds = ("dense",) if parts == 1 else ("dense_add", "dense_finish")
        return made_by("armv7em", Work("dense", layer, source, kinds, parts, optimize=optimize))

    beyond = made(weight, inputs)
    assert not beyond.assembly
    assert beyond.notes == (f"layer 'dense' runs with kernel set c: {what}",)
    within = made(max(weight, -127), inputs - 1)
    assert within.assembly
    assert within.notes == ()


@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_layers_of_both_formats_in_one_file(tmp_path: Path, optimize: str) -> None:
    random = np.random.default_rng(7)
    cases = []
    for k, format in enumerate((KERNELS.format, INT16X8) * 2):
        cases.append(lstm_case("armv7em", f"lstm{k}", random, (3, 9, 7), k // 2, optimize, k > 1, format))
        cases.append(dense_case("armv7em", f"dense{k}", random, (1 + k // 2, 1, 11, 6), 0, optimize, format))
    assert all(case.assembled for case in cases)
    KERNELS.check(tmp_path, cases, optimize)


def test_a_byte_of_flash_a_weight() -> None:
    """At every level, whatever the number of rows."""
    for optimize in OPTIMIZE:
        for once, words in ((False, 4 * 8 * (8 + 8) // 4 + 8 * 6), (True, 3 * 8 * 8 // 4 + 8 * 4)):
            source, layer = random_lstm(np.random.default_rng(1), 1, 8, 8, 0, INT16X8)
            kinds = ("lstm_once",) if once else ("lstm",)
            (weights,) = s16.lstm(Work("lstm", layer, source, kinds, optimize=optimize)).arrays
            assert len(weights.values) == words
