# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How deep the stack is at an address, as call frame information (DWARF, .debug_frame) tells debuggers."""

from __future__ import annotations

import bisect
from pathlib import Path

from elftools.dwarf.callframe import FDE
from elftools.elf.elffile import ELFFile

STACK_POINTER = {"EM_ARM": 13, "EM_RISCV": 2}  # DWARF's number of it


class Frames:
    """``depth(address)``: bytes between the stack pointer and where it was when the function was called."""

    def __init__(self, path: Path) -> None:
        self._rows: list[tuple[int, int, int | None]] = []  # from, to, depth
        with path.open("rb") as file:
            elf = ELFFile(file)
            pointer = STACK_POINTER.get(elf["e_machine"])
            debug = elf.get_dwarf_info() if elf.has_dwarf_info() else None
            for entry in debug.CFI_entries() if debug and debug.has_CFI() else ():
                if isinstance(entry, FDE):
                    end = entry["initial_location"] + entry["address_range"]
                    table = [row for row in entry.get_decoded().table if "cfa" in row]
                    for row, after in zip(table, [*(r["pc"] for r in table[1:]), end], strict=True):
                        rule = row["cfa"]
                        self._rows.append((row["pc"], after, rule.offset if rule.reg == pointer else None))
        self._rows.sort(key=lambda row: row[0])
        self._starts = [row[0] for row in self._rows]

    def depth(self, address: int) -> int | None:
        """None where nothing is told, or only relative to another register."""
        index = bisect.bisect_right(self._starts, address) - 1
        return self._rows[index][2] if index >= 0 and address < self._rows[index][1] else None

    def deepest(self, low: int, high: int) -> int | None:
        """The largest depth told in a range; None if nothing is told of a part of it."""
        rows = [row for row in self._rows if low <= row[0] and row[1] <= high]
        depths = [depth for _, _, depth in rows if depth is not None]
        return max(depths) if rows and len(depths) == len(rows) else None
