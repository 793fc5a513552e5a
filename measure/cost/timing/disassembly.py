# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the instructions of an ELF are, as the toolchain's own objdump names them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from model.errors import UserError
from target.description import Target

# Names as the core knows them: "c.addi" in place of "addi", "x10" in place of "a0".
OPTIONS = {"arm": (), "riscv": ("-M", "no-aliases,numeric")}
HELIUM = "armv8.1-m.main"  # whose vectors objdump takes for coprocessors' instructions where the ELF alone says it
_LINE = re.compile(r"\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(\S+)\s*(.*)")
_REMARK = re.compile(r"\s+[@;#] .*|\s*<.*")


@dataclass(frozen=True)
class Text:
    """One instruction in assembly: ``ldr.w`` and ``r3, [r0, #4]``."""

    mnemonic: str
    operands: str
    size: int = 0  # bytes; 0: not known


def disassemble(elf: Path, target: Target) -> dict[int, Text]:
    """Every instruction of the ELF by address. UserError when objdump cannot read it."""
    machine = ("-m", HELIUM) if target.isa.startswith(HELIUM) else ()
    command = [f"{target.gcc.prefix}objdump", "-d", "-z", *OPTIONS[target.arch], *machine, str(elf)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UserError(f"{command[0]} cannot disassemble {elf}: {done.stderr.strip()}")
    return parse(done.stdout)


def parse(listing: str) -> dict[int, Text]:
    """objdump's listing."""
    lines = (_LINE.match(line) for line in listing.splitlines())
    return {
        int(line[1], 16): Text(line[3], _REMARK.sub("", line[4]).strip(), len(line[2].replace(" ", "")) // 2)
        for line in lines
        if line
    }
