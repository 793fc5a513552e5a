# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Keep the figures of today, and show what has changed since.

``python -m measure.checks.baseline store --file baseline.json REPORT.json ...`` adds these builds to the file, or
replaces them in it; ``python -m measure.checks.baseline diff --file baseline.json --markdown build/diff.md
REPORT.json ...`` prints what differs, and writes it for a pull request.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure.checks import budget, verdict
from measure.pages import markdown
from measure.stored import title
from model.errors import UserError, run_main
from model.escape import lines, visible
from model.escape import markdown as escaped
from model.files import write_atomically

VERSION = 1
BOARD = "board: "  # begins figures that are there only if a board was
Figures = dict[str, int | None]  # "flash code": bytes; "instructions", "function lstmcu_lstm_s8_step": counts


@dataclass(frozen=True)
class Change:
    """Of one figure."""

    figure: str
    old: int
    new: int

    @property
    def told(self) -> str:
        """``+50 (+50.0 %)``."""
        share = f" ({100 * (self.new - self.old) / self.old:+.1f} %)" if self.old else ""
        return f"{self.new - self.old:+,}{share}"

    @property
    def line(self) -> str:
        """For a terminal."""
        return f"  {self.figure:<44} {self.old:>12,} -> {self.new:>12,}  {self.told}"


def figures(report: dict[str, Any]) -> Figures:
    """Everything of a report that a change of code may move."""
    found: Figures = {"instructions": report["instructions"], "stack": budget.needed(report, "stack")}
    for group in ("flash", "ram"):
        split = (report[group] or {}).items()
        found |= {f"{group} {part}": value for part, value in split if isinstance(value, int)}
    if report["cycles"]:
        found[f"cycles nominal ({report['cycles']['evidence']})"] = report["cycles"]["nominal"]
    if board := report.get("measured"):
        named = f"{BOARD}{board['counts']} {board['evidence']} by {board['counter']}"
        found |= {f"{named}, {what}": board[what] for what in ("minimum", "median", "maximum")}
    for row in report["functions"] or ():  # two may be called alike
        for what, value in (("instructions", round(row["instructions"])), ("code", row["code"])):
            found[f"{what} of {row['name']}"] = (found.get(f"{what} of {row['name']}") or 0) + value
    return found


def name(report: dict[str, Any]) -> str:
    """What a build is called in the file."""
    return title(report) + ("" if report["state"] == "window" else f" {report['state']}")


def changes(before: Figures, after: Figures) -> list[Change]:
    """Every figure that differs; absent on either side reads 0, but for a board's, which is not compared with none."""
    keys = dict.fromkeys([*before, *after])
    known = [key for key in keys if not key.startswith(BOARD) or (key in before and key in after)]
    both = [(key, before.get(key) or 0, after.get(key) or 0) for key in known]
    return [Change(key, old, new) for key, old, new in both if old != new]


def _load(path: Path) -> dict[str, Figures]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        builds = document["builds"] if document["version"] == VERSION else None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: is not a baseline ({error}); store it again: scons baseline") from None
    if not isinstance(builds, dict):
        raise UserError(f"{path}: is a baseline of another version; store it again: scons baseline")
    return builds


def difference(path: Path, reports: list[dict[str, Any]]) -> list[tuple[str, list[Change]]]:
    """A sentence on each build, and what has changed in it."""
    if not path.is_file():
        raise UserError(f"{path}: there is no baseline yet; store one: scons baseline")
    stored, found = _load(path), []
    for report in reports:
        build = name(report)
        changed = changes(stored[build], figures(report)) if build in stored else []
        how = f"{'changed' if changed else 'unchanged'} since" if build in stored else "not in"
        found.append((f"{build}: {how} {path.name}", changed))
    return found


def as_text(found: list[tuple[str, list[Change]]]) -> str:
    """What ``diff`` prints."""
    return "".join("\n".join([sentence, *(change.line for change in changed)]) + "\n" for sentence, changed in found)


def as_markdown(found: list[tuple[str, list[Change]]]) -> str:
    """The same for a pull request."""
    texts = ["## What has changed\n"]
    for sentence, changed in found:
        rows = [[change.figure, f"{change.old:,}", f"{change.new:,}", change.told] for change in changed]
        texts.append(f"{escaped(sentence)}\n")
        texts += [markdown.table(["figure", "before", "now", "change"], rows)] if rows else []
    return "\n".join(texts)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.checks.baseline", description=__doc__)
    parser.add_argument("action", choices=("store", "diff"))
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--markdown", type=Path, help="for diff: written besides")
    parser.add_argument("reports", type=Path, nargs="+")
    given = parser.parse_args()
    reports = [verdict.sound(path) for path in given.reports]
    if given.action == "diff":
        found = difference(given.file, reports)
        print(lines(as_text(found)), end="")
        if given.markdown:
            write_atomically(given.markdown, as_markdown(found))
        return
    builds = _load(given.file) if given.file.is_file() else {}
    builds |= {name(report): figures(report) for report in reports}
    document = {"version": VERSION, "builds": builds}
    write_atomically(given.file, json.dumps(document, indent=1, sort_keys=True) + "\n")
    print(f"{given.file}: stored {', '.join(map(visible, map(name, reports)))}")


if __name__ == "__main__":
    run_main(main)
