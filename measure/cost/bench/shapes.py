# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The networks that peers were measured on, with random weights: ``python -m measure.cost.bench.shapes S1 --out
DIRECTORY`` writes S1.safetensors, S1.toml and S1.npz, a model and its samples like any other.
"""

from __future__ import annotations

import argparse
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.errors import run_main
from model.files import write_atomically
from model.signal import Array

SAMPLES = 4
CALIBRATION = 64


@dataclass(frozen=True)
class Shape:
    """A cell and a Dense on its last step, or on its whole sequence."""

    steps: int
    features: int
    units: int
    outputs: int
    whole: bool = False
    cell: str = "lstm"


SHAPES = {
    "S0": Shape(1, 32, 32, 16),
    "S1": Shape(32, 1, 32, 16),
    "S2": Shape(28, 28, 20, 10, whole=True),
    "S3": Shape(50, 6, 64, 6),
    "G1": Shape(32, 1, 32, 16, cell="gru"),
    "G2": Shape(28, 28, 20, 10, cell="gru"),
    "G3": Shape(50, 6, 64, 6, cell="gru"),
}
GATES = {"lstm": 4, "gru": 3}


def tensors(shape: Shape, random: np.random.Generator) -> dict[str, Array]:
    """Weights by PyTorch's names; rows of about unit length keep every signal alive."""

    def rows(count: int, columns: int) -> Array:
        return np.asarray(random.normal(size=(count, columns)) / np.sqrt(columns), np.float32)

    def biases(count: int) -> Array:
        return np.asarray(0.3 * random.normal(size=count), np.float32)

    inputs, count = shape.units * (shape.steps if shape.whole else 1), GATES[shape.cell] * shape.units
    return {
        f"{shape.cell}.weight_ih_l0": rows(count, shape.features),
        f"{shape.cell}.weight_hh_l0": rows(count, shape.units),
        f"{shape.cell}.bias_ih_l0": biases(count),
        f"{shape.cell}.bias_hh_l0": np.zeros(count, np.float32),
        "dense.weight": rows(shape.outputs, inputs),
        "dense.bias": biases(shape.outputs),
    }


def safetensors(arrays: dict[str, Array]) -> bytes:
    """A .safetensors of float32 arrays: the length of a JSON header, the header, the data."""
    header, data = {}, b""
    for name, array in arrays.items():
        span = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": span}
        data += array.astype("<f4").tobytes()
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def layers(shape: Shape) -> str:
    """The .toml that lists the layers."""
    flatten = '[[layer]]\nkind = "flatten"\n\n' if shape.whole else ""
    return (
        f"input = [{shape.steps}, {shape.features}]\n\n"
        f'[[layer]]\nkind = "{shape.cell}"\nweights = "{shape.cell}"\nreturn_sequences = {str(shape.whole).lower()}\n\n'
        f'{flatten}[[layer]]\nkind = "linear"\nweights = "dense"\n'
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.cost.bench.shapes", description=__doc__)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    shape, random = SHAPES[arguments.shape], np.random.default_rng(1)
    made = tensors(shape, random)
    windows = random.normal(size=(CALIBRATION + SAMPLES, shape.steps, shape.features)).astype(np.float32)
    samples = io.BytesIO()
    np.savez(samples, inputs=windows[CALIBRATION:], calibration=windows[:CALIBRATION])
    write_atomically(arguments.out / f"{arguments.shape}.safetensors", safetensors(made))
    write_atomically(arguments.out / f"{arguments.shape}.toml", layers(shape))
    write_atomically(arguments.out / f"{arguments.shape}.npz", samples.getvalue())


if __name__ == "__main__":
    run_main(main)
