# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Generated C against the reference: every structure, wild numbers, all ways to call it, under the sanitizers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import emit, formats, planner, quantise, readers, reference
from model.errors import UserError
from model.layers.activation import Activation
from model.layers.base import Layer
from model.layers.convert import Convert
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.reshape import Reshape
from model.network import Network, chained, goes_on
from model.quantise import calibrated
from model.signal import Array, Signal, Weights, to_real, to_stored
from tests.support import networks
from tests.support.differences import Noted, assert_bits, assert_equal
from tests.support.host import ROOT, Host, Result, Steps
from tests.support.networks import Chain, Spec, Word

COUNT = 6  # windows a network

LAST, SEQUENCE = ("lstm", 3, False, False), ("lstm", 3, True, False)
FLAT = ("reshape", (12,))  # of a SEQUENCE of 4 steps
THREE = ("dense", 3, "linear")
# what users' models are made of, and where the plan of work takes another way: {name: (input shape, words)}
STRUCTURES: dict[str, tuple[tuple[int, ...], tuple[Word, ...]]] = {
    "both, last": ((4, 3), (("both", 3, False), ("dense", 2, "linear"))),
    "both, flattened": ((4, 3), (("both", 3, True), ("reshape", (24,)), ("dense", 5, "relu"))),
    "both, flattened, relu": ((4, 2), (("both", 3, True), ("reshape", (24,)), ("relu",), ("dense", 5, "linear"))),
    "both, then an LSTM": ((4, 3), (("both", 3, True), ("lstm", 4, False, False))),
    "both, then one backwards": ((4, 3), (("both", 3, True), ("dense", 3, "relu"), ("lstm", 4, True, True))),
    "both twice": ((3, 2), (("both", 2, True), ("both", 3, True), ("both", 2, False))),
    "both, sequence out": ((4, 3), (("lstm", 2, True, False), ("both", 3, True))),
    "both, one step": ((1, 5), (("both", 3, False), ("dense", 4, "linear"))),
    "both, one step, sequence": ((1, 5), (("both", 3, True), ("lstm", 2, True, False), ("reshape", (2,)))),
    "dense before": ((5, 3), (("dense", 4, "relu"), ("tanh",), LAST)),
    "dense of every step": ((4, 2), (SEQUENCE, ("dense", 4, "linear"), ("softmax",))),
    "functions of every step": ((4, 2), (("sigmoid",), SEQUENCE, ("relu",), ("tanh",))),
    "sigmoid head": ((4, 2), (LAST, ("dense", 1, "linear"), ("sigmoid",))),
    "tanh and softmax head": ((4, 2), (LAST, ("tanh",), ("dense", 8, "linear"), ("softmax",))),
    "flattened, relu, dense": ((4, 2), (SEQUENCE, FLAT, ("relu",), THREE)),
    "flattened, softmax": ((4, 2), (SEQUENCE, FLAT, ("softmax",))),
    "flattened input": ((4, 2), (("reshape", (8,)), ("dense", 3, "relu"), ("dense", 2, "linear"))),
    "flattened out": ((4, 2), (SEQUENCE, FLAT)),
    "vector in": ((8,), (("reshape", (4, 2)), LAST)),
    "vector in, one step": ((8,), (("reshape", (1, 8)), SEQUENCE, ("reshape", (3,)), ("dense", 2, "relu"))),
    "one step in, many read": ((1, 8), (("reshape", (8, 1)), LAST, ("dense", 2, "linear"))),
    "many steps in, one read": ((8, 1), (("reshape", (1, 8)), LAST)),
    "reshape out": ((4, 2), (LAST, ("dense", 6, "linear"), ("reshape", (6, 1)))),
    "reshape out, relu": ((4, 2), (LAST, ("dense", 6, "linear"), ("reshape", (6, 1)), ("relu",))),
    "vector to sequence": (
        (4, 2),
        (LAST, ("dense", 6, "linear"), ("reshape", (3, 2)), ("lstm", 5, True, False), ("dense", 4, "relu")),
    ),
    "sequence to another": ((4, 2), (SEQUENCE, ("reshape", (3, 4)), ("lstm", 2, False, False))),
    "repeated flattening": ((4, 2), (("lstm", 2, True, False), ("reshape", (8,)), ("reshape", (8,)), THREE)),
}  # fmt: skip


