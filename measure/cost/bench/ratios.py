# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Measured shapes against the peers of peers/peers.csv, as bench.json, bench.txt, bench.md and bench.png.

``python -m measure.cost.bench.ratios --out build/bench --peers measure/cost/bench/peers/peers.csv REPORT.json ...``
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from measure.checks import budget, verdict
from measure.pages import markdown
from measure.pages.text import cycles, number
from measure.stored import kernels
from model import formats
from model.errors import run_main
from model.files import write_atomically

# cores of peers.csv by target; others have no measured peer
CORES = {
    "cortex-m0": "m0", "cortex-m0plus": "m0", "cortex-m3": "m3", "cortex-m4": "m4", "cortex-m7": "m7",
    "cortex-m33": "m33", "cortex-m55": "m55", "rv32imc": "rv32", "rv32imac": "rv32", "rv32imafc": "rv32",
    "sifive-e31": "rv32",
}  # fmt: skip


@dataclass(frozen=True)
class Peer:
    """A row of peers.csv."""

    shape: str
    name: str
    core: str
    optimisation: str
    instructions: int
    flash: int
    ram: int
    stack: int


@dataclass(frozen=True)
class Row:
    """One measured shape: instructions of a call, bytes of flash (weights too), RAM and stack."""

    shape: str
    target: str
    quant: str
    kernels: str
    optimize: str
    state: str
    instructions: int
    cycles: dict[str, Any] | None  # modelled, with its tier
    flash: int
    code: int  # of the flash: code and tables
    ram: int
    stack: int
    peer: str | None  # the fastest one of the same arithmetic and state
    peer_instructions: int | None
    ratio: float | None  # instructions to the peer's: below 1 is ahead


def read_peers(path: Path) -> list[Peer]:
    """All of them."""

    def peer(r: dict[str, str]) -> Peer:
        flash = int(r["flash_code_const"]) + int(r["weights_or_model"])
        needs = (int(r["insn_per_inference"]), flash, int(r["ram_static_scratch"]), int(r["stack"]))
        return Peer(r["shape"], r["peer"], r["core"], r["opt"], *needs)

    with path.open(newline="") as file:
        return [peer(r) for r in csv.DictReader(file)]


def best_peer(peers: Iterable[Peer], shape: str, target: str, quant: str, state: str) -> Peer | None:
    """The fastest peer of the same core and arithmetic; of a single step, one that keeps its state if we do."""
    stateful, format = shape == "S0" and state == "stream", formats.named(quant)
    # of the same arithmetic; CMSIS-NN has no GRU of integers
    integers = (f"{format.multiplies} CMSIS-NN", f"{format.multiplies} NNoM")
    begins = integers if format.integer else (f"{format.suffix} ",)
    able = [
        p
        for p in peers
        if p.shape == shape
        and p.core == CORES.get(target)
        and p.name.startswith(begins)
        and (p.optimisation == "-Ofast" or not p.name.startswith(integers[0]))
        and p.name.endswith("stateful") == stateful
    ]
    return min(able, key=lambda p: p.instructions, default=None)


def row(report: dict[str, Any], peers: list[Peer]) -> Row:
    """A report beside its peer."""
    shape, quant, state = Path(report["model"]["source"]).stem, report["quantisation"], report["state"]
    target = report["target"]
    peer = best_peer(peers, shape, target, quant, state)
    flash = report["flash"]
    return Row(
        shape, target, quant, report["kernels"], report["optimize"], state, report["instructions"], report["cycles"],
        flash["total"], flash["code"] + flash["tables"], report["ram"]["total"], budget.needed(report, "stack") or 0,
        f"{peer.name} {peer.optimisation}" if peer else None, peer.instructions if peer else None,
        round(report["instructions"] / peer.instructions, 4) if peer else None,
    )  # fmt: skip


def render(rows: list[Row], reports: list[dict[str, Any]], peers: list[Peer]) -> str:
    """The table, the ratio first."""
    view = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("target", "shape", "state", "quant", "kernels"):
        view.add_column(title)
    titles = ("ratio", "instructions", "cycles (model)", "code+tables", "flash", "RAM", "stack", "peer")
    for title in (*titles, "flash", "RAM", "stack"):
        view.add_column(title, justify="right")
    for one, report in zip(rows, reports, strict=True):
        peer = best_peer(peers, one.shape, one.target, one.quant, one.state)
        figures = (peer.instructions, peer.flash, peer.ram, peer.stack) if peer else ()
        view.add_row(
            one.target, one.shape, one.state, one.quant, kernels(report),
            "-" if one.ratio is None else f"{one.ratio:.3f}", f"{one.instructions:,}", cycles(report),
            f"{one.code:,}", f"{one.flash:,}", f"{one.ram:,}", f"{one.stack:,}",
            *(f"{figure:,}" for figure in figures),
        )  # fmt: skip
    text = io.StringIO()
    console = Console(file=text, width=200, color_system=None, markup=False)
    console.print(view)
    console.print("ratio: instructions of one call to those of the fastest peer of the same arithmetic and state:")
    for name in sorted({f"{r.quant} on {r.target}: {r.peer}" for r in rows if r.peer}):
        console.print(f"  {name}")
    console.print("S0 in state=stream is compared with a peer that keeps its state.")
    console.print("Peers: measure/cost/bench/peers/README.md")
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


