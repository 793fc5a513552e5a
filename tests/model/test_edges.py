# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Edges of the quantiser, the reference and the proofs: the last number that holds, the first that does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kernels.armv7em import layout as armv7em
from kernels.rv32im import layout as rv32im
from model import fixed_point as fp
from model import formats, limits, lower, plan, planner, quantise, reference
from model.errors import UserError
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.normalise import Normalise
from model.network import Network, chained
from model.signal import Array, Signal, Weights, scale_of
from tests.firmware.test_limits import hidden, integer_lstm
from tests.oracle import models
from tests.oracle.interpreters import run_micro
from tests.oracle.tflite_writer import write
from tests.support import networks
from tests.support.compared import STRUCTURES
from tests.support.host import Host
from tests.support.networks import Chain


def one_dense(kernel: Array, bias: Array) -> Network:
    weights = Weights(kernel.astype(np.float32))
    dense = Dense("dense", weights, bias.astype(np.float32), "linear", Signal((len(kernel),)))
    return chained("net", "made by a test", "0" * 64, "float32", Signal((kernel.shape[1],)), (dense,))


# ---- the quantiser ----


@pytest.mark.parametrize(("quantisation", "steps"), [("int8", 2.0**12), ("int16x8", 2.0**29 / (65535 * 254))])
def test_a_dense_s_output_is_no_finer_than_its_sums_bear(quantisation: str, steps: float) -> None:
    """Of outputs that calibration showed as almost 0: 4096 steps in a step of the sums, 2^29 in the largest sum."""
    network = one_dense(np.array([[1.0, -1.0]]), np.zeros(1))
    calibration = np.full((4, 2), 3.0, np.float32)
    calibration[1, 0] = np.nextafter(np.float32(3), np.float32(0))
    made = quantise.quantise(network, calibration, quantisation)
    dense = made.layers[0]
    assert isinstance(dense, Dense)
    unit = made.input.scale * float(scale_of(dense.kernel)[0])
    assert dense.output.scale == pytest.approx(unit / steps, rel=1e-3)
    limits.check(made)


def test_a_dense_with_the_largest_bias_is_not_too_fine_for_it() -> None:
    """A row of almost no weights, its outputs far beyond what calibration showed of another row."""
    network = one_dense(np.array([[1e-20, 1e-20], [1.0, 1.0]]), np.array([3.0, 0.0]))
    calibration = np.zeros((3, 2), np.float32)
    for quantisation in ("int8", "int16x8"):
        limits.check(quantise.quantise(network, calibration, quantisation))


@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
def test_a_hidden_state_of_almost_nothing_is_no_finer_than_its_product(quantisation: str) -> None:
    """o * tanh(c) is Q0.30: of hidden states that calibration showed as smaller, its last bit is the scale."""
    kernel, recurrent = (Weights(np.zeros((4, 1, 1), np.float32)) for _ in range(2))
    bias = np.array([[0.0], [0.0], [1e-9], [0.0]], np.float32)
    lstm = Lstm("lstm", kernel, recurrent, bias, True, False, 0.0, Signal((2, 1)))
    network = chained("net", "made by a test", "0" * 64, "float32", Signal((2, 1)), (lstm,))
    made = quantise.quantise(network, np.ones((3, 2, 1), np.float32), quantisation)
    assert made.output.scale == 2.0**-30
    limits.check(made)


def test_weights_are_as_coarse_as_their_biases_ask() -> None:
    for name, bits in (("int8", 30), ("int16x8", 34)):
        scale = formats.named(name).least_scale(np.array([[8.0, -3.0], [0.0, 0.0]]), 2.0**-4)
        assert scale.tolist() == [8.0 / (2.0**-4 * 2.0**bits), 0.0]


def test_a_folded_normalisation_gives_the_input_its_range() -> None:
    network = one_dense(np.array([[1.0, 1.0]]), np.zeros(1))
    normalise = Normalise("normalise", np.float32([2.0, 4.0]), np.float32([0.0, -1.0]), Signal((2,)))
    network = network.but(layers=(normalise, *network.layers))
    calibration = np.array([[0.0, 0.0], [10.0, 3.0]], np.float32)  # normalised: -1 .. 20
    made = quantise.quantise(network, calibration, "int8")
    assert made.input.scale == pytest.approx(21 / 255)


# ---- the reference ----


def test_the_smallest_factor_that_is_not_zero() -> None:
    assert fp.multiplier(2.0**-32) == fp.Multiplier(1 << 30, -31)
    assert fp.multiplier(2.0**-32 * 1.5) == fp.Multiplier(3 << 29, -31)
    assert fp.multiplier(np.nextafter(2.0**-32, 0) * (1 - 1e-9)) == fp.Multiplier(0, 0)


