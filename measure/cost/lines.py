# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The source line of each instruction, from DWARF's line tables."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from elftools.dwarf.lineprogram import LineProgram
from elftools.elf.elffile import ELFFile


@dataclass(frozen=True)
class Line:
    """A line of source; ``text`` is empty where the file cannot be found."""

    file: str  # without its folder
    number: int
    text: str


@functools.cache
def _texts(path: Path) -> tuple[str, ...]:
    try:
        return tuple(path.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return ()


def _path(program: LineProgram, index: int) -> Path:
    header = program.header
    first = 0 if header["version"] >= 5 else 1
    entry = header["file_entry"][index - first]
    folders = header["include_directory"]
    number = entry["dir_index"] - first
    folder = folders[number].decode() if 0 <= number < len(folders) else ""
    return Path(folder) / str(entry["name"].decode())


def source_lines(elf: Path, functions: Collection[int]) -> dict[int, Line]:
    """Address to line, for the code of functions that begin at these addresses. (Tables of code that was not linked
    begin at 0.) Files are found from the current directory."""
    found: dict[int, Line] = {}
    with elf.open("rb") as stream:
        file = ELFFile(stream)
        dwarf = file.get_dwarf_info() if file.has_dwarf_info() else None
        for unit in dwarf.iter_CUs() if dwarf else ():
            program = dwarf.line_program_for_CU(unit) if dwarf else None
            sequence: dict[int, Line] = {}
            for entry in program.get_entries() if program else ():
                state = entry.state
                if program is None or state is None:
                    continue
                if state.end_sequence:
                    if sequence and min(sequence) in functions:
                        found |= _filled(sequence, state.address)
                    sequence = {}
                else:
                    path = _path(program, state.file)
                    texts = _texts(path)
                    text = texts[state.line - 1].strip() if 0 < state.line <= len(texts) else ""
                    sequence[state.address] = Line(path.name, state.line, text)
    return found


def _filled(sequence: dict[int, Line], end: int) -> dict[int, Line]:
    """The line of every second address, up to ``end``."""
    starts = sorted(sequence)
    return {
        address: sequence[low]
        for low, high in zip(starts, [*starts[1:], end], strict=True)
        for address in range(low, high, 2)
    }
