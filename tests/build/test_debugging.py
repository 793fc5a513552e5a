# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""docs/debugging.md shows what a build, a test, compare and debug say, with the instruction wrong that it names."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.style import ROOT
from tests.support.checkout import Checkout, Shared

PAGE = (ROOT / "docs/debugging.md").read_text()
BLOCKS = re.findall(r"^```\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
MACROS = "kernels/armv7em/cell.inc"


def shown(begin: str) -> list[str]:
    """The lines of the page's block that has a line beginning so."""
    (block,) = (block for block in BLOCKS if re.search(rf"^{re.escape(begin)}", block, re.MULTILINE))
    return [line for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy with its tests and the page's wrong instruction."""
    (instruction,) = re.findall(r"`(qsub16 [\w, ]+)`", PAGE)
    checkout = Checkout.copy(tmp_path_factory.mktemp("debugging") / "copy")
    shutil.copytree(ROOT / "tests", checkout.root / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", checkout.root)
    (checkout.root / ".venv").symlink_to(sys.prefix)
    text = (checkout.root / MACROS).read_text()
    assert text.count(f"    {instruction.replace('qsub16', 'qadd16')}\n") == 1
    (checkout.root / MACROS).write_text(text.replace(instruction.replace("qsub16", "qadd16"), instruction))
    return checkout


def test_a_build(wrong: Checkout) -> None:
    done = wrong.scons("target=cortex-m4")
    assert f"lstmcu: error: {done.sentence}" == shown("lstmcu: error: ")[0]


def test_compare(wrong: Checkout) -> None:
    said = wrong.build("compare", "target=cortex-m4").out.splitlines()
    assert set(shown("First difference: ")) <= set(said)


def test_a_failing_test(wrong: Checkout) -> None:
    (alone,) = shown("layer0 alone: ")
    (test,) = re.findall(r"pytest '(.*)' --case=layer0$", alone)
    command = [sys.executable, "-m", "pytest", "-q", test]
    done = subprocess.run(command, cwd=wrong.root, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert {alone, *shown("  layer0 ")} <= set(done.stdout.splitlines())


def test_debug(built: Shared) -> None:
    root: Path = built("debug", "target=cortex-m4").root
    told = root / "build/cortex-m4/forecast/int8-asm/debug/debug.txt"
    assert told.read_text().splitlines() == shown("cortex-m4: to stop in ")


def test_the_symbols_in_the_table_are_there(built: Shared) -> None:
    folder = built("debug", "target=cortex-m4").root / "build/cortex-m4/forecast/int8-asm"
    text = (folder / "forecast.c").read_text() + (folder / "forecast.h").read_text()
    for name in re.findall(r"break (\w+)`|state->(\w+)", PAGE):
        assert re.search(rf"\b{''.join(name)}\b", text), name
