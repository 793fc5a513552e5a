# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Lines that end as on Windows, characters that the terminal does not have, and a reader that goes away."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import NEEDED, Checkout, Shared
from tests.support.host import HANG, ROOT

REQUEST = ("target=cortex-m4", "model=forecast-window", "quant=int8")


def git(folder: Path, *words: str) -> None:
    nobody = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    subprocess.run(["git", "-C", str(folder), *nobody, *words], check=True, capture_output=True)


def test_git_brings_the_same_lines_everywhere(tmp_path: Path) -> None:
    """As on a machine where git is set to end lines in CR LF."""
    origin = tmp_path / "origin"
    origin.mkdir()
    for name in (".gitattributes", "scons", "SConstruct", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, origin)
    for name in ("toolchains", "models", "firmware", "site_scons", ".ci"):
        shutil.copytree(ROOT / name, origin / name, ignore=shutil.ignore_patterns("__pycache__"))
    git(origin, "init")
    git(origin, "add", "-A")
    git(origin, "commit", "-m", "all")
    options = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    git(tmp_path, "clone", *options, "origin", "clone")
    paths = [path.relative_to(origin) for path in origin.rglob("*") if path.is_file() and ".git" not in path.parts]
    assert len(paths) > 60
    for path in paths:
        assert (tmp_path / "clone" / path).read_bytes() == (origin / path).read_bytes(), path


def test_a_build_of_files_with_other_line_ends(built: Shared, tmp_path: Path) -> None:
    """They came by another way than git; what is built is the same."""
    checkout = Checkout.copy(tmp_path / "checkout")
    changed = 0
    for path in (path for name in NEEDED for path in [checkout.root / name, *(checkout.root / name).rglob("*")]):
        data = path.read_bytes() if path.is_file() else b"\0"
        if b"\0" not in data:
            path.write_bytes(re.sub(rb"(?<!\r)\n", b"\r\n", data))
            changed += 1
    assert changed > 150
    checkout.build(*REQUEST)
    folder = "build/cortex-m4/forecast-window/int8-asm"
    for name in ("outputs.npy", "profile.txt", "forecast_window.elf"):
        assert (checkout.root / folder / name).read_bytes() == (built(*REQUEST).root / folder / name).read_bytes(), name


def say(checkout: Checkout, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "SCons", "-Q", *words]
    settings = {**os.environ, **environment}
    return subprocess.run(command, cwd=checkout.root, env=settings, capture_output=True, check=False, timeout=HANG)


@pytest.fixture(scope="module")
def own(built: Shared, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of what was built, where no other test makes one wait."""
    return built.copy(tmp_path_factory.mktemp("lines") / "checkout", *REQUEST)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "utf-8"])
def test_a_terminal_of_another_encoding(encoding: str, own: Checkout) -> None:
    """Of the table and of help, by themselves: what it has no character for is a question mark."""
    for words in (["report", *REQUEST], ["-h"]):
        done = say(own, *words, PYTHONIOENCODING=encoding)
        assert (done.returncode, done.stderr) == (0, b"")
        right = say(own, *words, PYTHONIOENCODING="utf-8").stdout.decode()
        assert done.stdout == right.encode(encoding, "replace")
        assert "─" in right or words == ["-h"]


def test_a_language_without_utf_8(built: Shared, tmp_path: Path) -> None:
    """Nor do files depend on it."""
    checkout = built.copy(tmp_path / "checkout", *REQUEST)
    folder = checkout.root / "build/cortex-m4/forecast-window/int8-asm"
    right = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    shutil.rmtree(folder)
    done = say(checkout, "report", *REQUEST, LC_ALL="C", LANG="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, b"")
    made = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert Path("report.json") in made
    assert made == {name: right[name] for name in made}  # others may have made more there
    sentence = say(checkout, "model=nä", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert sentence.returncode == 2
    assert b"Traceback" not in sentence.stderr


@pytest.mark.parametrize("words", [["report", *REQUEST], ["-h"]])
def test_a_reader_that_has_gone(words: list[str], own: Checkout) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "SCons", "-Q", *words]
    done = subprocess.run(command, cwd=own.root, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("count", [1, 100_000])
def test_a_program_whose_reader_has_gone(count: int) -> None:
    """With no more than what is buffered, and with more."""
    read, write = os.pipe()
    os.close(read)
    code = f"from model.errors import run_main\nrun_main(lambda: [print('x' * 80) for _ in range({count})] and None)"
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=settings, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.stderr == b""
    assert done.returncode == (0 if count == 1 else 141)