def assert_steps(network: Network, steps: Steps, expected: Array, inputs: Array, noted: Noted) -> None:
    """Streaming gives the window's outputs at the steps where a whole window would have them."""
    windows, count, length = steps.outputs.shape
    outputs, wanted = steps.outputs[:, -1], expected.reshape(windows, -1)
    if plan_counts_steps(network):  # flattened: ready with the last step only
        assert steps.ready.tolist() == [[t == count - 1 for t in range(count)]] * windows
    else:
        assert steps.ready.all()
        if count * length == network.output.size:  # one output vector a step
            outputs, wanted = steps.outputs, expected.reshape(steps.outputs.shape)
    assert_equal(network, outputs, wanted, inputs, noted)  # else: an output at every step, that of the window so far


def check_bench(host: Host, network: Network, inputs: Array) -> None:
    """The bench's own outputs of a stream that goes on across windows."""
    outputs, _ = host.bench(network, inputs, "stream", goes_on=True)
    assert_equal(network, outputs, reference.run(network, inputs, goes_on=True), inputs, host.noted)


def plan_counts_steps(network: Network) -> bool:
    return any(field.role == "sums" for field in planner.make(network, stream=True).fields)


def check_network(host: Host, network: Network, inputs: Array, state: str = "window") -> Result:
    expected = reference.run(network, inputs)
    assert np.isfinite(expected).all()
    result = host.run(network, inputs, state)
    assert_equal(network, result.run, expected, inputs, host.noted)
    if result.steps is not None and result.taking_turns is not None:
        assert_steps(network, result.steps, expected, inputs, host.noted)
        assert_bits(network, result.taking_turns.outputs, result.steps.outputs)
        np.testing.assert_array_equal(result.steps.ready, result.taking_turns.ready)
    if result.going_on is not None:
        assert_steps(network, result.going_on, reference.run(network, inputs, goes_on=True), inputs, host.noted)
    return result


def check(host: Host, spec: Spec, state: str = "window") -> Result:
    return check_network(host, networks.build(spec), networks.inputs_of(spec, COUNT), state)


def check_chain(host: Host, chain: Chain) -> None:
    """As a window; and as a stream, where that is not refused."""
    network = networks.build_chain(chain)
    inputs = networks.chain_inputs(network, COUNT, chain.extreme, chain.seed)
    check_network(host, network, inputs)
    reason = planner.make(network, stream=True).streamable
    if not reason:
        result = check_network(host, network, inputs, "stream")
        assert result.steps is not None
        check_bench(host, network, inputs)
    else:
        with pytest.raises(UserError, match=re.escape(f"cannot run as state=stream: {reason}")):
            emit.generate(network, "c", "stream")


def test_the_random_networks_are_not_saturated() -> None:
    """Else equal outputs would prove little: most values of most networks lie inside the range, and differ."""
    inside, different = [], []
    for seed in range(40):
        spec = Spec(4, 3, (5, 3), False, False, ((4, "linear"),), (False, True), True, False, False, seed)
        outputs = reference.run(networks.build(spec), networks.inputs_of(spec, 20))
        inside.append(float(((outputs > -128) & (outputs < 127)).mean()))
        different.append(len(np.unique(outputs)))
    assert np.median(inside) > 0.5
    assert np.median(different) > 15


@given(networks.specs(integer=True))
@settings(max_examples=15)
def test_integer_networks_give_the_references_bits(host: Host, spec: Spec) -> None:
    check(host, spec)


@given(networks.specs(integer=False))
@settings(max_examples=10)
def test_real_valued_networks_are_within_single_precision(host: Host, spec: Spec) -> None:
    check(host, spec)


