# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Reports as a table, a row a build."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from measure.evidence import INTERVAL
from measure.stored import Report, kernels, title
from model.escape import visible


def number(value: int | None) -> str:
    """``1,234``."""
    return "-" if value is None else f"{value:,}"


def cycles(report: Report, unit: str = "") -> str:
    """``1,969,519 ±30% documented``: nominal, the farther of low and high, and the tier of evidence; from slow flash
    ``1,969,519 to 2,804,711 interval``. A ``unit`` stands behind the numbers.
    """
    modelled = report["cycles"]
    if modelled is None:
        return "-"
    if modelled["evidence"] == INTERVAL:
        return f"{modelled['low']:,} to {modelled['high']:,}{unit} {INTERVAL}"
    spread = max(abs(modelled[end] / modelled["nominal"] - 1) for end in ("low", "high"))
    return f"{modelled['nominal']:,}{unit}{f' ±{spread:.0%}' if spread else ''} {modelled['evidence']}"


def measured(report: Report) -> str:
    """``312,345 measured +0.5%``: cycles, the median over all calls, by a board's counter, and how far that is from the
    modelled ones; ``5,292 instructions`` of an emulator's.
    """
    found = report.get("measured")
    if not found:
        return "-"
    said = f"{found['median']:,} {found['evidence'] if found['counts'] == 'cycles' else found['counts']}"
    return said if found["difference"] is None else f"{said} {found['difference']:+.1%}"


def counted(report: Report) -> str:
    """What stands in ``measured``: by which counter of which core, through what, over how many calls."""
    found = report["measured"]
    span = f"{found['minimum']:,} to {found['maximum']:,}"
    said = f"counter of {title(report)}: {found['counts']} {found['evidence']}, median of {found['calls']:,} calls"
    said += f" ({span}), by {found['counter']} of {found['core']} through {found['server']}"
    said += f", without the {found['overhead']:,} around an empty call"
    if found["counts"] != "cycles":
        return f"{said}; no cycles, and not of silicon"
    if report.get("time"):
        clock = report["time"]["clock"]
        said += f"; {_si(found['median'] / clock)} at {clock / 1e6:g} MHz"
    modelled = report["cycles"]
    if modelled and modelled["evidence"] == INTERVAL:
        within = modelled["low"] <= found["median"] <= modelled["high"]
        return f"{said}; {'within' if within else 'outside'} the modelled interval"
    return said


def agreement(report: Report) -> str:
    """Of the device's outputs with the reference's."""
    if report["not_run"]:
        return str(report["not_run"]).partition(":")[0]
    reference = report["error"]["reference"]
    if reference["mismatches"]:
        return f"{reference['mismatches']:,} values differ"
    if reference["max_abs"] == 0:
        return "exact"
    return f"within {reference['max_abs']:.1e}"


def stack(report: Report) -> str:
    """``164``, the proved worst case; ``≥164``, the deepest that was seen when nothing is proved."""
    found = report["stack"]
    if found["proved"] or found["measured"] is None:
        return number(found["bound"])
    return f"≥{found['measured']:,}"


def _float_mae(report: Report) -> str:
    return f"{report['error']['float']['mae']:.2g}" if report["error"] else "-"


def _cycles_source(target: str, modelled: dict[str, Any]) -> str:
    assumed = ", ".join(modelled["assumptions"])
    return f"cycles of {target} ({modelled['evidence']}): average call, modelled after {modelled['source']}; {assumed}"


def spent(report: Report) -> str:
    """``cortex-m4 forecast int8 c at 64 MHz: 30.8 ms a call (cycles documented)``, and the share of a period."""
    time = report["time"]
    ms = time["milliseconds"]
    between = f"{_si(ms['low'] / 1000)} to {_si(ms['high'] / 1000)}"
    within = time["evidence"] == INTERVAL
    span = "" if within or ms["low"] == ms["high"] else f", {between}"
    said = f"{title(report)} at {time['clock'] / 1e6:g} MHz: {between if within else _si(ms['nominal'] / 1000)} a call"
    said += f"{span} (cycles {time['evidence']})"
    if time["share"] is None:
        return said
    share = f"{time['share']:.2%}" if time["share"] < 0.1 else f"{time['share']:.0%}"
    share = f"up to {share}" if within else share
    return f"{said}; with a call at every sample, {share} of the sampling period of {_si(time['period'])}"


