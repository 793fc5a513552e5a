# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the documents say is what the commands give."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from tests.support.checkout import ROOT, Checkout

REPORT = re.compile(r"^ cortex-m4 +forecast +int8 .*$", re.MULTILINE)


def test_the_accuracy_page_is_current(built: Callable[..., Checkout]) -> None:
    checkout = built("docs", "target=cortex-m4")
    assert (checkout.root / "docs/accuracy.md").read_text() == (ROOT / "docs/accuracy.md").read_text()


def test_the_readme_shows_the_real_output(built: Callable[..., Checkout]) -> None:
    checkout = built("target=cortex-m4")
    checkout.build("target=cortex-m4")  # another test may have printed another table since
    shown = REPORT.findall((ROOT / "README.md").read_text())
    assert shown
    assert shown == REPORT.findall((checkout.root / "build/report.txt").read_text())


def test_every_field_of_the_report_is_described(built: Callable[..., Checkout]) -> None:
    checkout = built("target=cortex-m4")
    described = (ROOT / "docs/report.md").read_text()
    report = json.loads((checkout.root / "build/cortex-m4/forecast/int8-asm/report.json").read_text())
    missing = [key for key in report if f"`{key}`" not in described and f"`{key}." not in described]
    assert missing == []
