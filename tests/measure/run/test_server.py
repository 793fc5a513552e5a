# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""gdb=: the one text of a user's that reaches GDB can be nothing there but a host and a port."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from measure.run import board, server
from model.errors import UserError
from target.description import load_target

GOOD = ("localhost:3333", "192.168.1.7:2331", "[::1]:1234", "probe-2.lab.example:65535", "a:1")
BAD = (
    "localhost", "3333", ":3333", "localhost:0", "localhost:65536", "localhost:3333 ", "| touch x:1", "|x:1", "a b:1",
    "tcp:3333", "udp:1", "/dev/ttyACM0:1", "-x:1", "a-:1", "a;b:1", "a\nshell id:1", "$(id):1", "localhost:3333\n",
    "a:१", "lo:cal:1", "[::1", "[x]:1", "é:1",
)  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_addresses(text: str) -> None:
    assert server.address(text) == text


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UserError, match="give the host:port of a GDB server"):
        server.address(text)
    with pytest.raises(UserError, match="give the host:port"):  # nor past the command line
        board.run(
            load_target("cortex-m4"), Path("nowhere.elf"), np.zeros((1, 1), np.int8), server=text, output_dtype="int8",
            output_shape=(1,),
        )  # fmt: skip


def test_gdb_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        UserError, match=r"needs gdb-multiarch, not found in PATH=.*: sudo apt-get install gdb-multiarch"
    ):
        server.find_gdb()
