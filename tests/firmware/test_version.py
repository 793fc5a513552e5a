# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One version number: what C says is what Python says."""

from __future__ import annotations

import re

import pytest

from model.version import VERSION, number
from tests.support.host import FIRMWARE, ROOT

OWN = re.compile(r"\blstmcu[ _](\d+)[._](\d+)[._](\d+)")


def test_the_header_has_pythons_version() -> None:
    text = (FIRMWARE / "include/lstmcu_version.h").read_text()
    assert re.findall(r"^#define LSTMCU_VERSION (.*)$", text, re.MULTILINE) == [number()]
    assert {".".join(found) for found in OWN.findall(text)} == {VERSION}
    assert len(OWN.findall(text)) == 2


def test_nothing_else_has_one() -> None:
    folders = ("firmware", "kernels", "target", "model", "export", "measure")
    own = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    texts = {path: path.read_text() for path in own if path.suffix in (".c", ".h", ".inc", ".S", ".py", ".jinja")}
    assert len(texts) > 150
    found = {path.name for path, text in texts.items() if VERSION in text or VERSION.replace(".", "_") in text}
    assert found == {"version.py", "lstmcu_version.h"}


VERSIONS = [("0.1.0", "0x000100"), ("1.2.3", "0x010203"), ("12.10.255", "0x0c0aff")]


@pytest.mark.parametrize(("version", "shown"), VERSIONS)
def test_versions_compare_as_numbers(version: str, shown: str) -> None:
    assert number(version) == shown
