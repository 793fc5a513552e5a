# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Form: linters, types, licences, and nothing of the machine it was written on."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support.host import ROOT

TOOLS = Path(sys.executable).parent
SOURCES = (".py", ".c", ".h", ".S", ".ld", ".toml", ".in", ".jinja")
BARE = ("SConstruct", "scons", "run")
TEXTS = (*SOURCES, ".md", ".yml", ".json", ".txt")
SKIPPED = re.compile(r"(^|/)(\.\w[^/]*(?<!\.ci)|build|out|__pycache__)/|^compile_commands\.json$")
UNOWNED = (".jinja",)  # what is generated from a template belongs to the user
MACHINE_PATH = re.compile(r"(?<![\w.$}<])/(?:home|root|Users|work|mnt|media)/\w")


@cache
def files(*endings: str) -> tuple[Path, ...]:
    """The project's own files with these endings, and the few that have none."""
    found = (path for path in sorted(ROOT.rglob("*")) if path.is_file())
    own = (path for path in found if not SKIPPED.search(path.relative_to(ROOT).as_posix()))
    return tuple(path for path in own if path.suffix in endings or (not path.suffix and path.name in BARE))


def check(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff() -> None:
    check(TOOLS / "ruff", "check", ".")


def test_ruff_format() -> None:
    check(TOOLS / "ruff", "format", "--check", ".")


def test_types() -> None:
    check(TOOLS / "mypy", "--strict", "model", "kernels", "target", "measure", "train", "export")


def test_clang_format() -> None:
    sources = [path for path in files(".c", ".h") if path.suffix]
    assert len(sources) > 20
    check(TOOLS / "clang-format", "--dry-run", "-Werror", "--ferror-limit=5", *sources)


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
