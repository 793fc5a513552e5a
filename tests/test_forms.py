# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The forms for issues and requests: well-formed, and they ask for what is needed to see the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.style import ROOT

FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
REQUEST = (ROOT / ".github/PULL_REQUEST_TEMPLATE.md").read_text()
# GitHub's forms: what an element may be and what its attributes may say
KINDS = {
    "markdown": {"value"},
    "input": {"label", "description", "placeholder", "value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
}


def fields(form: Path) -> dict[str, dict[str, Any]]:
    """The elements that are filled in, by their id."""
    told = yaml.safe_load(form.read_text())
    return {element["id"]: element for element in told["body"] if element["type"] != "markdown"}


def test_there_are_two() -> None:
    assert [form.name for form in FORMS] == ["bug.yml", "model-refused.yml"]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_is_as_github_reads_it(form: Path) -> None:
    told = yaml.safe_load(form.read_text())
    assert told.keys() == {"name", "description", "labels", "body"}
    for element in told["body"]:
        assert element.keys() <= {"type", "id", "attributes", "validations"}
        assert element["attributes"].keys() <= KINDS[element["type"]]
        assert element["type"] == "markdown" or element["attributes"]["label"]
        assert element.get("validations", {"required": True}) == {"required": True}
    named = [element for element in told["body"] if element["type"] != "markdown"]
    assert len(fields(form)) == len(named)  # no id twice
    assert len({element["attributes"]["label"] for element in named}) == len(named)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_asks_for_command_version_and_report(form: Path) -> None:
    asked = fields(form)
    assert {"command", "version", "report"} <= asked.keys()
    for name in ("command", "version"):
        assert asked[name]["validations"]["required"], name
    assert asked["report"]["attributes"]["label"] == "report.json"
    assert asked["report"]["attributes"]["render"] == "json"
    assert "model/version.py" in asked["version"]["attributes"]["description"]


def test_the_bug_form_insists_on_the_report() -> None:
    assert fields(FORMS[0])["report"]["validations"]["required"]


def test_a_request_asks_for_the_same() -> None:
    for word in ("report.json", "exact commands", "`VERSION` in model/version.py", "CHANGELOG.md", "CONTRIBUTING.md"):
        assert word in REQUEST, word
