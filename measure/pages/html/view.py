# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the page says of builds, as plain values for the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from measure.evidence import INTERVAL
from measure.pages.html.outputs import Build
from measure.pages.text import agreement, cycles, measured, number, stack
from measure.stored import kernels

Report = dict[str, Any]
SHOWN = 12  # functions and arrays of a build
CRUMB = 0.0005  # of the time: what takes less is not shown
KINDS = ("code", "tables", "weights")
TASTES = {"window": "", "stream": ", stream"}
NONE, MINUS, SPACE = "\N{EN DASH}", "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Bar:
    """A row of a bar plot; ``share`` is its length in percent of the longest, ``note`` stands below the name."""

    name: str
    value: str
    share: float
    style: str
    note: str = ""
    more: str = ""  # below the value


@dataclass(frozen=True)
class Cell:
    """Of a matrix; ``share`` of the largest in percent."""

    value: str
    share: float
    more: tuple[str, ...] = ()
    bad: bool = False


@dataclass(frozen=True)
class Matrix:
    """A figure of every build of a model: a row a target, a column what else was chosen."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


def variant(report: Report) -> str:
    """``int8 asm speed, stream``: what was built, but for target and model."""
    return f"{report['quantisation']} {kernels(report)}{TASTES[report['state']]}"


def percent(share: float) -> str:
    """``88.0 %``, in one piece."""
    return f"{100 * share:.1f}{SPACE}%"


def real(value: float, unit: str | None = "") -> str:
    """Three digits that matter, and the unit: ``2.19 °C``."""
    digits = f"{value:.3g}" if value == 0 or 1e-4 <= abs(value) < 1e5 else f"{value:.1e}"
    return f"{digits}{SPACE}{unit or ''}".strip().replace("-", MINUS)


def status(report: Report, failed: Sequence[str] = ()) -> str:
    """good, bad or none (it did not run)."""
    if report["not_run"]:
        return "bad" if failed or report["not_run"].startswith("does not fit") else "none"
    return "bad" if failed or report["error"]["reference"]["mismatches"] else "good"


def quality(report: Report) -> tuple[str, str]:
    """A figure of how good the outputs are, and what it is."""
    if not report["error"]:
        return NONE, "nothing ran"
    targets = report["error"]["targets"]
    if targets is None:
        return real(report["error"]["float"]["mae"]), "mean distance from the trained model"
    if targets["measure"] == "accuracy":
        return percent(targets["device"]), f"accuracy; trained model {percent(targets['float'])}"
    if targets["measure"] == "roc_auc":
        return real(targets["device"]), f"ROC AUC of the error; trained model {real(targets['float'])}"
    trained = real(targets["float"], targets["unit"])
    return real(targets["device"], targets["unit"]), f"mean error; trained model {trained}"


def per_mac(report: Report) -> str:
    """Instructions a multiply-accumulate; not of a step, whose MACs are not those of the window."""
    if report["instructions"] is None or report["state"] != "window":
        return NONE
    return f"{report['instructions'] / report['model']['macs']:.2f}"


def milliseconds(report: Report) -> str:
    """``5.53 ms at 64 MHz (documented)``, or nothing: asked for with clock=."""
    spent = report.get("time")
    if not spent:
        return ""
    ms = spent["milliseconds"]
    said = f"{ms['low']:.3g} to {ms['high']:.3g}" if spent["evidence"] == INTERVAL else f"{ms['nominal']:.3g}"
    return f"{said} ms at {spent['clock'] / 1e6:g} MHz ({spent['evidence']})"


def row(build: Build, failed: Sequence[str], largest: int) -> dict[str, Any]:
    """Of the summary table."""
    report, flash = build.report, build.report["flash"]
    return {
        "target": report["target"],
        "model": report["model"]["name"],
        "variant": variant(report),
        "anchor": anchor(build),
        "status": status(report, failed),
        "agreement": agreement(report),
        "instructions": dash(number(report["instructions"])),
        "per_mac": per_mac(report),
        "cycles": dash(cycles(report)),
        "board": dash(measured(report)),
        "milliseconds": milliseconds(report),
        "flash": dash(number(flash["total"] if flash else None)),
        "split": [(kind, flash[kind], 100 * flash[kind] / largest) for kind in KINDS] if flash else [],
        "ram": number(report["ram"]["total"]),
        "stack": dash(stack(report)),
        "quality": quality(report),
    }


def dash(text: str) -> str:
    """Nothing measured, as a page shows it."""
    return NONE if text == "-" else text


def anchor(build: Build) -> str:
    """The id of a build's section."""
    return "build-" + build.key.replace("/", "-")


