# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Put one run's figures together: ``python -m measure.report --target cortex-m4 ... --out report.json``.

Described in docs/report.md and measure/report.schema.json; what was not measured is null. Whether the figures are as
they should be is not judged here but in measure/checks/verdict.py.
"""

from __future__ import annotations

import argparse
import bisect
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from measure import distances
from measure.cost import counter, energy, sizes, stack, timing
from measure.cost.timing.memory import Memory, add_arguments
from measure.run.counts import Profile, ProfileUnavailableError, read_profile
from model import metadata
from model.errors import run_main
from model.files import write_atomically
from model.version import VERSION
from target import compiler
from target.description import Target, load_target

SCHEMA = 2
OF_MODEL = ("name", "source", "sha256", "macs", "input_names", "output_names", "notes")  # of model.json
PARTS = 64  # of flash that are listed by name


def read_bench(path: Path) -> dict[str, int]:
    """The bench's ``key=value`` lines."""
    return {key: int(value) for key, _, value in (line.partition("=") for line in path.read_text().splitlines())}


def by_function(profile: Profile, elf: Path) -> list[dict[str, Any]]:
    """Instructions and code size of every executed function, the busiest first; instructions of an average call."""
    functions = sorted((s for s in sizes.symbols(elf) if s.kind == "FUNC" and s.size), key=lambda s: s.address)
    starts = [s.address for s in functions]
    counts: dict[int, int] = {}
    for instruction in profile.instructions:
        index = bisect.bisect_right(starts, instruction.address) - 1
        counts[index] = counts.get(index, 0) + instruction.count
    rows = [
        {"name": functions[i].name, "instructions": count / profile.calls, "code": functions[i].size}
        for i, count in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row["instructions"], row["name"]))


def _profile(path: Path) -> tuple[Profile | None, str]:
    try:
        return read_profile(path), ""
    except ProfileUnavailableError as unavailable:
        return None, str(unavailable)


def cycles_of(
    profile: Profile | None, elf: Path, target: Target, memory: Memory = timing.FAST
) -> tuple[timing.Cycles | None, str]:
    """Modelled cycles of an average call, or why there are none."""
    if profile is None:
        return None, "cycles are modelled from an instruction profile, and there is none"
    if target.timing is None:
        return None, f"{target.name} has no timing table: docs/cycles.md tells which cores have one, and why"
    try:
        return timing.of_run(profile, elf, target, memory), ""
    except timing.NoTimingError as missing:
        return None, str(missing)


def time_of(cycles: timing.Cycles | None, clock: float, period: float) -> dict[str, Any] | None:
    """How long a call takes at ``clock`` (Hz), and which share of a sampling period (s; 0: not known) that is."""
    if cycles is None or not clock:
        return None
    spent = {name: round(1000 * getattr(cycles, name) / clock, 6) for name in ("low", "nominal", "high")}
    return {
        "clock": clock,
        "milliseconds": spent,
        "period": period or None,
        "share": round(cycles.nominal / clock / period, 6) if period else None,
        "evidence": cycles.evidence,
    }


def stack_of(
    arguments: argparse.Namespace, target: Target, functions: list[str], bench: dict[str, int], profile: Profile | None
) -> dict[str, Any]:
    """Bytes below the caller: the deepest that was seen, and the deepest there can be."""
    if target.arch == "host":
        why = "the host's stack is full of checks and is not bounded"
        return {"measured": None, "stored": None, "bound": None, "proved": False, "why": [why], "calls": []}
    program = stack.Program(arguments.carried, target)
    bounds = [program.bound(function) for function in functions]
    deepest = max(bounds, key=lambda bound: bound.bytes)
    reasons = list(dict.fromkeys(sentence for bound in bounds for sentence in bound.why))
    return {
        "measured": bench.get("stack_bytes"),
        "stored": profile.stack - bench["stack_base"] if profile else None,
        "bound": None if reasons else deepest.bytes,
        "proved": not reasons,
        "why": reasons,
        "calls": [{"function": name, "bytes": own} for name, own in deepest.chain],
    }


