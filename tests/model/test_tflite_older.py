# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Recurrent operators of older converters: LiteRT's numbers, or a refusal by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import reference
from model.errors import UserError
from model.network import Network
from model.readers.tflite import KIND
from model.signal import Array, to_real
from tests.oracle.flatbuffer import File, Operator, Tensor, pack
from tests.oracle.interpreters import run_litert

STEPS, FEATURES, UNITS = 7, 3, 5
NONE, RELU, RELU_N1_TO_1, RELU6, TANH, SIGN_BIT = range(6)  # ActivationFunctionType
# LiteRT asks for as many units in both directions of an LSTM
RNN, BOTH_LSTM, BOTH_RNN = "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN"
OPTIONS = {
    RNN: "SequenceRNNOptions",
    BOTH_LSTM: "BidirectionalSequenceLSTMOptions",
    BOTH_RNN: "BidirectionalSequenceRNNOptions",
}
WITHOUT_PEEPHOLES, WITHOUT_PROJECTION = [-1] * 3, [-1] * 2


class Made:
    """A file of one such operator, and a Dense where there is room for one."""

    def __init__(self, seed: int, narrow: bool = False) -> None:
        self.random, self.narrow, self.file = np.random.default_rng(seed), narrow, File()
        self.source = self.file.tensor(Tensor((1, STEPS, FEATURES), "float32"))

    def weights(self, *shape: int, narrow: bool = True) -> int:
        values = self.random.normal(0, 0.5, shape).astype(np.float32)
        if not (self.narrow and narrow):
            return self.file.constant(values)
        scale = np.float32([np.abs(values).max() / 127])
        return self.file.constant(np.rint(values / scale).astype(np.int8), scale)

    def state(self, units: int) -> int:
        return self.file.tensor(Tensor((1, units), "float32", variable=True))

    def rnn(self, units: int) -> list[int]:
        """Input and recurrent weights, bias and state."""
        return [
            self.weights(units, FEATURES),
            self.weights(units, units),
            self.weights(units, narrow=False),
            self.state(units),
        ]

    def lstm(self, units: int) -> list[int]:
        """Weights, peepholes, biases and projection, as the operator has them for each direction."""
        kernels = [self.weights(units, FEATURES) for _ in range(4)]
        recurrent = [self.weights(units, units) for _ in range(4)]
        bias = [self.weights(units, narrow=False) for _ in range(4)]
        return [*kernels, *recurrent, *WITHOUT_PEEPHOLES, *bias, *WITHOUT_PROJECTION]

    def inputs(self, code: str) -> list[int]:
        if code == RNN:
            return [self.source, *self.rnn(UNITS)]
        if code == BOTH_RNN:
            return [self.source, *self.rnn(UNITS), *self.rnn(UNITS - 1), -1, -1, -1]
        states = [self.state(units) for units in [UNITS] * 4]
        return [self.source, *self.lstm(UNITS), *self.lstm(UNITS), *states, *[-1] * 9]

    def add(self, code: str, merged: bool = True, **options: Any) -> int:
        """The operator; the tensor that it, or a concatenation behind it, writes."""
        sides = {RNN: [UNITS], BOTH_LSTM: [UNITS, UNITS], BOTH_RNN: [UNITS, UNITS - 1]}[code]
        widths = [sum(sides)] if merged else sides
        inputs = self.inputs(code)
        outputs = [self.file.tensor(Tensor((1, STEPS, width), "float32")) for width in widths]
        settings = {
            "FusedActivationFunction": TANH,
            "AsymmetricQuantizeInputs": self.narrow,
            "TimeMajor": False,
            **options,
        }
        if code != RNN:
            settings["MergeOutputs"] = merged
        self.file.operators.append(Operator(code, inputs, outputs, (OPTIONS[code], settings)))
        if len(outputs) == 1:
            return outputs[0]
        both = Tensor((1, STEPS, sum(sides)), "float32")
        return self.file.operator("CONCATENATION", outputs, both, "ConcatenationOptions", Axis=2)

    def packed(self, output: int) -> bytes:
        return pack(self.file, [self.source], [output])


