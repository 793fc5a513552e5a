# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How to stop a firmware in its model's function: ``python -m measure.run.debug --target cortex-m4 --elf x.elf ...``.

Keeps the run's inputs, inputs.bin, in a folder from which the firmware reads them, and writes debug.txt: what to type
in the top folder, once for the emulator, which waits, and once for GDB.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
from pathlib import Path

import numpy as np

from measure.run import qemu
from measure.run.server import GDB
from model.errors import UserError, run_main
from model.files import write_atomically
from target.description import Target, load_target

ADDRESS = "127.0.0.1:1234"  # nobody else's machine may drive the firmware, which can open files of this one


def commands(target: Target, elf: Path, folder: Path, function: str) -> list[str]:
    """Lines for a shell in the top folder; of more than one, each in a terminal of its own."""
    stop = ["-ex", f"break {function}", "-ex"]
    if target.qemu is None:
        where = ["-ex", f"set cwd {folder}"]
        return [shlex.join([GDB, str(elf), *where, *stop, "run"])]
    waiting = ["-S", "-gdb", f"tcp:{ADDRESS}"]
    emulate = [*qemu.command(target, Path(os.path.relpath(elf, folder))), *waiting]
    attach = [GDB, str(elf), "-ex", f"target remote {ADDRESS}", *stop, "continue"]
    return [f"cd {shlex.quote(str(folder))} && {shlex.join(emulate)}", shlex.join(attach)]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m measure.run.debug", description=__doc__, allow_abbrev=False)
    parser.add_argument("--target", required=True)
    for name, what in (("elf", "the bench firmware"), ("model", "its model.json"), ("inputs", ".npy (N, ...)")):
        parser.add_argument(f"--{name}", required=True, type=Path, help=what)
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    given = parser.parse_args()
    target, function = load_target(given.target), json.loads(given.model.read_text())["function"]
    if reason := qemu.reason_not_to_run(target, given.elf):
        raise UserError(f"{given.elf} cannot be debugged as {target.name}: {reason}")
    lines = commands(target, given.elf, given.out, function)
    terminals = ", each line in a terminal of its own" if len(lines) > 1 else ""
    title = f"{target.name}: to stop in {function}, type here{terminals}:"
    write_atomically(given.out / "inputs.bin", qemu.little_endian(np.load(given.inputs)).tobytes())
    write_atomically(given.out / "debug.txt", "\n".join([title, *lines]) + "\n")


if __name__ == "__main__":
    run_main(main)
