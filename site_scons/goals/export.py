# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons export``: measured models, with all the C they need, into a folder or a .zip."""

from __future__ import annotations

from commandline.reading import Options
from made import Made

from model.errors import UserError

HELP = "write models with all the C they need into dest=, for your own build; for several targets at once, too"


def check(options: Options) -> None:
    """A folder has one version of a model."""
    if not options.dest:
        raise UserError("export needs dest=; as in: scons export dest=out, or dest=out.zip")
    variants = [variant for case in options.cases for variant in case.variants]
    if any(variant.kernels == "cmsis-nn" for variant in variants):
        raise UserError("export cannot take kernels=cmsis-nn along: the library is Arm's; export kernels=c or asm")
    pairs = {(case.model, variant.target.name) for case in options.cases for variant in case.variants}
    if len(variants) > len(pairs):
        what = "one quant=, one kernels= and one optimize="
        raise UserError(f"export takes {what}: a folder has one version of a model, for one target or several")


def make(made: Made) -> None:
    """The objects of each target say which sources and folders its models need; their own come first."""
    words: list[object] = []
    for target in dict.fromkeys(build.variant.target for build in made.builds):
        builds = [build for build in made.builds if build.variant.target == target]
        objects = [node for build in builds for node in build.objects]
        shared = dict.fromkeys(node for build in builds for node in build.objects[1:])
        folders = dict.fromkeys(folder for node in objects for folder in node.get_build_env()["CPPPATH"])
        words += [f"--target={target.reference}", "--built", *(build.report.dir for build in builds)]
        words += ["--objects", *shared, "--sources", *(node.sources[0] for node in shared), "--includes", *folders]
    words += ["--licence", "LICENSE", f"--dest={made.options.dest}"]
    made.env.Goal("export", "export.make", *words, after=tuple(made.reports), about=made.options.dest)
