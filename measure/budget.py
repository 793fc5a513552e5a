# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Fail a build that needs more than it may: ``python -m measure.budget --limit flash=12288 --out FILE REPORT.json``.

The sentence says what exceeds which limit by how much, and what contributes most.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from measure import sizes
from measure.table import title
from model.errors import UserError, run_main
from model.files import write_atomically

SHOWN = 3  # contributors named


def needed(report: dict[str, Any], what: str) -> int | None:
    """What a build needs of flash, ram, stack (bytes), instructions or cycles (nominal); None if not measured."""
    value = report[what]
    if isinstance(value, dict):
        value = value["nominal" if what == "cycles" else "total"]
    return None if value is None else int(value)


def contributors(report: dict[str, Any], what: str, folder: Path) -> list[tuple[str, int]]:
    """The largest parts of what a build needs, largest first."""
    if what == "flash":
        parts = [(symbol.name, symbol.size) for symbol in sizes.symbols(folder / "carried.elf")]
    elif what == "ram":
        parts = [(name, report["ram"][name]) for name in ("state", "scratch")]
    elif what in ("instructions", "cycles"):
        parts = [(row["name"], round(row["instructions"])) for row in report["functions"] or ()]
    else:
        parts = []
    return sorted(parts, key=lambda part: -part[1])[:SHOWN]


def excess(path: Path, what: str, limit: int) -> str | None:
    """A sentence when the build of one report.json exceeds a limit, or cannot be held against it."""
    report = json.loads(path.read_text())
    value = needed(report, what)
    if value is None:
        return f"{title(report)}: {what}_max={limit} cannot be checked: {what} was not measured on this target"
    if value <= limit:
        return None
    largest = ", ".join(f"{name} {size:,}" for name, size in contributors(report, what, path.parent))
    most = f"; most of it: {largest}" if largest else ""
    return f"{title(report)} needs {what} {value:,}, {value - limit:,} over {what}_max={limit}{most}"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.budget", description=__doc__)
    parser.add_argument("--limit", action="append", required=True, metavar="WHAT=NUMBER")
    parser.add_argument("--out", type=Path, required=True, help="written when every limit is kept")
    parser.add_argument("reports", type=Path, nargs="+")
    arguments = parser.parse_args()
    limits = [(what, int(number)) for what, _, number in (limit.partition("=") for limit in arguments.limit)]
    found = [excess(path, what, limit) for path in arguments.reports for what, limit in limits]
    broken = [sentence for sentence in found if sentence]
    if broken:
        raise UserError("\n  ".join(broken))
    write_atomically(arguments.out, "".join(f"{what}_max={limit} kept\n" for what, limit in limits))


if __name__ == "__main__":
    run_main(main)
