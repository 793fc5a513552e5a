# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons test-all``: all tests."""

from __future__ import annotations

from made import Made

from goals.test import pytest

HELP = "run the tests with the longest sweeps"
LIKE = "test"


def make(made: Made) -> None:
    """On all processors."""
    made.env.Goal("test-all", *pytest(made))
