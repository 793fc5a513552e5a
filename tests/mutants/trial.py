# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Make one change in a copy of the project and run the tests meant for its part."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.change import ROOT, Change, Part

ENDED = {0: "unnoticed", 1: "noticed", 2: "noticed"}  # by pytest's exit code; 2: a module does not even import
HANG = 3600  # s; a change may well make something wait for ever


@dataclass(frozen=True)
class Verdict:
    """What came of a change."""

    change: Change
    outcome: str  # noticed, unnoticed, or hangs, which is noticed too
    by: str  # the first test that failed

    @property
    def noticed(self) -> bool:
        """Whether somebody would have seen it."""
        return self.outcome != "unnoticed"


def copy(folder: Path) -> Path:
    """The project as it stands, without what is built."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for file in filter(None, listed.split("\0")):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, folder / file)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    return folder


def run(folder: Path, tests: tuple[str, ...]) -> tuple[str, str]:
    """Outcome of the tests in a copy, up to the first that fails, and its name."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "auto",
        "-x",
        "-q",
        "-m",
        "not long",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=HANG, check=False
        )
    except subprocess.TimeoutExpired:
        return "hangs", ""
    if done.returncode not in ENDED:
        raise RuntimeError(f"pytest ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    failed = next((line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))), "")
    return ENDED[done.returncode], failed.split(" - ")[0].partition(" ")[2]


def _mirrored(file: str) -> tuple[str, ...]:
    """The test modules named after a file or its folders, the nearest first.

    model/plan.py has tests/model/test_plan.py, kernels/armv7m/lstm_s8.inc has tests/kernels/test_armv7m.py.
    """
    steps = (Path(file).with_suffix(""), *Path(file).parents)
    named = (Path("tests") / step.parent / f"test_{step.name}.py" for step in steps)
    return tuple(str(path) for path in named if (ROOT / path).is_file())


def judge(folder: Path, change: Change, part: Part) -> Verdict:
    """Try ``change`` in the copy in ``folder``, which is afterwards as it was."""
    path = folder / change.file
    before = path.read_bytes()
    change.apply(folder)
    try:
        outcome, by = "unnoticed", ""
        for tests in (*_mirrored(change.file), *part.tests):  # those that take a second before those that take a minute
            outcome, by = run(folder, tuple(tests.split()))
            if outcome != "unnoticed":
                break
    finally:
        path.write_bytes(before)
    return Verdict(change, outcome, by)
