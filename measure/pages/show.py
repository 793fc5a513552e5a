# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Print reports as a table, write them for reviewers (Markdown) and machines (JUnit), and fail if a check failed:
``python -m measure.pages.show --out report.txt --markdown report.md --junit junit.xml REPORT.json ...``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from measure import stored
from measure.checks import budget, verdict
from measure.pages import markdown
from measure.pages.text import render
from measure.stored import title
from model.errors import UserError, run_main
from model.files import write_atomically


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.pages.show", description=__doc__)
    for name in ("out", "markdown", "junit"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--skipped", action="append", default=[], metavar="SENTENCE")
    parser.add_argument("--limit", action="append", default=[], metavar="WHAT=NUMBER")
    parser.add_argument("--budget", type=Path, help="TOML with limits by build")
    parser.add_argument("reports", type=Path, nargs="*")
    given = parser.parse_args()
    reports = [stored.load(path) for path in given.reports]
    over = {what: int(number) for what, _, number in (limit.partition("=") for limit in given.limit)}
    limits = budget.Budget(budget.read(given.budget) if given.budget else (), over)
    builds = [stored.key(path) for path in given.reports]
    judged = [(name, verdict.judge(report, limits.limits(name))) for name, report in zip(builds, reports, strict=True)]
    broken = [verdict.failed for _, verdicts in judged for verdict in verdicts if verdict.failed]
    text = render(reports, given.skipped)
    sys.stdout.write(text)
    sys.stdout.flush()
    write_atomically(given.markdown, markdown.pull_request(reports, broken))
    write_atomically(given.junit, verdict.junit(judged))
    if broken:
        raise UserError("\n  ".join(broken))
    if len(reports) == 1 and str(reports[0]["not_run"]).startswith("does not fit"):
        advice = "choose a smaller model, quant=int8 or another target"
        raise UserError(f"{title(reports[0])} {reports[0]['not_run']}; {advice}")
    write_atomically(given.out, text)


if __name__ == "__main__":
    run_main(main)
