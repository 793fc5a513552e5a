# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks of every shape, with weights no training would give: small ones by hand, random ones by hypothesis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from model.layouts.common import folded
from model.network import Activation, Array, Dense, Layer, Lstm, Network, Reshape, Signal, Weights

Random = np.random.Generator


@dataclass(frozen=True)
class Spec:
    """The shape of a network and how wild its numbers are; everything else follows from ``seed``."""

    steps: int
    features: int
    units: tuple[int, ...]  # one LSTM each
    sequences: bool  # the last LSTM gives its whole sequence
    flatten: bool  # … which is flattened
    dense: tuple[tuple[int, str], ...]  # (outputs, activation)
    backwards: tuple[bool, ...]  # one for each LSTM
    integer: bool
    extreme: bool  # weights are -127 or 127, biases and scales huge or tiny, inputs -128 or 127
    clip: bool
    seed: int


@st.composite
def specs(draw: st.DrawFn, integer: bool) -> Spec:
    """Every structure of LSTM and Dense that the readers can give."""
    size = st.sampled_from((1, 2, 3, 5, 8, 13))
    units = tuple(draw(st.lists(size, min_size=1, max_size=3)))
    sequences = draw(st.booleans())
    activations = ("linear", "relu") if integer else ("linear", "relu", "tanh", "sigmoid", "softmax")
    dense = tuple(draw(st.lists(st.tuples(size, st.sampled_from(activations)), max_size=3)))
    return Spec(
        steps=draw(st.sampled_from((1, 2, 3, 4, 7))),
        features=draw(size),
        units=units,
        sequences=sequences,
        flatten=sequences and bool(dense) and draw(st.booleans()),
        dense=dense,
        backwards=tuple(draw(st.booleans()) for _ in units),
        integer=integer,
        extreme=draw(st.booleans()) if integer else False,
        clip=draw(st.booleans()),
        seed=draw(st.integers(0, 2**31)),
    )


def random_signal(shape: tuple[int, ...], random: Random, low: int, high: int) -> Signal:
    """An int8 signal with a scale within 2**low .. 2**high; its zero point is at times an end of the range."""
    scale = float(np.float32(2.0 ** random.uniform(low, high)))
    zero_point = int(random.choice([-128, 127, 0, *random.integers(-128, 128, 7)]))
    return Signal(shape, "int8", scale, zero_point)


def random_weights(shape: tuple[int, ...], random: Random, extreme: bool, unit: float) -> Weights:
    """int8 weights with a scale for each leading index: sums of products, each about ``unit`` in size, stay near 1."""
    values = random.choice([-127, 127], shape) if extreme else random.integers(-127, 128, shape)
    usual = 1.0 / (unit * 73 * np.sqrt(shape[-1]))
    scale = usual * 2.0 ** (random.uniform(-6, 6, shape[0]) if extreme else random.uniform(-1, 2, shape[0]))
    return Weights(values.astype(np.int8), scale.astype(np.float32))


def random_bias(weights: Array, zero_point: int, random: Random, extreme: bool) -> Array:
    """int32 biases as large as the generator's proof against overflow allows, or moderate ones."""
    room = (1 << 31) - 1 - 128 * np.abs(weights.astype(np.int64)).sum(axis=-1)
    room -= np.abs(folded(0, weights, zero_point))
    peak = room if extreme else np.minimum(room, 1 << 13)
    return (peak * random.uniform(-1, 1, peak.shape)).astype(np.int32)


def _lstm(name: str, source: Signal, units: int, spec: Spec, random: Random, index: int) -> Lstm:
    features = source.shape[1]
    sequences = spec.sequences or index + 1 < len(spec.units)
    shape = (spec.steps, units) if sequences else (units,)
    clip = float(random.uniform(0.1, 3)) if spec.clip else 0.0
    backwards = spec.backwards[index]
    if not spec.integer:
        parts = [random.normal(0, 1, s).astype(np.float32) for s in ((4, units, features), (4, units, units))]
        bias = random.normal(0, 1, (4, units)).astype(np.float32)
        kernel, recurrent = map(Weights, parts)
        return Lstm(name, kernel, recurrent, bias, sequences, backwards, clip, Signal(shape))
    kernel = random_weights((4, units, features), random, spec.extreme, 73 * source.scale)
    output = random_signal(shape, random, -9, -5)
    recurrent = random_weights((4, units, units), random, spec.extreme, 73 * output.scale)
    bias = random_bias(kernel.values, source.zero_point, random, spec.extreme)
    cell_scale = 2.0 ** int(random.integers(-15, -8))
    return Lstm(name, kernel, recurrent, bias, sequences, backwards, clip, output, cell_scale)


def _dense(name: str, source: Signal, outputs: int, activation: str, spec: Spec, random: Random) -> list[Layer]:
    inputs, shape = source.shape[-1], (*source.shape[:-1], outputs)
    if not spec.integer:
        kernel = Weights(random.normal(0, 1, (outputs, inputs)).astype(np.float32))
        bias = random.normal(0, 1, outputs).astype(np.float32)
        own = activation if activation in ("linear", "relu") else "linear"
        layers: list[Layer] = [Dense(name, kernel, bias, own, Signal(shape))]
        return layers if own == activation else [*layers, Activation(f"{name}_{activation}", activation, Signal(shape))]
    weights = random_weights((outputs, inputs), random, spec.extreme, 73 * source.scale)
    bias = random_bias(weights.values, source.zero_point, random, spec.extreme)
    return [Dense(name, weights, bias, activation, random_signal(shape, random, -6, -4))]


def build(spec: Spec) -> Network:
    """The network of a spec."""
    random = np.random.default_rng(spec.seed)
    shape = (spec.steps, spec.features)
    first = random_signal(shape, random, -10, -2) if spec.integer else Signal(shape)
    layers: list[Layer] = []
    source = first
    for index, units in enumerate(spec.units):
        layers.append(_lstm(f"lstm{index}", source, units, spec, random, index))
        source = layers[-1].output
    if spec.flatten:
        flat = Signal((source.size,), source.dtype, source.scale, source.zero_point)
        layers.append(Reshape("flatten", flat))
        source = flat
    for index, (outputs, activation) in enumerate(spec.dense):
        layers += _dense(f"dense{index}", source, outputs, activation, spec, random)
        source = layers[-1].output
    return Network("net", "made by a test", "0" * 64, "int8" if spec.integer else "float32", first, tuple(layers))


def inputs_of(spec: Spec, count: int) -> Array:
    """Windows (count, T, F) in the network's input type; the first and the last are the ends of the range."""
    random = np.random.default_rng(spec.seed + 1)
    shape = (count, spec.steps, spec.features)
    if not spec.integer:
        return random.normal(0, 2, shape).astype(np.float32)
    values = random.choice([-128, 127], shape) if spec.extreme else random.integers(-128, 128, shape)
    values[0], values[-1] = -128, 127
    return values.astype(np.int8)
