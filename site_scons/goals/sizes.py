# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons sizes``: where the bytes are."""

from __future__ import annotations

from made import Made

HELP = "where flash, RAM, stack and instructions go: files, functions, arrays"
WRITES = ["build/sizes.md"]


def make(made: Made) -> None:
    """The parts of every build, as a page that is also printed."""
    page = made.env.Collected("measure.pages.parts", "build/sizes.md", made.reports, tag="SIZES")
    made.env.Show("sizes", page)
