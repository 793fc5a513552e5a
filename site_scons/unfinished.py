# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a build that was killed, or a step that failed, has written is not taken for built.

    unfinished.guard(root, GetBuildFailures)

SCons writes down what it built when it ends. Should it be killed, or find the disk full, it knows nothing of what it
wrote: once a source is again as it was before, the file made from another version of it would pass for up to date.
So a note, ``.sconsign.lock``, says when the running build began, until SCons has written its memory. A build that
finds an old note first removes what was written since. The note is locked, so that two builds take turns.

Python before 3.13 keeps the half of a module's bytecode that a full disk has room for, and stumbles over it ever after:
what a failed build wrote of it goes before the build ends.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TextIO

from SCons import SConsign

NOTE = ".sconsign.lock"
RUNNING = "a build is running, or was killed\n"
BUILT, DATABASE = "build/**/*", "compile_commands.json"
BYTECODE = "[!.]*/**/__pycache__/*"


def guard(root: Path, failures: Callable[[], list[Any]]) -> None:
    """Call before anything is built; ``failures`` tells SCons's BuildErrors at the end."""
    note = _locked(root / NOTE)
    if note.read():
        _remove(root, note, BUILT, DATABASE)
    note.seek(0)
    try:
        note.write(RUNNING)
        note.flush()
    except OSError as error:
        _stop(f"cannot write {root / NOTE}", error)
    SConsign.write = partial(_remember, SConsign.write, root, note)
    atexit.register(_end, root, note, failures)


def _stop(what: str, error: OSError) -> NoReturn:
    print(f"lstmcu: error: {what}: {error.strerror}; free some space, then build again", file=sys.stderr, flush=True)
    sys.stdout.flush()
    os._exit(2)  # nothing is left to write, and whoever tries prints a traceback


def _remember(write: Callable[[], None], root: Path, note: TextIO) -> None:
    """SCons's own writing of its memory, which knows no full disk."""
    try:
        write()
    except OSError as error:
        _remove(root, note, BYTECODE)
        _stop("cannot write down what was built", error)


def _locked(path: Path) -> TextIO:
    note = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("lstmcu: waiting for another scons that builds here", file=sys.stderr, flush=True)
        fcntl.flock(note, fcntl.LOCK_EX)
    note.seek(0)
    return note


def _written_since(root: Path, note: TextIO, *patterns: str) -> Iterator[Path]:
    """Files of the build by the time of their last change in any way, which no copying or linking sets back."""
    begin = os.fstat(note.fileno()).st_mtime_ns
    for pattern in patterns:
        for path in root.glob(pattern):
            if not path.is_dir() and path.lstat().st_ctime_ns >= begin:
                yield path


def _remove(root: Path, note: TextIO, *patterns: str) -> None:
    for path in _written_since(root, note, *patterns):
        path.unlink(missing_ok=True)


def _end(root: Path, note: TextIO, failures: Callable[[], list[Any]]) -> None:
    """Remove what failed steps left but for what tells of it, and the note if SCons has written its memory."""
    for failure in failures():
        executor = getattr(getattr(failure, "node", None), "get_executor", lambda: None)()
        for target in executor.get_all_targets() if executor else ():
            if hasattr(target, "rfile") and not target.precious:  # a file, not an alias
                Path(target.get_abspath()).unlink(missing_ok=True)
    if failures():
        _remove(root, note, BYTECODE)
    if any(_written_since(root, note, ".sconsign*.dblite")):
        note.truncate(0)