def energy(report: Report) -> str:
    """``cortex-m4 forecast int8 c, by the figures given (105 pJ a cycle): 37.4 uJ a call (cycles documented)``, and the
    days that a battery lasts.
    """
    found = report["energy"]
    uj = found["microjoules"]
    within = found["evidence"] == INTERVAL
    each = f"{uj['low']:.3g} to {uj['high']:.3g}" if within else f"{uj['nominal']:.3g}"
    cycle = f"{found['charge'] * found['voltage'] * 1e12:.3g} pJ a cycle"
    said = f"{title(report)}, by the figures given ({cycle}): {each} uJ a call (cycles {found['evidence']})"
    if found["days"] is None:
        return said
    least = "at least " if within else ""
    often = f"a call every {_si(found['period'])} empties {found['battery'] / 3.6:g} mAh"
    return f"{said}; {often} in {least}{found['days']:,.3g} days, if nothing else took any"


def _si(seconds: float) -> str:
    """Three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 * size else f"{seconds / size:,.0f} {unit}"
    return f"{seconds * 1e6:.3g} us"


def table(reports: Sequence[Report]) -> Table:
    """One row a report."""
    view = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("target", "model", "quant", "kernels"):
        view.add_column(head)
    board = ("counter",) if any(r.get("measured") for r in reports) else ()
    for head in ("instructions", "per MAC", "cycles (model)", *board, "code", "tables", "weights", "RAM", "stack"):
        view.add_column(head, justify="right")
    for head in ("reference", "float MAE"):
        view.add_column(head)
    for r in reports:
        macs = r["model"]["macs"]
        whole = r["instructions"] is not None and r["state"] == "window"  # a step's share of a window's MACs varies
        per_mac = f"{r['instructions'] / macs:.2f}" if whole else "-"
        flash = r["flash"] or dict.fromkeys(("code", "tables", "weights"))
        cells = (
            r["target"], r["model"]["name"], r["quantisation"], kernels(r), number(r["instructions"]), per_mac,
            cycles(r), *([measured(r)] if board else []), number(flash["code"]), number(flash["tables"]),
            number(flash["weights"]), number(r["ram"]["total"]), stack(r), agreement(r), _float_mae(r),
        )  # fmt: skip
        view.add_row(*map(visible, cells))
    return view


def legend(reports: Sequence[Report]) -> list[str]:
    """What the columns mean, and why some of them are empty."""
    lines = []
    most = max((r["samples"] for r in reports), default=0)
    calls = sorted({r["function"] for r in reports})
    if any(r["instructions"] for r in reports):
        lines.append(f"instructions: exact count of one {' or '.join(calls)}, the longest of {most} samples (QEMU)")
    reasons = sorted({r["cycles_note"] for r in reports if r["instructions"] and r["cycles_note"]})
    lines += [f"no cycles: {reason}" for reason in reasons]
    lines += sorted({_cycles_source(r["target"], r["cycles"]) for r in reports if r["cycles"]})
    lines += [counted(report) for report in reports if report.get("measured")]
    unread = {(r["target"], r["measured_note"]) for r in reports if r.get("measured_note")}
    lines += [f"no cycles of a board for {target}: {reason}" for target, reason in sorted(unread)]
    lines += [spent(report) for report in reports if report.get("time")]
    lines += [energy(report) for report in reports if report.get("energy")]
    lines.append("code, tables, weights: bytes of flash; RAM: sizeof the state; stack: worst case, below the caller")
    for report in reports:
        if report["stack"]["why"] and report["flash"]:
            lines.append(f"{title(report)}: ≥ the stack that was seen, no bound: {'; '.join(report['stack']['why'])}")
    lines += sorted({f"{r['model']['name']}: {note}" for r in reports for note in r["model"]["notes"]})
    reasons = sorted({r["instructions_note"] for r in reports if r["instructions_note"] and not r["not_run"]})
    lines += [f"no instruction count: {reason}" for reason in reasons]
    return [*lines, *(f"{title(report)} {report['not_run']}" for report in reports if report["not_run"])]


def render(reports: Sequence[Report], skipped: Sequence[str]) -> str:
    """The table, what its columns mean, and what is not in it, as plain text; ``skipped`` are sentences."""
    text = io.StringIO()
    console = Console(file=text, width=185, color_system=None, markup=False)
    console.print(table(reports))
    for line in map(visible, (*legend(reports), *(f"skipped: {sentence}" for sentence in skipped))):
        console.print(line)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