def bars(rows: Sequence[Bar], values: Sequence[float]) -> list[Bar]:
    """The rows with their lengths, of ``values``."""
    most = max(values, default=0) or 1
    return [
        Bar(bar.name, bar.value, 100 * value / most, bar.style, bar.note, bar.more)
        for bar, value in zip(rows, values, strict=True)
    ]


def _plot(rows: Sequence[dict[str, Any]], value: str, style: str, notes: Sequence[str]) -> list[Bar]:
    made = [
        Bar(row["name"], number(round(row[value])), 0, row.get("kind", style), note)
        for row, note in zip(rows, notes, strict=True)
    ]
    return bars(made, [row[value] for row in rows])


def flash(report: Report) -> list[Bar]:
    """The largest functions and arrays."""
    rows = report["flash"]["parts"][:SHOWN]
    made = _plot(rows, "bytes", "", [part["file"] for part in rows])
    rest = report["flash"]["total"] - sum(part["bytes"] for part in rows)
    left = len(report["flash"]["parts"]) - len(rows)
    return [*made, Bar(f"{left} smaller ones", number(rest), 100 * rest / rows[0]["bytes"], "rest")] if rest else made


def ram(report: Report) -> list[Bar]:
    """Members of the state struct, and variables outside it."""
    rows = report["ram"]["fields"] or [
        {"name": kind, "kind": kind, "bytes": report["ram"][kind]} for kind in ("state", "scratch")
    ]
    outside = [{"name": "variables", "kind": "static", "bytes": report["ram"]["static"]}]
    rows = [*rows, *(outside if report["ram"]["static"] else ())]
    return _plot(rows, "bytes", "", [row["kind"] if row["kind"] != row["name"] else "" for row in rows])


def calls(report: Report) -> list[Bar]:
    """The deepest chain of calls."""
    rows = [{"name": call["function"], "bytes": call["bytes"]} for call in report["stack"]["calls"]]
    return _plot(rows, "bytes", "stack", [""] * len(rows))


def _spent(rows: Sequence[dict[str, Any]], evidence: str | None, style: str) -> list[Bar]:
    """Rows of profile.json: as long as their share of the cycles, or of the instructions."""
    made = []
    for row in rows:
        told = f"{round(row['instructions']):,} instructions"
        spent = "" if row["cycles"] is None else f"{round(row['cycles']):,} cycles, {evidence}"
        home = f"in {row['in']}" if row.get("in", row["name"]) != row["name"] else ""
        note = " · ".join(filter(None, (percent(row["share"]), home)))
        name = row["name"].removeprefix("phase.")
        made.append(Bar(name, spent or told, 0, style, note, told if spent else ""))
    return bars(made, [row["share"] for row in rows])


def time(build: Build) -> list[tuple[str, list[Bar]]]:
    """Where instructions and, with profile.json, cycles of an average call go: plots and their headings."""
    report, profile = build.report, build.profile
    if profile is None:
        rows = (report["functions"] or [])[:SHOWN]
        whole = sum(row["instructions"] for row in report["functions"] or []) or 1
        made = _plot(rows, "instructions", "time", [percent(row["instructions"] / whole) for row in rows])
        return [("Instructions by function", made)] if made else []
    evidence = profile["cycles"]["evidence"] if profile["cycles"] else None
    what = f"Cycles (modelled, {evidence})" if evidence else "Instructions"
    parts = [row for row in profile["parts"] if row["share"] >= CRUMB][:SHOWN]
    return [
        (f"{what} by phase", _spent(profile["phases"], evidence, "phase")),
        (f"{what} by function and marked part", _spent(parts, evidence, "time")),
    ]


