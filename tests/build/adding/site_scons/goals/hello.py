# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons hello``: how many builds there are."""

from __future__ import annotations

from made import Made

HELP = "say hello to every build"


def make(made: Made) -> None:
    """A line for each, once it is measured."""
    words = [f"hello {build.variant.folder}" for build in made.builds]
    hello = made.env.Alias("hello", made.reports, made.env.Step("HELLO", ["printf", "%s\\n", *words]))
    made.env.AlwaysBuild(hello)
