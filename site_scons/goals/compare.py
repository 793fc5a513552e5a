# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons compare``: where device, reference and trained model part."""

from __future__ import annotations

from commandline.reading import Options
from made import Build, Made, described
from SCons.Node.FS import File

from model.errors import UserError

HELP = "where device, reference and trained model first differ: layer, gate, step"
PACKAGES = "plots"


def check(options: Options) -> None:
    """What has no windows cannot be followed through one."""
    for case in options.cases:
        if case.model.state == "stream":
            raise UserError(
                f"compare follows whole windows, and the steps of {case.model.path} have no end; how far each format "
                "is from the trained model is what ./scons report says"
            )


def make(made: Made) -> None:
    """A firmware of each build that notes every intermediate value, run, and set beside the others' values."""
    made.env.Show("compare", [_compare(made, build) for build in made.builds])


def _compare(made: Made, build: Build) -> File:
    env, case, variant = made.env, build.case, build.variant
    traces, sets = f"{variant.folder}/compare", variant.target.sets(variant.kernels)
    noting = env.ModelSource(traces, build.network, sets, "window", case.name, variant.optimize, trace=True)
    traced = build.cross.Traced(traces, noting, sets)
    card, out = noting[-1], env.FolderAt(variant.folder)
    words = [*build.network, "--trained", *build.trained, "--samples", build.samples, "--elf", *traced, "--card", card]
    words += ["--inputs", build.inputs, f"--target={variant.target.reference}"]
    words += ["--timeout", str(made.options.timeout), "--out", out]
    sources = [*build.network, *traced, card, build.inputs, *build.trained, build.samples]
    targets = [out.File(f"compare.{ending}") for ending in ("txt", "json", "png")]
    nodes = env.PythonProgram("measure.checks.difference", targets, sources, *words, tag="COMPARE")
    env.Depends(nodes, described(env, variant.target))
    return nodes[0]
