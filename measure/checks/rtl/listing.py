# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Show comparisons as a table: ``python -m measure.checks.rtl.listing --out build/rtl.txt RTL.json ...``."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from measure.stored import kernels
from model import escape
from model.errors import run_main
from model.files import write_atomically


def render(rows: list[dict[str, str]]) -> str:
    """One row a model and core, as plain text."""
    view = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("model", "quant", "kernels", "core"):
        view.add_column(title)
    for title in ("cycles, modelled (RTL-exact)", "cycles, RTL", "error"):
        view.add_column(title, justify="right")
    for r in rows:
        modelled, rtl, error = f"{r['modelled']:,}", f"{r['rtl']:,}", f"{float(r['error']):+.3%}"
        view.add_row(r["model"], r["quantisation"], kernels(r), r["core"], modelled, rtl, error)
    text = io.StringIO()
    Console(file=text, width=120, color_system=None, markup=False).print(view)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.checks.rtl.listing", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("comparisons", type=Path, nargs="*")
    arguments = parser.parse_args()
    rows = [row for path in arguments.comparisons for row in escape.document(json.loads(path.read_text()))]
    write_atomically(arguments.out, render(rows))


if __name__ == "__main__":
    run_main(main)
