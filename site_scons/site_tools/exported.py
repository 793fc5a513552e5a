# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Take measured models away: a name on the command line that writes them into a folder or a .zip.

env.Exported("export", "../firmware/forecast", [(report, objects), ...])
"""

from __future__ import annotations

from SCons.Script import Environment


def _exported(env: Environment, name: str, dest: str, builds: list) -> None:
    """``builds``: of each model the node of its report.json, and its objects, the model's own first."""
    shared = list(dict.fromkeys(node for _, objects in builds for node in objects[1:]))
    folders = [folder for _, objects in builds for node in objects for folder in node.get_build_env()["CPPPATH"]]
    words = ["--built", *(report.dir for report, _ in builds)]
    words += ["--objects", *shared, "--sources", *(node.sources[0] for node in shared)]
    words += ["--includes", *dict.fromkeys(folders), "--licence", "LICENSE", f"--dest={dest}"]
    env.Goal(name, "export.make", *words, after=tuple(report for report, _ in builds), about=dest)


def generate(env: Environment) -> None:
    """Add ``Exported`` to ``env``."""
    env.AddMethod(_exported, "Exported")


def exists(env: Environment) -> bool:
    """Always there."""
    return True
