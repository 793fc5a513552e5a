# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Static libraries, as System V's ar and its heirs write them: an index of symbols, then the object files."""

from __future__ import annotations

import struct
from pathlib import Path

from model.errors import UserError

MAGIC, THIN = b"!<arch>\n", b"!<thin>\n"
HEAD = 60  # bytes before each member's contents; its size in decimal at 48


def _size(head: bytes, path: Path) -> int:
    if len(head) != HEAD or head[58:] != b"`\n" or not head[48:58].strip().isdigit():
        raise UserError(f"{path} is a damaged library: build it again")
    return int(head[48:58])


def index(path: Path) -> dict[str, int]:
    """The global symbols that the library defines, each with where the member begins that the linker takes it from.

    Empty if it has no such index. UserError if it is no library.
    """
    with path.open("rb") as file:
        magic, head = file.read(8), file.read(HEAD)
        if magic != MAGIC:
            what = "an ELF file, not a library" if magic.startswith(b"\x7fELF") else "not a library as ar makes them"
            thin = "a thin library, which only names object files that lie elsewhere: make it with ar rcs, without T"
            raise UserError(f"{path} is {thin if magic == THIN else what}")
        if head[:16].strip() != b"/":
            return {}
        size = _size(head, path)
        text = file.read(size)
    (count,) = struct.unpack_from(">I", text) if len(text) >= 4 else (0,)
    names = text[4 + 4 * count :].split(b"\0")
    if len(text) != size or len(names) < count:
        raise UserError(f"{path} is a damaged library: build it again")
    offsets = struct.unpack_from(f">{count}I", text, 4)
    # of a symbol that several define the first one counts
    return {name.decode(errors="replace"): at for name, at in reversed([*zip(names, offsets, strict=False)])}


def member(path: Path, offset: int) -> bytes:
    """The object file that begins at ``offset``, as the index tells it."""
    with path.open("rb") as file:
        file.seek(offset)
        size = _size(file.read(HEAD), path)
        contents = file.read(size)
    if len(contents) != size:
        raise UserError(f"{path} is a damaged library: build it again")
    return contents
