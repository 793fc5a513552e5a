# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Sums, products, concatenations and functions of a .tflite: tflite-micro's bits, or a refusal by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model import formats, limits, reference
from model.errors import UserError
from model.layers.activation import Activation
from model.layers.base import Layer, Place, Seat
from model.layers.concatenate import Concatenate
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.merge import Merge
from model.layers.prelu import Prelu
from model.layers.with_constant import WithConstant
from model.network import Network, Node, chained
from model.quantise import quantise
from model.readers.tflite import KIND
from model.readers.tflite.joins import FUNCTIONS
from model.signal import Array, Signal, to_real
from tests.oracle import models, tflite_writer
from tests.oracle.flatbuffer import File, pack
from tests.oracle.interpreters import run_micro
from tests.oracle.tflite_writer import write
from tests.support.host import Host
from tests.support.networks import format_of

WIDTH, WINDOWS = 64, 100
TYPES = {"int8": "int8", "int16": "int16x8"}
COMPARED = ("maximum", "minimum")


def signal(random: np.random.Generator, dtype: str, log2: float, width: int = WIDTH) -> Signal:
    """Of about this scale; an int8's zero point is at times an end of its range."""
    scale = float(np.float32(2.0 ** (log2 + random.uniform(-1, 1))))
    zero_point = int(random.choice([-128, 127, 0, *random.integers(-128, 128, 3)])) if dtype == "int8" else 0
    return Signal((width,), dtype, scale, zero_point)


def drawn(function: str, dtype: str, seed: int) -> tuple[Signal, Signal, Signal]:
    """Two inputs and an output."""
    random = np.random.default_rng(seed)
    one, other = signal(random, dtype, -5), signal(random, dtype, -5)
    if function in COMPARED:
        return one, one, one
    product = np.log2(one.scale) + np.log2(other.scale) + (7 if dtype == "int8" else 15)
    return one, other, signal(random, dtype, product if function == "multiply" else -4)


def inputs_of(signals: tuple[Signal, ...], seed: int) -> list[Array]:
    """Windows of each, of which those with extremes do not meet."""
    found = [models.stored_inputs(one, WINDOWS, seed + number) for number, one in enumerate(signals)]
    np.random.default_rng(seed).shuffle(found[-1])
    return found


def of_two(network: Network, inputs: list[Array]) -> Array:
    """What the only layer, which reads two inputs, computes."""
    seat = Seat(Place(0), network.input, lambda *_: None, sources=network.inputs)
    return network.layers[0].run_of([x.astype(np.int64) for x in inputs], seat)


@pytest.mark.parametrize("function", FUNCTIONS.values())
@pytest.mark.parametrize("dtype", TYPES)
def test_two_signals(dtype: str, function: str) -> None:
    for seed in range(6):
        one, other, out = drawn(function, dtype, seed)
        merge = Merge("merge", function, out, format_of(out))
        network = Network("net", "", "", TYPES[dtype], (one, other), (Node(merge, (0, 1)),), (2,))
        limits.check(network)
        inputs = inputs_of(network.inputs, seed)
        theirs = run_micro(write(network), *inputs).reshape(WINDOWS, WIDTH)
        np.testing.assert_array_equal(of_two(network, inputs), theirs, f"seed {seed}")


def with_constant(function: str, dtype: str, seed: int) -> Network:
    """One signal and a constant."""
    one, held, out = drawn(function, dtype, seed)
    constant = np.random.default_rng(seed).integers(held.low, held.high + 1, WIDTH).astype(dtype)
    layer = WithConstant("with", function, constant, held, out, format_of(out))
    return chained("net", "", "", TYPES[dtype], one, (layer,), came_quantised=True)


@pytest.mark.parametrize("function", FUNCTIONS.values())
@pytest.mark.parametrize("dtype", TYPES)
def test_a_signal_and_a_constant(host: Host, dtype: str, function: str) -> None:
    for seed in range(4):
        network = with_constant(function, dtype, seed)
        limits.check(network)
        inputs = models.stored_inputs(network.input, WINDOWS, seed)
        ours = reference.run(network, inputs)
        np.testing.assert_array_equal(ours, run_micro(write(network), inputs).reshape(ours.shape), f"seed {seed}")
    np.testing.assert_array_equal(host.run(network, inputs).run, ours)


