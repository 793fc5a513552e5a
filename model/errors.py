# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Errors a user can act on, and the one way every command-line program reports them."""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable

from model.escape import lines, visible

LONGEST = 900  # characters of a complaint, which may quote a damaged file
FULL = (errno.ENOSPC, errno.EDQUOT)  # a disk, or what its owner may have of it


class UserError(Exception):
    """A mistake in what the user gave: one sentence that says what is wrong, where, and what to do."""


class NoModelError(UserError):
    """A file that holds no trained recurrent network: nothing that a reader could learn would change that."""


def printable(sentence: str) -> str:
    """On one line, without what a terminal would obey, and not endless."""
    line = visible(sentence)
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} ... {line[-LONGEST // 3 :]}"


def steady_streams() -> None:
    """Let a program end as it should though its output takes not every character, or nobody reads it any longer."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # SCons has put a wrapper of its own around them
            stream.reconfigure(errors="replace")
    atexit.register(_end_output)


def _end_output() -> None:
    """Write what is buffered, for a reader that has gone to nowhere."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run_main(main: Callable[[], None]) -> None:
    """Run ``main`` and exit: 0 when it returns, 2 with one sentence on stderr for a user's mistake."""
    steady_streams()
    try:
        main()
    except BrokenPipeError:  # as in: ... | head
        _end_output()
        sys.exit(128 + signal.SIGPIPE)
    except UserError as error:
        print(f"lstmcu: error: {lines(error)}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        what = f"{error.strerror or error}{'; free some space' if error.errno in FULL else ''}"
        print(f"lstmcu: error: cannot read or write{lines(where)}: {lines(what)}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("lstmcu: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)
