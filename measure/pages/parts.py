# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Where flash, RAM, stack and instructions go: ``python -m measure.pages.parts --out sizes.md REPORT.json ...``."""

from __future__ import annotations

import argparse
from pathlib import Path

from measure import stored
from measure.pages import markdown
from model.errors import run_main
from model.files import write_atomically


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.pages.parts", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("reports", type=Path, nargs="*")
    given = parser.parse_args()
    reports = [stored.load(path) for path in given.reports]
    write_atomically(given.out, "\n".join(map(markdown.parts, reports)))


if __name__ == "__main__":
    run_main(main)
