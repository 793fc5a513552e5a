# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a shipped model needs on every target, as a page: ``python -m measure.pages.shipped --out PAGE REPORT.json``.

All reports are of one model.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from measure.checks import verdict
from measure.pages import markdown
from measure.pages.markdown import Report
from measure.pages.text import legend
from model import escape, formats
from model.errors import run_main
from model.files import write_atomically

SHOWN = "cortex-m4"  # the target whose first int8 build is taken apart
HEAD = """# {name}: what it needs

Regenerate with `./scons docs`; a test checks that this page is current. Built from {source} (SHA-256
{sha256}), {macs:,} multiplications a window.

"""


def page(reports: Sequence[Report]) -> str:
    """A row a build, what the columns mean, and where the bytes of one build go."""
    ordered = sorted(reports, key=lambda report: str(report["target"]))
    model = reports[0]["model"]
    head = HEAD.format(
        name=escape.markdown(Path(model["source"]).stem), source=escape.markdown_code(model["source"]),
        sha256=escape.markdown_code(model["sha256"]), macs=model["macs"],
    )  # fmt: skip
    text = head + markdown.summary(ordered) + "\n"
    compilers = dict.fromkeys(report["compiler"]["version"] for report in ordered)
    lines = [*legend(ordered), *(f"compiled with {version}" for version in compilers)]
    text += "".join(f"* {escape.markdown(line)}\n" for line in lines)
    taken = [report for report in ordered if report["target"] == SHOWN and report["quantisation"] == formats.DEFAULT]
    return text + "".join(f"\n{markdown.parts(report)}" for report in taken[:1])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.pages.shipped", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("reports", type=Path, nargs="+")
    given = parser.parse_args()
    write_atomically(given.out, page([verdict.sound(path) for path in given.reports]))


if __name__ == "__main__":
    run_main(main)
