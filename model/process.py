# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Programs that may hang, and how long they may work.

The seconds are those of a processor: a busy machine makes a program slower, not longer at work.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

LEAST_SHARE = 0.01  # of the time: a program that gets on has at least this of a processor, however many others want it


class HangError(Exception):
    """A program was stopped: it had worked as long as it may, or did nothing for as long."""


def run(command: list[str], cwd: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run to its end a program that reads nothing; ``HangError`` once it was at work for ``seconds``."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, encoding="utf-8", errors="replace"
    ) as process:
        try:
            out, err = _until_done(process, seconds)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _until_done(process: subprocess.Popen[str], seconds: float) -> tuple[str, str]:
    """What it wrote. It is looked at whenever it may have used up its seconds, the first time after as many."""
    worked = 0.0
    began, mark = time.monotonic(), (time.monotonic(), worked)  # of the last look at whether it gets on
    while True:
        try:
            return process.communicate(timeout=max(seconds - worked, 0.05))
        except subprocess.TimeoutExpired:
            worked, now = _processor_seconds(process.pid), time.monotonic()
        if worked >= seconds and now - began >= seconds:
            raise HangError
        if now - mark[0] >= seconds:
            if worked - mark[1] < LEAST_SHARE * (now - mark[0]):
                raise HangError  # it waits for what never comes
            mark = (now, worked)


def _processor_seconds(pid: int) -> float:
    """Processor time of a program that runs, its threads included; 0 where the system does not tell."""
    try:
        return time.clock_gettime(~pid << 3 | 2)  # the number that clock_getcpuclockid(3) gives
    except OSError:
        return 0.0
