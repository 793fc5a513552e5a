# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons docs``: the pages that show figures of the shipped models."""

from __future__ import annotations

from commandline.cases import Case, Variant
from commandline.targets import kernel_sets
from commandline.words import OPTIONS
from made import Build, Made, metadata
from SCons.Environment import Environment
from SCons.Node.FS import File

from goals.bench import PEERS
from model.formats import DEFAULT

HELP = "build every shipped model for every target and write docs/accuracy.md, comparison.md, reports/"
IMPLIES = {"target": "all", "model": "all", "quant": "all", "kernels": "all"}


ACCURACY, COMPARISON = "docs/accuracy.md", "docs/comparison.md"


def pages(case: Case, variant: Variant) -> tuple[str, ...]:
    """The pages that show a build of a shipped model: int8 on every target, all on the default one."""
    target, default = variant.target, variant.target.name == OPTIONS["target"][0]
    own = target.arch != "host" and (default or case.quantisation == DEFAULT)
    shown = (f"docs/reports/{case.model.stem}.md",) if own else ()
    if not default or variant.kernels != kernel_sets("", target, case.quantisation)[0]:
        return shown
    compared = (COMPARISON,) if (case.model.stem, case.quantisation) == (OPTIONS["model"][0], DEFAULT) else ()
    return (*shown, ACCURACY, *compared)


def wanted(case: Case, variant: Variant) -> bool:
    """Whether any page shows it."""
    return bool(pages(case, variant))


def make(made: Made) -> None:
    """The pages, which are committed."""
    shown: dict[str, list[Build]] = {}
    for build in made.builds:
        for page in pages(build.case, build.variant):
            shown.setdefault(page, []).append(build)
    made.env.Alias("docs", [_page(made, page, builds) for page, builds in shown.items()])


def _accuracy(env: Environment, builds: list[Build]) -> list[File]:
    words, beside = [], []
    for build in builds:
        words += ["--build", build.report, *build.trained, *build.network, build.samples, build.ideal]
        beside += [build.outputs, *metadata(env, build.samples)]
    page, sources = env.FileAt(ACCURACY), [word for word in words if isinstance(word, File)]
    return env.PythonProgram("measure.pages.accuracy", [page], [*sources, *beside], *words, "--out", page, tag="DOC")


def _page(made: Made, page: str, builds: list[Build]) -> list[File]:
    env, reports = made.env, [build.report for build in builds]
    if page == ACCURACY:
        nodes = _accuracy(env, builds)
    elif page == COMPARISON:
        nodes = env.Collected("measure.pages.frameworks", page, reports, "--peers", env.FileAt(PEERS), tag="DOC")
        env.Depends(nodes, env.FileAt(PEERS))
    else:
        nodes = env.Collected("measure.pages.shipped", page, reports, tag="DOC")
    return env.NoClean(nodes)
