# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Programs that may hang: stopped for what they do, not for how busy the machine is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from model import process

WORK = """
import time

def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

"""


def run(text: str, folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    return process.run([sys.executable, "-c", WORK + text], folder, seconds)


def test_what_it_says_and_how_it_ends(tmp_path: Path) -> None:
    text = r"""
import os, sys
print(os.getcwd(), repr(sys.stdin.read()))
sys.stderr.buffer.write(b"\xc3\xa9\xff")
sys.exit(3)
"""
    done = run(text, tmp_path, 60)
    assert (done.returncode, done.stdout, done.stderr) == (3, f"{tmp_path} ''\n", "é\N{REPLACEMENT CHARACTER}")


def test_a_lot_of_output_does_not_stall_it(tmp_path: Path) -> None:
    assert len(run("print('x' * 10_000_000)", tmp_path, 60).stdout) == 10_000_001


@pytest.mark.parametrize("text", ["work(1e9)", "time.sleep(1e6)", "work(1.5); time.sleep(1e6)"])
def test_a_hang_of_either_kind_is_stopped(text: str, tmp_path: Path) -> None:
    alive = f"__import__('pathlib').Path('pid').write_text(str(__import__('os').getpid())); {text}"
    with pytest.raises(process.HangError):
        run(alive, tmp_path, 2)
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists()


def test_a_program_that_hardly_gets_a_turn_goes_on(tmp_path: Path) -> None:
    """As on a machine with much else to do: it takes longer than its seconds, and works less."""
    done = run("for _ in range(20):\n    work(0.02)\n    time.sleep(0.2)\nprint('done')", tmp_path, 1.5)
    assert done.stdout == "done\n"


def test_one_that_never_began_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        process.run([str(tmp_path / "nowhere")], tmp_path, 1)
