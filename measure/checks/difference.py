# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the device and the reference (or the model as trained) first differ, and by how much.

``python -m measure.checks.difference NETWORK.npz --trained TRAINED.npz --samples SAMPLES --inputs inputs.npy --target
cortex-m4 --elf traced.elf --card model.json --out DIRECTORY`` runs a model generated with --trace and writes
compare.txt, compare.json and compare.png.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from measure.run import qemu
from model import planner, reference, samples, store, tolerance, trace
from model.errors import UserError, run_main
from model.escape import visible
from model.files import write_atomically
from model.layers import gates
from model.layers.base import Place
from model.network import Network, placed
from model.signal import Array
from model.trace import Key
from target.description import load_target

SAMPLES = 50  # compared: a trace of one is some KB
MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the time steps, where the table shows the distance to the trained model


@dataclass(frozen=True, eq=False)
class Row:
    """One quantity of one layer: device against reference, and against the trained model in real values."""

    place: Place
    layer: str  # its name, for people
    quantity: str
    count: int
    mismatches: int
    largest: float  # difference from the reference, stored units
    first: tuple[int, int, int] | None  # sample, step, unit of the first difference in the order of computation
    there: tuple[float, float] | None  # what the device has there, and the reference
    drift: Array  # (steps,) mean |device - trained| over samples and units


def _first(wrong: Array) -> tuple[int, int, int] | None:
    if not wrong.any():
        return None
    sample, step, unit = (int(k) for k in np.argwhere(wrong)[0])
    return sample, step, unit


def rows(network: Network, device: dict[Key, Array], expected: dict[Key, Array], ideal: dict[Key, Array]) -> list[Row]:
    """One row per quantity, in the order of computation."""
    names = {place: layer.name for place, layer in placed(network)}
    whole = tolerance.of(network) == tolerance.EXACT
    found = []
    for key, values in device.items():
        wanted = expected[key].astype(np.float64)
        difference = np.abs(values.astype(np.float64) - wanted)
        exact = whole or np.issubdtype(values.dtype, np.integer)
        wrong = ~(difference <= (0 if exact else 1e-5 * max(1.0, float(np.abs(wanted).max()))))
        real = trace.to_real(network, key, values)
        drift = np.abs(real - ideal[key]).mean(axis=(0, 2)) if key in ideal else np.full(values.shape[1], np.nan)
        place, quantity = key
        count, largest, first = int(wrong.sum()), float(difference.max()), _first(wrong)
        there = (float(values[first]), float(wanted[first])) if first else None
        found.append(Row(place, names[place], quantity, values.size, count, largest, first, there, drift))
    return found


def render(table: list[Row], order: trace.Order, samples_run: int) -> str:
    """The table as plain text."""
    head = f"{'layer':<20} {'quantity':<8} {'differing':>18} {'largest':>10}  {'first: sample, step, unit':<26}"
    lines = [f"Device against reference, then against the trained model, {samples_run} samples", ""]
    lines.append(head + " mean distance from the trained model at 0, 25, 50, 75, 100 % of the steps")
    for row in table:
        first = "-" if row.first is None else "{}, {}, {}".format(*row.first)
        at = [row.drift[round(mark * (len(row.drift) - 1))] for mark in (MARKS if len(row.drift) > 1 else MARKS[:1])]
        distance = " ".join(f"{value:9.2g}" for value in at)
        differing = f"{row.mismatches} of {row.count}"
        name = visible(row.layer)
        lines.append(f"{name:<20} {row.quantity:<8} {differing:>18} {row.largest:>10.3g}  {first:<26} {distance}")
    return "\n".join([*lines, "", verdict(table, order)]) + "\n"


def verdict(table: list[Row], order: trace.Order) -> str:
    """The difference that came first, in the first sample that has any."""
    found = [(row.first[0], order[row.place, row.quantity, row.first[1]], row.first, row) for row in table if row.first]
    if not found:
        return "Every intermediate value agrees with the reference."
    _, _, (sample, step, unit), row = min(found, key=lambda item: item[:2])
    what = f"gate {row.quantity}" if row.quantity in gates() else row.quantity
    assert row.there is not None
    values = "device {:.9g}, reference {:.9g}".format(*row.there)
    where = f"sample {sample}, step {step}, unit {unit}"
    return f"First difference: layer {visible(row.layer)}, {what}, {where}: {values}."


