# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Damaged .tflite files."""

from __future__ import annotations

import copy
import random
from pathlib import Path

import numpy as np

from model import quantise, readers
from model.network import Network
from tests.oracle import models, tflite_writer, twin
from tests.oracle.changed import changed
from tests.oracle.flatbuffer import File, pack
from tests.oracle.twin import Apart
from tests.support.damaged.keras import LAYERS
from tests.support.damaged.values import Files, Kinds, damaged_bytes
from tests.support.keras_files import archive


def _graphs(network: Network) -> list[tuple[File, list[int], list[int]]]:
    windows = np.random.default_rng(0).normal(0, 1, (20, *network.input.shape)).astype(np.float32)
    networks = [
        network,
        *(quantise.quantise(network, windows, mode) for mode in ("dynamic", "int8", "int16x8")),
        *(models.random_network(name, "int8") for name in ("both_ways", "stacked", "dense_first", "real_output")),
    ]
    graphs = []
    for each in networks:
        file = File()
        first = number = file.tensor(tflite_writer._tensor(each.input))
        for index, layer in enumerate(each.layers):
            number = tflite_writer._layer(file, layer, number, each.input_of(index))
        graphs.append((file, [first], [number]))
    return graphs


class Tflite(Files):
    """Whole graphs, and cells that the converter took apart."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.graphs = _graphs(readers.read(archive(folder / "a.keras", LAYERS)))
        self.tflite = [pack(*graph) for graph in self.graphs]

    def tflite_bytes(self, rng: random.Random) -> Path:
        """A damaged .tflite."""
        return self.write("m.tflite", damaged_bytes(rng, rng.choice(self.tflite)))

    def tflite_graph(self, rng: random.Random) -> Path:
        """A well-formed .tflite of a graph that makes no sense: circles, missing buffers, hostile sizes and types."""
        file, inputs, outputs = copy.deepcopy(rng.choice(self.graphs))
        for _ in range(rng.choice((1, 1, 2, 4))):
            operator, tensor = rng.choice(file.operators), rng.choice(file.tensors)
            action = rng.randrange(10)
            if action == 0 and operator.inputs:
                operator.inputs[rng.randrange(len(operator.inputs))] = rng.randrange(-2, len(file.tensors) + 1)
            elif action == 1:
                operator.outputs = [rng.randrange(len(file.tensors)) for _ in range(rng.randrange(3))]
            elif action == 2:
                operator.code = rng.choice(file.operators).code
            elif action == 3:
                tensor.data = rng.choice(
                    (b"", tensor.data[: len(tensor.data) // 2], tensor.data * 2, b"\xff" * len(tensor.data))
                )
            elif action == 4:
                sizes = (0, 1, 2, 3, -1, 5, 2**16, 2**31 - 1, -(2**31))
                tensor.shape = tuple(rng.choice(sizes) for _ in range(rng.randrange(7)))
            elif action == 5:
                values = (0.0, -1.0, 1e-30, 1e30, 0.5, 2.0**-15, float("nan"), float("inf"))
                tensor.scale = np.array([rng.choice(values) for _ in range(rng.randrange(4))], np.float32)
            elif action == 6:
                tensor.zero_point = rng.choice((0, 1, -128, 127, 128, 2**31, 2**62, -(2**63)))
            elif action == 7:
                tensor.dtype, tensor.variable = (
                    rng.choice(("float32", "int32", "int64", "int8", "int16")),
                    rng.random() < 0.3,
                )
            elif action == 8:
                operator.inputs = operator.inputs[: rng.randrange(len(operator.inputs) + 1)]
            else:
                rng.choice((inputs, outputs))[:] = [rng.randrange(len(file.tensors)) for _ in range(rng.randrange(3))]
        return self.write("m.tflite", pack(file, inputs, outputs))


class Cells(Files):
    """Loops and unrolled cells, from TensorFlow's converter."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        wide = ("LSTM", {"units": 4, "return_sequences": True}), ("GRU", {"units": 3}), ("Dense", {"units": 2})
        unrolled = tuple((kind, {**settings, "unroll": True}) for kind, settings in wide[:2])
        made = [
            Apart("damaged-loop", (5, 3), wide),
            Apart("damaged-list", (5, 3), wide, open_batch=True),
            Apart("damaged-unrolled", (5, 3), unrolled, library="tf_keras"),
        ]
        twin.prepare(list(made))
        self.apart = [each.path.read_bytes() for each in made]

    def tflite_cells(self, rng: random.Random) -> Path:
        """A damaged .tflite with cells taken apart, or a well-formed one of which a few things are others."""
        data = rng.choice(self.apart)
        if rng.random() < 0.4:
            return self.write("m.tflite", damaged_bytes(rng, data))
        for _ in range(rng.choice((1, 2, 3))):
            data = changed(data, rng)
        return self.write("m.tflite", data)


KINDS: Kinds = {
    "tflite-bytes": (Tflite, Tflite.tflite_bytes),
    "tflite-graph": (Tflite, Tflite.tflite_graph),
    "tflite-cells": (Cells, Cells.tflite_cells),
}
