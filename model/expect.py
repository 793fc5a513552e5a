# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the device must compute: inputs in the network's input type, and the reference's outputs for them.

``python -m model.expect NETWORK.npz --model MODEL --samples SAMPLES --out DIRECTORY`` writes

* ``inputs.npy`` (N, T, F) and ``expected.npy`` (N, ...), in the network's own types;
* ``saturation.json``: how many samples leave the range that some signal of an integer network covers;
* ``float.npy`` (N, ...) float32: the outputs of the model as it was trained, real values; of a model that came
  quantised, the real values of ``expected.npy``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from model import readers, reference, samples, store
from model.errors import run_main
from model.files import npy_bytes, write_atomically
from model.network import Array, Network, Signal, directions
from model.quantise import INTEGER_TYPES


class Saturation:
    """Counts samples in which the trained model leaves what the integer network covers.

    ``observe`` fits ``reference.run`` of the trained model: it sees real values.
    """

    def __init__(self, network: Network) -> None:
        self.signals: dict[tuple[str, str], Signal] = {}
        self.samples: dict[str, int] = {}
        for layer in network.layers if network.quantisation in INTEGER_TYPES else ():
            self.signals[layer.name, "output"] = layer.output
            for lstm in directions(layer):
                self.signals[lstm.name, "hidden"] = lstm.output
                self.signals[lstm.name, "cell"] = Signal((lstm.units,), "int16", lstm.cell_scale)

    def observe(self, layer: str, quantity: str, values: Array) -> None:
        """Count the samples of (N, ...) with a value more than half a step outside the range."""
        signal = self.signals.get((layer, quantity))
        if signal is not None:
            self.count(f"{layer} {quantity}", signal, values)

    def count(self, name: str, signal: Signal, real: Array) -> None:
        """Keep the number of samples with any value outside what ``signal`` covers."""
        stored = real / signal.scale + signal.zero_point
        outside = (stored < signal.low - 0.5) | (stored > signal.high + 0.5)
        samples = int(outside.reshape(len(outside), -1).any(axis=1).sum())
        if samples:
            self.samples[name] = samples


def ideal_outputs(network: Network, trained: Network, given: Array, expected: Array) -> tuple[Array, dict[str, int]]:
    """Real outputs of the model as trained, and how many samples each signal of the quantised one cannot hold."""
    if trained.quantisation != "float32":
        return reference.to_real(expected, network.output), {}
    seen = Saturation(network)
    if network.quantisation in INTEGER_TYPES:
        real = given if network.normalise is None else reference.normalised(network.normalise, given)
        seen.count("input", network.input, real)
    return reference.run(trained, given, seen.observe), seen.samples


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="model.expect", description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    network, trained = store.load(arguments.network), readers.read(arguments.model)
    loaded = samples.load(arguments.samples, trained.input, trained.output)
    given = loaded.inputs
    inputs = given if loaded.stored else reference.stored_inputs(network, given)
    expected = reference.run(network, inputs)
    ideal, clipped = ideal_outputs(network, trained, given, expected)
    for name, count in clipped.items():
        print(f"lstmcu: warning: {name} leaves its range in {count} of {len(inputs)} samples", file=sys.stderr)
    for name, array in (("inputs", inputs), ("expected", expected), ("float", ideal.astype(np.float32))):
        write_atomically(arguments.out / f"{name}.npy", npy_bytes(np.ascontiguousarray(array)))
    write_atomically(arguments.out / "saturation.json", json.dumps(clipped) + "\n")


if __name__ == "__main__":
    run_main(main)
