# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Baselines: what changed is shown to the unit, what did not is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from measure.checks import baseline
from tests.support.checkout import Checkout, Shared

REQUEST = ("target=cortex-m4", "model=forecast-window", "quant=int8", "kernels=c")
NAME = "cortex-m4 forecast_window int8 c"


@pytest.fixture
def checkout(built: Shared, tmp_path: Path) -> Checkout:
    copy = built.copy(tmp_path / "checkout", *REQUEST)
    copy.build("baseline", *REQUEST)
    return copy


def test_functions_called_alike_count_together() -> None:
    rows = [{"name": "output", "instructions": 30.2, "code": 8}, {"name": "output", "instructions": 10.0, "code": 12}]
    report = {"instructions": 40, "flash": None, "ram": None, "cycles": None, "functions": rows}
    report["stack"] = {"proved": True, "bound": 8}
    found = baseline.figures(report)
    assert (found["instructions of output"], found["code of output"]) == (40, 20)


def test_nothing_changed(checkout: Checkout) -> None:
    assert f"{NAME}: unchanged since baseline.json" in checkout.build("diff", *REQUEST).out


def test_a_slower_kernel_is_shown_where_it_is_slower(checkout: Checkout) -> None:
    path = checkout.root / "kernels/c/dense_s8.c"
    text = path.read_text()
    changed = text.replace("    const int32_t zero = layer->zero_point;\n",
                           "    volatile int32_t twice = 2;\n    twice = twice + 1;\n"
                           "    const int32_t zero = layer->zero_point;\n")  # fmt: skip
    assert changed != text
    path.write_text(changed)
    lines = checkout.build("diff", *REQUEST).out.splitlines()
    assert f"{NAME}: changed since baseline.json" in lines
    page = (checkout.root / "build/diff.md").read_text()
    assert all(line.split("  ")[1] in page for line in lines if "->" in line)
    changes = [line.split("  ")[1] for line in lines if "->" in line]
    assert "instructions of lstmcu_dense_s8_run" in changes
    assert "flash code" in changes
    assert not [change for change in changes if "lstm_s8_once" in change or "weights" in change]


def test_other_builds_stay_in_the_file(checkout: Checkout) -> None:
    other = ("target=cortex-m4", "model=forecast-window", "quant=float32", "kernels=c")
    checkout.build("baseline", *other)
    builds = json.loads((checkout.root / "baseline.json").read_text())["builds"]
    assert set(builds) == {NAME, NAME.replace("int8", "float32")}
    assert "not in" not in checkout.build("diff", *REQUEST).out


def test_a_build_that_was_never_stored_is_named(checkout: Checkout) -> None:
    done = checkout.build("diff", "target=cortex-m4", "model=forecast-window", "quant=float32", "kernels=c")
    assert "float32 c: not in baseline.json" in done.out


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 99, "builds": {}}', '{"version": 1, "builds": 3}'])
def test_a_damaged_file_gets_a_sentence(checkout: Checkout, text: str) -> None:
    (checkout.root / "baseline.json").write_text(text)
    assert "store it again" in checkout.scons("diff", *REQUEST).sentence


def test_changes_tell_the_difference_and_the_share() -> None:
    before: baseline.Figures = {"same": 5, "more": 100, "gone": 7}
    after: baseline.Figures = {"same": 5, "more": 150, "new": 3}
    changed = baseline.changes(before, after)
    more, gone, new = (change.line for change in changed)
    assert more.split() == ["more", "100", "->", "150", "+50", "(+50.0", "%)"]
    assert gone.split() == ["gone", "7", "->", "0", "-7", "(-100.0", "%)"]
    assert new.split() == ["new", "0", "->", "3", "+3"]
    page = baseline.as_markdown([("one: changed since baseline.json", changed), ("two: unchanged", [])]).splitlines()
    assert page[:3] == ["## What has changed", "", "one: changed since baseline.json"]
    assert [cell.strip() for cell in page[6].split("|")[1:-1]] == ["more", "100", "150", "+50 (+50.0 %)"]
    assert page[-1] == "two: unchanged"