@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
def test_the_cell_s_clip_between_two_steps_is_the_lower_one(host: Host, quantisation: str) -> None:
    """As in tflite-micro; in C at both ends, and with each of three values beyond."""
    network = models.Random(3, quantisation, (6, 2)).lstm(40, True).network()
    lstm = network.layers[0]
    assert isinstance(lstm, Lstm)
    random = np.random.default_rng(2)
    bias = lstm.bias + (random.choice([-4.0, 4.0], (4, 40)) / (network.input.scale * lstm.kernel.scale[:, None]))
    lstm = replace(lstm, cell_scale=2.0**-9, cell_clip=153.7 * 2.0**-9, bias=bias.astype(lstm.bias.dtype))
    lstm = replace(lstm, output=replace(lstm.output, scale=2.0**-7 if quantisation == "int8" else 2.0**-15))
    network = network.but(layers=(lstm,))
    assert lower.cell_limit(lstm) == 153
    seen: list[Array] = []
    inputs = models.stored_inputs(network.input, 150)
    expected = reference.run(network, inputs, lambda _, what, v: seen.append(v) if what == "cell" else None)
    assert (np.abs(seen[0]) == 153).mean() > 0.2
    assert {-153, 153} <= set(seen[0].ravel().tolist())
    np.testing.assert_array_equal(run_micro(write(network), inputs).reshape(expected.shape), expected)
    np.testing.assert_array_equal(host.run(network, inputs).run, expected)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_vector_is_quantised_in_as_many_parts_as_the_plan_adds(structure: str) -> None:
    shape, words = STRUCTURES[structure]
    network = networks.build_chain(Chain("dynamic", shape, words, seed=7))
    parts = {index: 1 for index, layer in enumerate(network.layers) if isinstance(layer, Dense)}
    for loop in planner.make(network, stream=False).work:
        for op in loop.body if isinstance(loop, plan.Loop) else ():
            if op.kind == "dense_add":
                index = next(k for k, layer in enumerate(network.layers) if layer is op.layer)
                parts[index] = loop.steps * op.blocks
    assert {index: reference.vectors(network, index) for index in parts} == parts


@pytest.mark.parametrize("width", [1, 2, 3, 7, 40, 300])
@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_c_softmax_over_many_elements(host: Host, dtype: str, width: int) -> None:
    """Sums of few and many exponentials, near and far from each other."""
    random = np.random.default_rng(width)
    scale, zero_point = models.OUTPUTS["softmax"][dtype]
    limit = np.iinfo(dtype)
    for log2 in (-14, -12, -9, -5):
        source = Signal((width,), dtype, 2.0**log2, 0)
        output = Signal((width,), dtype, scale, zero_point)
        layer = models.Activation("softmax", "softmax", output, networks.format_of(output))
        network = chained("net", "", "0" * 64, "int8" if dtype == "int8" else "int16x8", source, (layer,))
        inputs = random.integers(limit.min, limit.max + 1, (60, width))
        inputs[:30] //= 1 << random.integers(0, 12, (30, 1))
        inputs = inputs.astype(dtype)
        np.testing.assert_array_equal(host.run(network, inputs).run, reference.run(network, inputs))


# ---- limits and proofs ----


def test_sums_of_the_recurrent_kernel_are_looked_at() -> None:
    source, layer = integer_lstm("int16", output=hidden(2.0**-15))
    assert layer.recurrent.scale is not None
    limits.check(chained("net", "", "", "int16x8", source, (layer,)))
    coarse = replace(layer, recurrent=Weights(np.full_like(layer.recurrent.values, 127), np.full(4, 1e4, np.float32)))
    with pytest.raises(UserError, match="layer 'lstm': its sums, in steps of its output, can reach"):
        limits.check(chained("net", "", "", "int16x8", source, (coarse,)))


def test_the_coarsest_row_of_a_dense_counts() -> None:
    scale = np.float32([2.0**-12, 2.0**-12, 2.0**12])
    weights = Weights(np.full((3, 8), 127, np.int8), scale)
    dense = Dense("dense", weights, np.zeros(3, np.int32), "linear", Signal((3,), "int8"), formats.named("int8"))
    for row in range(3):
        rolled = replace(dense, kernel=Weights(dense.kernel.values, np.roll(scale, row)))
        with pytest.raises(UserError, match="its sums, shifted left by"):
            limits.check(chained("net", "", "", "int8", Signal((8,), "int8", 2.0**8), (rolled,)))


def test_the_largest_sum_is_that_of_inputs_of_minus_128() -> None:
    rows, bias = np.array([[127, -3], [-128, 0]], np.int8), np.array([7, -9])
    assert lower.peak(rows, bias).tolist() == [128 * 130 + 7, 128 * 128 + 9]


def test_pairs_of_rows_share_a_halfword_up_to_22_bits_and_never_with_a_weight_of_minus_128() -> None:
    rows = np.full((2, 258), 127, np.int8)
    room = (1 << 22) - 128 * 127 * 258
    assert armv7em.pairs_proved(rows, np.array([room - 1, 0]))
    assert not armv7em.pairs_proved(rows, np.array([room, 0]))
    assert not armv7em.pairs_proved(rows, np.array([0, -room]))
    assert not armv7em.pairs_proved(np.full((2, 259), 127, np.int8), np.zeros(2, np.int64))
    rows[1, 5] = -128
    assert not armv7em.pairs_proved(rows[:, :20], np.zeros(2, np.int64))


def test_a_gate_that_needs_no_saturation_really_needs_none() -> None:
    """Over factors and rows around the edge: nearest to it, what is thought safe is, and what is not is wanted."""
    random, edges = np.random.default_rng(0), 0
    for _ in range(20_000):
        rows = random.choice([-1, 1]) * random.integers(0, 128, (1, 3)).astype(np.int64)
        bias = random.integers(-5000, 5000, 1)
        highest = int((bias + np.maximum(127 * rows, -128 * rows).sum(axis=1)).max())
        lowest = int((bias + np.minimum(127 * rows, -128 * rows).sum(axis=1)).min())
        largest = max(highest, -lowest)
        factor = fp.multiplier((32767 + random.uniform(-1.5, 1.5)) / largest)
        if factor.shift > 0:
            continue
        ends = fp.requantise32(np.array([lowest, highest]), factor)
        safe = rv32im._safe(rows.astype(np.int8), bias, factor)
        assert not safe or np.abs(ends).max() <= 32767
        edges += safe
    assert edges > 1000