def flash_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Bytes of flash by what they are, by section, by file and by function or array."""
    parts = sizes.flash(arguments.carried, arguments.model_object, arguments.objects, arguments.libraries)
    kinds = {kind: sum(part.bytes for part in parts if part.kind == kind) for kind in ("code", "tables", "weights")}
    sections: dict[str, int] = {}
    files: dict[str, dict[str, int]] = {}
    for part in parts:
        sections[part.section] = sections.get(part.section, 0) + part.bytes
        own = files.setdefault(part.file or sizes.UNNAMED, dict.fromkeys(kinds, 0))
        own[part.kind] += part.bytes
    listed = [dataclasses.asdict(part) for part in parts[:PARTS]]
    for kind in kinds:
        rest = sum(part.bytes for part in parts[PARTS:] if part.kind == kind)
        listed += [{"name": "(others)", "section": "", "file": "", "kind": kind, "bytes": rest}] if rest else []
    return {
        **kinds,
        "total": sum(kinds.values()),
        "sections": [{"name": name, "bytes": size} for name, size in sections.items()],
        "files": [{"name": name, **own} for name, own in sorted(files.items(), key=lambda f: -sum(f[1].values()))],
        "parts": listed,
    }


def ram_of(arguments: argparse.Namespace, card: dict[str, Any], state_bytes: int, native: bool) -> dict[str, Any]:
    """Bytes of RAM by what they are, and by member of the state struct."""
    static = 0 if native else sizes.static_ram(arguments.carried)
    fields = sizes.state_fields(arguments.carried, f"{card['name']}_state")
    rest = state_bytes - sum(field.bytes for field in fields)
    fields += (sizes.Field("(padding)", "state", rest),) if fields and rest else ()
    return {
        "state": state_bytes - card["scratch_bytes"],
        "scratch": card["scratch_bytes"],
        "static": static,
        "total": state_bytes + static,
        "fields": [dataclasses.asdict(field) for field in fields],
    }


def make(arguments: argparse.Namespace) -> dict[str, Any]:
    """The report."""
    target = load_target(arguments.target)
    card = json.loads(arguments.model.read_text())
    outputs, expected, ideal = (np.load(path) for path in (arguments.outputs, arguments.expected, arguments.ideal))
    ran = len(outputs) > 0
    native = target.arch == "host"  # its code is full of checks: not the user's
    profile, unavailable = _profile(arguments.profile)
    bench = read_bench(arguments.bench)
    cycles, untimed = cycles_of(profile, arguments.elf, target, Memory.of(arguments))
    measured, unmeasured = counter.of(arguments.board, profile, cycles)
    told = metadata.read(arguments.samples)
    rate = told.rate or card["rate"]  # Hz
    period = arguments.period or (1 / rate if rate else 0.0)  # s between two readings; 0: not known
    functions = [card["function"], f"{card['name']}_reset"]
    return {
        "version": SCHEMA,
        "tool": f"lstmcu {VERSION}",
        "target": target.name,
        "core": target.description,
        "kernels": card["kernels"],
        "optimize": card["optimize"],
        "quantisation": card["quantisation"],
        "state": card["state"],
        "model": {key: card[key] for key in OF_MODEL},
        "compiler": {"version": compiler.version(target, arguments.compiler), "flags": arguments.flags.split()},
        "samples": len(outputs),
        "not_run": None if ran else unavailable,
        "function": card["function"],
        "instructions": profile.most if profile else None,
        "instructions_least": profile.least if profile else None,
        "instructions_note": unavailable or None,
        "cycles": dataclasses.asdict(cycles) if cycles else None,
        "cycles_note": untimed or None,
        "measured": measured,
        "measured_note": unmeasured or None,
        "time": time_of(cycles, arguments.clock, period),
        "energy": energy.of(cycles, arguments, period),
        "flash": None if native else flash_of(arguments),
        "ram": ram_of(arguments, card, bench["state_bytes"], native),
        "stack": stack_of(arguments, target, functions, bench, profile),
        "error": distances.errors(arguments.samples, card, outputs, expected, ideal, told) if ran else None,
        "functions": by_function(profile, arguments.elf) if profile else None,
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.report", description=__doc__)
    parser.add_argument("--target", required=True)
    parser.add_argument("--compiler", choices=compiler.COMPILERS, required=True)
    parser.add_argument("--flags", required=True, help="of the compiler, as one word")
    add_arguments(parser)
    energy.add_arguments(parser)
    parser.add_argument("--clock", type=float, default=0.0, metavar="HZ")
    parser.add_argument("--period", type=float, default=0.0, metavar="SECONDS", help="between two samples")
    paths = (
        "model",
        "elf",
        "carried",
        "model-object",
        "bench",
        "profile",
        "outputs",
        "expected",
        "ideal",
        "samples",
    )
    for path in (*paths, "out"):
        parser.add_argument(f"--{path}", type=Path, required=True)
    parser.add_argument("--board", type=Path, help="of a run with gdb=")
    for linked in ("objects", "libraries"):
        parser.add_argument(f"--{linked}", type=Path, nargs="*", required=True, help="what carried was linked from")
    arguments = parser.parse_args()
    write_atomically(arguments.out, json.dumps(make(arguments), indent=2) + "\n")


if __name__ == "__main__":
    run_main(main)