def read(folder: Path, data: bytes) -> Network:
    path = folder / "older.tflite"
    path.write_bytes(data)
    return KIND.read(path, "older", "")


def compare(folder: Path, data: bytes, tolerance: float) -> Network:
    """The network of a file, whose numbers are LiteRT's."""
    network = read(folder, data)
    x: Array = np.random.default_rng(1).normal(0, 1, (8, STEPS, FEATURES)).astype(np.float32)
    wanted = run_litert(data, x)
    ours = to_real(reference.run(network, x), network.output)
    assert np.abs(wanted).max() > 0.1
    assert np.abs(ours.reshape(wanted.shape) - wanted).max() <= tolerance * np.abs(wanted).max()
    return network


@pytest.mark.parametrize("activation", [NONE, RELU, RELU6, TANH])
def test_simple_rnn(tmp_path: Path, activation: int) -> None:
    made = Made(activation)
    network = compare(tmp_path, made.packed(made.add(RNN, FusedActivationFunction=activation)), 1e-5)
    assert [layer.kind for layer in network.layers] == ["simple_rnn"]


@pytest.mark.parametrize("code", [BOTH_LSTM, BOTH_RNN])
@pytest.mark.parametrize("merged", [True, False])
def test_both_directions(tmp_path: Path, code: str, merged: bool) -> None:
    made = Made(3)
    options = {"CellClip": 0.3} if code == BOTH_LSTM else {}
    network = compare(tmp_path, made.packed(made.add(code, merged, **options)), 1e-5)
    assert [layer.kind for layer in network.layers] == ["bidirectional"]


@pytest.mark.parametrize("code", [RNN, BOTH_LSTM])
def test_8_bit_weights(tmp_path: Path, code: str) -> None:
    made = Made(4, narrow=True)
    network = compare(tmp_path, made.packed(made.add(code)), 0.005)
    assert network.quantisation == "dynamic"


def refusal(folder: Path, data: bytes) -> str:
    with pytest.raises(UserError) as caught:
        read(folder, data)
    return str(caught.value)


@pytest.mark.parametrize("code", [RNN, BOTH_LSTM, BOTH_RNN])
def test_time_major_is_refused(tmp_path: Path, code: str) -> None:
    made = Made(5)
    assert "time-major" in refusal(tmp_path, made.packed(made.add(code, TimeMajor=True)))


@pytest.mark.parametrize("activation", [SIGN_BIT, 6])
def test_an_activation_that_is_none_is_refused(tmp_path: Path, activation: int) -> None:
    made = Made(6)
    told = refusal(tmp_path, made.packed(made.add(RNN, FusedActivationFunction=activation)))
    assert "its activation is none of linear, relu, hard_tanh, relu6, tanh" in told


@pytest.mark.parametrize(("code", "index"), [(BOTH_LSTM, 39), (BOTH_RNN, 9)])
def test_an_auxiliary_sequence_is_refused(tmp_path: Path, code: str, index: int) -> None:
    made = Made(7)
    output = made.add(code)
    made.file.operators[0].inputs[index] = made.source
    assert "auxiliary sequence" in refusal(tmp_path, made.packed(output))


@pytest.mark.parametrize(("code", "index"), [(RNN, 4), (BOTH_LSTM, 38), (BOTH_RNN, 8)])
def test_a_state_that_is_no_variable_is_refused(tmp_path: Path, code: str, index: int) -> None:
    made = Made(8)
    output = made.add(code)
    made.file.tensors[made.file.operators[0].inputs[index]].variable = False
    assert "is not a variable" in refusal(tmp_path, made.packed(output))


@pytest.mark.parametrize("index", [9, 16, 28, 33])
def test_what_a_plain_lstm_has_not_is_refused(tmp_path: Path, index: int) -> None:
    made = Made(9)
    output = made.add(BOTH_LSTM)
    made.file.operators[0].inputs[index] = made.weights(UNITS)
    assert "train a plain LSTM" in refusal(tmp_path, made.packed(output))
