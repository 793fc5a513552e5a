# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons misra``: the C of a build against MISRA C:2012."""

from __future__ import annotations

from made import Made

HELP = "check the C of what is asked for against MISRA C:2012, with cppcheck"
TOOLS = {"cppcheck": ["cppcheck"]}


def make(made: Made) -> None:
    """The generated C, with the runtime that it includes."""
    sources = [build.objects[0].sources[0] for build in made.builds]
    folders = [folder for build in made.builds for folder in build.objects[0].get_build_env()["CPPPATH"]]
    words = [word for source in sources for word in ("--generated", source)]
    words += [word for folder in dict.fromkeys(folders) for word in ("--include", folder)]
    made.env.Goal("misra", "measure.checks.misra", *words, after=tuple(sources))
