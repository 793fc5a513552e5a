# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's weights without a .toml: read where they leave one reading, else a .toml to start from that works."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.kinds import check
from model.network import Network
from model.signal import Array
from tests.oracle.weights_json import expected
from tests.support import json_files
from tests.support.safetensors_files import write

DATA = Path(__file__).parent / "data"
STEPS = 32
START = re.compile(r"write m\.toml with (input = \[\d+, \d+\]) and (layer = \[.*\])(?:, put right| \(docs)")


def cell(prefix: str, gates: int, features: int, units: int, tail: str = "_l0") -> dict[str, Array]:
    """Tensors of a cell."""
    rng = np.random.default_rng(gates)
    shapes = {"weight_ih": (gates * units, features), "weight_hh": (gates * units, units)}
    shapes |= dict.fromkeys(("bias_ih", "bias_hh"), (gates * units,))
    return {f"{prefix}.{name}{tail}": rng.normal(0, 0.3, shape).astype("f4") for name, shape in shapes.items()}


def linear(prefix: str, inputs: int, outputs: int) -> dict[str, Array]:
    """Tensors of a Linear."""
    rng = np.random.default_rng(inputs)
    shapes = {"weight": (outputs, inputs), "bias": (outputs,)}
    return {f"{prefix}.{name}": rng.normal(0, 0.3, shape).astype("f4") for name, shape in shapes.items()}


def read(folder: Path, tensors: dict[str, Array], toml: str = "") -> Network:
    if toml:
        (folder / "m.toml").write_text(toml)
    return readers.read(write(folder / "m.safetensors", tensors))


def windows(network: Network, x: Array) -> Array:
    return reference.run(network, x.reshape(1, -1, x.shape[-1]))[0]


# what there is: the tensors, and what they are taken for
SURE: dict[str, tuple[dict[str, Array], list[str]]] = {
    "lstm and head": (cell("rnn", 4, 2, 3) | linear("fc", 3, 2), ["lstm", "dense"]),
    "gru alone": (cell("encoder.gru", 3, 1, 4), ["gru"]),
    "stacked": (cell("rnn", 4, 2, 3) | cell("rnn", 4, 3, 3, "_l1") | linear("out", 3, 3), ["lstm", "lstm", "dense"]),
    "without biases": (
        {name: each for name, each in (cell("a", 3, 2, 3) | linear("b", 3, 1)).items() if "bias" not in name},
        ["gru", "dense"],
    ),
    "head of its name first": (linear("a", 3, 1) | cell("b", 4, 1, 3), ["lstm", "dense"]),
}


@pytest.mark.parametrize("name", SURE)
def test_one_reading(name: str, tmp_path: Path) -> None:
    """Step by step what its own .toml says of whole windows, and the note's .toml is that."""
    tensors, kinds = SURE[name]
    network = read(tmp_path, tensors)
    assert [layer.kind for layer in network.layers] == kinds
    assert (network.endless, network.given.shape[0]) == (True, 1)
    assert check(tmp_path / "m.safetensors").state(tmp_path / "m.safetensors") == "stream"
    told = re.search(r"no m\.toml lists its layers: .* with no function behind; ", network.notes[0])
    assert told
    start = START.search(network.notes[0])
    assert start
    toml = "\n".join(start.groups())
    x = np.random.default_rng(0).normal(0, 1, (STEPS, network.given.shape[-1])).astype("f4")
    streamed = reference.run(network, x[:, None], goes_on=True)[:, 0]
    own = read(tmp_path, tensors, toml)
    assert not own.endless
    assert check(tmp_path / "m.safetensors").state(tmp_path / "m.safetensors") == "window"
    np.testing.assert_array_equal(windows(own, x), streamed[-1])  # by default the last step alone
    every = toml.replace(", weights", ", return_sequences = true, weights", 1)
    np.testing.assert_array_equal(windows(read(tmp_path, tensors, every), x), streamed)


