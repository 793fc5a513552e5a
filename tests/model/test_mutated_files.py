# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Damaged and hostile model files: each loads or is refused in one sentence, soon and in little memory.

They are read by a process with limits, tests.support.damaged. libhdf5 itself crashes or hangs on some HDF5 files;
the readers run it in a process of its own, which here would cost too much, so a file that kills the process is read
again as a build reads it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.damaged import KINDS, SECONDS, maker
from tests.support.damaged.reading import outcome
from tests.support.host import ROOT

HDF5 = ("keras-bytes", "keras-weights", "h5-bytes", "h5-contents")  # kinds that reach libhdf5 damaged


def read_some(folder: Path, kind: str, first: int, count: int) -> tuple[dict[int, str], int]:
    """Start a process that reads; what became of each seed it got to, and the one it died of (-1: none)."""
    command = [sys.executable, "-m", "tests.support.damaged", str(folder), kind, str(first), str(count)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    results: dict[int, str] = {}
    begun = -1
    for line in done.stdout.splitlines():
        told = json.loads(line)
        begun = told["seed"]
        if "result" in told:
            results[begun] = told["result"]
    assert begun >= 0, done.stderr
    return results, -1 if len(results) == count else begun


def read_all(folder: Path, kind: str, count: int) -> Counter[str]:
    """Read ``count`` damaged files of a kind; how many loaded, were refused, or were refused by a process that died."""
    results: dict[int, str] = {}
    seed = 0
    while seed < count:
        some, victim = read_some(folder, kind, seed, count - seed)
        results |= some
        if victim < 0:
            break
        assert kind in HDF5, f"{kind} {victim} crashed or hung"
        results[victim] = read_as_a_build_does(folder, kind, victim)
        seed = victim + 1
    strange = {
        seed: result for seed, result in results.items() if result.partition(" ")[0] not in ("loaded", "refused")
    }
    assert not strange, strange
    assert len(results) == count
    return Counter(results.values())


def processor_seconds() -> float:
    """Of this process and those that it has started."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def read_as_a_build_does(folder: Path, kind: str, seed: int) -> str:
    """Read one damaged file by the way that isolates libhdf5."""
    path = maker(folder, kind)(seed)
    start = processor_seconds()
    result = outcome(path)
    assert processor_seconds() - start < SECONDS
    return f"{result} after a crash or hang of libhdf5"


@pytest.mark.inputs(120)
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files(kind: str, tmp_path: Path) -> None:
    results = read_all(tmp_path, kind, 120)
    assert results["refused"] > 20, results


@pytest.mark.long
@pytest.mark.inputs(1500)
@pytest.mark.parametrize("kind", KINDS)
def test_many_damaged_files(kind: str, tmp_path: Path) -> None:
    print(kind, dict(read_all(tmp_path, kind, 1500)))


@pytest.mark.parametrize("seed", [467, 671])
def test_files_that_libhdf5_hangs_on(seed: int, tmp_path: Path) -> None:
    assert read_as_a_build_does(tmp_path, "h5-bytes", seed).startswith("refused")
