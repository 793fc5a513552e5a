# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks at the edge of what the device's integers hold: within it they run, beyond it they are refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model import emit, formats, quantise, reference
from model.errors import UserError
from model.layers.activation import Activation
from model.layers.base import Layer
from model.layers.convert import Convert
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.reshape import Reshape
from model.signal import Signal, Weights, to_real
from tests.support import networks
from tests.support.compared import COUNT, LAST, SEQUENCE, THREE, check_network, one_layer
from tests.support.host import Host
from tests.support.networks import Chain


def integer_lstm(dtype: str, **changes: Any) -> tuple[Signal, Lstm]:
    """A plain one of four steps, with some of it changed."""
    numbers = networks.Numbers(Chain("int8" if dtype == "int8" else "int16x8", (4, 2), ()))
    source = numbers.signal((4, 2), 0)
    return source, replace(numbers.lstm("lstm", source, 3, False, False), **changes)


def int16_dense(**changes: Any) -> tuple[Signal, Dense]:
    source = Signal((4,), "int16", 2.0**-15)
    weights = Weights(np.full((2, 4), 100, np.int8), np.full(2, 2.0**-7, np.float32))
    plain = Dense(
        "dense", weights, np.zeros(2, np.int64), "linear", Signal((2,), "int16", 2.0**-13), formats.named("int16x8")
    )
    return source, replace(plain, **changes)


def activation(function: str, dtype: str, scale: float, count: int = 3) -> tuple[Signal, Activation]:
    out_scale, zero_point = networks.OUTPUTS.get(function, {dtype: (1.0, 0)})[dtype]
    output = Signal((count,), dtype, out_scale, zero_point)
    layer = Activation(function, function, output, networks.format_of(output))
    return Signal((count,), dtype, scale), layer


def hidden(scale: float) -> Signal:
    return Signal((3,), "int16", scale)


def convert(from_scale: float, to_scale: float) -> tuple[Signal, Convert]:
    return Signal((3,), "int8", from_scale), Convert("convert", Signal((3,), "int8", to_scale))


def quiet_lstm(**changes: Any) -> tuple[Signal, Lstm]:
    """One whose candidate is always 0, and the cell with it."""
    source, layer = integer_lstm("int16", **changes)
    layer.kernel.values[2], layer.bias[2] = 0, 0
    return source, layer


def loud_lstm(**changes: Any) -> tuple[Signal, Lstm]:
    """One whose gates and candidate open wholly."""
    source, layer = integer_lstm("int16", **changes)
    return source, replace(layer, bias=np.full_like(layer.bias, 1 << 30))


def int8_dense(bias: int, out: Signal) -> tuple[Signal, Dense]:
    """Sums from bias - 400 * 129 to bias + 400 * 126 in units of 2^-14."""
    weights = Weights(np.full((2, 4), 100, np.int8), np.full(2, 2.0**-7, np.float32))
    layer = Dense("dense", weights, np.full(2, bias, np.int32), "linear", out, formats.named("int8"))
    return Signal((4,), "int8", 2.0**-7, 1), layer


def byte_signal(log2: int, zero_point: int = 0) -> Signal:
    return Signal((2,), "int8", 2.0**log2, zero_point)