PAGE = """# Against the peers

The same networks, shapes and state as measured for others ([how](../measure/cost/bench/peers/README.md)).
Regenerate with `./scons bench-docs`; `./scons bench target=cortex-m4` prints the same for one core. `ratio` is the
instructions of one call to those of the fastest peer of the same arithmetic and state, so below 1 is ahead; bytes
are of flash (code and tables first, then with the weights), RAM and stack; all outputs equal the reference.
`asm` is the assembly of the core's instruction set with `optimize=balanced`, the default; where `asm size` and
`asm speed` have no rows, it is the same at all levels.

S0: a single step, 32 inputs, 32 units, Dense 16, or a stream · S1: 32 steps, 1 input, 32 units, Dense 16 ·
S2: 28 steps, 28 inputs, 20 units, Dense 10 over the flattened sequence · S3: 50 steps, 6 inputs, 64 units, Dense 6.
These have an LSTM · G1, G3: S1 and S3 with a GRU · G2: S2 with a GRU, and the Dense of the last step.
"""


def page(rows: list[Row], reports: list[dict[str, Any]], peers: list[Peer]) -> str:
    """The same as a page: a table for each target, its peers named."""
    head = ["shape", "quant", "kernels", "ratio", "instructions", "peer", "cycles (model)"]
    head += ["code+tables", "flash", "RAM", "stack", "peer's flash", "RAM", "stack"]
    texts = [PAGE]
    pairs = list(zip(rows, reports, strict=True))
    for target in dict.fromkeys(one.target for one in rows):
        lines = []
        for one, report in pairs:
            if one.target != target:
                continue
            peer = best_peer(peers, one.shape, target, one.quant, one.state)
            ratio = "-" if one.ratio is None else f"{one.ratio:.3f}"
            shape = f"{one.shape} {one.state}" if one.shape == "S0" else one.shape
            line = [shape, one.quant, kernels(report), ratio, number(one.instructions), number(one.peer_instructions)]
            line += [cycles(report), *map(number, (one.code, one.flash, one.ram, one.stack))]
            lines.append([*line, *map(number, (peer.flash, peer.ram, peer.stack) if peer else (None, None, None))])
        named = sorted({one.peer for one in rows if one.target == target and one.peer})
        against = f"Peers: {', '.join(named)}." if named else "No peer was measured on this core."
        texts += [f"## {target}\n\n{against}\n", markdown.table(head, lines, texts=3)]
    return "\n".join(texts)


def plot(rows: list[Row]) -> bytes:
    """A group of bars for each target and shape: the ratio of every build; 1 is the peer."""
    import matplotlib  # only this command draws

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = [r for r in rows if r.ratio is not None]
    groups = list(dict.fromkeys((r.target, r.quant, f"{r.shape} {r.state}") for r in shown))
    kinds = list(dict.fromkeys((r.kernels, r.optimize) for r in shown))
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.16 * max(1, len(groups)) * max(1, len(kinds))))
    for which, kind in enumerate(kinds):
        found = {(r.target, r.quant, f"{r.shape} {r.state}"): r.ratio for r in shown if (r.kernels, r.optimize) == kind}
        places = [at + (which - (len(kinds) - 1) / 2) * 0.8 / len(kinds) for at in range(len(groups))]
        axes.barh(places, [found.get(group) or 0 for group in groups], 0.75 / len(kinds), label=" ".join(kind))
    axes.set_yticks(range(len(groups)), [" ".join(group) for group in groups])
    axes.invert_yaxis()
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("instructions, ratio to the fastest peer of the same arithmetic (line: the peer)")
    if shown:
        axes.legend()
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    pyplot.close(figure)
    return data.getvalue()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.cost.bench.ratios", description=__doc__)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("reports", type=Path, nargs="+")
    arguments = parser.parse_args()
    every = [verdict.sound(path) for path in arguments.reports]
    reports = [report for report in every if report["instructions"] is not None and report["flash"]]
    peers = read_peers(arguments.peers)
    rows = [row(report, peers) for report in reports]
    text = render(rows, reports, peers)
    for report in every:
        if report not in reports:
            reason = report["not_run"] or report["instructions_note"] or "no figures on this machine"
            text += f"left out: {report['target']} {report['model']['name']}: {reason}\n"
    document = {"version": 1, "rows": [asdict(one) for one in rows]}
    write_atomically(arguments.out / "bench.json", json.dumps(document, indent=1) + "\n")
    write_atomically(arguments.out / "bench.md", page(rows, reports, peers))
    write_atomically(arguments.out / "bench.png", plot(rows))
    write_atomically(arguments.out / "bench.txt", text)
    sys.stdout.write(text)


if __name__ == "__main__":
    run_main(main)
