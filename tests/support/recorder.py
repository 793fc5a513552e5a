# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which files the Python steps of a build open, against those that the build knows of.

The copy of the checkout gets a ``sitecustomize``, which every step imports, as the checkout is its PYTHONPATH. It notes
what a step and the programs it starts open below the checkout, and what they put in place. What SCons knows of the
results is in its own memory, .sconsign.dblite.
"""

from __future__ import annotations

import json
import pickle
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

import SCons.dblite
import SCons.SConsign

LOG = "opened.jsonl"
NOT_OF_A_STEP = ("sitecustomize.py", LOG)
HOOK = f'''"""Notes opened files, a line each."""
import json, os, sys
root = os.path.dirname(os.path.abspath(__file__)) + os.sep
step = os.environ.setdefault("RECORDED_STEP", f"{{os.getpid()}}")
log = os.open(root + {LOG!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def note(event, arguments):
    if event == "open":
        path, _, flags = arguments
        written = bool(flags & (os.O_WRONLY | os.O_RDWR))
    elif event == "os.rename":
        path, written = arguments[1], True
    else:
        return
    if isinstance(path, (str, bytes, os.PathLike)):
        path = os.path.abspath(os.fsdecode(path))
        if path.startswith(root):
            line = [step, " ".join(sys.orig_argv), path[len(root):], written]
            os.write(log, (json.dumps(line) + "\\n").encode())

sys.addaudithook(note)
'''


@dataclass
class Step:
    """One run of a Python program, with those that it started."""

    command: str = ""
    read: set[str] = field(default_factory=set)  # paths in the checkout
    written: set[str] = field(default_factory=set)

    @property
    def program(self) -> str:
        """``model.expect``."""
        words = self.command.split()
        return words[words.index("-m") + 1] if "-m" in words else words[0]


def install(root: Path) -> None:
    """Note from now on."""
    (root / "sitecustomize.py").write_text(HOOK)


def steps(root: Path) -> list[Step]:
    """Every step since ``install`` that wrote something into the checkout."""
    found: dict[str, Step] = defaultdict(Step)
    for line in (root / LOG).read_text().splitlines():
        number, command, path, written = json.loads(line)
        step = found[number]
        step.command = step.command or command
        if "__pycache__" not in path:
            (step.written if written else step.read).add(path)
        elif not written:
            step.read.add(source_from_cache(path))
    for step in found.values():
        step.read = {path for path in step.read - step.written if (root / path).is_file() and path not in NOT_OF_A_STEP}
    return [step for step in found.values() if step.written]


def _entries(root: Path) -> Iterator[tuple[str, Any]]:
    """What SCons remembers of each file that it made."""
    memory = SCons.dblite.open(str(root / ".sconsign"), "r")
    for folder in memory.keys():  # noqa: SIM118 (it cannot be iterated)
        for name, entry in pickle.loads(memory[folder]).items():
            yield (Path(folder) / name).as_posix(), entry.binfo


def declared(root: Path) -> dict[str, set[str]]:
    """The files that each made file depends on, as SCons was told."""
    kinds = ("bsources", "bdepends", "bimplicit")
    return {
        path: {str(file) for kind in kinds for file in getattr(known, kind, None) or ()}
        for path, known in _entries(root)
    }


def undeclared(root: Path) -> set[tuple[str, str]]:
    """Programs, each with a file that it read and that none of its results is said to depend on."""
    known, found = declared(root), set()
    for step in steps(root):
        results = [known[path] for path in step.written if path in known]
        told = set().union(*results)
        found |= {(step.program, path) for path in step.read - told} if results else set()
    return found
