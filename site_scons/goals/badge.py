# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons badge``: a build in one line, as a picture."""

from __future__ import annotations

from made import Made

HELP = "badge.svg beside each report.json: flash, time with clock=, agreement in one line"


def make(made: Made) -> None:
    """A badge for every build."""
    pages = [
        made.env.Collected("measure.pages.badge", f"{build.variant.folder}/badge.svg", [build.report], tag="BADGE")
        for build in made.builds
    ]
    made.env.Alias("badge", pages)
