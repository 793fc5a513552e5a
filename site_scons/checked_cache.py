# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""SCons's folder of built files, cache=, whose entries are checked before they are used.

    env = Environment(CACHEDIR_CLASS=CheckedCache)

An entry is the file and, behind it, the SHA-256 of its bytes. One that was cut short or damaged counts as absent:
it is removed, the file is built, and put there again.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import SCons.CacheDir

DIGEST = hashlib.sha256().digest_size


def _content(entry: Path) -> bytes | None:
    """What was put there; None if this is something else."""
    whole = entry.read_bytes()
    data, digest = whole[:-DIGEST], whole[-DIGEST:]
    return data if hashlib.sha256(data).digest() == digest else None


class CheckedCache(SCons.CacheDir.CacheDir):
    """Entries that vouch for themselves."""

    def cachepath(self, node) -> tuple[str | None, str | None]:
        """Folder and path of the node's entry, of which there is none after this if it is damaged."""
        folder, path = super().cachepath(node)
        if path and os.path.exists(path) and _content(Path(path)) is None:  # noqa: PTH110
            Path(path).unlink(missing_ok=True)
        return folder, path

    @classmethod
    def copy_to_cache(cls, env, src: str, dst: str) -> str:
        """Copy a built file to an entry."""
        data = Path(src).read_bytes()
        Path(dst).write_bytes(data + hashlib.sha256(data).digest())
        Path(dst).chmod(stat.S_IMODE(Path(src).stat().st_mode) | stat.S_IWRITE)
        return dst

    @classmethod
    def copy_from_cache(cls, env, src: str, dst: str) -> str:
        """Copy an entry to where it is built."""
        data = _content(Path(src))
        if data is None:
            raise OSError(f"{src} was damaged just now")
        Path(dst).write_bytes(data)
        return dst
