# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How long builds take: ``python -m measure.cost.build_times``, or ``scons build-times``.

Measured in a copy of the project, which is built from nothing, edited and built again. Processor seconds are those of
all processes together; where other programs compete for the cores, they say more than the elapsed ones.
``--page docs/build.md`` also puts the figures there.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from model.errors import UserError, run_main

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = (".*", "build", "out", "__pycache__", "tests", "compile_commands.json")
MATRIX, ONE = ("target=all", "quant=int8"), ("target=cortex-m4", "quant=int8")
MACROS = "kernels/armv7em/mac_s8.inc"
HEAD = "./scons build-times\n"


@dataclass(frozen=True)
class Row:
    """One build: what it does, how many seconds it took and may take, and how many of all processors."""

    name: str
    elapsed: float
    limit: float
    processor: float


def build(root: Path, *words: str) -> tuple[float, float]:
    """Run the launcher; elapsed and processor seconds. UserError when the build fails."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([root / "scons", *words], cwd=root, capture_output=True, text=True, check=False)
    elapsed, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        said = (done.stderr or done.stdout)[-400:].strip()
        raise UserError(f"scons {' '.join(words)} failed in a copy of the project: {said}")
    return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(root: Path) -> list[Row]:
    """Build a copy that nobody has built before."""
    matrix = build(root, *MATRIX)
    build(root, *ONE)
    idle = min(build(root, *ONE) for _ in range(5))
    macros = root / MACROS
    macros.write_text(macros.read_text().replace(".endm", "nop\n.endm", 1))  # other code, the same results
    edited = build(root, *ONE)
    return [
        Row("nothing to do", idle[0], 0.5, idle[1]),
        Row("one kernel edited: assembled, linked, run, reported", edited[0], 5, edited[1]),
        Row("every target from nothing (target=all)", matrix[0], 60, matrix[1]),
    ]


def table(rows: list[Row], load: float) -> str:
    """As it is printed and stands in the docs."""
    lines = [f"{'':<52} {'seconds':>8} {'goal':>6} {'of all processors':>18}"]
    lines += [f"{row.name:<52} {row.elapsed:>8.2f} {f'<{row.limit:g}':>6} {row.processor:>18.2f}" for row in rows]
    cores = len(os.sched_getaffinity(0))
    return "\n".join([*lines, f"on {cores} cores, where {load:.1f} other programs were running on average"]) + "\n"


def write(page: Path, text: str) -> None:
    """Replace what the page shows below the command."""
    before, head, rest = page.read_text().partition(HEAD)
    if not head:
        raise UserError(f"{page} has no line '{HEAD.strip()}' to write below")
    page.write_text(f"{before}{head}{text}```{rest.partition('```')[2]}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.cost.build_times", description=__doc__)
    parser.add_argument("--page", type=Path, help="a page of the docs that shows the figures")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
        (copy / ".venv").symlink_to(sys.prefix)
        text = table(measure(copy), load)
    print(text, end="")
    if arguments.page:
        write(arguments.page, text)


if __name__ == "__main__":
    run_main(main)
