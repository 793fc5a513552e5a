# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""For which functions an instruction is executed: the call stack, with the functions that the compiler inlined.

DWARF says what was inlined where. Who calls whom is counted: a jump that leaves its function is a call, executed as
often as the profile says. Where several call the same function, what it costs is shared out by their numbers of calls,
as if every call cost the same. Assembly marks its parts with local symbols ``phase.<name>.<n>``, which count like
inlined functions: an instruction belongs to the last one before it in its function.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE
from elftools.dwarf.dwarfinfo import DWARFInfo
from elftools.dwarf.ranges import BaseAddressEntry
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from measure.cost import sizes
from measure.cost.timing.disassembly import Text
from measure.cost.timing.rows import Range
from measure.run.counts import Instruction, Profile

MARKER = re.compile(r"phase\.\w+(?=\.\d+$)")
JUMP = re.compile(r"(c\.)?(b|cb|j)")  # mnemonics that may hold the address they jump to, Arm's and RISC-V's
Frames = tuple[str, ...]


@dataclass(frozen=True)
class Function:
    """A function with what was inlined into it, or marked in it: (low, high, depth, name), the outermost first."""

    name: str
    address: int
    code: int  # bytes
    parts: tuple[tuple[int, int, int, str], ...]

    def frames(self, address: int) -> Frames:
        """The function and the parts of it that an instruction belongs to, the innermost last."""
        return (self.name, *(name for low, high, _, name in self.parts if low <= address < high))


@dataclass(frozen=True)
class Place:
    """An executed instruction."""

    counts: Instruction
    function: Function
    frames: Frames  # within the function
    calls: Function | None  # the function it jumps to


@dataclass(frozen=True)
class Cost:
    """Sums over all calls of the profiled function; ``cycles`` is None without a timing table."""

    instructions: float
    cycles: Range | None

    def __add__(self, other: Cost) -> Cost:
        both = self.cycles is not None and other.cycles is not None
        return Cost(
            self.instructions + other.instructions,
            self.cycles + other.cycles if both and self.cycles and other.cycles else None,
        )

    def __mul__(self, share: float) -> Cost:
        return Cost(self.instructions * share, None if self.cycles is None else self.cycles * share)


def functions(elf: Path) -> tuple[Function, ...]:
    """Every function of the ELF, ascending; of several names of one address the last."""
    with elf.open("rb") as stream:
        file = ELFFile(stream)
        symbols = {s.address: s for s in sizes.symbols(elf) if s.kind == "FUNC" and s.size}
        parts: dict[int, list[tuple[int, int, int, str]]] = {address: [] for address in symbols}
        for address, part in _inlined(file, parts.keys()):
            parts[address].append(part)
        for address, part in _marked(file, symbols):
            parts[address].append(part)
    return tuple(
        Function(symbol.name.partition(".")[0], address, symbol.size, tuple(sorted(parts[address], key=_depth)))
        for address, symbol in sorted(symbols.items())
    )


def _depth(part: tuple[int, int, int, str]) -> int:
    return part[2]


def _marked(file: ELFFile, symbols: Mapping[int, sizes.Symbol]) -> Iterator[tuple[int, tuple[int, int, int, str]]]:
    """Markers, each up to the next one or the end of its function."""
    table = file.get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    found = sorted((s["st_value"] & ~1, m[0]) for s in table.iter_symbols() if (m := MARKER.match(s.name)))
    starts = sorted(symbols)
    for (low, name), (after, _) in pairwise([*found, (1 << 64, "")]):
        index = bisect.bisect_right(starts, low) - 1
        if index >= 0:
            function = symbols[starts[index]]
            yield function.address, (low, min(after, function.address + function.size), 0, name)


def _inlined(file: ELFFile, kept: Any) -> Iterator[tuple[int, tuple[int, int, int, str]]]:
    """What was inlined, by the address of the function it is in. Code that was not linked has no symbol there."""
    if not file.has_dwarf_info():
        return
    dwarf = file.get_dwarf_info()
    for unit in dwarf.iter_CUs():
        for die in unit.get_top_DIE().iter_children():
            if die.tag == "DW_TAG_subprogram":
                ranges = _ranges(die, unit, dwarf)
                for address in {low for low, _ in ranges if low in kept}:
                    yield from ((address, part) for part in _nested(die, 1, unit, dwarf))


