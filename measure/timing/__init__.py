# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Cycles, modelled: an exact profile times a core's table of instruction timings. docs/cycles.md tells how far to trust
them; ``Cycles.evidence`` belongs beside every number that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from measure.profile import Profile
from measure.target import Target, did_you_mean
from measure.timing import arm, riscv
from measure.timing.disassembly import Text, disassemble
from measure.timing.table import ONE, ZERO, Core, Jump, Predicted, Range, Step, exactly, registers
from model.errors import UserError

CORES = {core.name: core for core in (*arm.CORES, *riscv.CORES)}
READ_FIRST = (
    "c.add", "c.sub", "c.and", "c.or", "c.xor", "c.andi", "c.addi", "c.slli", "c.srli", "c.srai", "c.addi16sp",
)  # fmt: skip
NO_RESULT = ("sw", "sh", "sb", "beq", "bne", "blt", "bge", "bltu", "bgeu", "beqz", "bnez", "swsp", "j", "jr")


class NoTimingError(UserError):
    """An executed instruction has no row in the core's table; the sentence names it."""


@dataclass(frozen=True)
class Cycles:
    """Of an average call."""

    low: int
    nominal: int
    high: int
    evidence: str  # tier: table.RTL_EXACT …
    source: str
    assumptions: tuple[str, ...]


def find_core(name: str, where: object) -> Core:
    """A core's table. UserError for an unknown name; ``where`` is the file that has it."""
    if name not in CORES:
        raise UserError(f"{where}: timing = '{name}' is not known{did_you_mean(name, CORES)}")
    return CORES[name]


def of_run(profile: Profile, elf: Path, target: Target) -> Cycles | None:
    """Cycles of an average call of the profiled function; None for a target without a table."""
    if target.timing is None:
        return None
    core = find_core(target.timing, target.file)
    if core.arch != target.arch:
        raise UserError(f"{target.file}: timing = '{core.name}' is a table for {core.arch}, not {target.arch}")
    return model(profile, disassemble(elf, target), core, str(elf))


def model(profile: Profile, code: dict[int, Text], core: Core, name: str = "the program") -> Cycles:
    """Apply a table. NoTimingError names an instruction that the table does not have."""
    total = ZERO
    for cycles in each(profile, code, core, name):
        total += cycles
    low, nominal, high = (round(c / profile.calls) for c in (total.low, total.nominal, total.high))
    return Cycles(low, nominal, high, core.evidence, core.document, core.assumptions)


def each(profile: Profile, code: dict[int, Text], core: Core, name: str = "the program") -> list[Range]:
    """Cycles of every instruction of the profile, over all calls; waiting counts for the one that waits."""
    steps = _steps(profile, code, core, name)
    waits = _waits(steps)
    return [_own(step, core) + exactly(wait) for step, wait in zip(steps, waits, strict=True)]


def _own(step: Step, core: Core) -> Range:
    spent = step.row.cost.of(step)
    if core.halves and step.counts.size == 2 and spent == ONE * step.counts.count:
        spent = Range(spent.low / 2, spent.nominal, spent.high)
    crosses = step.counts.size == 4 and step.counts.address % 4 == 2
    return spent + core.crossing * step.landings if crosses else spent


def _steps(profile: Profile, code: dict[int, Text], core: Core, name: str) -> list[Step]:
    steps: list[Step] = []
    previous, leaving = None, 0  # the last step, and how often it went on to what is right behind it
    for counts in profile.instructions:
        text = code.get(counts.address)
        if text is None:
            raise UserError(f"{name}: the instruction at {counts.address:#x} is not in its disassembly")
        found = core.find(core, text.mnemonic)
        if found is None:
            instruction = f"'{text.mnemonic} {text.operands}' at {counts.address:#x}"
            raise NoTimingError(f"{name}: {core.name} has no timing for {instruction}: add a row to measure/timing")
        adjacent = previous is not None and previous.counts.address + previous.counts.size == counts.address
        through = min(leaving, counts.count) if adjacent else 0
        before = previous if through else None
        previous = Step(counts, text, *found, through, counts.count - through, before)
        leaving = counts.not_taken if _leaves(previous) else counts.count
        steps.append(previous)
    return steps


def _leaves(step: Step) -> bool:
    """Whether it is control flow, whose edges the profiler counted."""
    first = step.text.operands.partition(",")[0]
    return isinstance(step.row.cost, (Jump, Predicted)) or first == "pc" or "pc}" in step.text.operands


def _waits(steps: list[Step]) -> list[float]:
    """Cycles that each instruction waits for results or units of those right before it, over all its executions."""
    waits: list[float] = []
    now, ready = 0, dict[str, int]()
    for step in steps:
        if step.before is None or step.landings > step.through:
            now, ready = 0, {}
        result, operands = _registers(step)
        start, made = now, [name for name in (result, step.row.unit) if name]
        for name in (*operands, *made):
            early = step.row.early if name in operands else 0
            now = max(now, ready.get(name, 0) + early)
        waits.append(float((now - start) * step.through))
        ready.update(dict.fromkeys(made, now + step.row.latency))
        now += 1
    return waits


def _registers(step: Step) -> tuple[str | None, tuple[str, ...]]:
    """The register an instruction writes (one is enough: no table has a latency for two), and those it reads."""
    name, operands = step.text.mnemonic, step.text.operands
    named = registers(operands)
    first = operands.partition(",")[0]
    plain = name.removeprefix("c.")
    silent = plain in NO_RESULT or plain.startswith(("vstr", "vstm", "vcmp", "vpush"))
    if silent or first not in named or not operands.startswith(first):
        return None, tuple(named)
    reads = named if name in READ_FIRST else named[1:]
    return first, tuple(reads)
