# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons build-times``: how long builds take."""

from __future__ import annotations

from made import Made

HELP = "how long builds take: nothing to do, a kernel edited, every target"
BUILDS = False
IMPLIES = {"target": "all"}


def make(made: Made) -> None:
    """It builds by itself, in copies of the checkout."""
    made.env.Goal("build-times", "measure.cost.build_times")
