# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a core's table is made of: rows of mnemonics, what they cost, and where that is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from measure.cost.timing.disassembly import Text
from measure.run.counts import Instruction

NO_WAIT = "zero wait states"  # the assumption that flash_wait= replaces (memory.py)


@dataclass(frozen=True)
class Range:
    """Cycles, summed over some executions; ``nominal`` is the best single estimate."""

    low: float
    nominal: float
    high: float

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.nominal + other.nominal, self.high + other.high)

    def __mul__(self, times: float) -> Range:
        return Range(self.low * times, self.nominal * times, self.high * times)


def exactly(cycles: float) -> Range:
    """A range without width."""
    return Range(cycles, cycles, cycles)


ZERO, ONE = exactly(0), exactly(1)


@dataclass(frozen=True)
class Step:
    """An executed instruction in its surroundings."""

    counts: Instruction
    text: Text
    row: Row
    conditional: bool  # Arm: in an IT block; the counts include executions whose condition failed
    through: int  # executions that came from the instruction just before it in memory …
    landings: int  # … and by a jump or a return
    before: Step | None  # the instruction just before it, where any execution came from there

    def lines(self, size: int) -> int:
        """Lines of code, of so many bytes, read for it in all; coming from above, a shared one is there already."""
        first, last = self.counts.address // size, (self.counts.address + self.counts.size - 1) // size
        shared = self.counts.address % size != 0
        return (last - first + 1) * self.counts.count - shared * self.through


class Cost(Protocol):
    """A rule of the table."""

    def of(self, step: Step) -> Range:
        """Cycles of all executions of ``step``, stalls for operands apart."""


@dataclass(frozen=True)
class Fixed:
    """The same for every execution."""

    cycles: Range

    def of(self, step: Step) -> Range:
        each = self.cycles
        if step.conditional:  # a failed condition costs one cycle, and how many failed is not known
            each = Range(min(1.0, each.low), each.nominal, each.high)
        return each * step.counts.count


@dataclass(frozen=True)
class Jump:
    """Control flow."""

    taken: Range
    not_taken: Range = ONE

    def of(self, step: Step) -> Range:
        return self.taken * step.counts.taken + self.not_taken * step.counts.not_taken


@dataclass(frozen=True)
class Predicted:
    """A conditional branch with a history table: its rarer direction is taken to be the mispredicted one."""

    penalty: int

    def of(self, step: Step) -> Range:
        taken, not_taken = step.counts.taken, step.counts.not_taken
        rare = min(taken, not_taken)
        missed = Range(0, rare, min(taken + not_taken, 2 * rare))
        return exactly(taken + not_taken) + missed * self.penalty


@dataclass(frozen=True)
class Several:
    """``base`` + one for each word of the list, or of a single register, + ``pc`` when the list has PC."""

    base: int
    pc: Range = ZERO

    def of(self, step: Step) -> Range:
        first, brace, listed = step.text.operands.partition("{")
        names, counts = registers(listed if brace else first.partition(",")[0]), step.counts
        words = sum(2 if name.startswith("d") else 1 for name in names)
        passed = (counts.loads + counts.stores) / words if step.conditional else counts.count
        each = exactly(self.base + words) + (self.pc if "pc" in names else ZERO)
        return each * passed + exactly(counts.count - passed)


@dataclass(frozen=True)
class Single:
    """A load or store of one register that may overlap the one before it."""

    alone: Range
    overlapped: Range  # behind a load of one register whose result is not in this address
    pc: Range = ZERO  # more, when it loads PC
    update_overlaps: bool = True  # also with a base update
    indexed: Range = ZERO  # more, alone and with a register as the offset

    def of(self, step: Step) -> Range:
        counts, operands = step.counts, step.text.operands
        passed = counts.loads + counts.stores if step.conditional else counts.count
        share = passed / counts.count
        through = step.through * share if self._overlaps(step) else 0.0
        jump = self.pc * passed if operands.startswith("pc") else ZERO
        offset = self.indexed if len(registers(operands.partition("[")[2])) > 1 else ZERO
        spent = (self.alone + offset) * (passed - through) + self.overlapped * through
        return spent + jump + exactly(counts.count - passed)

    def _overlaps(self, step: Step) -> bool:
        address = step.text.operands.partition("[")[2]
        update = "!" in address or not address.endswith("]")
        before = step.before
        if before is None or not before.row.overlappable or (update and not self.update_overlaps):
            return False
        return before.text.operands.partition(",")[0] not in registers(address)


@dataclass(frozen=True)
class Transfer:
    """A move between registers of two kinds costs more than one between registers of the same kind."""

    same: Range
    crossing: Range  # to or from a core register

    def of(self, step: Step) -> Range:
        core = not all(re.fullmatch(r"[sd]\d+", name) for name in registers(step.text.operands))
        return Fixed(self.crossing if core else self.same).of(step)


@dataclass(frozen=True)
class Row:
    """Instructions of equal cost."""

    mnemonics: str  # separated by blanks
    cost: Cost
    source: str  # section of the core's document
    latency: int = 1  # cycles until the next instruction can have the result without waiting
    early: int = 0  # cycles before the others that it needs its operands
    unit: str = ""  # what it keeps busy for ``latency`` cycles, so that others of the unit wait
    overlappable: bool = False  # a Single behind it costs ``overlapped``
    accumulates: bool = False  # what it adds to may come a cycle later than its other operands


@dataclass(frozen=True)
class Core:
    """A core's table."""

    name: str
    arch: str
    evidence: str
    document: str  # where all rows are from
    rows: tuple[Row, ...]
    find: Callable[[Core, str], tuple[Row, bool] | None]  # a mnemonic's row, and whether it is conditional
    assumptions: tuple[str, ...]
    crossing: Range = ZERO  # more for a landing on a 32-bit instruction at an address % 4 == 2
    halves: bool = False  # a 16-bit instruction may go with its neighbour: half a cycle at best
    cached: bool = False  # code runs from a cache: wait states of the flash say nothing

    @cached_property
    def by_mnemonic(self) -> dict[str, Row]:
        """Every mnemonic's row."""
        return {name: row for row in self.rows for name in row.mnemonics.split()}


def registers(text: str) -> list[str]:
    """The registers named in a text, ranges spelt out; RISC-V's constant x0 is none."""
    names: list[str] = []
    for first, last in re.findall(r"\b([rsdx]\d+|sp|lr|pc|sl|fp|ip|sb)(?:-([rsdx]\d+))?\b", text):
        if last:
            names += [f"{first[0]}{n}" for n in range(int(first[1:]), int(last[1:]) + 1)]
        elif first != "x0":
            names.append(first)
    return names
