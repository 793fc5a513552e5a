# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What core an ELF was built for, read from its attributes and spelt as in ``-march``.

Arm: ``armv7e-m+fp`` (single-precision FPU), ``+fp.dp`` (double), ``+mve`` or ``+mve.fp`` (Helium).
RISC-V: ``rv32imafc``, the letters only.
"""

from __future__ import annotations

import re
from typing import Any

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import AttributesSection

from model.errors import UserError
from target.description import Target

MACHINES = {"EM_ARM": "arm", "EM_RISCV": "riscv"}

# Tag_CPU_arch of "Addenda to, and Errata in, the ABI for the Arm Architecture", M profile.
ARM = {
    11: "armv6-m", 12: "armv6-m", 10: "armv7-m", 13: "armv7e-m",
    16: "armv8-m.base", 17: "armv8-m.main", 21: "armv8.1-m.main",
}  # fmt: skip
HELIUM = {1: "+mve", 2: "+mve.fp"}  # Tag_MVE_arch
SINGLE_ONLY = 1  # Tag_ABI_HardFP_use

RISCV_FLOAT = {0x0: "", 0x2: "f", 0x4: "d"}  # registers that carry floats in calls: e_flags & 0x6
RISCV_ORDER = "iemafdqcv"


def built_for(elf: ELFFile) -> str:
    """The core, as in the module's text; the ELF's own machine name when it is none of ours."""
    arch = MACHINES.get(elf["e_machine"])
    if arch == "arm":
        return _arm(_attributes(elf, ".ARM.attributes"))
    if arch == "riscv":
        return _riscv(str(_attributes(elf, ".riscv.attributes").get("TAG_ARCH", "")))
    return str(elf["e_machine"])


def require(elf: ELFFile, path: object, target: Target) -> None:
    """Raise ``UserError`` when ``elf`` was not built for the target's core.

    RISC-V vectors may be in the core and not in the attributes: hand-written code enables them itself.
    """
    found, wanted = built_for(elf), target.isa
    if found != wanted and not (target.arch == "riscv" and f"{found}v" == wanted):
        raise UserError(f"{path} is built for {found}, but {target.name} is {wanted}: rebuild it")
    if target.arch == "riscv":
        floats = RISCV_FLOAT.get(elf["e_flags"] & 0x6, "q")
        if floats and floats not in wanted:
            raise UserError(f"{path} passes floats in registers that {target.name} ({wanted}) lacks: rebuild it")


def _attributes(elf: ELFFile, section: str) -> dict[str, Any]:
    """The file's attributes by tag."""
    found = elf.get_section_by_name(section)
    if not isinstance(found, AttributesSection):
        return {}
    return {
        attribute.tag: attribute.value
        for subsection in found.iter_subsections()
        for part in subsection.iter_subsubsections(scope="TAG_FILE")
        for attribute in part.iter_attributes()
    }


def _arm(tags: dict[str, Any]) -> str:
    number = tags.get("TAG_CPU_ARCH")
    # gcc writes armv7-m as v7 (10) with profile 'M'; without the profile it is a Cortex-A.
    if tags.get("TAG_CPU_ARCH_PROFILE") not in (ord("M"), "M"):
        return f"an Arm core that is no Cortex-M (Tag_CPU_arch {number})"
    fpu = ""
    if tags.get("TAG_FP_ARCH"):
        fpu = "+fp" if tags.get("TAG_ABI_HARDFP_USE") == SINGLE_ONLY else "+fp.dp"
    return ARM.get(int(number or 0), f"Tag_CPU_arch {number}") + fpu + HELIUM.get(tags.get("TAG_MVE_ARCH", 0), "")


def _riscv(text: str) -> str:
    """``rv32i2p1_m2p0_zicsr2p0`` to ``rv32im``."""
    base = re.match(r"(rv\d+)", text)
    if not base:
        return "a RISC-V core without attributes"
    letters = {re.sub(r"\d+p\d+$", "", part) for part in text[len(base.group()) :].split("_")}
    return base.group() + "".join(letter for letter in RISCV_ORDER if letter in letters)
