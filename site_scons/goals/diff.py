# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons diff``: figures against those that ``scons baseline`` kept."""

from __future__ import annotations

from made import Made

HELP = "what has changed since, per function"
WRITES = ["build/diff.md"]


def make(made: Made) -> None:
    """Printed, and as a page for a pull request."""
    words = ["diff", f"--file={made.options.baseline}", "--markdown", "build/diff.md", *made.reports]
    made.env.Goal("diff", "measure.checks.baseline", *words, after=tuple(made.reports))
