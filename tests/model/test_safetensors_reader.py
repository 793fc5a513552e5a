# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The PyTorch reader: what it reads computes what PyTorch computed, and the sentence for what it refuses.

data/ holds weights and outputs of PyTorch itself; data/make_torch.py says how they were made.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.layers.activation import Activation
from model.layers.bidirectional import Bidirectional
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.normalise import Normalise
from model.layers.reshape import Reshape
from model.network import Network
from tests.support.safetensors_files import write

DATA = Path(__file__).parent / "data"
SIMPLE = """
input = [4, 2]
[[layer]]
kind = "lstm"
weights = "rnn"
[[layer]]
kind = "linear"
weights = "fc"
"""


def weights(dtype: str = "f4", features: int = 2, units: int = 3) -> dict[str, np.ndarray[Any, Any]]:
    """Tensors of an LSTM and a linear layer."""
    rng = np.random.default_rng(0)
    shapes = {
        "rnn.weight_ih_l0": (4 * units, features),
        "rnn.weight_hh_l0": (4 * units, units),
        "rnn.bias_ih_l0": (4 * units,),
        "rnn.bias_hh_l0": (4 * units,),
        "fc.weight": (2, units),
        "fc.bias": (2,),
    }
    return {name: rng.normal(0, 0.5, shape).astype(dtype) for name, shape in shapes.items()}


def read(
    folder: Path, toml: str, tensors: dict[str, np.ndarray[Any, Any]], kind: str = "F32", **changes: Any
) -> Network:
    (folder / "m.toml").write_text(toml)
    return readers.read(write(folder / "m.safetensors", tensors, kind, **changes))


@pytest.mark.parametrize("name", ["torch_both", "torch_every"])
def test_outputs_are_those_of_pytorch(name: str) -> None:
    network = readers.read(DATA / f"{name}.safetensors")
    with np.load(DATA / f"{name}.npz") as made:
        assert np.ptp(made["targets"]) > 0.3
        assert np.abs(reference.run(network, made["inputs"]) - made["targets"]).max() < 1e-6


def test_structure() -> None:
    both = readers.read(DATA / "torch_both.safetensors")
    assert [type(layer) for layer in both.layers] == [Bidirectional, Bidirectional, Dense, Activation]
    assert [layer.name for layer in both.layers] == ["rnn_l0", "rnn_l1", "head", "head_softmax"]
    assert (both.layers[0].output.shape, both.layers[1].output.shape) == ((6, 10), (10,))
    every = readers.read(DATA / "torch_every.safetensors")
    assert [type(layer) for layer in every.layers] == [Normalise, Lstm, Dense, Reshape, Dense, Activation]


@pytest.mark.parametrize(("kind", "dtype"), [("F64", "f8"), ("F16", "f2")])
def test_other_widths(kind: str, dtype: str, tmp_path: Path) -> None:
    tensors = weights(dtype)
    network = read(tmp_path, SIMPLE, tensors, kind)
    layer = network.layers[1]
    assert isinstance(layer, Dense)
    assert layer.kernel.values.dtype == np.float32
    assert np.array_equal(layer.kernel.values, tensors["fc.weight"].astype(np.float32))


def test_bfloat16(tmp_path: Path) -> None:
    """The upper half of a float32."""
    rounded = {name: tensor.view(np.uint32) >> 16 for name, tensor in weights().items()}
    network = read(tmp_path, SIMPLE, {name: tensor.astype(np.uint16) for name, tensor in rounded.items()}, "BF16")
    layer = network.layers[1]
    assert isinstance(layer, Dense)
    assert np.array_equal(layer.kernel.values, (rounded["fc.weight"] << 16).astype(np.uint32).view(np.float32))


STRANGE: tuple[Any, ...] = (-1, 0, 2, 2.5, True, "strange", [], [1, "a"], {"a": 1}, [[1.0]], [True, False])
# every setting of every kind of layer, with a value that it may have
LISTED: dict[str, dict[str, Any]] = {
    "lstm": {"kind": "lstm", "weights": "rnn", "return_sequences": True},
    "linear": {"kind": "linear", "weights": "fc", "activation": "tanh"},
    "activation": {"kind": "activation", "function": "relu"},
    "flatten": {"kind": "flatten"},
    "normalise": {"kind": "normalise", "mean": [0.5, 0.25], "std": [1.0, 2.0]},
}


def listed(changed: str = "", **changes: Any) -> str:
    """A .toml with all kinds of layers, one of them changed."""
    entries = [dict(LISTED[kind]) for kind in ("normalise", "lstm", "linear", "activation", "flatten")]
    for entry in entries:
        if entry["kind"] == changed:
            entry.update(changes)
    tables = ["input = [4, 2]"]
    for entry in entries:
        values = (f"{key} = {toml_value(value)}" for key, value in entry.items())
        tables.append("\n".join(("[[layer]]", *values)))
    return "\n".join(tables)


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(value)


@pytest.mark.parametrize("kind", LISTED)
def test_every_setting_is_known_or_refused_by_its_name(kind: str, tmp_path: Path) -> None:
    read(tmp_path, listed(), weights())
    for key in ("strange", "units", "bias", "dropout", "mean_", "batch_first"):
        for value in STRANGE:
            with pytest.raises(UserError, match=rf"\({kind}\): has no setting '{key}'"):
                read(tmp_path, listed(kind, **{key: value}), weights())
    for key, good in LISTED[kind].items():
        for value in STRANGE:
            if type(value) is type(good) and value in (True, False):
                continue
            with pytest.raises(UserError, match=f"{key} = |no tensor 'strange|of kind"):
                read(tmp_path, listed(kind, **{key: value}), weights())


