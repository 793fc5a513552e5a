# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The profiler's text (described in measure/run/profiler/profiler.c), read into frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.errors import UserError

# The first word of the file that stands in for a profile when QEMU could not load the profiler.
UNAVAILABLE = "unavailable"


class ProfileUnavailableError(UserError):
    """There is no profile because this QEMU refused the profiler; the sentence says why."""


@dataclass(frozen=True)
class Instruction:
    """One executed instruction; counts are sums over all calls."""

    address: int
    size: int  # bytes, as QEMU says: 7.2 adds two before an instruction that reaches into the next page
    count: int  # executions
    taken: int  # as the last of a block: continued elsewhere …
    not_taken: int  # … or right behind it
    loads: int  # accesses, not bytes
    stores: int
    flash: int = 0  # of the loads, those from flash


@dataclass(frozen=True)
class Profile:
    """All calls of one function, with everything it called."""

    calls: int
    least: int  # instructions of the shortest call
    most: int  # … of the longest
    total: int  # … of all
    stack: int  # bytes from the top of the stack to the lowest address stored to
    instructions: tuple[Instruction, ...]  # ascending by address


def read_profile(path: Path) -> Profile:
    """Read a profile. ProfileUnavailableError when there is none; UserError when it is damaged."""
    return parse_profile(path.read_text(encoding="utf-8"), str(path))


def parse_profile(text: str, name: str) -> Profile:
    """Parse the text of a profile; ``name`` is what errors call it."""
    first, _, rest = text.partition(" ")
    if first == UNAVAILABLE:
        raise ProfileUnavailableError(rest.strip())
    lines = [line.split() for line in text.splitlines()]
    try:
        (calls,) = _numbers("calls", 1, lines[0])
        least, most, total = _numbers("instructions", 3, lines[1])
        (stack,) = _numbers("stack", 1, lines[2])
        instructions = tuple(Instruction(*_numbers("insn", 8, line)) for line in lines[3:])
    except (IndexError, ValueError) as error:
        raise UserError(f"{name} is not a whole profile ({error}): run again to make a new one") from None
    if sum(instruction.count for instruction in instructions) != total:
        raise UserError(f"{name} is damaged: its counts do not add up to its total; run again")
    return Profile(calls, least, most, total, stack, instructions)


def _numbers(keyword: str, count: int, words: list[str]) -> list[int]:
    if words[:1] != [keyword] or len(words) != 1 + count:
        raise ValueError(f"expected '{keyword}' and {count} numbers, found '{' '.join(words)}'")
    return [int(word, 0) for word in words[1:]]
