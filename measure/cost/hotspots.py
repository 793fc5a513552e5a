# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the time of a model goes: ``python -m measure.cost.hotspots --target cortex-m4 --elf … --out build/…/int8-c``.

Writes profile.json, hotspots.txt and annotated.txt: by phase, function and call stack, and every instruction. What is
in profile.json is told in docs/cycles.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import io
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from measure.cost import callers, phases, timing
from measure.cost.callers import Cost, Place
from measure.cost.lines import Line, source_lines
from measure.cost.timing import limits
from measure.cost.timing.disassembly import Text, disassemble
from measure.cost.timing.memory import Memory, add_arguments
from measure.cost.timing.rows import Range
from measure.evidence import INTERVAL
from measure.run.counts import Profile, ProfileUnavailableError, read_profile
from measure.stored import kernels
from model import escape
from model.errors import run_main
from model.files import write_atomically
from model.version import VERSION
from target.description import load_target

SCHEMA = 1
LISTED = 24  # rows of the table of functions
CRUMB = 0.0005  # what is less of the whole is not listed


@dataclass(frozen=True)
class Hotspots:
    """A profile taken apart."""

    profile: Profile
    code: Mapping[int, Text]
    places: tuple[Place, ...]
    costs: list[Cost]  # of the places
    stacks: dict[callers.Frames, Cost]
    cycles: timing.Cycles | None
    note: str  # why there are no cycles
    limit: limits.Limit | None
    bound: Mapping[str, float]  # by phase: cycles that a kernel of this set could not do without, where it says so


def take_apart(arguments: argparse.Namespace, card: dict[str, Any]) -> Hotspots:
    """Read the profile and apply the core's table. ProfileUnavailableError when there is none."""
    target, profile = load_target(arguments.target), read_profile(arguments.profile)
    code = disassemble(arguments.elf, target)
    where = callers.places(profile, code, callers.functions(arguments.elf))
    core, memory = timing.core_of(target), Memory.of(arguments)
    note = "" if core else f"{target.name} has no timing table"
    each: list[Range] = []
    try:
        each = timing.each(profile, dict(code), core, str(arguments.elf), memory) if core else []
    except timing.NoTimingError as missing:
        core, note = None, str(missing)
    counts = [place.counts.count for place in where]
    costs = [Cost(n, c) for n, c in zip(counts, each, strict=True)] if core else [Cost(n, None) for n in counts]
    cycles = timing.model(profile, dict(code), core, str(arguments.elf), memory) if core else None
    found = callers.stacks(where, costs, card["function"])
    limit = None if card["mixed"] else limits.of(target, card["quantisation"])
    derived = card["bound"] or {"core": None}
    known = core is not None and derived["core"] == core.name and not memory.wait  # it knows of no slow flash
    return Hotspots(profile, code, where, costs, found, cycles, note, limit, derived["cycles"] if known else {})


def _sum(costs: Iterable[Cost]) -> Cost:
    return functools.reduce(Cost.__add__, costs)


def _figures(hot: Hotspots, cost: Cost) -> dict[str, Any]:
    """Instructions, nominal cycles and the share of the whole, of an average call."""
    whole, calls = _sum(hot.costs), hot.profile.calls
    by_cycles = cost.cycles is not None and whole.cycles is not None
    share = cost.cycles.nominal / whole.cycles.nominal if cost.cycles and whole.cycles else None
    return {
        "instructions": round(cost.instructions / calls, 3),
        "cycles": round(cost.cycles.nominal / calls, 3) if by_cycles and cost.cycles else None,
        "share": round(cost.instructions / whole.instructions if share is None else share, 6),
    }


def _against_limit(hot: Hotspots, figures: dict[str, Any], macs: float | None) -> dict[str, Any]:
    """A phase a multiply-accumulate, and how many times the core's limit that is."""
    if not macs:
        return {"macs": None, "instructions_per_mac": None, "cycles_per_mac": None, "times_limit": None}
    instructions = figures["instructions"] / macs
    cycles = None if figures["cycles"] is None else figures["cycles"] / macs
    times = None
    if hot.limit and cycles is not None and hot.limit.cycles:
        times = cycles / hot.limit.cycles
    elif hot.limit and cycles is None:
        times = instructions / hot.limit.instructions
    rounded = {"instructions_per_mac": instructions, "cycles_per_mac": cycles, "times_limit": times}
    return {"macs": round(macs), **{key: None if v is None else round(v, 4) for key, v in rounded.items()}}


