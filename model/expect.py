# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the device must compute: inputs in the network's input type, and the reference's outputs for them.

``python -m model.expect NETWORK.npz --model MODEL --samples SAMPLES --out DIRECTORY`` writes

* ``inputs.npy`` (N, T, F) and ``expected.npy`` (N, ...), in the network's own types;
* ``float.npy`` (N, ...) float32: the outputs of the model as it was trained, real values; of a model that came
  quantised, the real values of ``expected.npy``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from model import readers, reference, samples, store
from model.errors import run_main
from model.files import npy_bytes, write_atomically


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="model.expect", description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    network, trained = store.load(arguments.network), readers.read(arguments.model)
    given = samples.load(arguments.samples, trained.input).inputs
    inputs = given if given.dtype == network.input.dtype else reference.stored_inputs(network, given)
    expected = reference.run(network, inputs)
    real = trained.quantisation == "float32"
    ideal = reference.run(trained, given) if real else reference.to_real(expected, network.output)
    for name, array in (("inputs", inputs), ("expected", expected), ("float", ideal.astype(np.float32))):
        write_atomically(arguments.out / f"{name}.npy", npy_bytes(np.ascontiguousarray(array)))


if __name__ == "__main__":
    run_main(main)
