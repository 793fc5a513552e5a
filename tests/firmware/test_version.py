# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One version number: what C, the papers and the list of changes say is what Python says."""

from __future__ import annotations

import re

import pytest

from export import sbom, texts
from model.version import VERSION, number
from tests.support.host import FIRMWARE, ROOT
from tests.test_escape import exported

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


def test_the_list_of_changes_begins_with_it() -> None:
    """Released or not, and every older version below a newer one."""
    changes = (ROOT / "CHANGELOG.md").read_text()
    listed = re.findall(r"^## (\d+\.\d+\.\d+)(?:, .+)?$", changes, re.MULTILINE)
    assert listed[0] == VERSION
    assert len(re.findall(r"^## ", changes, re.MULTILINE)) == len(listed)
    assert listed == sorted(set(listed), key=number, reverse=True)


# where the papers of an export say it, for build systems that compare versions: {file: what stands before it}
PAPERS = {
    "idf_component.yml": 'version: "',
    "library.json": '"version": "',
    "library.properties": "version=",
    "lstmcu.net.pdsc": 'Cversion="',
    "lstmcu_net-config-version.cmake": "set(PACKAGE_VERSION ",
    sbom.NAME: '"name": "lstmcu",\n          "version": "',
}


def test_the_papers_of_an_export_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = exported("a model")
    monkeypatch.setattr(texts, "VERSION", "9.8.7")
    monkeypatch.setattr(sbom, "VERSION", "9.8.7")
    then = exported("a model")
    assert {name for name, text in then.items() if "9.8.7" in text} == PAPERS.keys()
    for name, before in PAPERS.items():
        assert before + VERSION in now[name], name
        assert before + "9.8.7" in then[name], name


VERSIONS = [("0.1.0", "0x000100"), ("1.2.3", "0x010203"), ("12.10.255", "0x0c0aff")]


@pytest.mark.parametrize(("version", "shown"), VERSIONS)
def test_versions_compare_as_numbers(version: str, shown: str) -> None:
    assert number(version) == shown
