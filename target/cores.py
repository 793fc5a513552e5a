# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which core a board has, by the registers in which cores say it, and whether a target's firmware is for it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from target.description import Target
from target.features import RUNS, features

# part number in CPUID of Arm's cores (Technical Reference Manual of each): its name, its architecture
PARTS = {
    0xC20: ("Cortex-M0", "armv6-m"), 0xC60: ("Cortex-M0+", "armv6-m"), 0xC23: ("Cortex-M3", "armv7-m"),
    0xC24: ("Cortex-M4", "armv7e-m"), 0xC27: ("Cortex-M7", "armv7e-m"), 0xD20: ("Cortex-M23", "armv8-m.base"),
    0xD21: ("Cortex-M33", "armv8-m.main"), 0xD31: ("Cortex-M35P", "armv8-m.main"),
    0xD22: ("Cortex-M55", "armv8.1-m.main"), 0xD23: ("Cortex-M85", "armv8.1-m.main"),
    0xD24: ("Cortex-M52", "armv8.1-m.main"),
}  # fmt: skip
STAND_INS = {0xC60: 0xC20}  # by what QEMU emulates a core that it has not
OF_ARM = 0x41  # who made the core, CPUID's first byte
MISA = "abcdefghijklmnopqrstuvwxyz"  # a letter a bit


def part(cpuid: int) -> int:
    """The part number in a CPUID."""
    return cpuid >> 4 & 0xFFF


def other_parts(target: Target) -> list[int]:
    """Parts that are another core than the target's: than ``-mcpu=`` names, or else such as cannot run its code."""
    named = re.search(r"-mcpu=(cortex-m\w+)", " ".join(target.flags))
    wanted = named[1].replace("plus", "+") if named else ""
    known = {name.lower() for name, _ in PARTS.values()}
    base = target.isa.partition("+")[0]
    return [
        number
        for number, (name, architecture) in PARTS.items()
        if (name.lower() != wanted if wanted in known else base not in RUNS[architecture])
    ]


def stand_ins(target: Target) -> list[int]:
    """Of those, the parts that an emulator may have in place of the target's."""
    others = other_parts(target)
    return [part for own, part in STAND_INS.items() if own not in others and part in others]


def units(target: Target) -> list[tuple[str, int]]:
    """Fields of registers, as masks, that are 0 where the core has not what an Arm's firmware needs."""
    has = features(target.isa)
    fields = {"fp": ("mvfr0", 0xF0), "fp.dp": ("mvfr0", 0xF00), "mve": ("mvfr1", 0xF00)}  # single, double, Helium
    return [field for feature, field in fields.items() if feature in has]


def misa(target: Target) -> int:
    """The bits of a RISC-V's misa that the firmware needs."""
    letters = re.sub(r"^rv\d+", "", target.isa) if target.arch == "riscv" else ""
    return sum(1 << MISA.index(letter) for letter in set(letters))


def name(architecture: str, registers: Mapping[str, int]) -> str:
    """``Cortex-M4 r0p1``, ``RV32IMC``; of what does not tell, the architecture that its server names."""
    cpuid, letters = registers.get("cpuid", 0), registers.get("misa", 0)
    if cpuid:
        known = PARTS.get(part(cpuid)) if cpuid >> 24 == OF_ARM else None
        return f"{known[0]} r{cpuid >> 20 & 15}p{cpuid & 15}" if known else f"a core with CPUID {cpuid:#010x}"
    if letters:
        width = re.search(r"rv(32|64)", architecture)
        found = "".join(letter for bit, letter in enumerate(MISA) if letters >> bit & 1 and letter in "iemafdcv")
        ordered = "".join(letter for letter in "iemafdcv" if letter in found)
        return f"RV{width[1] if width else ''}{ordered.upper()}"
    return f"a core that its server calls {architecture}" if architecture else "an unknown core"
