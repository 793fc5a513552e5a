# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Read a trained model and quantise it as asked.

``python -m model.prepare MODEL --samples SAMPLES --quant int8 --out NETWORK.npz``
"""

from __future__ import annotations

import argparse
from pathlib import Path

from model import quantise, readers, samples, store
from model.errors import UserError, run_main
from model.network import QUANTISATIONS, Network


def prepare(model: Path, samples_path: Path, quantisation: str) -> Network:
    """The network that the device will run."""
    network = readers.read(model)
    data = samples.load(samples_path, network.input, network.output)
    if network.quantisation != "float32":
        if network.quantisation != quantisation:
            raise UserError(f"{model}: comes quantised: give quant={network.quantisation}")
        return network
    quantised = quantise.quantise(network, data.calibration, quantisation)
    if quantisation in quantise.INTEGER_TYPES:
        print(f"{model.name} as {quantisation}, over {len(data.calibration)} samples of {samples_path.name}:")
        print(quantise.describe(quantised))
    return quantised


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="model.prepare", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--quant", choices=QUANTISATIONS, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    store.save(prepare(arguments.model, arguments.samples, arguments.quant), arguments.out)


if __name__ == "__main__":
    run_main(main)