ONE_COLUMN = Weights(np.array([[1, 0, 0, 0], [0, 0, 0, -1]], np.int8), np.full(2, 2.0**-7, np.float32))
# at the edge of what the device's integers hold, and one step beyond: {sentence: (the last within, the first refused)}
LIMITS: dict[str, tuple[tuple[Signal, Layer], tuple[Signal, Layer]]] = {
    "layer 'lstm': the cell state's scale is 8; supported: 2^-43 to 2^2": (
        integer_lstm("int8", cell_scale=4.0),
        integer_lstm("int8", cell_scale=8.0),
    ),
    "layer 'lstm': the cell state's scale is 5.68434e-14; supported": (
        quiet_lstm(cell_scale=2.0**-43),
        quiet_lstm(cell_scale=2.0**-44),
    ),
    "layer 'lstm': its cell state, shifted left by 2 bits, can reach 42": (
        loud_lstm(cell_scale=2.0**-30),
        loud_lstm(cell_scale=2.0**-31),
    ),
    "layer 'lstm': its hidden state, shifted left by 2 bits, can reach 42": (
        loud_lstm(cell_scale=2.0**-12, output=hidden(2.0**-30)),
        loud_lstm(cell_scale=2.0**-12, output=hidden(2.0**-31)),
    ),
    "layer 'dense': its sums can reach 2147483648 and overflow 32 bits": (
        int8_dense((1 << 31) - 1 - 400 * 126, byte_signal(20)),
        int8_dense((1 << 31) - 400 * 126, byte_signal(20)),
    ),
    "layer 'dense': its sums can reach 2147483649 and overflow 32 bits": (
        int8_dense(400 * 129 - (1 << 31), byte_signal(20)),
        int8_dense(400 * 129 - (1 << 31) - 1, byte_signal(20)),
    ),
    "layer 'dense': its sums, shifted left by 4 bits, can reach 2147483648 and overflow 32 bits": (
        int8_dense((1 << 27) - 1 - 400 * 126, byte_signal(-17)),
        int8_dense((1 << 27) - 400 * 126, byte_signal(-17)),
    ),
    "layer 'dense': the scale of its weights is too coarse": (
        int16_dense(kernel=ONE_COLUMN, output=Signal((2,), "int16", 2.0**-35)),
        int16_dense(kernel=ONE_COLUMN, output=Signal((2,), "int16", 2.0**-36)),
    ),
    "layer 'dense': its sums can reach 1.41e+14 and overflow 48 bits": (
        int16_dense(bias=np.full(2, (1 << 47) - 1 - 32767 * 400, np.int64), output=Signal((2,), "int16", 1.0)),
        int16_dense(bias=np.full(2, (1 << 47) - 32767 * 400, np.int64), output=Signal((2,), "int16", 1.0)),
    ),
    "layer 'dense': its sums, in steps of its output, can reach 2147483648 and overflow 32 bits": (
        int16_dense(bias=np.full(2, (1 << 40) - 257 - 32767 * 400, np.int64)),
        int16_dense(bias=np.full(2, (1 << 40) - 256 - 32767 * 400, np.int64)),
    ),
    "layer 'sigmoid': its input covers +-1.75e+05, too much for a sigmoid": (
        activation("sigmoid", "int16", 5.33),
        activation("sigmoid", "int16", 5.34),
    ),
    "layer 'tanh': its input covers +-1.75e+05, too much for a tanh": (
        activation("tanh", "int16", 5.33),
        activation("tanh", "int16", 5.34),
    ),
    "layer 'relu': its input, shifted left by 17 bits, can reach 4294967296 and overflow 32 bits": (
        activation("relu", "int16", 65535.0),
        activation("relu", "int16", 65536.0),
    ),
    "layer 'softmax': its input covers +-1.64e+05": (
        activation("softmax", "int16", 4.99),
        activation("softmax", "int16", 5.01),
    ),
    "layer 'softmax': a softmax over 4096 elements; supported: 4095": (
        activation("softmax", "int8", 2.0**-7, 4095),
        activation("softmax", "int8", 2.0**-7, 4096),
    ),
    "layer 'convert': its input, shifted left by 25 bits, can reach 4294967296 and overflow 32 bits": (
        convert(2.0**20, 2.0**-3),
        convert(2.0**20, 2.0**-4),
    ),
}


@pytest.mark.parametrize("sentence", LIMITS)
def test_what_the_integers_cannot_hold_is_refused_and_no_more(host: Host, sentence: str) -> None:
    within, beyond = (one_layer(*pair, "int8" if pair[0].dtype == "int8" else "int16x8") for pair in LIMITS[sentence])
    check_network(host, within, networks.chain_inputs(within, COUNT, False, 1))
    check_network(host, within, networks.chain_inputs(within, COUNT, True, 2))
    with pytest.raises(UserError, match=f"^{re.escape(sentence)}"):
        emit.generate(beyond, "c", "window")


