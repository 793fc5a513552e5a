# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The integer reference computes what tflite-micro computes: not one value differs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model import reference
from model.formats.int8 import FORMAT as INT8
from model.functions import FORMS
from model.layers.activation import Activation
from model.layers.convert import Convert
from model.layers.dense import Dense
from model.network import Network, chained
from model.readers.tflite import KIND
from model.signal import Array, Signal, Weights, to_stored
from tests.oracle import models, twin
from tests.oracle.interpreters import run_micro
from tests.oracle.tflite_writer import write
from tests.support import networks

WINDOWS = 1000


def differing(network: Network, model: bytes, inputs: Array) -> int:
    """How many output values of the reference and of tflite-micro differ."""
    ours = reference.run(network, inputs)
    theirs = run_micro(model, inputs).reshape(ours.shape)
    assert ours.dtype == theirs.dtype
    return int((ours != theirs).sum())


@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
@pytest.mark.parametrize("name", models.RANDOM)
def test_random_network(name: str, quantisation: str) -> None:
    network = models.random_network(name, quantisation)
    assert differing(network, write(network), models.stored_inputs(network.input, WINDOWS)) == 0


@pytest.mark.long
@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
@pytest.mark.parametrize("name", models.RANDOM)
def test_random_networks_of_many_seeds(name: str, quantisation: str) -> None:
    for seed in range(1, 26):
        network = models.random_network(name, quantisation, seed)
        assert differing(network, write(network), models.stored_inputs(network.input, WINDOWS, seed)) == 0, seed


CONVERTED = [
    *(models.twin(name) for name in models.TWINS),
    *(models.twin(name, "int8-per-tensor") for name in ("window", "sequence", "watch", "stacked")),
]
FLOAT_EDGES = [models.twin(name, "int8-float-edges") for name in ("sequence", "both_ways_last", "every_step")]


@pytest.fixture(scope="module")
def converted() -> None:
    twin.prepare([*CONVERTED, *FLOAT_EDGES])


