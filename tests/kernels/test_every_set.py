# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Every assembly set for integers, found by looking, layer by layer under QEMU; see tests/support/assembly.py.

A new set, or format of one, needs a line in PROVED, and a module of its own for nothing but what it alone does.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kernels import OPTIMIZE, all_sets
from model import formats
from tests.probe import ASSEMBLED, CORES
from tests.support.assembly import Assembly, with_vlen
from tests.support.layer_cases import cell_cases, raw_cases

PROVED = {  # layers of the first test that are not left to C, by OPTIMIZE; of other formats than int8 with their name
    "armv6m": (40, 46, 40),
    "armv6m-int16x8": (52, 48, 52),
    "armv7em": (40, 46, 40),
    "armv7em-int16x8": (52, 48, 52),
    "armv7m": (40, 46, 40),
    "armv7m-int16x8": (52, 48, 52),
    "helium": (55, 55, 55),
    "helium-int16x8": (52, 48, 52),
    "rv32im": (40, 46, 40),
    "rv32im-int16x8": (52, 48, 52),
    "rvv": (51, 49, 48),
    "rvv-int16x8": (52, 48, 52),
}
GRUS = {  # the same of the test with GRUs
    "armv6m": (0, 36, 34),
    "armv7em": (32, 35, 33),
    "armv7em-int16x8": (38, 38, 37),
    "armv7m": (0, 36, 34),
    "helium": (33, 36, 34),
    "rv32im": (0, 36, 34),
}
GATES = {
    "armv6m": (0, 29, 30),
    "armv7em": (27, 28, 27),
    "armv7m": (0, 29, 30),
    "helium": (31, 29, 30),
    "rv32im": (0, 29, 30),
}  # and of that with LSTMs of relu
FORMATS = [formats.named("int8"), formats.named("int16x8")]
KINDS = {  # of kernels: a set, and a format that it has
    name if format is FORMATS[0] else f"{name}-{format.name}": (name, format)
    for name in ASSEMBLED
    for format in FORMATS
    if all_sets()[name].covers_format(format.suffix)
}
WITH_CELLS = [kind for kind, (name, format) in KINDS.items() if f"lstm.{format.suffix}" in all_sets()[name].covers]
WITH_GRUS = [kind for kind, (name, format) in KINDS.items() if f"gru.{format.suffix}" in all_sets()[name].covers]
WITH_FUNCTIONS = [
    kind for kind, (name, format) in KINDS.items() if f"lstm_functions.{format.suffix}" in all_sets()[name].covers
]
ROOMY = CORES["cortex-m4"]  # a machine with memory for many layers
VLENS = (128, 256, 512)


def on_its_core(kind: str) -> Assembly:
    """The set on a core that lists it, on a larger machine of the family where the core's own is too small."""
    name, format = KINDS[kind]
    target = CORES[ASSEMBLED[name]]
    if target.ram.size < 1 << 18 and target.arch == ROOMY.arch:
        target = replace(target, qemu=ROOMY.qemu, flash=ROOMY.flash, ram=ROOMY.ram)
    return Assembly(name, target, format)


def machines(kernels: Assembly) -> list[Assembly]:
    """The core, with vectors of several lengths if it has any."""
    qemu = kernels.target.qemu
    variable = qemu is not None and "vlen=" in (qemu.cpu or "")
    return [with_vlen(kernels, vlen) for vlen in VLENS] if variable else [kernels]


def test_each_has_a_line_here() -> None:
    assert set(PROVED) == set(KINDS)
    assert set(GRUS) == set(WITH_GRUS)
    assert set(GATES) == set(WITH_FUNCTIONS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_layers_of_all_kinds_give_the_reference_s_bits(tmp_path: Path, optimize: str, kind: str) -> None:
    kernels = on_its_core(kind)
    cases = list(kernels.cases(optimize, 1, 48))
    assert sum(case.assembled for case in cases) == PROVED[kind][OPTIMIZE.index(optimize)]
    kernels.check(tmp_path, cases, optimize, on=machines(kernels))


@pytest.mark.parametrize("kind", WITH_GRUS)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_grus_give_the_reference_s_bits(tmp_path: Path, optimize: str, kind: str) -> None:
    kernels = on_its_core(kind)
    cases = list(kernels.gru_cases(optimize, 1, 40))
    assert sum(case.assembled for case in cases) == GRUS[kind][OPTIMIZE.index(optimize)]
    kernels.check(tmp_path, cases, optimize, on=machines(kernels))


@pytest.mark.parametrize("kind", WITH_FUNCTIONS)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_gates_of_other_lstms_give_the_reference_s_bits(tmp_path: Path, optimize: str, kind: str) -> None:
    kernels = on_its_core(kind)
    cases = list(kernels.gates_cases(optimize, 1, 32))
    assert sum(case.assembled for case in cases) == GATES[kind][OPTIMIZE.index(optimize)]
    if any(case.assembled for case in cases):
        kernels.check(tmp_path, cases, optimize, on=machines(kernels))


@pytest.mark.parametrize("kind", WITH_CELLS)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_every_scale_of_the_cell_state(tmp_path: Path, optimize: str, kind: str) -> None:
    cases = list(cell_cases(KINDS[kind][0], optimize, KINDS[kind][1]))
    assert [case.assembled for case in cases] == [False, *[True] * 18, False]
    on_its_core(kind).check(tmp_path, cases, optimize)


@pytest.mark.parametrize("kind", WITH_CELLS)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_sums_of_raw_units(tmp_path: Path, optimize: str, kind: str) -> None:
    cases = list(raw_cases(KINDS[kind][0], optimize, KINDS[kind][1]))
    assert all(case.assembled for case in cases)
    on_its_core(kind).check(tmp_path, cases, optimize)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_another_assembler_makes_them_too(tmp_path: Path, optimize: str, kind: str) -> None:
    kernels = on_its_core(kind)
    kernels.check(tmp_path, list(kernels.cases(optimize, 9, 12)), optimize, "clang")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 8))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimize", OPTIMIZE)
def test_many_more_layers(tmp_path: Path, optimize: str, kind: str, seed: int) -> None:
    kernels = on_its_core(kind)
    kernels.check(tmp_path, list(kernels.cases(optimize, seed, 80)), optimize, on=machines(kernels))