def parsed(data: bytes, network: Network, card: Mapping[str, Any], count: int) -> dict[Key, Array]:
    """What a run of a model generated with --trace has noted down; ``card``: its model.json."""
    assembled = [place for place, _ in placed(network) if str(place) in card["assembled"]]
    return trace.parse(data, planner.make(network, stream=False), assembled, count)


def horizon(outputs: Array, ideal: Array, targets: Array | None) -> dict[str, list[float]]:
    """Mean error per output element: quantised against trained, and both against the targets where they fit."""
    flat, wanted = (a.reshape(len(a), -1).astype(np.float64) for a in (outputs, ideal))
    curves = {"device against trained": np.abs(flat - wanted).mean(axis=0).tolist()}
    if targets is not None and targets.shape == ideal.shape:
        truth = targets.reshape(len(targets), -1)
        curves["device against truth"] = np.abs(flat - truth).mean(axis=0).tolist()
        curves["trained against truth"] = np.abs(wanted - truth).mean(axis=0).tolist()
    return curves


def plot(table: list[Row], curves: dict[str, list[float]], title: str) -> bytes:
    """Drift of hidden and cell states over the steps, and error over the outputs, as PNG."""
    import matplotlib  # only this command draws

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for row in table:
        if row.quantity in ("hidden", "cell"):
            style = "-" if row.quantity == "hidden" else "--"
            left.plot(np.arange(len(row.drift)), row.drift, style, marker=".", label=f"{row.layer} {row.quantity}")
    left.set(title="distance from the trained model", xlabel="time step", ylabel="mean absolute difference")
    for name, values in curves.items():
        right.plot(np.arange(1, len(values) + 1), values, marker=".", label=name)
    right.set(title="error over the outputs", xlabel="output element", ylabel="mean absolute error")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        axes.set_ylim(bottom=0)
    figure.suptitle(title)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=120, metadata={"Software": None})
    return buffer.getvalue()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.checks.difference", description=__doc__)
    parser.add_argument("network", type=Path)
    for name in ("trained", "samples", "inputs", "elf", "card", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--timeout", type=float, required=True, metavar="SECONDS")
    given = parser.parse_args()
    network, trained = store.load(given.network), store.load(given.trained)
    card = json.loads(given.card.read_text())
    inputs = np.load(given.inputs)[:SAMPLES]
    run = qemu.run(
        load_target(given.target),
        given.elf,
        inputs,
        output_dtype=card["output"]["dtype"],
        output_shape=tuple(card["output"]["shape"]),
        function=card["function"],
        timeout=given.timeout,
    )
    try:
        device = parsed(run.trace, network, card, len(inputs))
    except ValueError as error:
        raise UserError(f"{given.elf}: its trace does not fit the model ({error}); run compare again") from None
    expected, ideal = trace.Recorder(), trace.Recorder()
    reference.run(network, inputs, expected.observe)
    loaded = samples.load(given.samples, trained.given, trained.made)
    real = loaded.inputs[: len(inputs)]
    wanted = reference.run(trained, real, ideal.observe) if not trained.came_quantised else None
    table = rows(network, device, expected.values, ideal.values)
    text = render(table, trace.order_of_computation(planner.make(network, stream=False)), len(inputs))
    real_outputs = network.made.to_real(run.outputs)
    targets = None if loaded.targets is None else loaded.targets[: len(inputs)]
    curves = horizon(real_outputs, real_outputs if wanted is None else wanted, targets)
    records = [{**vars(row), "place": str(row.place), "drift": row.drift.tolist()} for row in table]
    document = {"version": 1, "quantities": records, "horizon": curves}
    write_atomically(given.out / "compare.json", json.dumps(document, indent=1) + "\n")
    write_atomically(given.out / "compare.png", plot(table, curves, f"{network.name}, {network.quantisation}"))
    write_atomically(given.out / "compare.txt", text)


if __name__ == "__main__":
    run_main(main)