@pytest.mark.usefixtures("converted")
@pytest.mark.parametrize("made", CONVERTED, ids=str)
def test_converted_model(made: twin.Twin) -> None:
    network = KIND.read(made.path, "model", "")
    assert network.quantisation == "int8"
    inputs = models.stored_inputs(network.input, WINDOWS)
    inputs[WINDOWS // 2 :] = to_stored(twin.calibration(made, WINDOWS - WINDOWS // 2), network.input)
    assert differing(network, made.path.read_bytes(), inputs) == 0


@pytest.mark.usefixtures("converted")
@pytest.mark.parametrize("made", FLOAT_EDGES, ids=str)
def test_converted_model_with_float_edges(made: twin.Twin) -> None:
    network = KIND.read(made.path, "model", "")
    assert (network.input.dtype, network.output.dtype, network.quantisation) == ("float32", "float32", "int8")
    assert differing(network, made.path.read_bytes(), 1.5 * twin.calibration(made, WINDOWS)) == 0


def one_layer(source: Signal, layer: Activation | Convert | Dense) -> Network:
    return chained("layer", "", "", "int8" if source.dtype == "int8" else "int16x8", source, (layer,))


SCALES = [2.0**-12, 2.0**-11, *np.geomspace(2.0**-20, 0.9, 24).astype(np.float32).tolist()]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("function", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_elementwise_function_of_every_input(dtype: str, function: str, scale: float) -> None:
    rng = np.random.default_rng(1)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    stored = np.arange(low, high + 1).astype(dtype).reshape(-1, 256)
    for zero_point in (-128, -7, 0, 90) if dtype == "int8" else (0,):
        source = Signal((256,), dtype, scale, zero_point)
        relu = float(np.float32(scale * rng.uniform(0.4, 1.3))), int(rng.integers(low, 1)) if dtype == "int8" else 0
        output = Signal((256,), dtype, *networks.OUTPUTS.get(function, {dtype: relu})[dtype])
        network = one_layer(source, Activation("function", function, output, networks.format_of(output)))
        assert differing(network, write(network), stored) == 0, zero_point


OTHERS = {"int8": ("leaky_relu", "elu", "hard_swish", "relu6"), "int16": ("leaky_relu",)}


@pytest.mark.parametrize(("dtype", "name"), [(dtype, name) for dtype, names in OTHERS.items() for name in names])
def test_other_functions_of_every_input(dtype: str, name: str) -> None:
    """A RELU6 of tflite-micro takes its output's scale for that of its input, whatever the file says."""
    rng, limits = np.random.default_rng(3), np.iinfo(dtype)
    stored = np.arange(limits.min, limits.max + 1).astype(dtype).reshape(-1, 256)
    for scale in SCALES[2:]:
        zero_points = [int(n) if dtype == "int8" else 0 for n in rng.integers(-128, 128, 2)]
        source = Signal((256,), dtype, scale, zero_points[0])
        output = Signal((256,), dtype, float(np.float32(scale * rng.uniform(0.4, 1.3))), zero_points[1])
        parameters = (float(np.float32(rng.uniform(0, 0.5))),) if name == "leaky_relu" else FORMS[name].defaults
        out = source if name == "relu6" else output
        layer = Activation("function", name, out, networks.format_of(output), parameters)
        network = one_layer(source, layer)
        assert differing(network, write(network), stored) == 0, scale


@pytest.mark.parametrize("width", [1, 2, 3, 10, 100])
@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_softmax(dtype: str, width: int) -> None:
    rng = np.random.default_rng(width)
    limits = np.iinfo(dtype)
    for scale in SCALES:
        source = Signal((width,), dtype, scale, 5 if dtype == "int8" else 0)
        output = Signal((width,), dtype, *networks.OUTPUTS["softmax"][dtype])
        stored = rng.integers(limits.min, limits.max + 1, (60, width))
        stored[:30] = np.clip(rng.normal(0, 3 / scale, (30, width)), limits.min, limits.max)
        stored[0], stored[1] = limits.min, limits.max
        network = one_layer(source, Activation("softmax", "softmax", output, networks.format_of(output)))
        assert differing(network, write(network), stored.astype(dtype)) == 0, scale


@pytest.mark.parametrize(
    "types", ["int8 int8", "int8 int16", "int16 int8", "int16 int16", "float32 int8", "float32 int16"]
)
def test_convert(types: str) -> None:
    rng = np.random.default_rng(2)
    read, written = types.split()
    for _ in range(20):
        output = Signal((64,), written, float(np.float32(rng.uniform(0.001, 0.02))), 0 if written == "int16" else 11)
        source = Signal((64,))
        inputs: Array = rng.normal(0, 2, (100, 64)).astype(np.float32)
        if read == "float32":
            halves = (np.arange(64) - 32 + 0.5) * output.scale  # the ties of rounding
            inputs[0], inputs[1] = halves, np.nextafter(halves, 0)
        else:
            source = Signal((64,), read, float(np.float32(rng.uniform(0.001, 0.02))), 0 if read == "int16" else -3)
            inputs = models.stored_inputs(source, 200)
        network = one_layer(source, Convert("convert", output))
        assert differing(network, write(network), inputs.astype(read)) == 0


@pytest.mark.parametrize("per_tensor", [False, True])
def test_dense_of_int16_with_narrow_bias(per_tensor: bool) -> None:
    """A 32-bit bias asks for 32-bit accumulators and their requantisation."""
    random = models.Random(4, "int16x8", (3, 6)).dense(40, per_tensor=per_tensor)
    wide = random.network()
    dense = random.layers[0]
    assert isinstance(dense, Dense)
    network = wide.but(layers=(replace(dense, bias=dense.bias.astype(np.int32)),))
    inputs = models.stored_inputs(network.input, WINDOWS)
    assert differing(network, write(network), inputs) == 0
    assert (reference.run(network, inputs) != reference.run(wide, inputs)).any()


def test_one_scale_for_a_matrix_is_multiplied_in_double() -> None:
    """Scales whose product differs in the last bit of float32 give another multiplier, and another result."""
    rng = np.random.default_rng(3)
    rows = 400
    for _ in range(20):
        source = Signal((1,), "int8", float(np.float32(rng.uniform(0.001, 0.1))), 0)
        weights = Weights(np.zeros((rows, 1), np.int8), np.full(rows, rng.uniform(0.001, 0.1), np.float32))
        bias = rng.integers(-100_000, 100_000, rows).astype(np.int32)
        output = Signal((rows,), "int8", float(np.float32(rng.uniform(0.1, 1.0))), 0)
        network = one_layer(source, Dense("dense", weights, bias, "linear", output, INT8))
        assert differing(network, write(network), np.zeros((1, 1), np.int8)) == 0
