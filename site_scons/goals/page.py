# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons page``: the reports as one HTML file."""

from __future__ import annotations

from made import Made, metadata

from goals.profile import hotspots

HELP = "the reports as one HTML file, build/report.html: plots, accuracy, targets, where it comes from"
WRITES = ["build/report.html"]


PAGE = "build/report.html"
PARTS = ("measure/pages/html/report.html.jinja", "measure/pages/html/style.css")


def make(made: Made) -> None:
    """The page is made before the table, which fails if a check failed."""
    env, options = made.env, made.options
    page = env.FileAt(PAGE)
    words, sources = ["--out", page, *options.judged], []
    for build in made.builds:
        words += ["--build", build.report, build.samples, build.ideal]
        sources += [build.report, build.ideal, build.samples, *metadata(env, build.samples)]
        sources += map(build.report.dir.File, ("model.json", "outputs.npy", "profile.json"))
    nodes = env.PythonProgram("measure.pages.html.render", [page], sources, *words, tag="PAGE")
    env.Depends(nodes, [*hotspots(made), *map(env.FileAt, PARTS)])
    env.Depends(nodes, [env.FileAt(options.budget)] if options.budget else [])
    env.Depends(made.table, nodes)
    env.Alias("page", made.table)
