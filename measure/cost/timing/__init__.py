# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Cycles, modelled: an exact profile times a core's table of instruction timings. docs/cycles.md tells how far to trust
them; ``Cycles.evidence`` belongs beside every number that is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from measure.cost.timing import arm, riscv
from measure.cost.timing.disassembly import Text, disassemble
from measure.cost.timing.memory import Memory
from measure.cost.timing.rows import NO_WAIT, ONE, ZERO, Core, Jump, Predicted, Range, Step, exactly, registers
from measure.evidence import INTERVAL
from measure.run.counts import Profile
from model.declaration import did_you_mean
from model.errors import UserError
from target.description import Target

CORES = {core.name: core for core in (*arm.CORES, *riscv.CORES)}
FAST = Memory()
READ_FIRST = (
    "c.add", "c.sub", "c.and", "c.or", "c.xor", "c.andi", "c.addi", "c.slli", "c.srli", "c.srai", "c.addi16sp",
)  # fmt: skip
NO_RESULT = ("sw", "sh", "sb", "beq", "bne", "blt", "bge", "bltu", "bgeu", "beqz", "bnez", "swsp", "j", "jr")


class NoTimingError(UserError):
    """The core's table cannot say: an executed instruction has no row in it, which the sentence names."""


@dataclass(frozen=True)
class Cycles:
    """Of an average call."""

    low: int
    nominal: int
    high: int
    evidence: str  # of measure/evidence.py
    source: str
    assumptions: tuple[str, ...]


def find_core(name: str, where: object) -> Core:
    """A core's table. UserError for an unknown name; ``where`` is the file that has it."""
    if name not in CORES:
        raise UserError(f"{where}: timing = '{name}' is not known{did_you_mean(name, CORES)}")
    return CORES[name]


def core_of(target: Target) -> Core | None:
    """The table of a target's core; None for a target without one."""
    if target.timing is None:
        return None
    core = find_core(target.timing, target.file)
    if core.arch != target.arch:
        raise UserError(f"{target.file}: timing = '{core.name}' is a table for {core.arch}, not {target.arch}")
    return core


def of_run(profile: Profile, elf: Path, target: Target, memory: Memory = FAST) -> Cycles | None:
    """Cycles of an average call of the profiled function; None for a target without a table."""
    core = core_of(target)
    return None if core is None else model(profile, disassemble(elf, target), core, str(elf), memory)


def model(
    profile: Profile, code: dict[int, Text], core: Core, name: str = "the program", memory: Memory = FAST
) -> Cycles:
    """Apply a table. NoTimingError when it cannot be applied.

    From slow flash an interval: from the least without a wait to the most, which is its nominal end, too.
    """
    total = ZERO
    for cycles in each(profile, code, core, name, memory):
        total += cycles
    low, nominal, high = (round(c / profile.calls) for c in (total.low, total.nominal, total.high))
    if not memory.wait:
        return Cycles(low, nominal, high, core.evidence, core.document, core.assumptions)
    assumptions = tuple(memory.text if text == NO_WAIT else text for text in core.assumptions)
    return Cycles(low, high, high, INTERVAL, core.document, assumptions)


def each(
    profile: Profile, code: dict[int, Text], core: Core, name: str = "the program", memory: Memory = FAST
) -> list[Range]:
    """Cycles of every instruction of the profile, over all calls; waiting counts for the one that waits.

    From slow flash ``low`` waits for none of it, the others as long as can be. NoTimingError for a core whose code runs
    from a cache.
    """
    if memory.wait and core.cached:
        raise NoTimingError(f"flash_wait={memory.wait} says nothing of {core.name}, whose code runs from a cache")
    steps = _steps(profile, code, core, name)
    spent = [_own(step, core) + exactly(wait) for step, wait in zip(steps, _waits(steps), strict=True)]
    return [cycles + Range(0, wait, wait) for cycles, wait in zip(spent, memory.waits(steps), strict=True)]


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
        if text.size:  # QEMU 7.2 adds two bytes where the next instruction reaches into another page
            counts = replace(counts, size=text.size)
        found = core.find(core, text.mnemonic)
        if found is None:
            instruction = f"'{text.mnemonic} {text.operands}' at {counts.address:#x}"
            raise NoTimingError(
                f"{name}: {core.name} has no timing for {instruction}; add a row to measure/cost/timing"
            )
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
        early_enough = made if not step.row.accumulates else []
        for name in (*operands, *early_enough):
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
