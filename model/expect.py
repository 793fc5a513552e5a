# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the device must compute: inputs in the network's input type, and the reference's outputs for them.

``python -m model.expect NETWORK.npz --trained TRAINED.npz --samples SAMPLES --state STATE --out DIRECTORY`` writes

* ``inputs.npy`` (N, T, F) and ``expected.npy`` (N, ...), in the network's own types;
* ``saturation.json``: how many samples leave the range that some signal of an integer network covers;
* ``float.npy`` (N, ...) float32: the outputs of the model as it was trained, real values; of a model that came
  quantised, the real values of ``expected.npy``.

All of them for samples that each start from reset, or that go on as one stream: ``network.goes_on`` tells.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model import reference, samples, store
from model.errors import run_main
from model.escape import visible
from model.files import npy_bytes, write_atomically
from model.layers.base import Place
from model.network import STATES, Network, goes_on, placed
from model.signal import Array, Signal


@dataclass(frozen=True)
class Clipped:
    """In how many samples one signal leaves its range."""

    layer: str  # its name, for people; empty: the network's input
    place: str
    quantity: str
    samples: int


class Saturation:
    """Counts samples in which the trained model leaves what the integer network covers.

    ``observe`` fits ``reference.run`` of the trained model: it sees real values.
    """

    def __init__(self, network: Network) -> None:
        self.signals: dict[tuple[Place, str], Signal] = {}
        self.names: dict[Place, str] = {}
        self.found: list[Clipped] = []
        for place, layer in placed(network) if network.format.integer else ():
            self.names[place] = layer.name
            self.signals |= {(place, quantity): signal for quantity, signal in layer.signals().items()}

    def observe(self, place: Place, quantity: str, values: Array) -> None:
        """Count the samples of (N, ...) with a value outside the range."""
        signal = self.signals.get((place, quantity))
        if signal is not None:
            self.count(self.names[place], str(place), quantity, signal, values)

    def count(self, layer: str, place: str, quantity: str, signal: Signal, real: Array) -> None:
        """Keep the number of samples with any value outside what ``signal`` covers.

        By more than a step: the 1.0 of a sigmoid or softmax is one step above the largest number that TFLite gives it.
        """
        stored = real / signal.scale + signal.zero_point
        outside = (stored < signal.low - 1) | (stored > signal.high + 1)
        samples = int(outside.reshape(len(outside), -1).any(axis=1).sum())
        if samples:
            self.found.append(Clipped(layer, place, quantity, samples))


def ideal_outputs(
    network: Network, trained: Network, given: Array, expected: Array, state: str = "window"
) -> tuple[Array, list[Clipped]]:
    """Real outputs of the model as trained, and how many samples each signal of the quantised one cannot hold."""
    if trained.came_quantised:
        return network.made.to_real(expected), []
    seen = Saturation(network)
    if network.format.integer:
        real = given if network.normalise is None else network.normalise.applied(given)
        for number, (signal, part) in enumerate(zip(network.inputs, network.given.parts(real), strict=True)):
            seen.count("", "", f"input {number}" if number else "input", signal, part)
    return reference.run(trained, given, seen.observe, goes_on=goes_on(network, state)), seen.found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="model.expect", description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("--trained", type=Path, required=True)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--state", choices=STATES, default="window")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    network, trained = store.load(arguments.network), store.load(arguments.trained)
    loaded = samples.load(arguments.samples, trained.given, trained.made)
    given = loaded.inputs
    inputs = given if loaded.stored else reference.stored_inputs(network, given)
    expected = reference.run(network, inputs, goes_on=goes_on(network, arguments.state))
    ideal, clipped = ideal_outputs(network, trained, given, expected, arguments.state)
    for one in clipped:
        what = visible(f"{one.layer} {one.quantity}".lstrip())
        print(f"lstmcu: warning: {what} leaves its range in {one.samples} of {len(inputs)} samples", file=sys.stderr)
    for name, array in (("inputs", inputs), ("expected", expected), ("float", ideal.astype(np.float32))):
        write_atomically(arguments.out / f"{name}.npy", npy_bytes(np.ascontiguousarray(array)))
    write_atomically(arguments.out / "saturation.json", json.dumps([vars(one) for one in clipped]) + "\n")


if __name__ == "__main__":
    run_main(main)
