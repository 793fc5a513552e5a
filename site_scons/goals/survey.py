# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons survey``: which models of a folder can be built, and what stops the others."""

from __future__ import annotations

from commandline.reading import Options
from made import Made

from model.errors import UserError

HELP = "try every trained model below dir=: which can be built, and what stops the others"
BUILDS = False
WRITES = ["build/survey.json", "build/survey.md"]


def check(options: Options) -> None:
    """There is no folder that anybody would mean."""
    if not options.dir:
        raise UserError("survey needs dir=; as in: scons survey dir=models")


def make(made: Made) -> None:
    """A process for each file; a table."""
    folder = made.options.dir
    made.env.Goal("survey", "model.survey", f"--dir={folder}", "--out=build/survey", about=folder)
