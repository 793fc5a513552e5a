# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How long builds take, and what the docs say of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from measure.cost import build_times
from measure.cost.build_times import Row
from model.errors import UserError
from tests.support.host import ROOT

ROW = re.compile(r"^(\S.*?) +([\d.]+) +<([\d.]+) +([\d.]+)$", re.MULTILINE)
GOALS = [0.5, 5, 60]
ROWS = [Row("nothing to do", 0.4, 0.5, 0.3), Row("every target", 25, 60, 50.25)]


def rows(text: str) -> list[tuple[str, float, float, float]]:
    return [(name, float(elapsed), float(goal), float(used)) for name, elapsed, goal, used in ROW.findall(text)]


def test_the_table_and_its_place_in_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n```console\n$ ./scons build-times\nold\n```\nafter\n")
    for _ in range(2):
        build_times.write(page, build_times.table(ROWS, 1.5))
        text = page.read_text()
        assert rows(text) == [("nothing to do", 0.4, 0.5, 0.3), ("every target", 25, 60, 50.25)]
        assert text.startswith("before\n```console\n$ ./scons build-times\n")
        assert text.endswith("average\n```\nafter\n")
    page.write_text("nothing of the kind")
    with pytest.raises(UserError, match="has no line"):
        build_times.write(page, "")


def test_the_docs_show_builds_within_the_goals() -> None:
    """The goals are of elapsed seconds; or by processor seconds, since other programs may have had the cores: two of
    them for all targets."""
    found = rows((ROOT / "docs/build.md").read_text())
    assert [goal for _, _, goal, _ in found] == GOALS
    for name, elapsed, goal, used in found:
        assert min(elapsed, used / (2 if "every target" in name else 1)) < goal, name


def test_what_is_to_be_done_is_found_out_without_slow_libraries() -> None:
    words = [sys.executable, "-P", "-X", "importtime", "-m", "SCons", "-Q", "-h"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "commandline.models" in loaded
    assert not loaded & {"numpy", "h5py", "onnx", "elftools"}


@pytest.mark.long
def test_every_build_of_the_page_is_timed() -> None:
    """Whether it is within its goal is for `./scons build-times` to show: it depends on what else the machine does."""
    words = [sys.executable, "-m", "measure.cost.build_times"]
    done = subprocess.run(words, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [goal for _, _, goal, _ in rows(done.stdout)] == GOALS
