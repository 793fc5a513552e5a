# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons mutants``: what the tests are worth."""

from __future__ import annotations

from made import Made

HELP = "try small wrong changes, and see whether the tests notice (docs/tests.md)"
LIKE = "test"


def make(made: Made) -> None:
    """In copies of the checkout."""
    made.env.Goal("mutants", "tests.mutants")
