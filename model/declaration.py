# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A TOML file that declares something (a target, a kernel set): reads that check, and a sentence for every mistake."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from model.errors import UserError

FILE_LIMIT = 1 << 20  # bytes


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` for the nearest known word, or the whole list when none is near."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; there are: {', '.join(names) or 'none'}"


def values(path: Path) -> dict[str, Any]:
    """What a file says; raises ``UserError`` for one that is no TOML."""
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise UserError(f"{path}: has {path.stat().st_size} bytes; no more than {FILE_LIMIT} are read")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not valid TOML: {error}"[:400]) from None


def read(path: Path, *allowed: str) -> Table:
    """The file's outermost table, in which keys other than ``allowed`` are mistakes."""
    table = Table(path, "", values(path))
    table.allow(*allowed)
    return table


class Table:
    """A table of the file whose reads check the type and name the key in full: ``gcc.prefix``."""

    def __init__(self, path: Path, prefix: str, values: dict[str, object]) -> None:
        self.path, self.prefix, self.values = path, prefix, values

    def has(self, key: str) -> bool:
        """Whether the file says it."""
        return key in self.values

    def allow(self, *keys: str) -> None:
        """Refuse all others."""
        for key in self.values:
            if key not in keys:
                raise UserError(f"{self.path}: unknown key '{self.prefix}{key}'{did_you_mean(key, keys)}")

    def text(self, key: str, *, empty: bool = False) -> str:
        """A text."""
        value = self._get(key)
        if not isinstance(value, str) or not (value or empty):
            raise self._wrong(key, 'a text, "…"')
        return value

    def texts(self, key: str, *, empty: bool = False) -> tuple[str, ...]:
        """A list of texts."""
        value = self._get(key)
        if not isinstance(value, list) or not (value or empty) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, 'a list of texts, ["…"]')
        return tuple(value)

    def flag(self, key: str) -> bool:
        """true or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def number(self, key: str) -> int:
        """A number of bytes."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._wrong(key, "a number of bytes, 0 or more")
        return value

    def table(self, key: str, *allowed: str) -> Table:
        """A table in this one."""
        value = self._get(key)
        if not isinstance(value, dict):
            raise self._wrong(key, f"a table with {', '.join(allowed)}")
        table = Table(self.path, f"{self.prefix}{key}.", value)
        table.allow(*allowed)
        return table

    def _get(self, key: str) -> object:
        if key not in self.values:
            raise UserError(f"{self.path}: the key '{self.prefix}{key}' is missing")
        return self.values[key]

    def _wrong(self, key: str, wanted: str) -> UserError:
        return self.wrong(key, f"must be {wanted}, not {self.values[key]!r}")

    def wrong(self, key: str, why: str) -> UserError:
        """The sentence about a key whose value cannot be."""
        return UserError(f"{self.path}: '{self.prefix}{key}' {why}")