@given(networks.specs(integer=True))
@settings(max_examples=12)
def test_streaming_code_gives_the_same_bits_where_it_exists(host: Host, spec: Spec) -> None:
    backwards_in_one_step_is_forwards = any(spec.backwards) and spec.steps > 1
    result = check(host, replace(spec, backwards=(False,) * len(spec.units)), "stream")
    assert result.steps is not None
    if backwards_in_one_step_is_forwards:
        with pytest.raises(UserError, match=r"cannot run as state=stream: layer 'lstm\d' reads"):
            check(host, spec, "stream")


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_structure(host: Host, structure: str, quantisation: str) -> None:
    shape, words = STRUCTURES[structure]
    check_chain(host, Chain(quantisation, shape, words, edges=quantisation == "int8" and shape[0] % 2 == 0, seed=7))


@given(networks.chains("int8"))
@settings(max_examples=30)
def test_chains_of_any_layers_in_int8(host: Host, chain: Chain) -> None:
    check_chain(host, chain)


@given(networks.chains("int16x8"))
@settings(max_examples=30)
def test_chains_of_any_layers_in_int16x8(host: Host, chain: Chain) -> None:
    check_chain(host, chain)


@given(networks.chains("float32"))
@settings(max_examples=12)
def test_chains_of_any_layers_in_float32(host: Host, chain: Chain) -> None:
    check_chain(host, chain)


@given(networks.chains("dynamic"))
@settings(max_examples=20)
def test_chains_of_any_layers_with_int8_weights(host: Host, chain: Chain) -> None:
    check_chain(host, chain)


def normalised_first(chain: Chain) -> Chain:
    """What the quantiser takes: normalisation nowhere but at the start."""
    start = chain.words[:1] if chain.words[0] == ("normalise",) else ()
    rest = tuple(word for word in chain.words if word != ("normalise",))
    return replace(chain, words=(*start, *rest) if rest else (*start, ("relu",)), extreme=False)


def check_quantised(host: Host, chain: Chain, quantisation: str) -> None:
    """The quantiser's network of a random float one: reference and C agree within its ranges and beyond."""
    network = networks.build_chain(normalised_first(chain))
    real = networks.chain_inputs(network, COUNT, False, chain.seed)
    quantised = quantise.quantise(network, real[:-1], quantisation)
    real[-1] *= 10
    check_network(host, quantised, reference.stored_inputs(quantised, real))


@given(networks.chains("float32"), st.sampled_from(formats.names()[1:]))
@settings(max_examples=30)
def test_the_quantisers_networks(host: Host, chain: Chain, quantisation: str) -> None:
    check_quantised(host, chain, quantisation)


@pytest.mark.parametrize(("quantisation", "bound"), [("dynamic", 0.05), ("int8", 0.08), ("int16x8", 0.03)])
def test_the_quantisers_networks_are_near_the_real_ones(quantisation: str, bound: float) -> None:
    """The median over all structures of the mean error, relative to the range of the outputs."""
    errors = []
    for shape, words in STRUCTURES.values():
        network = networks.build_chain(Chain("float32", shape, words, seed=3))
        real = networks.chain_inputs(network, 50, False, 3)
        ideal = reference.run(network, real)
        quantised = quantise.quantise(network, real, quantisation)
        stored = reference.run(quantised, reference.stored_inputs(quantised, real))
        errors.append(np.abs(to_real(stored, quantised.output) - ideal).mean() / np.ptp(ideal))
    assert np.median(errors) < bound / 3
    assert max(errors) < bound


def one_layer(source: Signal, layer: Layer, quantisation: str) -> Network:
    return chained("net", "made by a test", "0" * 64, quantisation, source, (layer,))


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


@pytest.mark.parametrize("state", ["window", "stream"])
@pytest.mark.parametrize("integer", [True, False])
@pytest.mark.parametrize("steps", [1, 5])
def test_the_state_holds_nothing_but_what_is_stated(host: Host, integer: bool, steps: int, state: str) -> None:
    spec = Spec(steps, 3, (4,), False, False, ((2, "linear"),), (False,), integer, False, False, 1)
    result = check(host, spec, state)
    hidden, cell = (4, 2 * 4) if integer else (4 * 4, 4 * 4)
    next_hidden = hidden
    kept_by_one_step_from_reset = hidden  # a step's output on its way to the Dense
    one_step = steps == 1 and state == "window"
    assert result.state_bytes == (kept_by_one_step_from_reset if one_step else hidden + cell + next_hidden)


