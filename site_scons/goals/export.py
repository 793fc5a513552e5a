# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons export``: measured models, with all the C they need, into a folder or a .zip."""

from __future__ import annotations

from commandline.reading import Options
from made import Made

from model.errors import UserError

HELP = "write models with all the C they need into dest=, for your own build"


def check(options: Options) -> None:
    """A folder has one version of a model."""
    if not options.dest:
        raise UserError("export needs dest=; as in: scons export dest=out, or dest=out.zip")
    variants = [variant for case in options.cases for variant in case.variants]
    if any(variant.kernels == "cmsis-nn" for variant in variants):
        raise UserError("export cannot take kernels=cmsis-nn along: the library is Arm's; export kernels=c or asm")
    if len(variants) > len({case.model for case in options.cases}):
        what = "one target=, one quant=, one kernels= and one optimize="
        raise UserError(f"export takes {what}: a folder has one version of a model")


def make(made: Made) -> None:
    """The objects say which sources and folders a model needs; its own come first."""
    objects = [node for build in made.builds for node in build.objects]
    shared = dict.fromkeys(node for build in made.builds for node in build.objects[1:])
    folders = dict.fromkeys(folder for node in objects for folder in node.get_build_env()["CPPPATH"])
    words = ["--built", *(report.dir for report in made.reports)]
    words += ["--objects", *shared, "--sources", *(node.sources[0] for node in shared)]
    words += ["--includes", *folders, "--licence", "LICENSE", f"--dest={made.options.dest}"]
    made.env.Goal("export", "export.make", *words, after=tuple(made.reports), about=made.options.dest)
