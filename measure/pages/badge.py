# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A build in one line, as a badge for a page: ``python -m measure.pages.badge --out badge.svg REPORT.json``.

``flash 9.7 kB · 4.86 ms modelled · exact``; without ``clock=`` there is no time, and it says instructions.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from measure import stored
from measure.evidence import INTERVAL
from measure.pages.text import agreement, number
from measure.stored import Report, title
from model.errors import run_main
from model.escape import markup
from model.files import write_atomically

WELL, BROKEN, UNKNOWN = "#2a7d3f", "#b3261e", "#6b6b6b"  # with white on them more than 4.5 : 1
HEIGHT, LETTER, MARGIN = 20, 6.4, 8  # pixels; the text is set to the length that its letters are given


def _long(report: Report) -> str:
    """How long a call takes, as far as it is known."""
    time = report["time"]
    if time is None:
        counted = report["instructions"]
        return "not run" if counted is None else f"{number(counted)} instructions"
    ms = time["milliseconds"]
    if time["evidence"] == INTERVAL:
        return f"{ms['low']:.3g} to {ms['high']:.3g} ms modelled"
    return f"{ms['nominal']:.3g} ms modelled"


def words(report: Report) -> str:
    """What the badge says."""
    flash = report["flash"]
    size = f"flash {flash['total'] / 1000:.1f} kB" if flash else "does not fit"
    return " · ".join(dict.fromkeys((size, _long(report), agreement(report))))


def _colour(report: Report) -> str:
    if report["not_run"]:
        return UNKNOWN
    return BROKEN if report["error"]["reference"]["mismatches"] else WELL


def render(report: Report) -> str:
    """The SVG; its title says of which build it is."""
    said = words(report)
    length = round(LETTER * len(said))
    width = length + 2 * MARGIN
    whole = f"{title(report)}: {said}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" role="img" '
        f'aria-label="{markup(whole)}">\n'
        f"<title>{markup(whole)}</title>\n"
        f'<rect width="{width}" height="{HEIGHT}" rx="3" fill="{_colour(report)}"/>\n'
        f'<text x="{MARGIN}" y="14" textLength="{length}" fill="#fff" font-family="Verdana, DejaVu Sans, sans-serif" '
        f'font-size="11">{markup(said)}</text>\n'
        "</svg>\n"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.pages.badge", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("report", type=Path)
    given = parser.parse_args()
    write_atomically(given.out, render(stored.load(given.report)))
    print(f"{stored.key(given.report)}: {given.out.name}")


if __name__ == "__main__":
    run_main(main)
