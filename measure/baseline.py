# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Keep the figures of today, and show what has changed since.

``python -m measure.baseline store --file baseline.json REPORT.json ...`` adds these builds to the file, or replaces
them in it; ``python -m measure.baseline diff --file baseline.json REPORT.json ...`` prints what differs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from measure import budget, check
from measure.table import title
from model.errors import UserError, run_main
from model.files import write_atomically

VERSION = 1
Figures = dict[str, int | None]  # "flash code": bytes; "instructions", "function lstmcu_lstm_s8_step": counts


def figures(report: dict[str, Any]) -> Figures:
    """Everything of a report that a change of code may move."""
    found: Figures = {"instructions": report["instructions"], "stack": budget.needed(report, "stack")}
    for group in ("flash", "ram"):
        split = (report[group] or {}).items()
        found |= {f"{group} {part}": value for part, value in split if isinstance(value, int)}
    if report["cycles"]:
        found["cycles nominal"] = report["cycles"]["nominal"]
    for row in report["functions"] or ():
        found[f"instructions of {row['name']}"] = round(row["instructions"])
        found[f"code of {row['name']}"] = row["code"]
    return found


def name(report: dict[str, Any]) -> str:
    """What a build is called in the file."""
    return title(report) + ("" if report["state"] == "window" else f" {report['state']}")


def changes(before: Figures, after: Figures) -> list[str]:
    """A line for each figure that differs; absent on either side reads 0."""
    lines = []
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key) or 0, after.get(key) or 0
        if old != new:
            share = f" ({100 * (new - old) / old:+.1f} %)" if old else ""
            lines.append(f"  {key:<44} {old:>12,} -> {new:>12,}  {new - old:+,}{share}")
    return lines


def _load(path: Path) -> dict[str, Figures]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        builds = document["builds"] if document["version"] == VERSION else None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: is not a baseline ({error}); store it again: scons baseline") from None
    if not isinstance(builds, dict):
        raise UserError(f"{path}: is a baseline of another version; store it again: scons baseline")
    return builds


def difference(path: Path, reports: list[dict[str, Any]]) -> str:
    """What ``diff`` prints."""
    if not path.is_file():
        raise UserError(f"{path}: there is no baseline yet; store one: scons baseline")
    stored, lines = _load(path), []
    for report in reports:
        build = name(report)
        if build not in stored:
            lines.append(f"{build}: not in {path.name}")
            continue
        found = changes(stored[build], figures(report))
        lines += [f"{build}: {'changed' if found else 'unchanged'} since {path.name}", *found]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.baseline", description=__doc__)
    parser.add_argument("action", choices=("store", "diff"))
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("reports", type=Path, nargs="+")
    given = parser.parse_args()
    reports = [check.sound(path) for path in given.reports]
    if given.action == "diff":
        print(difference(given.file, reports), end="")
        return
    builds = _load(given.file) if given.file.is_file() else {}
    builds |= {name(report): figures(report) for report in reports}
    document = {"version": VERSION, "builds": builds}
    write_atomically(given.file, json.dumps(document, indent=1, sort_keys=True) + "\n")
    print(f"{given.file}: stored {', '.join(map(name, reports))}")


if __name__ == "__main__":
    run_main(main)
