# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons figures``: the figures of docs/arithmetic.md."""

from __future__ import annotations

from made import Made

HELP = "draw the figures of docs/arithmetic.md again"
PACKAGES = "plots"


FILES = ("step.svg", "table.svg", "rounding.svg", "gates.svg", "facts.json")


def make(made: Made) -> None:
    """Drawn from one model's own numbers, and committed."""
    env, folder, build = made.env, made.env.FolderAt("docs/figures"), made.builds[-1]
    words = [*build.network, "--inputs", build.inputs, "--out", folder]
    targets = [folder.File(name) for name in FILES]
    nodes = env.PythonProgram("measure.pages.figures", targets, [*build.network, build.inputs], *words, tag="DRAW")
    env.Alias("figures", env.NoClean(nodes))
