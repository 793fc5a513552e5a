# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Flash and RAM a user's firmware would carry, from an ELF linked with nothing else in it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from elftools.dwarf.die import DIE
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section, SymbolTableSection

from target import archive

ALLOCATED, WRITABLE, EXECUTABLE = 0x2, 0x1, 0x4  # section flags of the ELF specification
UNNAMED = "(literals and padding)"


VERSIONED = re.compile(r"^lstmcu_\d+_\d+_\d+_")  # firmware/include/lstmcu_version.h


def plain(name: str) -> str:
    """A symbol's name without lstmcu's version: ``lstmcu_dense_s8_run``, so that versions can be compared."""
    return VERSIONED.sub("lstmcu_", name)


@dataclass(frozen=True)
class Symbol:
    """A function or object of an ELF, with the bytes it takes."""

    name: str  # plain
    kind: str  # FUNC or OBJECT
    address: int
    size: int
    file: str  # the source file of a local symbol; empty for a global one


@dataclass(frozen=True)
class Part:
    """Bytes of flash that one function or array takes; in each section one part has what has no name."""

    name: str
    section: str
    file: str  # that it comes from, or the library; empty for what has no name
    kind: str  # code, tables (constants that do not depend on the model) or weights (those that do)
    bytes: int


@dataclass(frozen=True)
class Field:
    """One member of the state struct."""

    name: str
    kind: str  # state, which lives from call to call, or scratch
    bytes: int


def _symbol_table(elf: ELFFile) -> SymbolTableSection | None:
    table = elf.get_section_by_name(".symtab")
    return table if isinstance(table, SymbolTableSection) else None


def symbols(path: Path) -> tuple[Symbol, ...]:
    """Functions and objects that an ELF or object file defines."""
    with path.open("rb") as file:
        return tuple(_symbols(ELFFile(file)))


def _symbols(elf: ELFFile) -> Iterator[Symbol]:
    table, source = _symbol_table(elf), ""
    for symbol in table.iter_symbols() if table else ():
        kind = symbol["st_info"]["type"].removeprefix("STT_")
        local = symbol["st_info"]["bind"] == "STB_LOCAL"
        source = symbol.name if kind == "FILE" else source  # names the file of the local symbols that follow
        if kind in ("FUNC", "OBJECT") and symbol["st_shndx"] != "SHN_UNDEF":
            thumb = 1 if kind == "FUNC" and elf["e_machine"] == "EM_ARM" else 0
            address, size = symbol["st_value"] & ~thumb, symbol["st_size"]
            yield Symbol(plain(symbol.name), kind, address, size, source if local else "")


def _in_flash(section: Section) -> bool:
    flags = section["sh_flags"]
    unwinding = section.name.startswith((".ARM.ex", ".eh_frame", ".note"))  # of no use without a debugger
    return bool(flags & ALLOCATED) and section["sh_type"] != "SHT_NOBITS" and not unwinding


def flash(carried: Path, model_object: Path, objects: Sequence[Path], libraries: Sequence[Path]) -> tuple[Part, ...]:
    """What the flash of ``carried`` holds, largest first; constants that ``model_object`` defines are the model's.

    ``objects`` and ``libraries`` are what it was linked from.
    """
    origin = _origins(objects, libraries, symbols(carried))
    own = {(symbol.file, symbol.name) for symbol in symbols(model_object) if symbol.kind == "OBJECT"}
    with carried.open("rb") as file:
        elf = ELFFile(file)
        sections = [section for section in elf.iter_sections() if _in_flash(section) and section["sh_size"]]
        named = {s.address: s for s in sorted(_symbols(elf), key=lambda s: s.size) if s.size}  # of aliases, one
    parts = []
    for section in sections:
        start, size = section["sh_addr"], section["sh_size"]
        within = [symbol for symbol in named.values() if start <= symbol.address < start + size]
        for symbol in within:
            model = (symbol.file, symbol.name) in own
            kind = "code" if symbol.kind == "FUNC" else "weights" if model else "tables"
            hidden = origin.get(("", symbol.name), symbol.file)  # lld makes a hidden symbol of a library local
            where = origin.get((symbol.file, symbol.name), hidden)
            parts.append(Part(symbol.name, section.name, where, kind, symbol.size))
        rest = size - sum(symbol.size for symbol in within)
        parts += [Part(UNNAMED, section.name, "", "code", rest)] if rest else []
    return tuple(sorted(parts, key=lambda part: (-part.bytes, part.name)))


def static_ram(carried: Path) -> int:
    """Bytes of variables that are in no state struct: there should be none."""
    with carried.open("rb") as file:
        elf = ELFFile(file)
        wanted = ALLOCATED | WRITABLE
        places = [
            range(section["sh_addr"], section["sh_addr"] + section["sh_size"])
            for section in elf.iter_sections()
            if section["sh_flags"] & wanted == wanted
        ]
        found = {(s.address, s.size) for s in _symbols(elf) if any(s.address in place for place in places)}
    return sum(size for _, size in found)


def _origins(
    objects: Sequence[Path], libraries: Sequence[Path], carried: Sequence[Symbol]
) -> dict[tuple[str, str], str]:
    """The file that defines a symbol, by the symbol's own source file (empty for a global one) and name."""
    found: dict[tuple[str, str], str] = {}
    for library in libraries:
        index = archive.index(library)
        found |= {("", name): library.name for name in index}
        for offset in {index[symbol.name] for symbol in carried if symbol.name in index}:
            parts = _symbols(ELFFile(io.BytesIO(archive.member(library, offset))))
            found |= {(part.file, part.name): library.name for part in parts if part.file}
    for path in reversed(objects):
        name = path.name.removesuffix(".o")
        found |= {(symbol.file, symbol.name): name for symbol in symbols(path)}
    return found


def state_fields(carried: Path, struct_name: str) -> tuple[Field, ...]:
    """The members of the struct that holds a model's memory, in order, as the debug information tells."""
    with carried.open("rb") as file:
        elf = ELFFile(file)
        debug = elf.get_dwarf_info() if elf.has_dwarf_info() else None
        for unit in debug.iter_CUs() if debug else ():
            for die in unit.get_top_DIE().iter_children():
                if die.tag in ("DW_TAG_structure_type", "DW_TAG_typedef") and _name(die) == struct_name:
                    struct_die = _type(die) if die.tag == "DW_TAG_typedef" else die
                    members = [child for child in struct_die.iter_children() if child.tag == "DW_TAG_member"]
                    if members:
                        return tuple(_field(member) for member in members)
    return ()


def _field(member: DIE) -> Field:
    name = _name(member)
    return Field(name, "scratch" if name.startswith("scratch") else "state", _size(_type(member)))


def _name(die: DIE) -> str:
    return str(die.attributes["DW_AT_name"].value.decode()) if "DW_AT_name" in die.attributes else ""


def _type(die: DIE) -> DIE:
    return die.get_DIE_from_attribute("DW_AT_type")


def _size(kind: DIE) -> int:
    """Bytes of a type."""
    if kind.tag == "DW_TAG_array_type":
        size = _size(_type(kind))
        for dimension in kind.iter_children():
            told = {name: dimension.attributes[name].value for name in dimension.attributes}
            size *= told["DW_AT_count"] if "DW_AT_count" in told else told["DW_AT_upper_bound"] + 1
        return size
    if "DW_AT_byte_size" in kind.attributes:
        return int(kind.attributes["DW_AT_byte_size"].value)
    return _size(_type(kind))
