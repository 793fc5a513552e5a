# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How fast a core could multiply and accumulate at best: its multiply instructions one after the other.

No loads, no loop, no flush of packed sums: a bound that no kernel reaches, against which all can be held.
"""

from __future__ import annotations

from dataclasses import dataclass

from measure.cost.timing import CORES
from measure.cost.timing.rows import Core, Fixed
from model import formats
from target.description import Target


@dataclass(frozen=True)
class Sequence:
    """The instructions of ``macs`` multiply-accumulates on cores of an ISA; cycles are those of the core's table."""

    isas: tuple[str, ...]  # how the target's ISA begins
    products: str  # s8: int8 x int8; s16: int8 x int16; f32
    mnemonics: tuple[str, ...]
    macs: int
    why: str
    cycles: int | None = None  # where the core has no table, but this is known


@dataclass(frozen=True)
class Limit:
    """The bound for one network on one core; ``cycles`` is None where the core's timing is not known."""

    instructions: float  # a multiply-accumulate
    cycles: float | None
    text: str  # which instructions, and why so many


PACKED = "a product of 32 bits holds those of two weights packed in a word"
BEATS = "a vector instruction takes two cycles (LLVM's ARMScheduleM55.td)"
DSP = ("armv7e-m", "armv8-m.main", "armv8.1-m.main")
# Of several for the same ISA the one that takes the fewest cycles, or instructions.
SEQUENCES = (
    Sequence(("armv6-m", "armv8-m.base"), "s8", ("mul", "add"), 2, PACKED),
    Sequence(("armv6-m", "armv8-m.base"), "s16", ("mul", "add"), 1, "no multiply-accumulate"),
    Sequence(("armv7-m",), "s8", ("mla",), 2, PACKED),
    Sequence(("armv7-m",), "s16", ("mla",), 1, "one product at a time"),
    Sequence(DSP, "s8", ("smlad",), 2, "two products of 16 bits at once"),
    Sequence(DSP, "s16", ("smlad",), 2, "two products of 16 bits at once"),
    Sequence(("armv8.1-m.main+fp.dp+mve",), "s8", ("vmladava.s8",), 16, f"16 products of 8 bits; {BEATS}", 2),
    Sequence(("armv8.1-m.main+fp.dp+mve",), "s16", ("vmladava.s16",), 8, f"8 products of 16 bits; {BEATS}", 2),
    Sequence(("armv8.1-m.main+fp.dp+mve.fp",), "f32", ("vfma.f32",), 4, f"four at once; {BEATS}", 2),
    Sequence(("armv7e-m+fp", "armv8-m.main+fp"), "f32", ("vfma",), 1, "one at a time"),
    Sequence(("armv7e-m+fp", "armv8-m.main+fp"), "f32", ("vmul", "vadd"), 1, "one at a time"),
    Sequence(("rv32im",), "s8", ("mul", "add"), 2, PACKED),
    Sequence(("rv32im",), "s16", ("mul", "add"), 1, "no multiply-accumulate"),
    Sequence(("rv32imaf", "rv32imf"), "f32", ("fmadd.s",), 1, "one at a time"),
)


def of(target: Target, quantisation: str) -> Limit | None:
    """The bound; None where there is none to be had: floats by software, vectors of any length, the host."""
    core = CORES.get(target.timing) if target.timing else None
    if target.isa.endswith("v"):
        return None
    found = [
        _limit(sequence, core)
        for sequence in SEQUENCES
        if sequence.products == formats.named(quantisation).multiplies and target.isa.startswith(sequence.isas)
    ]
    return min(found, key=lambda limit: ((limit.cycles or 0.0) if core else 0.0, limit.instructions), default=None)


def _limit(sequence: Sequence, core: Core | None) -> Limit:
    spent: float | None = sequence.cycles
    if core is not None:
        rows = [core.by_mnemonic[name] for name in sequence.mnemonics]
        busy = max(row.latency for row in rows if row.unit) if any(row.unit for row in rows) else 0
        spent = max(busy, sum(row.cost.cycles.nominal for row in rows if isinstance(row.cost, Fixed)))
    count, names = len(sequence.mnemonics), ", ".join(name.upper() for name in sequence.mnemonics)
    known = "" if spent is None else f" in {spent:g} cycle{'s' if spent != 1 else ''}"
    many = f"{sequence.macs} MACs" if sequence.macs > 1 else "1 MAC"
    cycles = None if spent is None else spent / sequence.macs
    return Limit(count / sequence.macs, cycles, f"{names}: {many}{known}; {sequence.why}")
