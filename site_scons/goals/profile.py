# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons profile``: where the time goes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from made import Build, Made, described
from SCons.Node.FS import File

SHOWN = (".c", ".h", ".S", ".inc")
HELP = "where the time goes: phases, functions, distance from the core's limit, annotated instructions"


@cache
def _code() -> list[Path]:
    """All C and assembly, whose lines are shown beside their instructions."""
    found = (path for folder in ("firmware", "kernels") for path in Path(folder).rglob("*.*"))
    return sorted(path for path in found if path.suffix in SHOWN)


@cache
def hotspots(made: Made) -> list[File]:
    """Of each build its hotspots.txt; annotated.txt and profile.json lie beside it."""
    return [_hotspots(made, build) for build in made.builds]


def _hotspots(made: Made, build: Build) -> File:
    env, folder, target = made.env, made.env.FolderAt(build.variant.folder), build.variant.target
    words = [f"--target={target.reference}", "--elf", build.elf, "--model", build.card, "--profile", build.profile]
    words += [*made.options.memory, "--out", folder]
    targets = [folder.File(name) for name in ("hotspots.txt", "annotated.txt", "profile.json")]
    sources = [build.elf, build.card, build.profile]
    nodes = env.PythonProgram("measure.cost.hotspots", targets, sources, *words, tag="HOTSPOTS")
    env.Depends(nodes, [*described(env, target), *build.generated, *map(env.FileAt, _code())])
    return nodes[0]


def make(made: Made) -> None:
    """Printed, build by build."""
    made.env.Show("profile", hotspots(made))