def prelu(dtype: str, seed: int) -> Network:
    """Slopes of 8 bits, some below 0, some above 1, their zero point anywhere."""
    random = np.random.default_rng(seed)
    source = signal(random, dtype, -5 if dtype == "int8" else -13)
    out = signal(random, dtype, np.log2(source.scale))
    held = signal(random, "int8", -6)
    alpha = random.integers(-128, 128, WIDTH).astype(np.int8)
    return chained("net", "", "", TYPES[dtype], source, (Prelu("prelu", alpha, held, out),), came_quantised=True)


@pytest.mark.parametrize("dtype", TYPES)
def test_slopes_below_zero(host: Host, dtype: str) -> None:
    for seed in range(6):
        network = prelu(dtype, seed)
        limits.check(network)
        inputs = models.stored_inputs(network.input, WINDOWS, seed)
        ours = reference.run(network, inputs)
        np.testing.assert_array_equal(ours, run_micro(write(network), inputs).reshape(ours.shape), f"seed {seed}")
    np.testing.assert_array_equal(host.run(network, inputs).run, ours)


@pytest.mark.parametrize("quantisation", formats.names())
def test_slopes_of_a_trained_model(host: Host, quantisation: str) -> None:
    """The device computes what the reference does, which in integers is near the real function."""
    random = np.random.default_rng(4)
    alpha = random.normal(0, 0.5, 5).astype(np.float32)
    trained = chained("net", "", "", "float32", Signal((6, 5)), (Prelu("prelu", alpha, Signal((5,)), Signal((6, 5))),))
    windows = random.normal(0, 1, (40, 6, 5)).astype(np.float32)
    network = quantise(trained, windows, quantisation)
    limits.check(network)
    inputs = reference.stored_inputs(network, windows)
    ours = reference.run(network, inputs)
    np.testing.assert_allclose(host.run(network, inputs).run, ours, rtol=0, atol=network.format.tolerance)
    due = np.where(windows >= 0, windows, windows * alpha)
    slopes = np.abs(windows).max() * np.abs(alpha).max() / 254  # rounded to 8 bits
    most = slopes + 2 * network.output.scale if network.format.integer else 1e-6
    assert np.abs(to_real(ours, network.output) - due).max() < most


# ---- files ----


def branched(dtype: str, seed: int = 0) -> Network:
    """A residual connection, products and maxima of two branches, and all of them side by side."""
    random = models.Random(seed, TYPES[dtype], (9, 5)).lstm(5, sequences=True)
    lstm, first = random.layers[0], random.input
    output, differences = (random.signal((9, 5), peak) for peak in (1.0, 3.0))
    wide = Signal((9, 15), output.dtype, output.scale, output.zero_point)
    functions = (("subtract", differences), ("add", output), ("multiply", output), ("maximum", output))
    sub, add, mul, maximum = (Merge(name, name, out, format_of(out)) for name, out in functions)
    nodes = [Node(lstm, (0,)), Node(sub, (0, 1)), Node(add, (1, 2)), Node(mul, (2, 3)), Node(maximum, (3, 4))]
    nodes.append(Node(Concatenate("all", wide), (3, 4, 5)))
    tail = models.Random(seed + 1, TYPES[dtype], (9, 15))
    tail.input = wide
    layers: list[Layer] = tail.lstm(4).dense(3).layers
    assert isinstance(layers[0], Lstm)
    assert isinstance(layers[1], Dense)
    nodes += [Node(layer, (6 + number,)) for number, layer in enumerate(layers)]
    return Network("net", "", "", TYPES[dtype], (first,), tuple(nodes), (8,), came_quantised=True)


@pytest.mark.parametrize("dtype", TYPES)
def test_a_graph_is_read_as_it_was_written(host: Host, tmp_path: Path, dtype: str) -> None:
    network = branched(dtype)
    path = tmp_path / "model.tflite"
    path.write_bytes(write(network))
    found = KIND.read(path, "model", "")
    assert [node.reads for node in found.nodes] == [node.reads for node in network.nodes]
    assert [type(layer) for layer in found.layers] == [type(layer) for layer in network.layers]
    inputs = models.stored_inputs(network.input, 300)
    ours = reference.run(found, inputs)
    np.testing.assert_array_equal(ours, run_micro(path.read_bytes(), inputs).reshape(ours.shape))
    np.testing.assert_array_equal(host.run(found, inputs[:60]).run, ours[:60])


