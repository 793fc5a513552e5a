# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Flash that is slower than the core: what can be waited for it at most, and at least nothing."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass

from measure.cost.timing.rows import Step

WORD = 4  # bytes


@dataclass(frozen=True)
class Memory:
    """Where code and constants lie. Flash is read by lines, and the last line of code is kept."""

    wait: int = 0  # cycles more for each line; 0: flash is as fast as the core
    width: int = 32  # bits of a line
    prefetch: bool = False  # the next line of code is read while the last one runs
    code_in: str = "flash"  # or ram

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Memory:
        """As ``add_arguments`` reads it."""
        return cls(arguments.flash_wait, arguments.flash_width, arguments.flash_prefetch, arguments.code_in)

    def waits(self, steps: Iterable[Step]) -> list[int]:
        """The most cycles that all executions of each instruction can wait for flash."""
        if not self.wait:
            return [0 for _ in steps]
        found = []
        ran = 0  # the fewest instructions that ran, a cycle each, since flash was free for the line behind theirs
        for step in steps:
            found.append(self.wait * self._constants(step) + (0 if self.code_in == "ram" else self._code(step, ran)))
            ran = 0 if step.counts.flash else 1 if step.landings or self._next_line(step) else ran + 1
        return found

    def _next_line(self, step: Step) -> bool:
        """Whether an instruction needs another line than the one before it ended in."""
        size = self.width // 8
        end = step.counts.address + step.counts.size - 1
        return step.counts.address % size == 0 or step.counts.address // size != end // size

    def _constants(self, step: Step) -> int:
        """Lines of constants: those of an instruction that loads n words follow each other."""
        words, size = step.counts.flash, self.width // 8
        if not words:
            return 0
        each = -(-words // step.counts.count)  # where a condition fails, less
        return min(words, step.counts.count * (1 + -(-(each - 1) * WORD // size)))

    def _code(self, step: Step, ran: int) -> int:
        """Cycles for lines of code. Where constants were read between, that of the instruction before is lost; where a
        jump leads, what lies behind it may be under way. A prefetch hides as many cycles as instructions ``ran``.
        """
        size = self.width // 8
        before = step.before
        lost = min(step.through, before.counts.flash) if before is not None and self.width > 32 else 0
        again = lost if step.counts.address % size else 0
        hidden = min(self.wait, ran) if self.prefetch and self._next_line(step) else 0
        return self.wait * (step.lines(size) + again + step.landings) - hidden * step.through

    @property
    def text(self) -> str:
        """What a figure rests on."""
        if not self.wait:
            return ""
        states = f"{self.wait} wait state{'s' if self.wait > 1 else ''}"
        ahead = ", the next one prefetched" if self.prefetch else ""
        where = "constants in flash, code in RAM" if self.code_in == "ram" else "code and constants in flash"
        return f"from none to {states} for each {self.width}-bit line{ahead}, {where}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those that ``Memory.of`` reads."""
    parser.add_argument("--flash-wait", type=int, default=0, metavar="CYCLES")
    parser.add_argument("--flash-width", type=int, default=32, metavar="BITS")
    parser.add_argument("--flash-prefetch", action="store_true")
    parser.add_argument("--code-in", default="flash", choices=("flash", "ram"))