def test_other_tables_are_refused_by_their_names(tmp_path: Path) -> None:
    for extra in ("strange = 1", "[layers]\na = 1", "[metadata]", "version = 2", "[[lstm]]"):
        name = extra.strip("[]").split()[0].partition("]")[0]
        text = f"{extra}\n{listed()}" if "=" in extra and "[" not in extra else f"{listed()}\n{extra}"
        with pytest.raises(UserError, match=f"has '{name}', which lstmcu does not know"):
            read(tmp_path, text, weights())


def test_without_biases(tmp_path: Path) -> None:
    tensors = {name: tensor for name, tensor in weights().items() if "bias" not in name}
    network = read(tmp_path, SIMPLE, tensors)
    lstm, dense = network.layers
    assert isinstance(lstm, Lstm)
    assert isinstance(dense, Dense)
    assert not lstm.bias.any()
    assert not dense.bias.any()


def without(text: str) -> dict[str, np.ndarray[Any, Any]]:
    return {name: tensor for name, tensor in weights().items() if text not in name}


ADD = "[[layer]]\nkind = "
# name: (the .toml, the tensors, what is refused)
REFUSED: dict[str, tuple[str, dict[str, np.ndarray[Any, Any]], str]] = {
    "no input": (SIMPLE.replace("input", "output"), weights(), r"needs input = \[steps, features\]"),
    "input": (SIMPLE.replace("[4, 2]", "[4]"), weights(), r"needs input = \[steps, features\]"),
    "huge input": (SIMPLE.replace("[4, 2]", "[999999999, 2]"), weights(), r"needs input = \[steps, features\]"),
    "features": (SIMPLE.replace("[4, 2]", "[4, 3]"), weights(), r"'rnn.weight_ih_l0' has shape \(12, 2\), \(12, 3\)"),
    "other key": ("units = 3\n" + SIMPLE, weights(), r"and \[\[layer\]\] tables, and nothing else"),
    "no layers": ("input = [4, 2]", weights(), r"and \[\[layer\]\] tables, and nothing else"),
    "not TOML": ("input =", weights(), "not valid TOML: Invalid value"),
    "kind": (
        SIMPLE.replace('"lstm"', '"attention"'),
        weights(),
        "layer 1 is of kind 'attention'; supported: lstm, gru, rnn",
    ),
    "setting": (
        SIMPLE.replace("weights", "units = 3\nweights", 1),
        weights(),
        r"layer 1 \(lstm\): has no setting 'units'",
    ),
    "type": (SIMPLE.replace('"rnn"', "1"), weights(), "needs weights = a str, got 1"),
    "function": (SIMPLE + ADD + '"activation"\nfunction = "glu"', weights(), "function = 'glu' is not supported"),
    "prefix": (SIMPLE.replace('"fc"', '"head"'), weights(), "holds no tensor 'head.weight'; it holds fc.bias"),
    "order": (SIMPLE + ADD + '"lstm"\nweights = "rnn"', weights(), "layer 3 .*needs a sequence"),
    "unused": (SIMPLE, {**weights(), "bn.weight": np.ones(2, "f4")}, "no layer reads tensor 'bn"),
    "projection": (SIMPLE, {**weights(), "rnn.weight_hr_l0": np.ones((1, 3), "f4")}, "proj_size is not supported"),
    "half a bias": (SIMPLE, without("bias_hh"), "holds no tensor 'rnn.bias_hh_l0'"),
    "not finite": (
        SIMPLE,
        {**weights(), "fc.bias": np.float32([1, np.inf])},
        "'fc.bias' has values that are not finite",
    ),
    "norm": (SIMPLE + ADD + '"normalise"\nmean = [0, 0]\nstd = [1, 0.0]', weights(), "needs std above 0"),
    "no lstm": ("input = [4, 2]\nlayer = []", {}, "lists no lstm, gru or rnn layer"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusal(case: str, tmp_path: Path) -> None:
    toml, tensors, sentence = REFUSED[case]
    with pytest.raises(UserError, match=sentence) as error:
        read(tmp_path, toml, tensors)
    assert str(error.value).startswith(str(tmp_path))


DAMAGES: dict[str, tuple[dict[str, Any], str]] = {
    "integers": ({"dtype": "I8"}, "'fc.bias' is I8; supported: F64, F32"),
    "size": ({"shape": [3]}, r"'fc.bias' of shape \[3\] lies at bytes"),
    "huge": ({"shape": [2**40, 2**40]}, "lies at bytes"),
    "negative": ({"shape": [-2, -1]}, "has shape"),
    "beyond": ({"data_offsets": [10**9, 10**9 + 8]}, "lies at bytes"),
    "overlap": ({"data_offsets": [0, 8]}, "overlap or leave gaps"),
    "more": ({"strides": [1]}, "'fc.bias' is described by dtype, shape, data_offsets, strides"),
    "no offsets": ({"data_offsets": []}, "damaged"),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_damage(case: str, tmp_path: Path) -> None:
    change, sentence = DAMAGES[case]
    with pytest.raises(UserError, match=sentence):
        read(tmp_path, SIMPLE, weights(), fc_bias=change)


@pytest.mark.parametrize("data", [b"", b"1234567", b"\xff" * 8, b"\xff" * 7 + b"\0" + b"{}", b"\2" + b"\0" * 7 + b"[]"])
def test_what_is_no_safetensors(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(SIMPLE)
    (tmp_path / "m.safetensors").write_bytes(data)
    with pytest.raises(UserError, match=r"is not a \.safetensors file, or is damaged"):
        readers.read(tmp_path / "m.safetensors")