def _nested(die: DIE, depth: int, unit: CompileUnit, dwarf: DWARFInfo) -> Iterator[tuple[int, int, int, str]]:
    for child in die.iter_children():
        if child.tag == "DW_TAG_inlined_subroutine":
            name = _name(child)
            yield from ((low, high, depth, name) for low, high in _ranges(child, unit, dwarf))
            yield from _nested(child, depth + 1, unit, dwarf)
        elif child.tag == "DW_TAG_lexical_block":
            yield from _nested(child, depth, unit, dwarf)


def _name(die: DIE) -> str:
    while "DW_AT_name" not in die.attributes:
        link = next(a for a in ("DW_AT_abstract_origin", "DW_AT_specification") if a in die.attributes)
        die = die.get_DIE_from_attribute(link)
    return sizes.plain(die.attributes["DW_AT_name"].value.decode())


def _ranges(die: DIE, unit: CompileUnit, dwarf: DWARFInfo) -> list[tuple[int, int]]:
    """Addresses that an entry covers."""
    attributes = die.attributes
    if "DW_AT_ranges" in attributes:
        top = unit.get_top_DIE().attributes
        base = top["DW_AT_low_pc"].value if "DW_AT_low_pc" in top else 0
        found = []
        lists = dwarf.range_lists()
        for entry in lists.get_range_list_at_offset(attributes["DW_AT_ranges"].value, unit) if lists else ():
            if isinstance(entry, BaseAddressEntry):
                base = entry.base_address
            else:
                offset = 0 if entry.is_absolute else base
                found.append((entry.begin_offset + offset, entry.end_offset + offset))
        return found
    if "DW_AT_low_pc" not in attributes or "DW_AT_high_pc" not in attributes:
        return []
    low, high = attributes["DW_AT_low_pc"].value, attributes["DW_AT_high_pc"]
    return [(low, high.value if high.form == "DW_FORM_addr" else low + high.value)]


def places(profile: Profile, code: Mapping[int, Text], known: tuple[Function, ...]) -> tuple[Place, ...]:
    """Every executed instruction, in the profile's order."""
    starts = [function.address for function in known]

    def at(address: int) -> Function:
        return known[max(0, bisect.bisect_right(starts, address) - 1)]

    found = []
    for counts in profile.instructions:
        function, text = at(counts.address), code[counts.address]
        last = text.operands.rpartition(",")[2].strip()
        to = None
        if counts.taken and JUMP.match(text.mnemonic) and re.fullmatch("[0-9a-f]+", last):
            to = at(int(last, 16))
        called = to if to is not None and to is not function else None
        found.append(Place(counts, function, function.frames(counts.address), called))
    return tuple(found)


def stacks(where: tuple[Place, ...], costs: list[Cost], entry: str) -> dict[Frames, Cost]:
    """What each call stack costs, from ``entry`` on; ``costs`` are those of the instructions of ``where``."""
    own: dict[int, dict[Frames, Cost]] = defaultdict(dict)  # of functions by their addresses: names may be alike
    calls: dict[int, dict[tuple[Frames, int], int]] = defaultdict(lambda: defaultdict(int))
    called: dict[int, int] = defaultdict(int)
    entries: dict[int, None] = {}
    for place, cost in zip(where, costs, strict=True):
        here = place.function.address
        mine = own[here]
        mine[place.frames] = mine[place.frames] + cost if place.frames in mine else cost
        if place.function.name == entry:
            entries[here] = None
        if place.calls:
            calls[here][place.frames, place.calls.address] += place.counts.taken
            called[place.calls.address] += place.counts.taken
    found: dict[Frames, Cost] = {}
    reached: dict[int, float] = defaultdict(float)

    def visit(here: int, above: Frames, callers: tuple[int, ...], share: float) -> None:
        reached[here] += share
        for frames, cost in own[here].items():
            stack = above + frames
            found[stack] = found[stack] + cost * share if stack in found else cost * share
        for (frames, callee), count in calls[here].items():
            if callee not in (*callers, here):  # a recursive call stays with the first one
                visit(callee, above + frames, (*callers, here), share * count / called[callee])

    for function in entries:
        visit(function, (), (), 1.0)
    for here in sorted(own, key=lambda address: called[address]):  # first those that are only called by pointer
        if reached[here] < 1 - 1e-9:
            visit(here, (entry,), (), 1 - reached[here])
    return found
