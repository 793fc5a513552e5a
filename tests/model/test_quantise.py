# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The quantiser's rules, one by one, and what they give for a whole network."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from model import quantise, reference
from model.formats import weights8
from model.formats.base import Format
from model.formats.dynamic import FORMAT as DYNAMIC
from model.formats.int8 import FORMAT as INT8
from model.formats.int16x8 import FORMAT as INT16X8
from model.functions import named
from model.layers.dense import Dense
from model.layers.lstm import Lstm, cell_scale
from model.layers.recurrent import Recurrent
from model.layers.reshape import Reshape
from model.network import Network, placed
from model.signal import Signal, scale_of, to_real, to_stored
from tests.support import networks
from tests.support.networks import Chain, Spec, Word

FLOATS = st.floats(-1e4, 1e4, width=32)
SPEC = Spec(5, 3, (6, 4), True, True, ((5, "relu"), (2, "linear")), (False, False), False, False, False, 7)


@given(hnp.arrays(np.float32, (4, 3, 2), elements=FLOATS))
def test_weights_fill_plus_minus_127_of_each_gate(values: np.ndarray) -> None:
    weights = weights8.quantise(values)
    assert weights.values.dtype == np.int8
    assert weights.scale is not None
    assert weights.scale.dtype == np.float32
    for gate, scale, stored in zip(values, weights.scale, weights.values, strict=True):
        peak = float(np.abs(gate).max())
        zero = peak <= 127 * weights8.SMALLEST  # the scale would be no normal float32
        assert np.abs(stored.astype(int)).max() == (0 if zero else 127)  # -128 never
        assert np.abs(stored * float(scale) - gate).max() <= 0.5001 * scale


@pytest.mark.parametrize("format", [DYNAMIC, INT8, INT16X8])
@pytest.mark.parametrize("word", [("gru", 5, True, False), ("rnn", 5, True, False), ("lstm", 5, True, False)])
def test_cells_that_are_not_tflites_have_a_scale_for_every_row(word: Word, format: Format) -> None:
    """A small row beside a large one loses none of its bits, and its bias is in its own units."""
    chain = Chain("float32", (6, 3), (word,), seed=3)
    network = networks.build_chain(chain)
    (cell,) = network.layers
    assert isinstance(cell, Recurrent)
    if isinstance(cell, Lstm):
        cell = replace(cell, activation=named("relu"))
    for weights in (cell.kernel, cell.recurrent):
        weights.values[:, 1] *= 0.01
    inputs = networks.chain_inputs(network, 20, False, 4)
    (made,) = quantise.quantise(network.but(layers=[cell]), inputs, format.name).layers
    assert isinstance(made, Recurrent)
    for real, weights in ((cell.kernel, made.kernel), (cell.recurrent, made.recurrent)):
        assert scale_of(weights).shape == real.values.shape[:2]
        assert (np.abs(weights.values.astype(int)).max(axis=-1) == 127).all()
        error = np.abs(weights.values * scale_of(weights)[..., None] - real.values)
        assert (error <= 0.5001 * scale_of(weights)[..., None]).all()
    if format.integer:
        units = scale_of(made.kernel).astype(float) * quantise.quantise(network, inputs, format.name).input.scale
        assert (np.abs(made.bias * units - cell.bias) <= 0.5001 * units).all()


@pytest.mark.parametrize("format", [DYNAMIC, INT8, INT16X8])
def test_a_gate_of_tflites_lstm_has_one_scale(format: Format) -> None:
    network = networks.build_chain(Chain("float32", (6, 3), (("lstm", 5, True, False),), seed=3))
    (made,) = quantise.quantise(network, networks.chain_inputs(network, 20, False, 4), format.name).layers
    assert isinstance(made, Lstm)
    assert (scale_of(made.kernel).shape, scale_of(made.recurrent).shape) == ((4,), (4,))


