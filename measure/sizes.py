# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Flash a user's firmware would carry, from an ELF linked with nothing else in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section, SymbolTableSection

ALLOCATED, WRITABLE, EXECUTABLE = 0x2, 0x1, 0x4  # section flags of the ELF specification


@dataclass(frozen=True)
class Symbol:
    """A function or object of an ELF, with the bytes it takes."""

    name: str
    kind: str  # FUNC or OBJECT
    address: int
    size: int
    file: str  # the source file of a local symbol; empty for a global one


@dataclass(frozen=True)
class Flash:
    """Bytes of flash by what they are."""

    code: int  # instructions and their literals
    tables: int  # constants that do not depend on the model
    weights: int  # constants of the model

    @property
    def total(self) -> int:
        """All of it."""
        return self.code + self.tables + self.weights


def _symbol_table(elf: ELFFile) -> SymbolTableSection | None:
    table = elf.get_section_by_name(".symtab")
    return table if isinstance(table, SymbolTableSection) else None


def symbols(path: Path) -> tuple[Symbol, ...]:
    """Functions and objects that an ELF or object file defines."""
    with path.open("rb") as file:
        table = _symbol_table(ELFFile(file))
        found, source = [], ""
        for symbol in table.iter_symbols() if table else ():
            kind = symbol["st_info"]["type"].removeprefix("STT_")
            local = symbol["st_info"]["bind"] == "STB_LOCAL"
            source = symbol.name if kind == "FILE" else source  # names the file of the local symbols that follow
            if kind in ("FUNC", "OBJECT") and symbol["st_shndx"] != "SHN_UNDEF":
                thumb = 1 if kind == "FUNC" else 0
                address, size = symbol["st_value"] & ~thumb, symbol["st_size"]
                found.append(Symbol(symbol.name, kind, address, size, source if local else ""))
    return tuple(found)


def _in_flash(section: Section) -> bool:
    flags = section["sh_flags"]
    unwinding = section.name.startswith((".ARM.ex", ".eh_frame", ".note"))  # of no use without a debugger
    return bool(flags & ALLOCATED) and section["sh_type"] != "SHT_NOBITS" and not unwinding


def flash(carried: Path, model_object: Path) -> Flash:
    """Split the flash of ``carried``; constants that ``model_object`` defines are the model's."""
    with carried.open("rb") as file:
        elf = ELFFile(file)
        total = sum(section["sh_size"] for section in elf.iter_sections() if _in_flash(section))
    own = {(symbol.file, symbol.name) for symbol in symbols(model_object) if symbol.kind == "OBJECT"}
    objects = [symbol for symbol in symbols(carried) if symbol.kind == "OBJECT"]
    weights = sum(symbol.size for symbol in objects if (symbol.file, symbol.name) in own)
    tables = sum(symbol.size for symbol in objects if (symbol.file, symbol.name) not in own)
    return Flash(total - tables - weights, tables, weights)
