# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``gdb=``: the address of a GDB server, and the GDB that talks to it. Quick to import: every command line asks."""

from __future__ import annotations

import os
import re
import shutil

from model.errors import UserError

GDB = "gdb-multiarch"  # knows every core, and this machine; Debian's package is called the same
ADDRESS = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})")
NO_HOSTS = ("tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix")  # words that GDB takes for a kind of connection


def address(text: str) -> str:
    """``text`` if it is host:port, and can be nothing else to GDB, which also knows pipes. UserError if not."""
    found = ADDRESS.fullmatch(text)
    if not found or not 0 < int(found[2]) < 65536 or found[1].lower() in NO_HOSTS:
        raise UserError(f"gdb={text}: give the host:port of a GDB server, as in gdb=localhost:3333")
    return text


def find_gdb() -> str:
    """The path of GDB. UserError with what to install."""
    found = shutil.which(GDB)
    if found is None:
        path = os.environ.get("PATH", "")
        raise UserError(f"gdb= needs {GDB}, not found in PATH={path}; install with: sudo apt-get install {GDB}")
    return found
