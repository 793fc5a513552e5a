# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One small wrong change, and the two lists of them: changes.toml, chosen by hand, and a blind sample."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Part:
    """A part of the project and the tests meant for it, the quick ones first."""

    name: str
    files: tuple[str, ...]  # patterns of paths below ROOT
    tests: tuple[str, ...]  # what pytest is given, in this order

    def holds(self, file: str) -> bool:
        """Whether a path below ROOT belongs to this part."""
        return any(fnmatch(file, pattern) for pattern in self.files)


@dataclass(frozen=True)
class Change:
    """Replace ``was``, which stands in ``file`` from character ``at`` on, by ``became``."""

    part: str
    file: str  # path below ROOT
    at: int
    was: str
    became: str
    unseen: str = ""  # why nothing can be seen of it; empty: it must be noticed

    @property
    def line(self) -> int:
        """Number of the first line that changes."""
        return (ROOT / self.file).read_text(encoding="utf-8").count("\n", 0, self.at) + 1

    def apply(self, root: Path) -> None:
        """Make the change in the copy of the project at ``root``."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        assert text[self.at :].startswith(self.was), f"{self.file} is not the file that was read"
        path.write_text(text[: self.at] + self.became + text[self.at + len(self.was) :], encoding="utf-8")


def parts() -> tuple[Part, ...]:
    """The parts of parts.toml; a file belongs to the first one that holds it."""
    table = tomllib.loads((HERE / "parts.toml").read_text(encoding="utf-8"))
    return tuple(Part(name, tuple(row["files"]), tuple(row["tests"])) for name, row in table.items())


def part_of(file: str, known: tuple[Part, ...]) -> Part | None:
    """The part that a path below ROOT belongs to."""
    return next((part for part in known if part.holds(file)), None)


def chosen() -> list[Change]:
    """The changes of changes.toml. ``was`` stands once in its file, or once behind the row's ``after``."""
    found, known = [], parts()
    rows = tomllib.loads((HERE / "changes.toml").read_text(encoding="utf-8"))["change"]
    for row in rows:
        text = (ROOT / row["file"]).read_text(encoding="utf-8")
        start = text.index(row["after"]) if "after" in row else 0
        count = text.count(row["was"], start)
        if not count or (count > 1 and "after" not in row):
            raise ValueError(f"changes.toml: {row['file']} holds {row['was']!r} {count} times")
        part = part_of(row["file"], known)
        assert part, row["file"]
        at = text.index(row["was"], start)
        found.append(Change(part.name, row["file"], at, row["was"], row["became"], row.get("unseen", "")))
    return found
