# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons baseline``: keep figures, to see later what has changed."""

from __future__ import annotations

from made import Made

HELP = "keep the figures of what is asked for in baseline="


def make(made: Made) -> None:
    """Figures into the file of baseline=, which is the user's."""
    words = ["store", f"--file={made.options.baseline}", *made.reports]
    made.env.Goal("baseline", "measure.checks.baseline", *words, after=tuple(made.reports))
