# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Form: linters, types, licences, and nothing of the machine it was written on."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests import style
from tests.style import ROOT, files

SOURCES = (".py", ".pyi", ".c", ".h", ".S", ".inc", ".ld", ".toml", ".in", ".jinja")
TEXTS = (*SOURCES, ".md", ".yml", ".yaml", ".json", ".txt")
UNOWNED = (".jinja",)  # what is generated from a template belongs to the user
MACHINE_PATH = re.compile(r"(?<![\w.$}<])/(?:home|root|Users|work|mnt|media)/\w")
HOOK = {"language": "system", "pass_filenames": False, "always_run": True}  # in this .venv, on the whole project


@pytest.mark.parametrize("name", style.CHECKS)
def test_check(name: str) -> None:
    done = subprocess.run(style.command(name), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_clang_format_is_told_every_source() -> None:
    assert len(style.command("clang-format")) > 20
    assert str(ROOT / "firmware/bench/bench.c") in style.command("clang-format")


def test_every_package_and_tool_is_typed() -> None:
    """mypy is given whole folders, so that a new file cannot be forgotten."""
    given = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert given["strict"] is True
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert {*packages, "site_scons"} <= set(given["files"])


def test_a_commit_runs_the_same_checks() -> None:
    """.pre-commit-config.yaml: every check of tests/style.py and nothing else, by the same words."""
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    hooks = {hook["id"]: hook for hook in repository["hooks"]}
    assert list(hooks) == list(style.CHECKS)
    for name, hook in hooks.items():
        assert hook["entry"] == f".venv/bin/python -m tests.style {name}"
        assert hook.items() >= HOOK.items()


def test_editors_are_told_what_the_checks_hold() -> None:
    told = configparser.ConfigParser()
    told.read_string("[top]\n" + (ROOT / ".editorconfig").read_text())
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]
    c = yaml.safe_load((ROOT / ".clang-format").read_text())
    assert told["*"]["max_line_length"] == str(ruff["line-length"])
    assert told["*.{c,h}"]["max_line_length"] == str(c["ColumnLimit"])
    assert told["*"]["indent_size"] == str(c["IndentWidth"])
    assert told["*"]["indent_style"] == "space"  # as ruff and LLVM's style do unless told otherwise


def test_an_unknown_check_is_refused() -> None:
    assert style.main(["spelling"]) == 2


def test_every_source_states_its_licence() -> None:
    paths = [path for path in files(*SOURCES) if path.suffix not in UNOWNED]
    assert len(paths) > 80
    missing = []
    for path in paths:
        opening = "".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:3])
        if "SPDX-FileCopyrightText: " not in opening or "SPDX-License-Identifier: Apache-2.0" not in opening:
            missing.append(str(path.relative_to(ROOT)))
    assert missing == []


def test_templates_claim_no_copyright_of_what_is_the_users() -> None:
    templates = files(".jinja")
    for path in (path for path in templates if path.suffix == ".jinja"):
        assert "SPDX" not in path.read_text(encoding="utf-8"), path


def test_no_path_of_somebodys_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in files(*TEXTS)
        for line in path.read_text(encoding="utf-8").splitlines()
        if MACHINE_PATH.search(line) and path != Path(__file__)
    ]
    assert found == []


@pytest.mark.parametrize("line", ["see /home/me/x", '"/Users/me/x"', "(/mnt/disk/x)"])
def test_the_pattern_for_such_paths_finds_them(line: str) -> None:
    assert MACHINE_PATH.search(line)
    assert not MACHINE_PATH.search("build/mnt/x and https://example.org/home/x")


def test_texts_end_their_lines_the_same_way() -> None:
    for path in files(*TEXTS):
        data = path.read_bytes()
        assert b"\r" not in data, path
        assert not data or data.endswith(b"\n"), path


def test_no_function_is_over_60_lines() -> None:
    """Of Python, everywhere: what is longer says more than one thing."""
    sources = [path for path in files(".py") if path.suffix == ".py" or path.name in ("SConstruct", "scons")]
    assert {ROOT / "SConstruct", ROOT / "scons"} <= set(sources)
    found = []
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                found += [f"{path.relative_to(ROOT)}: {node.name}: {lines}"] if lines > 60 else []
    assert found == []
