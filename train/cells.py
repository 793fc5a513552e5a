# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What each format costs each cell: small forecasts of one data set, trained alike, as a table of docs/arithmetic.md.

``python -m train.cells [--cell GRU ...]``: mean distance of the outputs from those of the trained network, over windows
that it was not trained on; of several trainings the mean, and of int8 the largest. As multiples of the LSTM's with
tanh, int8 by three measures: that mean, root mean squares (error to outputs), and the mean to the outputs' range.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model import formats, quantise, readers, reference
from model.errors import run_main
from model.signal import to_real
from train import backend
from train.backend import Fitting

DATA = Path(__file__).parents[1] / "models/forecast/forecast.npz"
TRAINED, VALIDATED = 700, 800  # windows up to these numbers
UNITS = 16
SEEDS = (1, 2, 3)
FIRST = "LSTM, tanh"  # what the others are compared with

Cell = Callable[[Any], Any]  # keras.layers -> the layer


def _cell(kind: str, **settings: Any) -> Cell:
    return lambda layers: getattr(layers, kind)(UNITS, **settings)


CELLS: dict[str, Cell] = {
    FIRST: _cell("LSTM"),
    "LSTM, relu": _cell("LSTM", activation="relu"),
    "LSTM, relu and hard_sigmoid": _cell("LSTM", activation="relu", recurrent_activation="hard_sigmoid"),
    "LSTM, softsign": _cell("LSTM", activation="softsign"),
    "LSTM, elu": _cell("LSTM", activation="elu"),
    "GRU": _cell("GRU"),
    "SimpleRNN": _cell("SimpleRNN"),
}


def _fitted(keras: Any, cell: Cell, seed: int) -> Any:
    with np.load(DATA) as data:
        inputs, targets = data["inputs"], data["targets"]
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    network = keras.Sequential([layers.Input(inputs.shape[1:]), cell(layers), layers.Dense(targets.shape[1])])
    fitting = Fitting(seed=seed, epochs=60, batch_size=50, learning_rate=2e-3, loss="mean_absolute_error", patience=60)
    training, validation = ((inputs[part], targets[part]) for part in (slice(TRAINED), slice(TRAINED, VALIDATED)))
    backend.fit(keras, network, fitting, training, validation, lambda logs: f"loss {logs['loss']:.4f}")
    return network


def _distances(network: Any) -> dict[str, float]:
    """Of each format, of int8 by other measures, too; and of the trained network from the truth."""
    with np.load(DATA) as data:
        calibration, inputs, targets = data["inputs"][:TRAINED], data["inputs"][VALIDATED:], data["targets"][VALIDATED:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cell.keras"
        network.save(path)
        trained = readers.read(path)
    ideal = reference.run(trained, inputs)
    found = {"truth": float(np.abs(ideal - targets).mean())}
    for name in formats.names()[1:]:
        made = quantise.quantise(trained, calibration, name)
        outputs = to_real(reference.run(made, reference.stored_inputs(made, inputs)), made.output)
        found[name] = float(np.abs(outputs - ideal).mean())
        if name == formats.DEFAULT:
            found["rms"] = float(np.sqrt(((outputs - ideal) ** 2).mean() / (ideal**2).mean()))
            found["range"] = found[name] / float(np.ptp(ideal))
    return found


Runs = list[dict[str, float]]  # of one cell, a training each


def table(rows: dict[str, Runs], names: Sequence[str]) -> str:
    """Markdown."""
    int8 = formats.DEFAULT
    head = ["cell", "error against the truth", *(f"`{name}`" for name in names), f"largest `{int8}`"]
    head += [f"÷ {FIRST}", "the largest", "by squares", "by range"]
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    mean = {cell: {key: float(np.mean([run[key] for run in runs])) for key in runs[0]} for cell, runs in rows.items()}
    largest = {cell: max(run[int8] for run in runs) for cell, runs in rows.items()}
    for cell, found in mean.items():
        ratios = [found[int8] / mean[FIRST][int8], largest[cell] / largest[FIRST]]
        ratios += [found[key] / mean[FIRST][key] for key in ("rms", "range")]
        cells = [cell, f"{found['truth']:.4f}", *(f"{found[name]:.5f}" for name in names), f"{largest[cell]:.5f}"]
        lines.append(f"| {' | '.join((*cells, *(f'{ratio:.2f}' for ratio in ratios)))} |")
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m train.cells", description=__doc__)
    parser.add_argument("--cell", action="append", choices=tuple(CELLS), help="these alone, beside the first")
    chosen = parser.parse_args().cell or tuple(CELLS)
    keras = backend.start(SEEDS[0])
    rows: dict[str, Runs] = {}
    for name in dict.fromkeys((FIRST, *chosen)):
        print(name, flush=True)
        rows[name] = [_distances(_fitted(keras, CELLS[name], seed)) for seed in SEEDS]
    print(table(rows, formats.names()[1:]))


if __name__ == "__main__":
    run_main(main)
