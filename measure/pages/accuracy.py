# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What quantisation costs, as a page.

``python -m measure.pages.accuracy --out docs/accuracy.md --build REPORT.json TRAINED.npz NETWORK.npz SAMPLES FLOAT.npy
...``: every figure comes from what the device computed (outputs.npy beside each report) or, for the drift of the
hidden state, from the reference that it equals.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from measure.checks import verdict
from model import metadata, reference, samples, store, trace
from model.errors import run_main
from model.files import write_atomically
from model.metadata import Metadata
from model.network import Network, placed
from model.signal import Array, to_real

QUALITIES = {"accuracy": "accuracy", "mae": "MAE against truth", "roc_auc": "ROC AUC"}
MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the time steps
HEAD = """# What quantisation costs

Regenerate with `./scons docs`; a test checks that this page is current. All figures are over the test windows that
ship with each model, computed on {core} under QEMU with its best kernel set for each quantisation. `float32` differs
from the trained model in the last bits only; the integer modes equal the reference exactly on every target.

"""


@dataclass(frozen=True, eq=False)
class Result:
    """One shipped model in one quantisation."""

    report: dict[str, Any]
    network: Network
    outputs: Array  # real values
    ideal: Array  # of the trained model
    targets: Array
    told: Metadata
    drift: Array  # (steps,) mean |hidden - trained hidden|


def _drift(network: Network, trained: Network, given: Array) -> Array:
    stored, real = trace.Recorder(), trace.Recorder()
    reference.run(network, reference.stored_inputs(network, given), stored.observe)
    reference.run(trained, given, real.observe)
    key = next((place, "hidden") for place, layer in placed(network) if layer.keeps_state)
    hidden = trace.to_real(network, key, stored.values[key])
    return np.asarray(np.abs(hidden - real.values[key]).mean(axis=(0, 2)))


def load(report: Path, trained_path: Path, network_path: Path, windows: Path, ideal: Path) -> Result:
    """Everything about one report of a shipped model."""
    trained, network = store.load(trained_path), store.load(network_path)
    data = samples.load(windows, trained.given, trained.made)
    assert data.targets is not None
    return Result(
        verdict.sound(report),
        network,
        to_real(np.load(report.with_name("outputs.npy")), network.output),
        np.load(ideal),
        data.targets,
        metadata.read(windows),
        _drift(network, trained, data.inputs),
    )


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join([_row(head), _row(["---"] + ["---:"] * (len(head) - 1)), *map(_row, rows)]) + "\n"


def _quality(result: Result, value: float) -> str:
    targets = result.report["error"]["targets"]
    if targets["measure"] == "accuracy":
        return f"{100 * value:.1f} %"
    return f"{value:.3f} {targets['unit'] or ''}".strip()


def _rivals(result: Result) -> str:
    """What needs no network, or nothing."""
    said = ", ".join(f"{name} {_quality(result, score)}" for name, score in result.told.rivals)
    return f"Without a network, over the whole test part: {said}.\n\n" if said else ""


def _summary(results: list[Result]) -> str:
    measure = results[0].report["error"]["targets"]["measure"]
    quality = QUALITIES[measure]
    rows = [
        [
            f"`{r.report['quantisation']}`",
            _quality(r, r.report["error"]["targets"]["device"]),
            f"{r.report['error']['float']['mae']:.2g}",
            f"{r.report['error']['float']['max_abs']:.2g}",
            f"{r.report['flash']['weights']:,}",
            f"{r.report['ram']['total']:,}",
        ]
        for r in results
    ]
    return _table(["quant", quality, "mean distance from trained", "largest", "weights, bytes", "RAM, bytes"], rows)


def _horizon(results: list[Result]) -> str:
    """MAE against truth by element of the forecast."""
    scaling = results[0].told.output[0]
    length = results[0].outputs.shape[-1]
    at = [k for k in (1, 2, 4, 8, 12, 16) if k <= length]
    curves = {"trained": results[0].ideal} | {f"`{r.report['quantisation']}`": r.outputs for r in results}
    rows = []
    for name, values in curves.items():
        errors = scaling * np.abs(values - results[0].targets).mean(axis=0)
        rows.append([name, *(f"{errors[k - 1]:.3f}" for k in at)])
    return _table([f"MAE, {results[0].told.unit}, step ahead", *map(str, at)], rows)


def _drifts(results: list[Result]) -> str:
    steps = len(results[0].drift)
    marks = sorted({round(mark * (steps - 1)) for mark in MARKS})
    rows = [[f"`{r.report['quantisation']}`", *(f"{r.drift[k]:.1e}" for k in marks)] for r in results if r.drift.any()]
    return _table(["hidden state, distance from trained at step", *(str(k + 1) for k in marks)], rows)


def page(results: list[Result]) -> str:
    """The whole page, a section a model."""
    first = results[0].report
    text = HEAD.format(core=first["target"])
    for name in dict.fromkeys(r.report["model"]["source"] for r in results):
        own = [r for r in results if r.report["model"]["source"] == name]
        text += f"## {Path(name).stem}\n\n{_summary(own)}\n{_rivals(own[0])}"
        if own[0].told.task == "forecast":
            text += f"Error over the horizon:\n\n{_horizon(own)}\n"
        text += f"Error over the window:\n\n{_drifts(own)}\n"
    return text.rstrip() + "\n"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.pages.accuracy", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    build = ("REPORT", "TRAINED", "NETWORK", "SAMPLES", "FLOAT")
    parser.add_argument("--build", type=Path, nargs=5, action="append", required=True, metavar=build, dest="builds")
    arguments = parser.parse_args()
    write_atomically(arguments.out, page([load(*build) for build in arguments.builds]))


if __name__ == "__main__":
    run_main(main)
