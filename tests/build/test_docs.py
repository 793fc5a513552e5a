# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the documents say is what the commands give."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from model import spans
from model.layers.lstm import CELL_LOG2
from tests.support.checkout import ROOT, Shared

REPORT = re.compile(r"^ cortex-m4 +forecast +int8 .*$", re.MULTILINE)


PAGES = sorted(f"docs/reports/{path.parent.name}.md" for path in ROOT.glob("models/*/*.keras"))


def rows(page: str) -> list[str]:
    """Rows of a page's tables and its other lines, whatever the columns' widths."""
    lines = (re.sub(r" +", " ", line) for line in page.splitlines())
    return [line for line in lines if line and not line.startswith("| --")]


@pytest.mark.parametrize("page", ["accuracy.md", "comparison.md"])
def test_the_generated_pages_are_current(built: Shared, page: str) -> None:
    checkout = built("docs", "target=cortex-m4")
    assert (checkout.root / "docs" / page).read_text() == (ROOT / "docs" / page).read_text()


def test_the_models_pages_are_current_for_one_target(built: Shared) -> None:
    checkout = built("docs", "target=cortex-m4")
    assert [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/reports/*.md"))] == PAGES
    for page in PAGES:
        made, committed = rows((checkout.root / page).read_text()), rows((ROOT / page).read_text())
        assert len([line for line in made if line.startswith("| cortex-m4 ")]) >= 5
        assert [line for line in made if line not in committed] == []
        own = "| cortex-m4 "
        assert [line for line in committed if line.startswith(own)] == [line for line in made if line.startswith(own)]


@pytest.mark.long
def test_the_models_pages_are_current(built: Shared) -> None:
    checkout = built("docs")
    for page in PAGES:
        assert (checkout.root / page).read_text() == (ROOT / page).read_text(), page


def test_the_figures_and_their_numbers_are_current(built: Shared) -> None:
    drawn = built("figures", "target=cortex-m4").root / "docs/figures"
    committed = ROOT / "docs/figures"
    assert {path.name for path in drawn.iterdir()} == {path.name for path in committed.iterdir()}
    for path in drawn.iterdir():
        assert path.read_bytes() == (committed / path.name).read_bytes(), path.name
    page = " ".join((ROOT / "docs/arithmetic.md").read_text().split())
    assert set(re.findall(r"\(figures/(\S+)\)", page)) == {path.name for path in drawn.glob("*.svg")}
    for what, number in json.loads((drawn / "facts.json").read_text()).items():
        assert f" {number}" in page, what


def test_the_readme_shows_the_real_output(built: Shared, tmp_path: Path) -> None:
    checkout = built.copy(tmp_path / "checkout", "target=cortex-m4")
    shown = REPORT.findall((ROOT / "README.md").read_text())
    assert shown
    assert shown == REPORT.findall((checkout.root / "build/report.txt").read_text())


def test_every_field_of_the_report_is_described(built: Shared) -> None:
    checkout = built("target=cortex-m4")
    described = (ROOT / "docs/report.md").read_text()
    report = json.loads((checkout.root / "build/cortex-m4/forecast/int8-asm/report.json").read_text())
    missing = [key for key in report if f"`{key}`" not in described and f"`{key}." not in described]
    assert missing == []


def test_the_arithmetic_page_has_the_limits_of_the_code() -> None:
    page = " ".join((ROOT / "docs/arithmetic.md").read_text().split())
    assert f"shift at most {spans.MAX_SHIFT}; at most {spans.MAX_SHIFT_WIDE} |" in page
    assert f"in `int16x8` below 2^{spans.MAX_SUM_WIDE.bit_length() - 1} |" in page
    assert "which is 2^{} to 2^{} |".format(*CELL_LOG2) in page


LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")
ADDED = ROOT / "tests/build/adding"  # what docs/design.md shows to be added, in the folders it would be in
PLACE = re.compile(r"`((?:firmware|model|models|measure|tests|toolchains|site_scons|examples|docs|train)/[\w./*-]+)`")


def test_what_the_pages_point_at_is_there() -> None:
    """Links, and paths in code spans; ``*`` stands for some file."""
    missing = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        text = page.read_text()
        missing += [f"{page.name}: {link}" for link, _ in LINK.findall(text)
                    if "://" not in link and not (page.parent / link).exists()]  # fmt: skip
        missing += [f"{page.name}: {place}" for place in PLACE.findall(text)
                    if not any(next(root.glob(place.rstrip("/")), None) for root in (ROOT, ADDED))]  # fmt: skip
    assert missing == []