def test_it_is_what_pytorch_computes(tmp_path: Path) -> None:
    document: dict[str, Any] = json_files.guitarml(np.random.default_rng(0), inputs=2, skip=0)
    network = read(tmp_path, {name: np.array(each, "f4") for name, each in document["state_dict"].items()})
    x = np.random.default_rng(0).normal(0, 1, (50, 2)).astype("f4")
    streamed = reference.run(network, x[:, None], goes_on=True)[:, 0]
    np.testing.assert_allclose(streamed, expected(document, x), rtol=0, atol=1e-6)


TWO = linear("fc1", 3, 8) | linear("fc2", 8, 1)
# what there is: the tensors, why there are several readings, and the kinds of the .toml to start from
UNSURE: dict[str, tuple[dict[str, Array], str, list[str]]] = {
    "two heads": (cell("rnn", 4, 2, 3) | TWO, "do not tell the functions between layers", ["lstm", "linear", "linear"]),
    "before it": (linear("fc", 5, 2) | cell("rnn", 4, 2, 3), "do not tell the functions", ["linear", "lstm"]),
    "two cells": (cell("a", 4, 2, 3) | cell("b", 3, 3, 4), "do not tell the functions", ["lstm", "gru"]),
    "two orders": (
        cell("rnn", 4, 3, 3) | linear("a", 3, 3),
        "fit together in no order, or in several",
        ["lstm", "linear"],
    ),
    "no order": (cell("rnn", 4, 2, 3) | linear("a", 5, 3), "fit together in no order", ["lstm", "linear"]),
    "rnn": (cell("rnn", 1, 2, 3) | linear("fc", 3, 1), "shapes of 'rnn' do not tell all of it", ["rnn", "linear"]),
    "both ways": (
        cell("rnn", 4, 2, 3) | cell("rnn", 4, 2, 3, "_l0_reverse") | linear("fc", 6, 1),
        "shapes of 'rnn' do not tell all of it",
        ["lstm", "linear"],
    ),
    "normalised": (
        cell("rnn", 4, 2, 3)
        | {f"bn.{name}": np.ones(2, "f4") for name in ("weight", "bias", "running_mean", "running_var")},
        "shapes of 'bn' do not tell all of it",
        ["batch_norm", "lstm"],
    ),
    "parameter": (cell("rnn", 4, 2, 3) | {"scale": np.ones(1, "f4")}, "of 'scale' do not tell", ["lstm"]),
    "no cell": (linear("fc", 3, 1), "do not tell the functions", ["linear"]),
    "many": (
        cell("rnn", 4, 2, 3) | {name: each for n in range(30) for name, each in linear(f"{n}", 3, 3).items()},
        "fit together in no order, or in several",
        ["lstm"] + ["linear"] * 30,
    ),
}


@pytest.mark.parametrize("name", UNSURE)
def test_several_readings(name: str, tmp_path: Path) -> None:
    tensors, why, kinds = UNSURE[name]
    with pytest.raises(UserError, match=f"m.safetensors: no m.toml lists its layers, .* {why}") as error:
        read(tmp_path, tensors)
    start = START.search(str(error.value))
    if name == "many":  # which no line can show
        return
    assert start
    listed = tomllib.loads("\n".join(start.groups()))
    assert [layer["kind"] for layer in listed["layer"]] == kinds


@pytest.mark.parametrize("name", ["two heads", "two cells", "rnn", "both ways"])
def test_the_start_works(name: str, tmp_path: Path) -> None:
    tensors = UNSURE[name][0]
    with pytest.raises(UserError) as error:
        read(tmp_path, tensors)
    start = START.search(str(error.value))
    assert start
    toml = "\n".join(start.groups())
    if name == "two cells":  # of one behind another every step is read
        toml = toml.replace(", weights", ", return_sequences = true, weights", 1)
    assert [layer.kind for layer in read(tmp_path, tensors, toml).layers]


def test_the_weights_of_pytorch_itself(tmp_path: Path) -> None:
    shutil.copy(DATA / "torch_both.safetensors", tmp_path / "m.safetensors")
    with pytest.raises(UserError, match="do not tell all of it"):
        readers.read(tmp_path / "m.safetensors")
