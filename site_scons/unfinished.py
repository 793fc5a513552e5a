# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a build that was killed, or a step that failed, has written is not taken for built.

    unfinished.guard(root, GetBuildFailures)

SCons writes down what it built when it ends. Should it be killed, or find the disk full, it knows nothing of what it
wrote: once a source is again as it was before, the file made from another version of it would pass for up to date.
So a note, ``.sconsign.lock``, says when the running build began, until SCons has written its memory. A build that
finds an old note first removes what was written since. The note is locked, so that two builds take turns.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

NOTE = ".sconsign.lock"
RUNNING = "a build is running, or was killed\n"
WRITTEN = ("build", "compile_commands.json")


def guard(root: Path, failures: Callable[[], list[Any]]) -> None:
    """Call before anything is built; ``failures`` tells SCons's BuildErrors at the end."""
    note = _locked(root / NOTE)
    if note.read():
        for path in _written_since(root, os.fstat(note.fileno()).st_mtime_ns):
            path.unlink()
    note.seek(0)
    note.write(RUNNING)
    note.flush()
    atexit.register(_end, root, note, failures)


def _locked(path: Path) -> TextIO:
    note = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("lstmcu: waiting for another scons that builds here", file=sys.stderr, flush=True)
        fcntl.flock(note, fcntl.LOCK_EX)
    note.seek(0)
    return note


def _written_since(root: Path, begin: int) -> Iterator[Path]:
    """Files of the build by the time of their last change in any way, which no copying or linking sets back."""
    for name in WRITTEN:
        place = root / name
        for path in [place] if place.is_file() else place.rglob("*"):
            if not path.is_dir() and path.lstat().st_ctime_ns >= begin:
                yield path


def _end(root: Path, note: TextIO, failures: Callable[[], list[Any]]) -> None:
    """Remove what failed steps left but for what tells of it, and the note if SCons has written its memory."""
    for failure in failures():
        executor = getattr(getattr(failure, "node", None), "get_executor", lambda: None)()
        for target in executor.get_all_targets() if executor else ():
            if hasattr(target, "rfile") and not target.precious:  # a file, not an alias
                Path(target.get_abspath()).unlink(missing_ok=True)
    begin = os.fstat(note.fileno()).st_mtime_ns
    if any(path.stat().st_ctime_ns >= begin for path in root.glob(".sconsign*.dblite")):
        note.truncate(0)
