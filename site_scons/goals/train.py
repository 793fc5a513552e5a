# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons train``: the shipped models, from their data."""

from __future__ import annotations

from made import Made

HELP = "train the shipped models again"
PACKAGES = "full"
BUILDS = False


def make(made: Made) -> None:
    """Every one of them."""
    made.env.Goal("train", "train")
