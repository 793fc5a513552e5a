# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The locks that the launcher installs, and what it costs to start."""

from __future__ import annotations

import re
import resource
import subprocess
from collections.abc import Callable

import pytest

from tests.support.host import ROOT
from tests.support.launcher import TARGET_TOOLS, Checkout

LOCKS = sorted(path.stem for path in (ROOT / "requirements").glob("*.txt") if path.stem != "excludes")


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_agree_and_have_hashes(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    assert pins(lock).items() <= pins("test").items()
    assert len(pins(lock)) == len(re.findall(r"^\S+==.* \\\n    --hash=sha256:", text, re.MULTILINE)) > 0
    assert "://" not in text


def test_tensorflow_is_for_tests_alone() -> None:
    assert "tensorflow" not in pins("test")  # it would be unpacked over tensorflow-cpu
    for lock in set(LOCKS) - {"test"}:
        assert not any(name.startswith(("tensorflow", "keras")) for name in pins(lock))


def test_warm_start_is_cheap(ready: Checkout) -> None:
    """The launcher with nothing to do, against the bare start of Python, by processor seconds, as machines differ."""
    ready.add_tools("cc", *TARGET_TOOLS)

    def least(run: Callable[[], object], times: int = 7) -> float:
        taken = []
        for _ in range(times):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            run()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(taken)

    python = str(ready.root / ".venv" / "bin" / "python")
    bare = least(lambda: subprocess.run([python, "-c", "pass"], check=True))
    scons = [python, "-c", "import SCons.Script as s; s.main()"]
    direct = least(lambda: subprocess.run(scons, check=True, stdout=subprocess.DEVNULL))
    launched = least(lambda: ready.run("target=cortex-m4"))
    assert launched - direct < 5 * bare, f"{launched - direct:.3f} s on top of {direct:.3f} s"
