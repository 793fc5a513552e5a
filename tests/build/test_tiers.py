# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Wherever a modelled cycle count is printed, its tier of evidence stands beside it, or above it in the same table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from measure.checks.rtl import listing as rtl_table
from measure.evidence import DOCUMENTED, INTERVAL, ONE_SOURCE, RTL_EXACT
from tests.support.checkout import Checkout, Shared
from tests.support.host import ROOT

TIERS = (RTL_EXACT, DOCUMENTED, ONE_SOURCE, INTERVAL)
REQUEST = ("target=cortex-m4", "model=forecast-window", "quant=int8", "kernels=c")
COUNT = re.compile(r"\d[\d,]{2,}(\.\d+)? +cycles\b|\bcycles:? +\d[\d,]{2,}\b", re.IGNORECASE)


def unlabelled(text: str, counts: set[int]) -> list[str]:
    """Lines with one of the counts, or any number of cycles, in a paragraph (a table) that names no tier."""
    known = {form for count in counts for form in (str(count), f"{count:,}")}
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        if not any(tier in paragraph for tier in TIERS):
            lines = paragraph.splitlines()
            found += [line for line in lines if COUNT.search(line) or known & set(re.findall(r"\d[\d,]*\d", line))]
    return found


def test_the_search_finds_what_it_should() -> None:
    assert unlabelled("takes 12,345 cycles", set()) == ["takes 12,345 cycles"]
    assert unlabelled("cycles 98765 -> 99999", set()) == ["cycles 98765 -> 99999"]
    assert unlabelled("some 4711 there\n\nall documented", {4711}) == ["some 4711 there"]
    assert unlabelled("cycles (documented)\n 4711", {4711}) == []
    assert unlabelled("two cycles; 1 cycle; 5-cycle", set()) == []


@pytest.fixture(scope="module")
def checkout(built: Shared, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return built.copy(tmp_path_factory.mktemp("tiers") / "checkout", *REQUEST)


def counts_of(value: Any) -> Iterator[int]:
    """The counts of every ``cycles`` in a document."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "cycles" and isinstance(item, dict):
                assert item["evidence"] in TIERS
                yield from (item[end] for end in ("low", "nominal", "high"))
            yield from counts_of(item)


def counts(checkout: Checkout) -> set[int]:
    path = checkout.root / "build/cortex-m4/forecast-window/int8-c/report.json"
    return set(counts_of(json.loads(path.read_text())))


@pytest.mark.parametrize("goal", [
    ("report",), ("report", "clock=64MHz", "period=50ms", "flash_wait=2"), ("profile",), ("diff",), ("compare",),
    ("instructions_max=1k",), ("cycles_max=1k",), ("-h",),
], ids=" ".join)  # fmt: skip
def test_every_goal_names_the_tier(checkout: Checkout, goal: tuple[str, ...]) -> None:
    if goal == ("diff",):
        checkout.build("baseline", *REQUEST)
        kept = checkout.root / "baseline.json"
        kept.write_text(re.sub(r": (\d+),", lambda found: f": {int(found[1]) + 1},", kept.read_text()))
    done = checkout.scons(*goal, *REQUEST)
    assert done.code == (2 if any("_max" in word for word in goal) else 0), done.out + done.err
    assert unlabelled(done.out + done.err, counts(checkout)) == []
    if goal[0] in ("report", "profile", "diff", "cycles_max=1k"):
        assert (INTERVAL if "flash_wait=2" in goal else DOCUMENTED) in done.out + done.err


def test_every_file_that_a_build_leaves_names_the_tier(checkout: Checkout) -> None:
    checkout.build("profile", *REQUEST)
    checkout.build("export", *REQUEST, f"dest={checkout.root / 'out'}")
    wanted = counts(checkout)
    folders = [checkout.root / name for name in ("build", "out")]
    texts = [path for folder in folders for ending in ("txt", "md") for path in folder.rglob(f"*.{ending}")]
    assert len(texts) > 5
    for path in texts:
        if path.name not in ("profile.txt", "bench.txt"):  # counts of instructions alone
            assert unlabelled(path.read_text(), wanted) == [], path


def test_the_table_against_rtl_names_the_tier() -> None:
    row: dict[str, Any] = dict.fromkeys(("model", "quantisation", "kernels", "optimize", "core"), "x")
    row |= {"modelled": 4711, "rtl": 4712, "error": 0}
    text = rtl_table.render([row])
    assert "4,711" in text
    assert unlabelled(text, {4711, 4712}) == []


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda it: it.name)
def test_no_document_has_a_count_without_its_tier(path: Path) -> None:
    assert unlabelled(path.read_text(), set()) == []
