# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Modelled cycles of the shipped models against Ibex and CV32E40P themselves, under Verilator."""

from __future__ import annotations

import json
import shutil
from itertools import product
from pathlib import Path

import pytest

from kernels import OPTIMIZE
from measure.checks.rtl.core import CORES, build
from model.errors import UserError
from tests.support.checkout import Shared

LIMIT = 0.005
QUANTISATIONS = ("int8", "int16x8")  # in float32 a window takes a minute
KERNELS = ("c", "asm")


def test_the_model_is_the_hardware(built: Shared) -> None:
    checkout = built("rtl", "target=rv32imc", "model=all", "kernels=all", f"quant={','.join(QUANTISATIONS)}")
    results = sorted((checkout.root / "build/rv32imc").glob("*/int*/rtl.json"))
    rows = [row for path in results for row in json.loads(path.read_text())]
    shipped = {path.name for path in (checkout.root / "models").iterdir() if (path / f"{path.name}.keras").exists()}
    for kernels in KERNELS:
        assert sum(row["kernels"] == kernels for row in rows) >= len(shipped) * len(QUANTISATIONS) * len(CORES)
    assert {row["core"] for row in rows} == set(CORES)
    for row in rows:
        assert abs(row["error"]) <= LIMIT, row
    text = (checkout.root / "build/rtl.txt").read_text()
    assert all(f"{row['rtl']:,}" in text for row in rows)


def test_assembly_of_all_kinds_is_modelled(built: Shared) -> None:
    words = ("target=rv32imc", "model=forecast", f"quant={','.join(QUANTISATIONS)}", "kernels=asm", "optimize=all")
    folder = built("rtl", *words).root / "build/rv32imc/forecast"
    for quantisation in QUANTISATIONS:
        rows = [row for path in folder.glob(f"{quantisation}-asm*/rtl.json") for row in json.loads(path.read_text())]
        assert {(row["optimize"], row["core"]) for row in rows} == set(product(OPTIMIZE, CORES))
        assert max(abs(row["error"]) for row in rows) <= LIMIT


def test_only_the_cores_own_target(built: Shared) -> None:
    said = built("target=cortex-m4").scons("rtl", "target=cortex-m4")
    assert said.code == 2
    assert "the cores are rv32imc: target=rv32imc" in said.out + said.err


def test_missing_verilator_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UserError, match="sudo apt-get install verilator"):
        build("ibex", tmp_path / "core")