def test_a_gate_of_zeros_has_a_scale_all_the_same() -> None:
    weights = weights8.quantise(np.zeros((2, 3), np.float32))
    assert weights.scale is not None
    assert (weights.scale > 0).all()
    assert not weights.values.any()


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_an_int8_signal_holds_zero_exactly_and_covers_its_range(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    signal = INT8.signal((3,), low, high)
    assert (signal.dtype, signal.shape) == ("int8", (3,))
    assert -128 <= signal.zero_point <= 127
    assert signal.scale > 0
    assert signal.scale == float(np.float32(signal.scale))
    assert to_real(to_stored(np.zeros(1), signal), signal)[0] == 0.0
    ends = np.array([min(low, 0.0), max(high, 0.0)])
    covered = to_real(np.array([-128, 127]), signal)
    assert covered[0] <= ends[0] + 0.51 * signal.scale
    assert covered[1] >= ends[1] - 0.51 * signal.scale


def test_known_int8_signals() -> None:
    assert INT8.signal((1,), 0.0, 1.0) == Signal((1,), "int8", float(np.float32(1 / 255)), -128)
    assert INT8.signal((1,), -1.0, 0.0) == Signal((1,), "int8", float(np.float32(1 / 255)), 127)
    assert INT8.signal((1,), 3.0, 5.1).zero_point == -128  # zero is always inside
    for nothing in (0.0, 1e-44, 5e-324):  # a constant zero, or as good as
        assert INT8.signal((1,), 0.0, nothing).scale == float(np.float32(1 / 255))


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_an_int16_signal_is_symmetric(one: float, other: float) -> None:
    signal = INT16X8.signal((3,), min(one, other), max(one, other))
    assert signal.zero_point == 0
    assert signal.scale == float(np.float32(signal.scale)) > 0
    assert 32767.5 * signal.scale >= max(abs(one), abs(other))


@given(st.floats(0, 2.0**10))
def test_the_cell_scale_is_the_smallest_power_of_two_that_holds_the_peak(peak: float) -> None:
    scale = cell_scale(peak)
    assert math.frexp(scale)[0] == 0.5
    assert scale >= 2.0**-15
    assert peak <= 32768 * scale
    assert scale == 2.0**-15 or peak > 16384 * scale


def test_biases_are_in_units_of_input_and_weight_scale() -> None:
    bias = np.array([[1.0, -0.5], [3.0, 0.26]])
    got = INT8.quantise_bias(bias, 0.5, np.array([0.25, 0.5], np.float32))
    assert got.dtype == np.int32
    assert got.tolist() == [[8, -4], [12, 1]]


def test_a_bias_beyond_32_bits_saturates() -> None:
    bias = np.array([1.0, -1.0])
    got = INT8.quantise_bias(bias, 1e-6, np.array([1e-6, 1e-6], np.float32))
    assert got.tolist() == [2**31 - 1, -(2**31 - 1)]


@pytest.fixture(scope="module")
def quantised() -> tuple[Network, Network]:
    """A real-valued network and its int8 form."""
    network = networks.build(SPEC)
    return network, quantise.quantise(network, networks.inputs_of(SPEC, 200), "int8")


def test_the_structure_stays(quantised: tuple[Network, Network]) -> None:
    network, integer = quantised
    assert integer.quantisation == "int8"
    assert [type(a) for a in integer.layers] == [type(a) for a in network.layers]
    assert [a.output.shape for a in integer.layers] == [a.output.shape for a in network.layers]
    assert all(layer.output.dtype == "int8" for layer in integer.layers)


def test_signals_cover_exactly_what_calibration_showed(quantised: tuple[Network, Network]) -> None:
    network, integer = quantised
    inputs = networks.inputs_of(SPEC, 200)
    ranges = quantise.Ranges()
    reference.run(network, inputs, ranges.observe)
    assert integer.input == INT8.signal((5, 3), float(inputs.min()), float(inputs.max()))
    for place, layer in placed(integer):
        if isinstance(layer, Lstm):
            assert layer.output == INT8.signal(layer.output.shape, *ranges.of[place, "hidden"])
            low, high = ranges.of[place, "cell"]
            assert layer.cell_scale == cell_scale(max(-low, high))
        if isinstance(layer, Dense):
            assert layer.output == INT8.signal(layer.output.shape, *ranges.of[place, "output"])


def test_a_reshape_changes_no_scale(quantised: tuple[Network, Network]) -> None:
    _, integer = quantised
    (index,) = (i for i, layer in enumerate(integer.layers) if isinstance(layer, Reshape))
    assert integer.layers[index].output == replace(integer.layers[index - 1].output, shape=(20,))


def test_the_quantised_network_answers_like_the_real_one(quantised: tuple[Network, Network]) -> None:
    network, integer = quantised
    inputs = networks.inputs_of(SPEC, 400)[200:]
    real = reference.run(network, inputs)
    got = to_real(reference.run(integer, to_stored(inputs, integer.input)), integer.output)
    assert np.abs(got - real).mean() < 0.02 * (real.max() - real.min())
    assert np.corrcoef(got.ravel(), real.ravel())[0, 1] > 0.995


def test_outputs_do_not_depend_on_calibration_only_samples_order() -> None:
    network, inputs = networks.build(SPEC), networks.inputs_of(SPEC, 50)
    one, other = (quantise.quantise(network, x, "int8") for x in (inputs, inputs[::-1]))
    assert [layer.output for layer in one.layers] == [layer.output for layer in other.layers]


@given(st.floats(-300, 300, width=32), st.integers(-128, 127))
def test_storing_rounds_halves_away_from_zero_and_saturates(real: float, zero_point: int) -> None:
    signal = Signal((1,), "int8", 0.5, zero_point)
    away = math.copysign(math.floor(abs(real) / 0.5 + 0.5), real)
    expected = min(127, max(-128, int(away) + zero_point))
    assert to_stored(np.array([real]), signal)[0] == expected
