# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons report``: the table of what is asked for."""

from __future__ import annotations

from made import Made

HELP = "build what is asked for and print its table"


def make(made: Made) -> None:
    """The table, which says nothing on the terminal of itself."""
    made.env.Show("report", made.table[:1])