@pytest.mark.parametrize("dtype", TYPES)
def test_two_inputs(host: Host, tmp_path: Path, dtype: str) -> None:
    random = models.Random(5, TYPES[dtype], (7, 3)).lstm(4)
    beside, out = random.signal((4,), 2.0), random.signal((4,), 2.0)
    nodes = (Node(random.layers[0], (0,)), Node(Merge("add", "add", out, format_of(out)), (2, 1)))
    path = tmp_path / "model.tflite"
    path.write_bytes(write(Network("net", "", "", TYPES[dtype], (random.input, beside), nodes, (3,))))
    found = KIND.read(path, "model", "")
    inputs = inputs_of(found.inputs, 1)
    given = found.given.packed(inputs)
    ours = reference.run(found, given)
    np.testing.assert_array_equal(ours, run_micro(path.read_bytes(), *inputs).reshape(ours.shape))
    np.testing.assert_array_equal(host.run(found, given).run, ours)


@pytest.mark.parametrize("activation", [1, 2, 3])
@pytest.mark.parametrize("dtype", TYPES)
def test_a_fused_activation_clamps_exactly(tmp_path: Path, dtype: str, activation: int) -> None:
    network = models.Random(3, TYPES[dtype], (5, 4)).lstm(4).network()
    random = np.random.default_rng(activation)
    for operator, log2 in (("add", 0), ("subtract", -1), ("multiply", 0)):
        file = File()
        number = file.tensor(tflite_writer._tensor(network.input))
        lstm = tflite_writer._layer(file, network.layers[0], number, network.input)
        out = signal(random, dtype, log2 - (5 if dtype == "int8" else 13), 4)
        last = tflite_writer._merge(file, operator, [lstm, lstm], tflite_writer._tensor(out), activation)
        path = tmp_path / "model.tflite"
        path.write_bytes(pack(file, [number], [last]))
        found = KIND.read(path, "model", "")
        assert [type(layer) for layer in found.layers] == [Lstm, Merge, Activation]
        inputs = models.stored_inputs(network.input, 200)
        ours = reference.run(found, inputs)
        np.testing.assert_array_equal(ours, run_micro(path.read_bytes(), inputs).reshape(ours.shape))


REFUSALS = {
    "scales": ("MAXIMUM", {}, {"scale": 2.0}, "joins tensors of different scales"),
    "shapes": ("ADD", {}, {"shape": (1, 20)}, "reads shapes .*; supported: two of one shape"),
    "fused": ("ADD", {"FusedActivationFunction": 5}, {}, "fused activation is sign_bit"),
    "axis": ("CONCATENATION", {"Axis": 1}, {}, "joins along axis 1; supported: the last"),
    "type": ("ADD", {}, {"dtype": "int16", "zero_point": 0}, "reads and writes int16 and int8"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusal(case: str, tmp_path: Path) -> None:
    operator, options, change, sentence = REFUSALS[case]
    network = models.Random(3, "int8", (5, 4)).lstm(4, sequences=True).network()
    out = network.output
    file = File()
    number = file.tensor(tflite_writer._tensor(network.input))
    lstm = tflite_writer._layer(file, network.layers[0], number, network.input)
    other = file.operator("QUANTIZE", [lstm], tflite_writer._tensor(out))
    for key, value in change.items():
        scale = np.float32([out.scale * value]) if key == "scale" else value
        setattr(file.tensors[other], key, scale)
    table = {"MAXIMUM": "MaximumMinimumOptions", "ADD": "AddOptions", "CONCATENATION": "ConcatenationOptions"}[operator]
    wide = Signal((10, 4) if operator == "CONCATENATION" else out.shape, out.dtype, out.scale, out.zero_point)
    last = file.operator(operator, [lstm, other], tflite_writer._tensor(wide), table, **options)
    path = tmp_path / "model.tflite"
    path.write_bytes(pack(file, [number], [last]))
    with pytest.raises(UserError, match=sentence):
        KIND.read(path, "model", "")
