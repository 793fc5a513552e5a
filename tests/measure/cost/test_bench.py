# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The bench compares like with like, and its figures are those of the reports and of the peers' file."""

from __future__ import annotations

import csv
import json

import pytest

from measure.cost.bench import ratios
from model import formats
from tests.probe import ROOT
from tests.support.checkout import Shared

PEERS = ROOT / "measure/cost/bench/peers/peers.csv"


def instructions(**wanted: str) -> int:
    """The only row of peers.csv with these values."""
    with PEERS.open(newline="") as file:
        (row,) = [r for r in csv.DictReader(file) if all(r[key] == value for key, value in wanted.items())]
    return int(row["insn_per_inference"])


def _cells(line: str) -> list[str]:
    """Of a row of a table, whatever its columns' widths."""
    return [cell.strip() for cell in line.split("|")]


@pytest.mark.parametrize(
    ("shape", "target", "state", "peer"),
    [
        ("S0", "cortex-m4", "window", {"peer": "s8 CMSIS-NN", "core": "m4"}),
        ("S0", "cortex-m4", "stream", {"peer": "s8 CMSIS-NN stateful", "core": "m4"}),
        ("S1", "cortex-m0plus", "window", {"peer": "s8 CMSIS-NN", "core": "m0"}),
        ("S1", "cortex-m55", "window", {"peer": "s8 CMSIS-NN/clang16", "core": "m55"}),
        ("S3", "rv32imc", "window", {"peer": "s8 CMSIS-NN", "core": "rv32"}),
        ("G1", "cortex-m4", "window", {"peer": "s8 NNoM", "core": "m4"}),
    ],
)
def test_a_peer_of_the_same_arithmetic_and_state(shape: str, target: str, state: str, peer: dict[str, str]) -> None:
    found = ratios.best_peer(ratios.read_peers(PEERS), shape, target, "int8", state)
    assert found is not None
    assert found.instructions == instructions(shape=shape, opt="-Ofast", **peer)


def test_no_peer_where_none_was_measured() -> None:
    peers = ratios.read_peers(PEERS)
    assert ratios.best_peer(peers, "S1", "rv64gcv", "int8", "window") is None
    assert ratios.best_peer(peers, "S1", "cortex-m4", "dynamic", "window") is None
    fastest = ratios.best_peer(peers, "S1", "cortex-m4", "float32", "window")
    assert fastest is not None
    assert fastest.name == "f32 emx-onnx-cgen"


def test_bench_builds_the_shapes_and_writes_what_was_measured(built: Shared) -> None:
    root = built("bench", "target=cortex-m4", "model=S0", "kernels=asm", "quant=int8,int16x8").root
    rows = json.loads((root / "build/bench/bench.json").read_text())["rows"]
    assert {(r["shape"], r["quant"], r["optimize"], r["state"]) for r in rows} == {
        ("S0", quantisation, optimize, state)
        for quantisation in ("int8", "int16x8")
        for optimize in ("size", "balanced", "speed")
        for state in ("window", "stream")
    }
    for r in rows:
        ending = ("" if r["optimize"] == "balanced" else f"-{r['optimize']}") + ("-stream" * (r["state"] == "stream"))
        report = json.loads((root / f"build/cortex-m4/S0/{r['quant']}-asm{ending}/report.json").read_text())
        assert report["error"]["reference"]["mismatches"] == 0
        assert (r["instructions"], r["ram"], r["stack"]) == (
            report["instructions"], report["ram"]["total"], report["stack"]["bound"],
        )  # fmt: skip
        assert r["ratio"] == pytest.approx(r["instructions"] / r["peer_instructions"], abs=1e-4)
    page = (ROOT / "docs/bench.md").read_text()
    shown = [line for line in (root / "build/bench/bench.md").read_text().splitlines() if line.startswith("| S0")]
    assert len(shown) == len(rows)
    assert [line for line in map(_cells, shown) if line not in [_cells(line) for line in page.splitlines()]] == []
    assert {line[2] for line in map(_cells, page.splitlines()) if line[1:2] == ["S0 window"]} == set(formats.names())
    assert (root / "build/bench/bench.png").read_bytes().startswith(b"\x89PNG")
    assert f"{rows[0]['instructions']:,}" in (root / "build/bench/bench.txt").read_text()
