# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Copies of the project to build, edit and break, and SCons run in them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.probe import CACHED
from tests.support.host import HANG, ROOT

NEEDED = (
    "SConstruct", "site_scons", "model", "models", "firmware", "kernels", "target", "toolchains", "measure", "train",
    "export", "examples", "LICENSE",
)  # fmt: skip
RULE = re.compile(r"^\[(\w+)\] (.+)$", re.MULTILINE)
MESSAGE = "lstmcu: error: "


@dataclass(frozen=True)
class Done:
    """How SCons ended and what it said."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def rules(self) -> set[str]:
        """What was built: ``CC lstm_s8.c.o``; without the editors' database, which names the checkout's folder."""
        return {f"{tag} {Path(target).name}" for tag, target in RULE.findall(self.out) if tag != "DB"}

    @property
    def sentence(self) -> str:
        """The one complaint of a run that failed as it should: exit code 2, no traceback."""
        said = self.out + self.err
        assert self.code == 2, said
        assert "Traceback" not in said
        assert said.count(MESSAGE) == 1, said
        return said.split(MESSAGE)[1].splitlines()[0]


@dataclass(frozen=True)
class Checkout:
    """A copy of the project."""

    root: Path

    @staticmethod
    def copy(root: Path) -> Checkout:
        """Copy what a build needs, without anything built."""
        root.mkdir(parents=True)
        for name in NEEDED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy2(source, root / name)
        return Checkout(root)

    def copy_to(self, root: Path) -> Checkout:
        """Another copy with everything built in it."""
        shutil.copytree(self.root, root)
        return Checkout(root)

    def scons(self, *words: str, path: str | None = None) -> Done:
        """Run SCons with the interpreter of the tests; ``path`` replaces PATH."""
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        if path is not None:
            environment["PATH"] = path
        begin = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "SCons", *words],
            cwd=self.root, env=environment, capture_output=True, text=True, check=False, timeout=HANG,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr, time.perf_counter() - begin)

    def build(self, *words: str) -> Done:
        """Run SCons; it must succeed."""
        done = self.scons(*words)
        assert done.code == 0, done.out + done.err
        return done

    def files(self) -> set[str]:
        """Every file in the checkout but SCons's own memory and Python's."""
        found = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())
        return {path for path in found if not path.startswith(".sconsign") and "__pycache__" not in path}

    def unfinished(self) -> list[str]:
        """Files that something left half-written."""
        return sorted(path for path in self.files() if path.endswith(".part") or "/." in path)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process of the test run at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Shared:
    """The checkout in ``folder`` that all processes of a test run build in, one at a time.

    Objects come through ccache where it is installed. What the words made stays; what every build writes
    (``build/report.txt``, the page, the editors' database) is of whichever words came last: ask for a copy to read it.
    """

    folder: Path

    def __call__(self, *words: str) -> Checkout:
        """The checkout after SCons was once asked for this."""
        with alone(self.folder):
            return self._build(words)

    def copy(self, root: Path, *words: str) -> Checkout:
        """A copy in ``root``, where these words were the last that SCons was asked for: it has nothing left to do."""
        with alone(self.folder):
            checkout = self._build(words)
            checkout.build(*words)
            return checkout.copy_to(root)

    def _build(self, words: tuple[str, ...]) -> Checkout:
        root = self.folder / "checkout"
        checkout = Checkout(root) if root.exists() else Checkout.copy(root)
        done = self.folder / hashlib.sha256("\n".join(words).encode()).hexdigest()  # they may be too many for a name
        if not done.exists():
            cached = CACHED and not any(word.startswith("ccache=") for word in words)
            checkout.build(*words, *(["ccache=1"] if cached else []))
            done.touch()
        return checkout
