# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Write the page: ``python -m measure.pages.html.render --out PAGE.html --build REPORT.json SAMPLES FLOAT.npy ...``.

``--build`` once for each report: the samples it ran on, and what the trained model says to them. Read besides, from
the report's folder: model.json, outputs.npy and, where it is, profile.json; and the .json beside the samples.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from measure.checks import budget, verdict
from measure.pages.html import accuracy, view
from measure.pages.html.outputs import Build, groups, load
from measure.pages.text import legend
from model import metadata
from model.errors import run_main
from model.escape import visible
from model.files import write_atomically

HERE = Path(__file__).parent
OPEN = 3  # sections of builds and of outputs that are unfolded


def _models(builds: Sequence[Build]) -> list[dict[str, Any]]:
    """Where each model comes from."""
    found: dict[str, dict[str, Any]] = {}
    for build in builds:
        model, told = build.report["model"], metadata.read(build.samples)
        found.setdefault(model["name"], {
            **model,
            "samples": build.samples.name,
            "windows": max(b.report["samples"] for b in builds if b.report["model"]["name"] == model["name"]),
            "data": told.data,
            "trained": told.trained,
        })  # fmt: skip
    return list(found.values())


def _compilers(builds: Sequence[Build]) -> list[tuple[str, str, str]]:
    """Targets (with what the code was optimised for), compiler, flags: each combination once."""
    found: dict[tuple[str, str], list[str]] = {}
    for build in builds:
        compiler = build.report["compiler"]
        found.setdefault((compiler["version"], " ".join(compiler["flags"])), []).append(build.report["target"])
    return [(", ".join(dict.fromkeys(targets)), version, flags) for (version, flags), targets in found.items()]


def context(builds: Sequence[Build], failed: Sequence[Sequence[str]], skipped: Sequence[str]) -> dict[str, Any]:
    """Everything the template shows; ``failed`` are the sentences of each build's failed checks."""
    reports = [build.report for build in builds]
    largest = max((report["flash"]["total"] for report in reports if report["flash"]), default=1)
    models = list(dict.fromkeys(report["model"]["name"] for report in reports))
    targets = list(dict.fromkeys(report["target"] for report in reports))
    ran = sum(report["error"] is not None for report in reports)
    return {
        "models": models,
        "targets": targets,
        "rows": [view.row(build, sentences, largest) for build, sentences in zip(builds, failed, strict=True)],
        "failed": [sentence for sentences in failed for sentence in sentences],
        "not_run": [(report["target"], view.variant(report), report["not_run"]) for report in reports
                    if report["not_run"]],
        "ran": ran,
        "on_board": any(report.get("measured") for report in reports),
        "matrices": [
            (model, view.matrices([build for build in builds if build.report["model"]["name"] == model]))
            for model in models
        ] if len(targets) > 1 else [],
        "where": [view.where(build) for build in builds],
        "groups": [accuracy.view(group) for group in groups(builds)],
        "provenance": _models(builds),
        "compilers": _compilers(builds),
        "tools": ", ".join(dict.fromkeys(report["tool"] for report in reports)),
        "schemas": ", ".join(dict.fromkeys(str(report["version"]) for report in reports)),
        "legend": legend(reports),
        "skipped": skipped,
        "unfolded": OPEN,
        "style": Markup((HERE / "style.css").read_text(encoding="utf-8")),
    }  # fmt: skip


def _shown(text: str) -> str:
    """``visible``, but for the spaces that keep a number and its unit on a line."""
    return view.SPACE.join(map(visible, text.split(view.SPACE)))


def page(builds: Sequence[Build], failed: Sequence[Sequence[str]], skipped: Sequence[str]) -> str:
    """The HTML."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), undefined=jinja2.StrictUndefined, autoescape=True, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
        finalize=lambda value: _shown(value) if type(value) is str else value,  # Markup is ours
    )  # fmt: skip
    return templates.get_template("report.html.jinja").render(context(builds, failed, skipped))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.pages.html.render", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--build", type=Path, nargs=3, action="append", default=[], metavar="FILE")
    parser.add_argument("--skipped", action="append", default=[], metavar="SENTENCE")
    parser.add_argument("--limit", action="append", default=[], metavar="WHAT=NUMBER")
    parser.add_argument("--budget", type=Path, help="TOML with limits by build")
    given = parser.parse_args()
    builds = [load(*paths) for paths in given.build]
    over = {what: int(number) for what, _, number in (limit.partition("=") for limit in given.limit)}
    limits = budget.Budget(budget.read(given.budget) if given.budget else (), over)
    failed = [
        [verdict.failed for verdict in verdict.judge(build.report, limits.limits(build.key)) if verdict.failed]
        for build in builds
    ]
    write_atomically(given.out, page(builds, failed, given.skipped))


if __name__ == "__main__":
    run_main(main)