def where(build: Build) -> dict[str, Any]:
    """Everything in the section of one build."""
    report = build.report
    return {
        "anchor": anchor(build),
        "title": f"{report['target']} · {report['model']['name']} · {variant(report)}",
        "core": report["core"],
        "report": report,
        "split": [
            (kind, number(report["flash"][kind]), 100 * report["flash"][kind] / report["flash"]["total"])
            for kind in KINDS
        ] if report["flash"] else [],
        "flash": flash(report) if report["flash"] else [],
        "ram": ram(report),
        "calls": calls(report),
        "time": time(build),
    }  # fmt: skip


def _columns(builds: Sequence[Build]) -> dict[str, list[Build]]:
    """Builds by what was chosen besides target and model; the kernel set only where a target has several."""
    rough: dict[tuple[str, str], list[Build]] = {}
    for build in builds:
        rough.setdefault((build.report["quantisation"], TASTES[build.report["state"]]), []).append(build)
    columns: dict[str, list[Build]] = {}
    for (quantisation, taste), found in rough.items():
        targets = [build.report["target"] for build in found]
        several = len(set(targets)) < len(targets)
        for build in found:
            name = variant(build.report) if several else quantisation + taste
            columns.setdefault(name, []).append(build)
    return columns


def _cell(build: Build, figure: str, most: float, details: tuple[str, ...]) -> Cell:
    size = _figure(build.report, figure)
    return Cell(dash(number(size)), 100 * (size or 0) / most, details, status(build.report) == "bad")


def _figure(report: Report, figure: str) -> int | None:
    found: dict[str, int | None] = {
        "instructions": report["instructions"],
        "flash": report["flash"]["total"] if report["flash"] else None,
        "ram": report["ram"]["total"],
    }
    return found[figure]


def _details(report: Report, figure: str) -> tuple[str, ...]:
    """What stands below a figure."""
    if figure == "ram":
        return (f"stack {stack(report)}",) if report["stack"]["measured"] is not None else ()
    if figure == "flash":
        return (f"{number(report['flash']['weights'])} of weights",) if report["flash"] else ()
    if report["not_run"]:
        return (agreement(report),)
    modelled = (cycles(report, " cycles,"),) if report["cycles"] else ()
    return (*modelled, f"board: {measured(report)}") if report.get("measured") else modelled


FIGURES = {"instructions": "Instructions of a call, and modelled cycles", "flash": "Flash, bytes", "ram": "RAM, bytes"}


def matrices(builds: Sequence[Build]) -> list[Matrix]:
    """Of builds of one model on several targets, a matrix a figure; one for all figures if only the target varies."""
    targets = list(dict.fromkeys(build.report["target"] for build in builds))
    columns = _columns(builds)
    most = {figure: max((_figure(b.report, figure) or 0 for b in builds), default=0) or 1 for figure in FIGURES}
    if len(targets) < 2:
        return []
    by_target = {
        target: [next((b for b in column if b.report["target"] == target), None) for column in columns.values()]
        for target in targets
    }
    if len(columns) == 1:
        rows = [
            (
                target,
                tuple(
                    _cell(build, figure, most[figure], _details(build.report, figure))
                    for build in found
                    if build
                    for figure in FIGURES
                ),
            )
            for target, found in by_target.items()
        ]
        return [Matrix(next(iter(columns)), tuple(FIGURES.values()), tuple(rows))]
    return [
        Matrix(title, tuple(columns), tuple(
            (target, tuple(
                _cell(b, figure, most[figure], (kernels(b.report), *_details(b.report, figure))) if b else None
                for b in found
            ))
            for target, found in by_target.items()
        ))
        for figure, title in FIGURES.items()
    ]  # fmt: skip
