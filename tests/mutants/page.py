# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The score as Markdown: how many changes of each part were noticed, and each that was not, with its reason."""

from __future__ import annotations

from tests.mutants.trial import Verdict

KINDS = {"chosen": "chosen", "blind": "drawn"}


def _cell(text: str) -> str:
    """Code in a table's cell."""
    one = " ".join(text.split()).replace("|", "\\|") or "gone"
    return f"`{one if len(one) <= 90 else one[:87] + '...'}`"


def _counts(verdicts: list[Verdict]) -> str:
    noticed = sum(verdict.noticed for verdict in verdicts)
    argued = sum(bool(not verdict.noticed and verdict.change.unseen) for verdict in verdicts)
    return f"{len(verdicts)} | {noticed} | {argued} | {len(verdicts) - noticed - argued}"


def page(verdicts: dict[str, list[Verdict]], seed: int) -> str:
    """Verdicts by kind: the changes of changes.toml (``chosen``) and those of the sample (``blind``)."""
    lines = ["| part | changes | tried | noticed | nothing to see | missed |", "|---|---|---|---|---|---|"]
    for kind, rows in verdicts.items():
        for part in dict.fromkeys(verdict.change.part for verdict in rows):
            lines.append(f"| {part} | {KINDS[kind]} | {_counts([v for v in rows if v.change.part == part])} |")
        lines.append(f"| **all** | {KINDS[kind]} | {_counts(rows)} |")
    lines += ["", f"Drawn with seed {seed}. What was not noticed:", ""]
    lines += ["| file | was | became | why nothing can be seen |", "|---|---|---|---|"]
    for verdict in (verdict for rows in verdicts.values() for verdict in rows if not verdict.noticed):
        change = verdict.change
        reason = change.unseen or "a test is missing"
        lines.append(f"| {change.file} | {_cell(change.was)} | {_cell(change.became)} | {reason} |")
    return "\n".join(lines) + "\n"
