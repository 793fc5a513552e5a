# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Limits on what a build may need: from the command line, from a file, and the sentence when one is exceeded.

The file is TOML. Its tables are named as the folders below build/, with wildcards; a later table goes before an
earlier one, and the command line before all:

    ["*"]
    flash_max = "16k"

    ["cortex-m4/forecast/*"]
    cycles_max = 400_000
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from model import declaration
from model.declaration import did_you_mean
from model.errors import UserError

SHOWN = 3  # contributors named
PARTS = 3  # of a build: target, model, format and kernels
BYTES = ("flash", "ram", "stack")
WHAT = (*BYTES, "instructions", "cycles")
AMOUNT = re.compile(r"(\d+)([kKmM]?)")


def amount(option: str, value: str) -> int:
    """A number with an optional k or M: of bytes 1024 and 1024 * 1024, of counts a thousand and a million."""
    found = AMOUNT.fullmatch(value)
    if not found:
        raise UserError(f"{option}={value}: give a whole number, with k or M if you like")
    step = 1024 if option.removesuffix("_max") in BYTES else 1000
    return int(found[1]) * {"": 1, "k": step, "m": step * step}[found[2].lower()]


@dataclass(frozen=True)
class Budget:
    """Limits by pattern, in the order of the file, and those of the command line."""

    tables: tuple[tuple[str, Mapping[str, int]], ...] = ()
    over: Mapping[str, int] | None = None

    def limits(self, build: str) -> dict[str, int]:
        """Of one build, ``cortex-m4/forecast/int8-asm``: limit by what it limits."""
        found: dict[str, int] = {}
        for pattern, limits in self.tables:
            found |= limits if fnmatchcase(build, pattern) else {}
        return {**found, **(self.over or {})}


def read(path: Path, targets: Iterable[str] | None = None) -> tuple[tuple[str, Mapping[str, int]], ...]:
    """The tables of a file; with ``targets``, none may be of another target. UserError names the mistake."""
    document = declaration.values(path)
    known = None if targets is None else list(targets)
    return tuple((pattern, _table(path, pattern, table, known)) for pattern, table in document.items())


def _table(path: Path, pattern: str, table: Any, targets: list[str] | None) -> Mapping[str, int]:
    if not isinstance(table, dict):
        raise UserError(f'budget={path}: {pattern} stands outside a table; limits of every build belong below ["*"]')
    target = pattern.partition("/")[0]
    if targets is not None and not any(fnmatchcase(name, target) for name in targets):
        raise UserError(f'budget={path}: ["{pattern}"]: no target {target}{did_you_mean(target, targets)}')
    if "*" not in pattern and pattern.count("/") != PARTS - 1:
        raise UserError(f'budget={path}: ["{pattern}"] is no build: say ["{pattern}/*"], or target/model/quant-kernels')
    names = [f"{what}_max" for what in WHAT]
    found = {}
    for name, value in table.items():
        if name not in names:
            raise UserError(f'budget={path}: ["{pattern}"]: unknown limit {name}{did_you_mean(name, names)}')
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise UserError(f'budget={path}: ["{pattern}"]: {name} must be a whole number, or text as in "12k"')
        found[name.removesuffix("_max")] = amount(name, str(value))
    return found


def needed(report: Mapping[str, Any], what: str) -> int | None:
    """What a build needs of flash, ram, stack (bytes), instructions or cycles (nominal; the most from slow flash); None
    if not measured.

    Of the stack that is its bound, or what was seen of it where there is none.
    """
    value = report[what]
    if what == "stack":
        value = value["bound"] if value["proved"] else value["measured"]
    elif isinstance(value, dict):
        value = value["nominal" if what == "cycles" else "total"]
    return None if value is None else int(value)


def contributors(report: Mapping[str, Any], what: str) -> list[tuple[str, int]]:
    """The largest parts of what a build needs, largest first."""
    if what == "flash":
        parts = [(part["name"], part["bytes"]) for part in report["flash"]["parts"]]
    elif what == "ram":
        parts = [(field["name"], field["bytes"]) for field in report["ram"]["fields"]]
    elif what == "stack":
        parts = [(call["function"], call["bytes"]) for call in report["stack"]["calls"]]
    else:
        parts = [(row["name"], round(row["instructions"])) for row in report["functions"] or ()]
    return sorted(parts, key=lambda part: -part[1])[:SHOWN]


def excess(report: Mapping[str, Any], title: str, what: str, limit: int) -> str:
    """A sentence when a build exceeds a limit, or cannot be held against it; else nothing."""
    value = needed(report, what)
    if value is None:
        return f"{title}: {what}_max={limit} cannot be checked: {what} was not measured on this target"
    if value <= limit:
        return ""
    largest = ", ".join(f"{name} {size:,}" for name, size in contributors(report, what))
    most = f"; most of it: {largest}" if largest else ""
    tier = f" (modelled, {report['cycles']['evidence']})" if what == "cycles" else ""
    return f"{title} needs {what} {value:,}{tier}, {value - limit:,} over {what}_max={limit}{most}"
