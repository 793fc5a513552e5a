# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which files of firmware/ a model needs: those whose objects its own object asks for, and what they include."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from model.errors import UserError

INCLUDED, PRIVATE = "include", "src/lstmcu"  # folders of an export
INCLUDE = re.compile(r'^([ \t]*#[ \t]*include[ \t]*")([^"]+)(")', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
FLOATS = re.compile(r"\b(float|double)\b")


def _symbols(path: Path) -> tuple[set[str], set[str]]:
    """Global names that an object file defines, and those that it asks for."""
    try:
        with path.open("rb") as file:
            table = ELFFile(file).get_section_by_name(".symtab")
            listed = list(table.iter_symbols()) if isinstance(table, SymbolTableSection) else []
            rows = [s for s in listed if s.name and s["st_info"]["bind"] != "STB_LOCAL"]
    except ELFError as error:
        raise UserError(f"{path} is not a readable object file: {error}; delete it and build again") from None
    asked = {s.name for s in rows if s["st_shndx"] == "SHN_UNDEF"}
    return {s.name for s in rows} - asked, asked


def needed(models: Iterable[Path], others: Sequence[Path]) -> list[Path]:
    """Those of the object files ``others`` that the objects ``models`` cannot be linked without, in their order."""
    tables = {path: _symbols(path) for path in (*models, *others)}
    definer = {name: path for path in others for name in tables[path][0]}
    found: set[Path] = set()
    pending = list(models)
    while pending:
        asked = tables[pending.pop()][1]
        more = {definer[name] for name in asked if name in definer} - found
        found |= more
        pending += more
    return [path for path in others if path in found]


def in_floats(texts: Mapping[str, str]) -> bool:
    """Whether any of ``placed`` that is compiled as C knows floating point; a header may only declare it."""
    return any(FLOATS.search(COMMENT.sub(" ", text)) for name, text in texts.items() if name.endswith((".c", ".c.inc")))


def _place(name: str, public: Collection[str]) -> str:
    return f"{INCLUDED}/{name}" if name in public else f"{PRIVATE}/{name}"


def placed(texts: Mapping[str, str], public: Collection[str]) -> dict[str, str]:
    """``with_headers`` in an export's folders: the headers ``public`` for the user's include path, the rest apart.

    What is private includes the others by their way from it, so that it compiles without any -I. Arduino looks into
    src/ alone: there, each public header is included once more.
    """
    up = f"{'../' * (PRIVATE.count('/') + 1)}{INCLUDED}/"

    def own(text: str) -> str:
        return INCLUDE.sub(lambda found: f"{found[1]}{up if found[2] in public else ''}{found[2]}{found[3]}", text)

    files = {_place(name, public): text if name in public else own(text) for name, text in texts.items()}
    return files | {f"src/{name}": f'#include "../{INCLUDED}/{name}"\n' for name in public}


def with_headers(sources: Iterable[Path], folders: Sequence[Path]) -> dict[str, str]:
    """File name to text of ``sources`` and all they include from ``folders``, for one flat folder."""
    texts: dict[str, str] = {}
    origin: dict[str, Path] = {}
    pending = list(sources)
    while pending:
        path = pending.pop().resolve()
        if origin.setdefault(path.name, path) != path:
            raise UserError(f"{path} and {origin[path.name]} cannot lie in one folder: rename one of them")
        if path.name in texts:
            continue
        text = path.read_text(encoding="utf-8")
        for _, name, _ in INCLUDE.findall(text):
            where = (folder / name for folder in (path.parent, *folders))
            pending += [file for file in where if file.is_file()][:1]
        texts[path.name] = INCLUDE.sub(lambda found: f"{found[1]}{Path(found[2]).name}{found[3]}", text)
    return dict(sorted(texts.items()))