@pytest.mark.parametrize("dense", [(), ((2, "relu"),)])
@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("steps", [1, 3])
def test_what_a_report_compares_of_a_stream(
    host: Host, steps: int, sequences: bool, dense: tuple[tuple[int, str], ...]
) -> None:
    """Every step's output where there is one a step; windows from reset, but for those of a single step."""
    spec = Spec(steps, 3, (4, 3), sequences, False, dense, (False, False), True, False, False, 5)
    network, inputs = networks.build(spec), networks.inputs_of(spec, COUNT)
    outputs, _ = host.bench(network, inputs, "stream")
    alone, on = reference.run(network, inputs), reference.run(network, inputs, goes_on=True)
    assert (alone[1:] != on[1:]).any()
    assert_equal(network, outputs, on if steps == 1 else alone, inputs, host.noted)


@pytest.mark.parametrize("integer", [True, False])
def test_streaming_goes_on_from_window_to_window(host: Host, integer: bool) -> None:
    """Without a reset the hidden state goes on, as in one long window; each window's sums start afresh."""
    spec = Spec(4, 2, (5, 3), True, True, ((4, "relu"), (2, "linear")), (False, False), integer, False, False, 15)
    network, inputs = networks.build(spec), networks.inputs_of(spec, COUNT)
    result = host.run(network, inputs, "stream")
    assert result.going_on is not None
    assert result.going_on.ready.tolist() == [[False, False, False, True]] * COUNT

    steps = COUNT * spec.steps
    lstms = tuple(replace(x, output=replace(x.output, shape=(steps, x.units))) for x in network.layers[:2])
    recurrent = network.but(input=replace(network.input, shape=(steps, 2)), layers=lstms)
    hidden = reference.run(recurrent, inputs.reshape(1, steps, 2)).reshape(COUNT, spec.steps * 3)
    rest = network.but(input=network.layers[2].output, layers=network.layers[3:])
    expected = reference.run(rest, hidden)
    assert_equal(network, result.going_on.outputs[:, -1], expected)
    assert_equal(network, reference.run(network, inputs, goes_on=True), expected)
    assert (result.going_on.outputs[1:, -1] != result.run[1:]).any()


@pytest.mark.parametrize("state", ["window", "stream"])
@pytest.mark.parametrize("quantisation", ["int8", "float32"])
@pytest.mark.parametrize("model", ["forecast", "forecast-window"])
def test_the_bench_runs_the_shipped_models_on_the_host(host: Host, model: str, quantisation: str, state: str) -> None:
    folder = ROOT / "models" / model
    network = calibrated(readers.read(folder / f"{model}.keras"), folder / f"{model}.npz", quantisation)
    inputs = to_stored(np.load(folder / f"{model}.npz")["inputs"][:20], network.input)
    outputs, figures = host.bench(network, inputs, state)
    assert_equal(network, outputs, reference.run(network, inputs, goes_on=goes_on(network, state)))
    assert figures["samples"] == 20
    assert figures["state_bytes"] == host.run(network, inputs, state).state_bytes


@given(networks.specs(integer=True))
@settings(settings.get_profile("sweep"))
@pytest.mark.long
def test_many_more_integer_networks(host: Host, spec: Spec) -> None:
    check(host, spec)


@given(networks.specs(integer=False))
@settings(settings.get_profile("sweep"))
@pytest.mark.long
def test_many_more_real_valued_networks(host: Host, spec: Spec) -> None:
    check(host, spec)


@pytest.mark.parametrize("quantisation", formats.names())
@given(data=st.data())
@settings(settings.get_profile("sweep"))
@pytest.mark.long
def test_many_more_chains(host: Host, quantisation: str, data: st.DataObject) -> None:
    check_chain(host, data.draw(networks.chains(quantisation)))


@given(networks.chains("float32"), st.sampled_from(formats.names()))
@settings(settings.get_profile("sweep"))
@pytest.mark.long
def test_many_more_of_the_quantisers_networks(host: Host, chain: Chain, quantisation: str) -> None:
    check_quantised(host, chain, quantisation)
