# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a core has, by the ``isa`` of its target: what a kernel set can ask for in its set.toml."""

from __future__ import annotations

import re

# the code of which architectures of Arm's M profile each one runs, itself included. Mainline cores count as having the
# DSP extension of ARMv7E-M: Arm's attributes do not tell, and the assembler refuses it for a core without
RUNS = {
    "armv6-m": ("armv6-m",),
    "armv7-m": ("armv6-m", "armv7-m"),
    "armv7e-m": ("armv6-m", "armv7-m", "armv7e-m"),
    "armv8-m.base": ("armv6-m", "armv8-m.base"),
    "armv8-m.main": ("armv6-m", "armv7-m", "armv7e-m", "armv8-m.base", "armv8-m.main"),
    "armv8.1-m.main": ("armv6-m", "armv7-m", "armv7e-m", "armv8-m.base", "armv8-m.main", "armv8.1-m.main"),
}


def features(isa: str) -> frozenset[str]:
    """Of an isa as ``target.isa`` spells it: ``armv7e-m``, ``fp`` and such; ``rv32`` and RISC-V's letters."""
    riscv = re.fullmatch(r"(rv\d+)([a-z]*)", isa)
    if riscv:
        return frozenset((riscv[1], *riscv[2]))
    core, *extensions = isa.split("+")
    parts = {extension.partition(".")[0] for extension in extensions}  # fp.dp has what fp has
    return frozenset((*RUNS.get(core, (core,)), *extensions, *parts) if core else ())
