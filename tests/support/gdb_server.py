# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""QEMU as a stand-in for a board: a machine with nothing in it that waits for GDB, and knows no semihosting."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from target.description import Target
from tests.support.host import ROOT

BARE = ("-display", "none", "-serial", "none", "-monitor", "none", "-nodefaults")
COUNTING = ("-icount", "shift=0")  # an instruction a nanosecond, and mcycle is of instructions

PAGE = (ROOT / "docs/board.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(.*?)` \|", PAGE.split("## When it goes wrong")[1], re.MULTILINE)


def row(text: str) -> str:
    """What the page calls a complaint."""
    (found,) = (each for each in ROWS if re.search(re.escape(each).replace(r"\.\.\.", ".+"), text.split("\n")[0]))
    return str(found)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def served(target: Target, *words: str, port: int = 0) -> Iterator[str]:
    """The address at which the target's machine waits. GDB tries again until it listens."""
    assert target.qemu is not None
    address = f"127.0.0.1:{port or free_port()}"
    command = [target.qemu.program, "-M", target.qemu.machine]
    command += ["-cpu", target.qemu.cpu] if target.qemu.cpu else []
    command += ["-bios", "none"] if target.arch == "riscv" else []
    waiting = [*command, *BARE, "-S", "-gdb", f"tcp:{address}", *words]
    nothing = subprocess.DEVNULL
    with subprocess.Popen(waiting, stdin=nothing, stdout=nothing, stderr=nothing) as machine:
        try:
            yield address
        finally:
            machine.kill()
