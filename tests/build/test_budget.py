# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Budgets: kept ones change nothing, broken ones fail with figures that are those of the report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.checkout import Checkout, Shared

REQUEST = ("target=cortex-m4", "model=forecast-window", "quant=int8", "kernels=c")
REPORT = "build/cortex-m4/forecast-window/int8-c/report.json"


@pytest.fixture
def checkout(built: Shared, tmp_path: Path) -> Checkout:
    return built.copy(tmp_path / "checkout", *REQUEST)


def needs(checkout: Checkout) -> dict[str, int]:
    report = json.loads((checkout.root / REPORT).read_text())
    return {
        "flash": report["flash"]["total"],
        "ram": report["ram"]["total"],
        "stack": report["stack"]["bound"],
        "instructions": report["instructions"],
    }


def test_budgets_that_are_just_kept_pass(checkout: Checkout) -> None:
    limits = [f"{what}_max={value}" for what, value in needs(checkout).items()]
    assert "TABLE report.txt" in checkout.build(*REQUEST, *limits).rules


@pytest.mark.parametrize("what", ["flash", "ram", "stack", "instructions"])
def test_one_less_fails_and_says_so(checkout: Checkout, what: str) -> None:
    value = needs(checkout)[what]
    sentence = checkout.scons(*REQUEST, f"{what}_max={value - 1}").sentence
    assert f"needs {what} {value:,}, 1 over {what}_max={value - 1}" in sentence
    named = {"flash": "L0_lstm_kernel", "instructions": "lstmcu_lstm_s8_once", "ram": "scratch", "stack": "window_run"}
    assert named[what] in sentence


@pytest.mark.parametrize(("word", "bound"), [("12K", 12 * 1024), ("1k", 1024), ("3M", 3 << 20)])
def test_units_of_bytes(checkout: Checkout, word: str, bound: int) -> None:
    kept = checkout.scons(*REQUEST, f"flash_max={word}").code == 0
    assert kept == (needs(checkout)["flash"] <= bound)


def test_not_a_number_is_refused(checkout: Checkout) -> None:
    assert "flash_max=lots: give a whole number" in checkout.scons(*REQUEST, "flash_max=lots").sentence


def test_a_file_of_budgets(checkout: Checkout) -> None:
    needed, file = needs(checkout), checkout.root / "budget.toml"
    file.write_text(f'["*"]\nflash_max = 1\n["cortex-m4/forecast-window/*"]\nflash_max = {needed["flash"]}\n')
    words = (*REQUEST, "budget=budget.toml")
    assert checkout.build(*words).rules == {"TABLE report.txt"}
    assert checkout.build(*words).rules == set()
    file.write_text(f'["cortex-m4/forecast-window/int8-c"]\nstack_max = {needed["stack"] - 4}\n')
    assert f"needs stack {needed['stack']}, 4 over stack_max" in checkout.scons(*words).sentence
    assert checkout.build(*words, f"stack_max={needed['stack']}").rules == {"TABLE report.txt"}
    report, junit = ((checkout.root / f"build/{name}").read_text() for name in ("report.md", "junit.xml"))
    assert report.startswith("## lstmcu: 1 build, all checks passed\n")
    assert f"int8-c: stack_max={needed['stack']}" in junit
    file.write_text('["cortex-m44/*"]\nflash_max = 1\n')
    assert "no target cortex-m44; did you mean" in checkout.scons(*words).sentence


def test_where_it_goes(checkout: Checkout) -> None:
    said = checkout.build("sizes", *REQUEST).out
    assert re.search(r"^\| \w+_window_L0_lstm_kernel +\| forecast_window\.c +\| weights \| +[\d,]+ \|$", said, re.M)
    assert re.search(r"^\| forecast_window_run +\| +\d+ \|$", said, re.M)
    assert re.search(r"^\| scratch_s8 +\| scratch +\| +\d+ \|$", said, re.M)
    checkout.build("-c", *REQUEST)
    assert not (checkout.root / "build/sizes.md").exists()