def _phases(hot: Hotspots, card: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a phase that anything belongs to."""
    found: dict[str, list[Cost]] = {}
    for frames, cost in hot.stacks.items():
        found.setdefault(phases.phase_of(frames, card["name"]), []).append(cost)
    stream = card["state"] == "stream"
    steps = card["steps"] if stream else 1
    macs = {"gates": card["recurrent_macs"] / steps, "dense": 0 if stream else card["macs"] - card["recurrent_macs"]}
    rows = []
    for name in phases.NAMES:
        if name in found:
            figures = _figures(hot, _sum(found[name]))
            against = _against_limit(hot, figures, macs.get(name))
            least = hot.bound.get(name)
            against["times_bound"] = round(figures["cycles"] / least, 4) if least else None
            rows.append({"name": name, **figures, **against})
    return rows


def _functions(hot: Hotspots) -> list[dict[str, Any]]:
    """What each function in memory executes itself, inlined functions included; the busiest first."""
    own: dict[int, list[Cost]] = {}  # by address: two functions may be called alike
    known: dict[int, callers.Function] = {}
    for place, cost in zip(hot.places, hot.costs, strict=True):
        own.setdefault(place.function.address, []).append(cost)
        known[place.function.address] = place.function
    rows = [{"name": known[at].name, **_figures(hot, _sum(costs)), "code": known[at].code} for at, costs in own.items()]
    return sorted(rows, key=lambda row: (-row["share"], row["name"]))


def _parts(hot: Hotspots) -> list[dict[str, Any]]:
    """What each source function or marked part executes itself, wherever it was inlined; the busiest first."""
    own: dict[tuple[str, str], list[Cost]] = {}
    for place, cost in zip(hot.places, hot.costs, strict=True):
        own.setdefault((place.frames[-1], place.function.name), []).append(cost)
    rows = [{"name": name, "in": home, **_figures(hot, _sum(costs))} for (name, home), costs in own.items()]
    return sorted(rows, key=lambda row: (-row["share"], row["name"], row["in"]))


def document(hot: Hotspots, card: dict[str, Any], target: str) -> dict[str, Any]:
    """profile.json."""
    rows = [
        {"frames": list(frames), "phase": phases.phase_of(frames, card["name"]), **_figures(hot, cost)}
        for frames, cost in hot.stacks.items()
    ]
    return {
        "version": SCHEMA,
        "tool": f"lstmcu {VERSION}",
        "target": target,
        "model": card["name"],
        "quantisation": card["quantisation"],
        "kernels": card["kernels"],
        "optimize": card["optimize"],
        "state": card["state"],
        "function": card["function"],
        "calls": hot.profile.calls,
        "instructions": round(hot.profile.total / hot.profile.calls, 3),
        "cycles": dataclasses.asdict(hot.cycles) if hot.cycles else None,
        "cycles_note": hot.note or None,
        "macs": card["macs"],
        "limit": dataclasses.asdict(hot.limit) if hot.limit else None,
        "phases": _phases(hot, card),
        "functions": _functions(hot),
        "parts": _parts(hot),
        "stacks": sorted(rows, key=lambda row: (-row["share"], row["frames"])),
    }


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def render(found: dict[str, Any]) -> str:
    """hotspots.txt."""
    text = io.StringIO()
    console = Console(file=text, width=140, color_system=None, markup=False)
    cycles = found["cycles"]
    title = f"{found['target']} {found['model']} {found['quantisation']} {kernels(found)}"
    spent = ""
    if cycles:
        within = cycles["evidence"] == INTERVAL
        figure = f"{cycles['low']:,} to {cycles['high']:,}" if within else f"{cycles['nominal']:,}"
        spent = f" and {figure} cycles (modelled, {cycles['evidence']})"
    console.print(
        f"{title}: one {found['function']} takes {found['instructions']:,.0f} instructions{spent}, average of "
        f"{found['calls']:,} calls",
        soft_wrap=True,
    )
    heading = f"cycles ({cycles['evidence']})" if cycles else "cycles"
    share = "share of cycles" if cycles else "share of instructions"
    view = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    view.add_column("phase")
    bound = any(row["times_bound"] for row in found["phases"])
    distances = ("times the limit", "times the bound") if bound else ("times the limit",)
    for column in ("instructions", "per MAC", heading, "per MAC", *distances, share):
        view.add_column(column, justify="right")
    for row in found["phases"]:
        times = ["-" if row["times_limit"] is None else f"{row['times_limit']:.1f}"]
        view.add_row(
            row["name"], _count(row["instructions"]), _ratio(row["instructions_per_mac"]), _count(row["cycles"]),
            _ratio(row["cycles_per_mac"]), *times, *([_ratio(row["times_bound"])] if bound else []),
            f"{row['share']:.1%}",
        )  # fmt: skip
    console.print(view)
    limit = found["limit"]
    if limit is None:
        why = "floats are computed by software here, layers are of several formats, or vectors have no fixed length"
        console.print(f"no limit: {why}", soft_wrap=True)
    else:
        what = "cycles" if limit["cycles"] and cycles else "instructions"
        console.print(f"limit: {limit[what]:g} {what} a MAC, multiplying and adding alone", soft_wrap=True)
        console.print(f"  ({limit['text']})", soft_wrap=True)
    if bound:
        console.print("bound: of the phases of a cell, as its kernel set derives it where its code begins")
    if found["cycles_note"]:
        console.print(f"no cycles: {found['cycles_note']}", soft_wrap=True)
    view = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("function or marked part", "in"):
        view.add_column(column)
    for column in ("instructions", heading, share):
        view.add_column(column, justify="right")
    for row in [row for row in found["parts"] if row["share"] >= CRUMB][:LISTED]:
        home = "" if row["in"] == row["name"] else row["in"]
        view.add_row(row["name"], home, _count(row["instructions"]), _count(row["cycles"]), f"{row['share']:.1%}")
    console.print(view)
    console.print("the same for each instruction: annotated.txt; for programs, with all call stacks: profile.json")
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def annotate(hot: Hotspots, lines: Mapping[int, Line], title: str) -> str:
    """annotated.txt: every executed function's instructions, with how often and how long, beside their source."""
    tier = f"cycles (modelled, {hot.cycles.evidence})" if hot.cycles else "no cycles"
    said = [
        f"{title}, average of {hot.profile.calls:,} calls. Columns: executions; {tier}; address; instruction",
    ]
    function: callers.Function | None = None
    part: callers.Frames = ()
    line: Line | None = None
    for place, cost in zip(hot.places, hot.costs, strict=True):
        address = place.counts.address
        if place.function is not function:
            function, part, line = place.function, (place.function.name,), None
            own = _figures(hot, _sum(c for p, c in zip(hot.places, hot.costs, strict=True) if p.function is function))
            spent = f", {_count(own['cycles'])} {tier}" if hot.cycles else ""
            said += ["", f"{function.name}: {_count(own['instructions'])} instructions{spent}, {own['share']:.1%}"]
        if place.frames != part:
            part = place.frames
            said.append(f"  {' > '.join(part)}")
        if (here := lines.get(address)) is not None and here != line:
            line = here
            said.append(f"      {here.file}:{here.number}  {here.text}".rstrip())
        text, calls = hot.code[address], hot.profile.calls
        spent = "-" if cost.cycles is None else f"{cost.cycles.nominal / calls:,.1f}"
        assembly = f"{address:8x}  {text.mnemonic:<10} {text.operands}".rstrip()
        said.append(f"{cost.instructions / calls:>14,.1f} {spent:>14}  {assembly}")
    return "\n".join(said) + "\n"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.cost.hotspots", description=__doc__)
    parser.add_argument("--target", required=True)
    add_arguments(parser)
    for name in ("elf", "model", "profile", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    card = escape.document(json.loads(arguments.model.read_text()))
    name = escape.visible(load_target(arguments.target).name)
    title = f"{name} {card['name']} {card['quantisation']} {kernels(card)}"
    try:
        hot = take_apart(arguments, card)
    except ProfileUnavailableError as unavailable:
        why = escape.visible(unavailable)
        empty = {"version": SCHEMA, "tool": f"lstmcu {VERSION}", "target": name, "profile_note": why}
        texts = (json.dumps(empty, indent=2) + "\n", f"{title}: no profile: {why}\n", f"{title}: no profile\n")
    else:
        found = document(hot, card, name)
        lines = source_lines(arguments.elf, {place.function.address for place in hot.places})
        texts = (json.dumps(found, indent=1) + "\n", render(found), annotate(hot, lines, title))
    for file, text in zip(("profile.json", "hotspots.txt", "annotated.txt"), texts, strict=True):
        write_atomically(arguments.out / file, text)
    sys.stdout.flush()


if __name__ == "__main__":
    run_main(main)
