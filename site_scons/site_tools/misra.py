# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Check the C of a build against MISRA C:2012: a name on the command line that runs measure.checks.misra.

env.Misra("misra", [objects, ...])      # of each model its objects, its own first
"""

from __future__ import annotations

from SCons.Script import Environment


def _misra(env: Environment, name: str, builds: list) -> None:
    sources = [objects[0].sources[0] for objects in builds]
    folders = [folder for objects in builds for folder in objects[0].get_build_env()["CPPPATH"]]
    words = [word for source in sources for word in ("--generated", source)]
    words += [word for folder in dict.fromkeys(folders) for word in ("--include", folder)]
    env.Goal(name, "measure.checks.misra", *words, after=tuple(sources))


def generate(env: Environment) -> None:
    """Add ``Misra`` to ``env``."""
    env.AddMethod(_misra, "Misra")


def exists(env: Environment) -> bool:
    """Whether cppcheck is on PATH."""
    return bool(env.WhereIs("cppcheck"))
