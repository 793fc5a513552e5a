# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which models of a folder can be built, and what stops the others: ``python -m model.survey --dir=DIR --out OUT``.

Every file with a trained model's ending is tried in a process of its own, so that none stops the others. OUT.json and
OUT.md hold what is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from model import kinds
from model.errors import UserError, run_main
from model.escape import markdown_cell, visible
from model.files import write_atomically
from model.process import HangError
from model.process import run as run_program
from model.trial import LOADS, NO_MODEL

ROOT = Path(__file__).parents[1]
SECONDS = 60  # of a processor, for one file
CRASHED = "crashed"
LAYER = re.compile(r"layer '.*?' \((\w+)\)")
ANY_TEXT = re.compile(r"(?<![=\w])'.*?'")  # but the value of a setting
ANY_NUMBER = re.compile(r"\b\d[\d.e+-]*\b")


@dataclass(frozen=True)
class Found:
    """What became of one file."""

    file: str  # below the folder
    verdict: str  # loads, refused, no model (nothing that can be built), crashed
    reason: str  # of a file that loads: its layers

    @property
    def group(self) -> str:
        """The reason without what it says of this file alone: its path, names of layers, numbers, the way out."""
        what = LAYER.sub(r"\1", self.reason).partition(";")[0]
        return ANY_NUMBER.sub("N", ANY_TEXT.sub("'...'", what))


def files(folder: Path) -> list[Path]:
    """Every file below it with an ending that trained models have."""
    if not folder.is_dir():
        raise UserError(f"dir={folder}: no such folder; give one that holds trained models")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in kinds.endings() and path.is_file())
    if not found:
        raise UserError(f"dir={folder}: holds no trained model; known by its ending are {', '.join(kinds.endings())}")
    return found


def tried(path: Path, folder: Path) -> Found:
    """Try one file."""
    command = [sys.executable, "-m", "model.trial", str(path.absolute())]
    try:
        done = run_program(command, ROOT, SECONDS)
        verdict, reason = json.loads(done.stdout) if done.returncode == 0 else (CRASHED, _last_words(done))
    except HangError:
        verdict, reason = CRASHED, f"does not come to an end within {SECONDS} s"
    return Found(
        visible(path.relative_to(folder)), verdict, visible(reason).removeprefix(visible(f"{path.absolute()}: "))
    )


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    said = done.stderr.strip().splitlines()
    return said[-1] if said and done.returncode > 0 else f"ended by signal {-done.returncode}"


def counted(found: Sequence[Found]) -> list[tuple[int, str, str]]:
    """How many files have a verdict and reason, the most first."""
    groups = Counter((each.verdict, "" if each.verdict == LOADS else each.group) for each in found)
    return [(count, *group) for group, count in sorted(groups.items(), key=lambda item: (-item[1], item[0]))]


def summary(found: Sequence[Found]) -> str:
    """How many of the models load."""
    models = [each for each in found if each.verdict != NO_MODEL]
    loaded = sum(each.verdict == LOADS for each in models)
    share = f" ({100 * loaded / len(models):.0f} %)" if models else ""
    return f"{loaded} of {len(models)} models load{share}; {len(found) - len(models)} files hold no recurrent model"


def text(found: Sequence[Found]) -> str:
    """Both tables as they are printed."""
    width = max(len(each.file) for each in found)
    rows = [f"{each.file:<{width}}  {each.verdict:<8}  {each.reason}" for each in found]
    counts = [f"{count:>5}  {verdict:<8}  {group}" for count, verdict, group in counted(found)]
    return "\n".join([*rows, "", *counts, "", summary(found)]) + "\n"


def page(found: Sequence[Found]) -> str:
    """Both tables as Markdown."""

    def table(head: str, rows: Iterable[Sequence[object]]) -> list[str]:
        titles = head.split()
        lines = [titles, ["---"] * len(titles), *([markdown_cell(cell) for cell in row] for row in rows)]
        return [f"| {' | '.join(line)} |" for line in lines] + [""]

    counts = table("files verdict reason", counted(found))
    rows = table("file verdict reason", ((each.file, each.verdict, each.reason) for each in found))
    return "\n".join(["# Survey", "", summary(found), "", *counts, *rows])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="model.survey", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="without an ending")
    arguments = parser.parse_args()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda path: tried(path, arguments.dir), files(arguments.dir)))
    print(text(found), end="")
    write_atomically(arguments.out.with_suffix(".json"), json.dumps([asdict(each) for each in found], indent=1) + "\n")
    write_atomically(arguments.out.with_suffix(".md"), page(found))


if __name__ == "__main__":
    run_main(main)
