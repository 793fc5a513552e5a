# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Every field of a sound .tflite set to something else: the file is refused, or computes what tflite-micro computes.

No field may be passed over: what the reader ignores must be without effect there too.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite as schema

from model import reference
from model.errors import UserError
from model.network import Network
from model.readers.tflite import KIND
from model.signal import Array
from tests.oracle import models, tflite_writer
from tests.oracle.flatbuffer import File, pack
from tests.oracle.interpreters import run_micro

Change = Callable[[File], None]
SHAPE = (4, 2)
NETWORKS: dict[str, Callable[[models.Random], models.Random]] = {
    "last": lambda random: random.lstm(3).dense(2).activation("softmax"),
    "both ways": lambda random: random.bidirectional(3).dense(2, "relu"),
    "every step": lambda random: random.dense(3).lstm(3, True).activation("tanh"),
}
# of each field the values to try beside its own
OTHERS: dict[str, tuple[Any, ...]] = {
    "FusedActivationFunction": (0, 1, 2, 3, 4, 5),
    "CellClip": (0.0, 0.25, 10.0, -1.0),
    "ProjClip": (0.0, 0.25),
    "TimeMajor": (True, False),
    "AsymmetricQuantizeInputs": (True, False),
    "DiagonalRecurrentTensors": (True, False),
    "WeightsFormat": (1,),
    "KeepNumDims": (True, False),
    "QuantizedBiasType": (1, 2, 3, 4, 9),
    "Axis": (0, 1, 2, -1, 3),
    "Beta": (0.5, 2.0, 0.0),
    "BeginMask": (0, 1, 4, 7),
    "EndMask": (0, 1, 4, 7),
    "EllipsisMask": (1, 2),
    "NewAxisMask": (1, 2),
    "ShrinkAxisMask": (0, 1, 4, 6),
    "Offset": (True,),
}


@dataclass(frozen=True)
class Made:
    """A file in the making, its network, inputs, and the tensors it reads and writes."""

    network: Network
    file: File
    first: int
    last: int
    inputs: Array


def made(name: str) -> Made:
    network = NETWORKS[name](models.Random(1, "int8", SHAPE)).network()
    file = File()
    first = number = file.tensor(tflite_writer._tensor(network.input))
    for index, layer in enumerate(network.layers):
        number = tflite_writer._layer(file, layer, number, network.input_of(index))
    return Made(network, file, first, number, models.stored_inputs(network.input, 120)[::3])


def option_changes(file: File) -> Iterator[tuple[str, Change]]:
    """Every field of every operator's options, whether the file sets it or not."""
    for at, operator in enumerate(file.operators):
        table = operator.options[0]
        fields = [name.removeprefix(f"{table}Add") for name in dir(schema) if table and name.startswith(f"{table}Add")]
        for name in fields:
            if name == "NewShape":
                continue  # a vector; RESHAPE takes its second input
            for value in OTHERS[name]:  # a field that is not listed is a field that nobody thought of
                yield f"{at} {operator.code} {name}={value}", _option(at, name, value)


def _option(at: int, name: str, value: Any) -> Change:
    return lambda file: file.operators[at].options[1].update({name: value})


def _tensor(at: int, name: str, value: Any) -> Change:
    return lambda file: setattr(file.tensors[at], name, value)


def tensor_changes(file: File) -> Iterator[tuple[str, Change]]:
    """Every part of every tensor's quantisation, and whether it is a variable."""
    for at, tensor in enumerate(file.tensors):
        yield f"tensor {at} variable={not tensor.variable}", _tensor(at, "variable", not tensor.variable)
        if tensor.scale is None:
            continue
        two = np.repeat(tensor.scale[:1], 2)
        values: dict[str, list[Any]] = {
            "scale": [tensor.scale * np.float32(2), tensor.scale * np.float32(0.75), two, two[:0], -tensor.scale],
            "zero_point": [tensor.zero_point + 1, tensor.zero_point - 1, 0, 5, 128, -129],
            "axis": [1, 3],
        }
        for name, others in values.items():
            for value in others:
                yield f"tensor {at} {name}={value}", _tensor(at, name, value)


def outcome(given: Made, change: Change, path: Path) -> str:
    """refused, same or different."""
    file = copy.deepcopy(given.file)
    change(file)
    data = pack(file, [given.first], [given.last])
    path.write_bytes(data)
    try:
        network = KIND.read(path, "model", "")
    except UserError:
        return "refused"
    try:
        due = run_micro(data, given.inputs)
    except (RuntimeError, ValueError):
        return "unrunnable"
    return "same" if np.array_equal(reference.run(network, given.inputs).reshape(due.shape), due) else "different"


def check(given: Made, changes: Iterator[tuple[str, Change]], path: Path) -> dict[str, int]:
    found = {name: outcome(given, change, path) for name, change in changes}
    wrong = {name: result for name, result in found.items() if result in ("different", "unrunnable")}
    assert not wrong
    return {result: list(found.values()).count(result) for result in found.values()}


@pytest.mark.parametrize("name", NETWORKS)
def test_options(name: str, tmp_path: Path) -> None:
    given = made(name)
    counts = check(given, option_changes(given.file), tmp_path / "m.tflite")
    assert counts["refused"] > 10, counts
    assert counts["same"] > 5, counts


@pytest.mark.parametrize("name", NETWORKS)
def test_quantisation_of_tensors(name: str, tmp_path: Path) -> None:
    given = made(name)
    counts = check(given, tensor_changes(given.file), tmp_path / "m.tflite")
    assert counts["refused"] > 50, counts
    assert counts["same"] > 20, counts