def test_an_overflow_that_cannot_show_is_none(host: Host) -> None:
    """Of int16x8: all that the sums can be saturates to the same before and after 32 bits are taken of them."""
    steps = -(1 << 33) + (1 << 20) - (1 << 31)  # of the output, 32 bits of which are about -2^31
    within = one_layer(*int16_dense(bias=np.full(2, (steps + (1 << 31) - (1 << 30)) << 9, np.int64)), "int16x8")
    result = check_network(host, within, networks.chain_inputs(within, COUNT, True, 1))
    assert np.unique(result.run).tolist() == [-32768]
    beyond = one_layer(*int16_dense(bias=np.full(2, (steps + (3 << 30)) << 9, np.int64)), "int16x8")
    with pytest.raises(UserError, match="in steps of its output, can reach"):
        emit.generate(beyond, "c", "window")


def test_a_softmax_of_a_scale_too_fine_to_tell_its_inputs_apart(host: Host) -> None:
    network = one_layer(*activation("softmax", "int8", 2.0**-30), "int8")
    result = check_network(host, network, networks.chain_inputs(network, COUNT, True, 1))
    assert np.unique(result.run).tolist() == [-43]  # 256 / 3 - 128


def test_a_sigmoid_of_a_scale_too_fine_for_its_table(host: Host) -> None:
    network = one_layer(*activation("sigmoid", "int16", 2.0**-40), "int16x8")
    result = check_network(host, network, networks.chain_inputs(network, COUNT, True, 1))
    assert np.unique(result.run).tolist() == [16384]


def test_a_flattened_sequence_of_more_steps_than_16_bits_count(host: Host) -> None:
    chain = Chain("int8", (70_000, 1), (("reshape", (70_000,)), ("dense", 1, "linear")))
    network = networks.build_chain(chain)
    result = check_network(host, network, networks.chain_inputs(network, 3, False, 1))
    assert result.steps is not None


def test_a_model_without_layers_is_refused() -> None:
    network = one_layer(*convert(1.0, 1.0), "int8").but(layers=())
    with pytest.raises(UserError, match=r"^model 'net' has no layers"):
        emit.generate(network, "c", "window")


def test_a_layer_that_reads_three_axes_is_refused() -> None:
    source, layer = Signal((4, 6)), Activation("softmax", "softmax", Signal((4, 2, 3)))
    network = one_layer(source, layer, "float32").but(layers=(Reshape("cube", Signal((4, 2, 3))), layer))
    with pytest.raises(UserError, match=r"^layer 'softmax' reads shape \(4, 2, 3\); supported: \(steps, features\)"):
        emit.generate(network, "c", "window")


@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
def test_weights_of_almost_nothing_keep_their_bias(host: Host, quantisation: str) -> None:
    """Training with a penalty on weights leaves such rows; their biases in steps of the weights' scale are huge."""
    network = networks.build_chain(Chain("float32", (4, 2), (LAST, THREE), seed=5))
    lstm, dense = network.layers
    assert isinstance(lstm, Lstm)
    assert isinstance(dense, Dense)
    lstm.kernel.values[3] *= 1e-20
    dense.kernel.values[0] *= 1e-30
    dense.kernel.values[1] = 0
    real = networks.chain_inputs(network, 40, False, 1)
    quantised = quantise.quantise(network, real, quantisation)
    inputs = reference.stored_inputs(quantised, real)
    result = check_network(host, quantised, inputs)
    error = np.abs(to_real(result.run, quantised.output) - reference.run(network, real))
    assert error.max() < 0.03 * np.abs(reference.run(network, real)).max()


@pytest.mark.parametrize("quantisation", formats.names())
def test_networks_that_give_almost_nothing(host: Host, quantisation: str) -> None:
    """Outputs far below one step of the sums they come from; hidden states below one unit of the cell's tables."""
    words = (SEQUENCE, ("dense", 2, "linear"), ("relu",), ("reshape", (8,)), ("dense", 2, "relu"))
    network = networks.build_chain(Chain("float32", (4, 2), words, seed=5))
    first = network.layers[0]
    assert isinstance(first, Lstm)
    first.bias[3] = -60
    for dense in network.layers:
        if isinstance(dense, Dense):
            dense.bias[:] = -1e-12
    real = networks.chain_inputs(network, COUNT, False, 1)
    quantised = quantise.quantise(network, real, quantisation)
    check_network(host, quantised, reference.stored_inputs(quantised, real))
