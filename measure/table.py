# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Show reports as a table: ``python -m measure.table --out build/report.txt REPORT.json ...``."""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from model.errors import run_main
from model.files import write_atomically

Report = dict[str, Any]


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _agreement(report: Report) -> str:
    reference = report["error"]["reference"]
    if report["quantisation"].startswith("int"):
        return (
            f"{reference['mismatches']} of {report['samples']} samples differ"
            if reference["mismatches"]
            else "exact"
        )
    return f"within {reference['max_abs']:.1e}"


def table(reports: list[Report]) -> Table:
    """One row a report."""
    view = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("target", "model", "quant", "kernels"):
        view.add_column(title)
    for title in ("instructions", "per MAC", "code", "tables", "weights", "RAM", "stack"):
        view.add_column(title, justify="right")
    for title in ("reference", "float MAE"):
        view.add_column(title)
    for r in reports:
        macs = r["model"]["macs"]
        per_mac = "-" if r["instructions"] is None else f"{r['instructions'] / macs:.2f}"
        flash = r["flash"]
        view.add_row(
            r["target"], r["model"]["name"], r["quantisation"], r["kernels"], _number(r["instructions"]), per_mac,
            _number(flash["code"]), _number(flash["tables"]), _number(flash["weights"]), _number(r["ram"]["total"]),
            _number(r["stack"]), _agreement(r), f"{r['error']['float']['mae']:.2g}",
        )  # fmt: skip
    return view


def render(reports: list[Report]) -> str:
    """The table and what its columns mean, as plain text."""
    text = io.StringIO()
    console = Console(file=text, width=160, color_system=None)
    console.print(table(reports))
    samples = sorted({r["samples"] for r in reports})
    calls = sorted({r["function"] for r in reports})
    console.print(
        f"instructions: exact count of one {' or '.join(calls)}, the longest of {samples[-1]} samples (QEMU)"
    )
    console.print(
        "code, tables, weights: bytes of flash; RAM: sizeof the state; stack: deepest, below the caller"
    )
    for note in sorted({f"{r['model']['name']}: {note}" for r in reports for note in r["model"]["notes"]}):
        console.print(note)
    for reason in sorted({r["instructions_note"] for r in reports if r["instructions_note"]}):
        console.print(f"no instruction count: {reason}")
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.table", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("reports", type=Path, nargs="+")
    arguments = parser.parse_args()
    text = render([json.loads(path.read_text()) for path in arguments.reports])
    write_atomically(arguments.out, text)
    sys.stdout.write(text)


if __name__ == "__main__":
    run_main(main)
