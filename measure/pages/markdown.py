# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Reports as Markdown: a table of builds, and where the bytes of one build go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from measure.pages.text import agreement, counted, cycles, measured, number, stack
from measure.stored import kernels, title
from model.escape import markdown, markdown_cell, markup

Report = dict[str, Any]
SHOWN = 12  # functions and arrays of a build
DETAILED = 8  # builds of one text: GitHub takes 65536 characters


def table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A table of plain texts, the first ``texts`` columns of words and the others of numbers; readable as it is too."""
    lines = [list(head), *([markdown_cell(cell) for cell in row] for row in rows)]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(head))]
    rule = ["-" * width if column < texts else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    padded = [
        [cell.ljust(width) if column < texts else cell.rjust(width) for column, (cell, width) in enumerate(zip(
            line, widths, strict=True
        ))]
        for line in (lines[0], rule, *lines[1:])
    ]  # fmt: skip
    return "".join(f"| {' | '.join(line)} |\n" for line in padded)


def summary(reports: Sequence[Report]) -> str:
    """A row a build."""
    board = any(report.get("measured") for report in reports)
    head = ["target", "model", "quant", "kernels", "outputs", "instructions", "cycles (model)"]
    head += ["counter"] if board else []
    head += ["code", "tables", "weights", "flash", "RAM", "stack"]
    rows = []
    for report in reports:
        flash = report["flash"] or {}
        model = report["model"]["name"] + ("" if report["state"] == "window" else f" ({report['state']})")
        row = [report["target"], model, report["quantisation"], kernels(report), agreement(report)]
        row += [number(report["instructions"]), cycles(report), *([measured(report)] if board else [])]
        row += [number(flash.get(kind)) for kind in ("code", "tables", "weights", "total")]
        rows.append([*row, number(report["ram"]["total"]), stack(report)])
    return table(head, rows, texts=5)


def parts(report: Report) -> str:
    """Where flash, RAM, stack and instructions of one build go."""
    texts = [f"## Where it goes: {markdown(title(report))}\n"]
    flash = report["flash"]
    if flash:
        kinds = ("code", "tables", "weights")
        files = [[row["name"], *(number(row[kind]) for kind in kinds)] for row in flash["files"]]
        texts.append(table(["flash by file", *kinds], files))
        rows = [[row["name"], row["file"], row["kind"], number(row["bytes"])] for row in flash["parts"][:SHOWN]]
        texts.append(table(["largest in flash", "file", "kind", "bytes"], rows, texts=3))
    fields = [[row["name"], row["kind"], number(row["bytes"])] for row in report["ram"]["fields"]]
    texts.append(table(["RAM", "kind", "bytes"], fields, texts=2))
    calls = [[row["function"], number(row["bytes"])] for row in report["stack"]["calls"]]
    if calls:
        texts.append(table(["deepest stack: calls", "bytes"], calls))
    busiest = [[row["name"], number(round(row["instructions"]))] for row in (report["functions"] or ())[:SHOWN]]
    if busiest:
        texts.append(table(["busiest", "instructions"], busiest))
    return "\n".join(texts)


def pull_request(reports: Sequence[Report], broken: Sequence[str]) -> str:
    """What a reviewer wants to see of a change: the verdict, the table, and where the bytes go on demand."""
    verdict = f"{len(broken)} of the checks failed" if broken else "all checks passed"
    builds = f"{len(reports)} build{'' if len(reports) == 1 else 's'}"
    failed = "".join(f"* {markdown(sentence)}\n" for sentence in broken)
    texts = [f"## lstmcu: {builds}, {verdict}\n", failed, summary(reports)]
    texts.append("".join(f"* {markdown(counted(report))}\n" for report in reports if report.get("measured")))
    unread = {report["measured_note"] for report in reports if report.get("measured_note")}
    texts.append("".join(f"* no cycles of a board: {markdown(why)}\n" for why in sorted(unread)))
    texts += [
        f"<details><summary>{markup(title(report))}: where flash, RAM, stack and instructions go</summary>\n\n"
        f"{parts(report)}\n</details>\n"
        for report in reports
        if len(reports) <= DETAILED
    ]
    return "\n".join(text for text in texts if text)
