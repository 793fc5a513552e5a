# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models for the tests: Keras twins to convert, and random quantised networks no converter would make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from model.formats.int16x8 import FORMAT as INT16X8
from model.layers.activation import Activation
from model.layers.base import Layer
from model.layers.bidirectional import Bidirectional
from model.layers.convert import Convert
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.reshape import Reshape
from model.layers.with_constant import WithConstant
from model.network import Network, chained
from model.signal import Array, Signal, Weights
from tests.oracle.twin import Numbers, Twin
from tests.support.networks import OUTPUTS, format_of

KerasLayer = tuple[str, dict[str, Any]]


def lstm(units: int, sequences: bool = False, **settings: Any) -> KerasLayer:
    """A Keras LSTM."""
    return "LSTM", {"units": units, "return_sequences": sequences, **settings}


def dense(units: int, activation: str = "linear") -> KerasLayer:
    """A Keras Dense."""
    return "Dense", {"units": units, "activation": activation}


FLATTEN: KerasLayer = ("Flatten", {})

# name: (input shape, layers)
TWINS: dict[str, tuple[tuple[int, ...], tuple[KerasLayer, ...]]] = {
    "window": ((1, 32), (lstm(32, True), FLATTEN, dense(16))),
    "sequence": ((32, 1), (lstm(32), dense(16))),
    "long": ((128, 3), (lstm(8), dense(4))),
    "rows28": ((28, 28), (lstm(20), dense(10, "softmax"))),
    "watch": ((50, 6), (lstm(64), dense(7, "softmax"))),
    "stacked": ((20, 4), (lstm(9, True), lstm(6), dense(5, "relu"), dense(3))),
    "backwards": ((12, 4), (lstm(7, go_backwards=True), dense(3))),
    "backwards_all": ((12, 4), (lstm(7, True, go_backwards=True), FLATTEN, dense(3))),
    "both_ways": ((12, 4), (("Bidirectional", {"layer": lstm(6, True)}), dense(3, "softmax"))),
    "both_ways_last": ((12, 4), (("Bidirectional", {"layer": lstm(6)}), dense(3, "sigmoid"))),
    "every_step": ((10, 4), (lstm(5, True), ("TimeDistributed", {"layer": dense(3, "tanh")}))),
    "odd": ((11, 3), (lstm(5), dense(3, "tanh"))),
    "ones": ((7, 1), (lstm(1), dense(1))),
    "h33": ((9, 5), (lstm(33), dense(2, "sigmoid"))),
    "dense_first": (
        (8, 3),
        (dense(6, "relu"), lstm(5, True), ("ReLU", {}), lstm(4), ("Activation", {"activation": "tanh"})),
    ),
    "hybrid": ((32, 32), (lstm(40), dense(32))),  # matrices large enough for dynamic range to take them
    "reshaped": ((8,), (("Reshape", {"target_shape": (8, 1)}), lstm(3), dense(2))),
}


def twin(name: str, mode: str = "int8") -> Twin:
    """One of the models above, converted in this mode."""
    shape, layers = TWINS[name]
    return Twin(name, shape, layers, mode)


def _wild_layers(rng: np.random.Generator, biases: bool) -> tuple[KerasLayer, ...]:
    """One or two LSTMs of odd sizes; Dense layers before, between and after them, or none."""
    functions = ("linear", "relu", "sigmoid", "softmax")

    def size() -> int:
        # the converter makes a MUL of a Dense of one input without biases, which is refused by that name
        return int(rng.choice([1, 2, 3, 4, 5, 7, 8, 11, 13][not biases :]))

    sequences, count = bool(rng.integers(2)), int(rng.integers(1, 3))
    layers = [dense(size(), str(rng.choice(functions[:3])))] if rng.random() < 0.2 else []
    for k in range(count):
        layers.append(lstm(size(), sequences or k + 1 < count))
    if sequences and rng.integers(2):
        layers.append(FLATTEN)
    layers += [dense(size(), str(rng.choice(functions[:2]))) for _ in range(rng.integers(2))]
    return (*layers, *([dense(size(), str(rng.choice(functions)))] if rng.random() < 0.8 else []))


def wild(seed: int) -> Twin:
    """A model that no one would train: sizes of its numbers over many decades, ranges from too few windows."""
    rng = np.random.default_rng([seed, 12])
    decades = rng.choice([0.0, *rng.uniform(-6, 4, 3)])
    numbers = Numbers(
        weights=float(10**decades),
        biases=float(rng.choice([0, 1, 1, 10 ** rng.uniform(-6, 4)])),
        spread=float(rng.choice([0, 0, 0.5, 2])),
        unit=float(rng.choice([1, 10 ** rng.uniform(-3, 5)])),
        offset=float(rng.choice([0, 0, 1, -3])),
        calibration=str(rng.choice(["random", "random", "one", "constant"])),
    )
    shape = (int(rng.choice([1, 2, 3, 5, 8, 13, 25, 40])), int(rng.choice([1, 2, 3, 5, 6, 9])))
    return Twin(f"wild{seed}", shape, _wild_layers(rng, numbers.biases > 0), "int8", seed, numbers)


def _wide(signal: Signal) -> Signal:
    """int16 over what an int8 signal covers, symmetric; real values as they are."""
    if signal.real:
        return signal
    peak = max(signal.high - signal.zero_point, signal.zero_point - signal.low) * signal.scale
    return Signal(signal.shape, "int16", float(np.float32(peak / 32767)))


def _wide_lstm(layer: Lstm, source: Signal, wide: Signal) -> Lstm:
    return replace(layer, bias=_wide_bias(layer, source, wide), output=_wide(layer.output), format=INT16X8)


def _wide_bias(layer: Lstm | Dense, source: Signal, wide: Signal) -> Array:
    """The same real biases in steps of the finer sums."""
    return np.rint(layer.bias * (source.scale / wide.scale)).astype(np.int64)


def requantised(network: Network) -> Network:
    """An int8 network of the converter's as int16x8: its weights and its cells, int16 over the ranges of its signals.

    What tflite-micro's requantize_flatbuffer.py does: TensorFlow's converter refuses int16x8 for a fused LSTM.
    """
    first = source = _wide(network.input)
    layers: list[Layer] = []
    for index, layer in enumerate(network.layers):
        old, output = network.input_of(index), _wide(layer.output)
        if isinstance(layer, Lstm):
            made: Layer = _wide_lstm(layer, old, source)
        elif isinstance(layer, Bidirectional):
            halves = (_wide_lstm(half, old, source) for half in (layer.forward, layer.backward))
            made = Bidirectional(layer.name, *halves, output)
        elif isinstance(layer, Dense):
            made = replace(layer, bias=_wide_bias(layer, old, source), output=output, format=INT16X8)
        elif isinstance(layer, Activation) and not output.real:
            made = replace(layer, output=INT16X8.bounded(layer.applied, output.shape) or output, format=INT16X8)
        elif isinstance(layer, WithConstant):
            held = _wide(layer.held)
            real = (layer.constant.astype(np.float64) - layer.held.zero_point) * layer.held.scale
            constant = np.rint(real / held.scale).astype(np.int16)
            made = replace(layer, constant=constant, held=held, output=output, format=INT16X8)
        else:
            made = replace(layer, output=output)
        layers.append(made)
        source = made.output
    return network.but(quantisation="int16x8", input=first, layers=tuple(layers))


class Random:
    """Builds a random integer network layer by layer; every scale, zero point, weight and bias is drawn."""

    def __init__(self, seed: int, quantisation: str, shape: tuple[int, ...]) -> None:
        self.rng = np.random.default_rng(seed)
        self.quantisation = quantisation
        self.dtype = "int8" if quantisation == "int8" else "int16"
        self.input = self.signal(shape, 4.0)
        self.layers: list[Layer] = []

    @property
    def last(self) -> Signal:
        """What the next layer will read."""
        return self.layers[-1].output if self.layers else self.input

    def signal(self, shape: tuple[int, ...], peak: float) -> Signal:
        """A signal that reaches about ``peak``."""
        peak *= self.rng.uniform(0.5, 1)
        if self.dtype == "int16":
            return Signal(shape, "int16", float(np.float32(peak / 32767)), 0)
        return Signal(shape, "int8", float(np.float32(peak / 128)), int(self.rng.integers(-100, 101)))

    def weights(self, groups: int, *shape: int, peak: float = 1.0) -> Weights:
        """Weights (*shape) over the whole of int8's +-127, with ``groups`` scales."""
        scale = self.rng.uniform(0.2, 1, groups) * peak / 127 / np.sqrt(shape[-1])
        return Weights(self.rng.integers(-127, 128, shape).astype(np.int8), scale.astype(np.float32))

    def bias(self, source: Signal, weights: Weights, *shape: int) -> Array:
        """Biases of about +-1, one scale for each leading index."""
        assert weights.scale is not None
        unit = (source.scale * weights.scale.astype(np.float64)).reshape(-1, *[1] * (len(shape) - 1))
        return np.rint(self.rng.normal(0, 1, shape) / unit).astype("int32" if self.dtype == "int8" else "int64")

    def direction(self, name: str, units: int, sequences: bool, backwards: bool) -> Lstm:
        """One LSTM over the last signal."""
        source = self.last
        steps, features = source.shape
        kernel = self.weights(4, 4, units, features, peak=4.0)
        return Lstm(
            name=name,
            kernel=kernel,
            recurrent=self.weights(4, 4, units, units, peak=4.0),
            bias=self.bias(source, kernel, 4, units),
            return_sequences=sequences,
            go_backwards=backwards,
            cell_clip=float(self.rng.choice([0.0, 0.375, 10.0])),
            output=self.signal((steps, units) if sequences else (units,), 1.0),
            cell_scale=float(2.0 ** -self.rng.integers(9, 18)),
            format=format_of(source, kernel),
        )

    def lstm(self, units: int, sequences: bool = False, backwards: bool = False) -> Random:
        """Add an LSTM."""
        self.layers.append(self.direction(f"lstm{len(self.layers)}", units, sequences, backwards))
        return self

    def bidirectional(self, units: int, sequences: bool = False) -> Random:
        """Add a Bidirectional whose directions have scales of their own, as the converter's have."""
        name = f"bidirectional{len(self.layers)}"
        forward = self.direction(f"{name}_forward", units, sequences, False)
        backward = self.direction(f"{name}_backward", units, sequences, True)
        output = self.signal((*forward.output.shape[:-1], 2 * units), 1.0)
        self.layers.append(Bidirectional(name, forward, backward, output))
        return self

    def dense(self, units: int, activation: str = "linear", per_tensor: bool = False) -> Random:
        """Add a Dense."""
        source = self.last
        weights = self.weights(1 if per_tensor else units, units, source.shape[-1], peak=2.0)
        assert weights.scale is not None
        weights = replace(weights, scale=np.broadcast_to(weights.scale, units))
        bias = self.bias(source, weights, units)
        output = self.signal((*source.shape[:-1], units), 2.0)
        self.layers.append(
            Dense(f"dense{len(self.layers)}", weights, bias, activation, output, format_of(source, weights))
        )
        return self

    def activation(self, function: str) -> Random:
        """Add an Activation; its output's scale is the one TFLite fixes."""
        shape = self.last.shape
        output = self.signal(shape, 1.0)
        if function in OUTPUTS:
            scale, zero_point = OUTPUTS[function][self.dtype]
            output = Signal(shape, self.dtype, scale, zero_point)
        self.layers.append(Activation(f"{function}{len(self.layers)}", function, output, format_of(output)))
        return self

    def flatten(self) -> Random:
        """Add a Reshape to one axis."""
        self.layers.append(Reshape(f"flatten{len(self.layers)}", replace(self.last, shape=(self.last.size,))))
        return self

    def convert(self, dtype: str = "") -> Random:
        """Add a Convert, to another scale or to float32."""
        shape = self.last.shape
        output = Signal(shape) if dtype == "float32" else self.signal(shape, 1.5)
        self.layers.append(Convert(f"convert{len(self.layers)}", output))
        return self

    def network(self) -> Network:
        """The network made."""
        layers = tuple(self.layers)
        return chained("random", "random.tflite", "0" * 64, self.quantisation, self.input, layers, came_quantised=True)


# name: (input shape, how to add the layers)
RANDOM: dict[str, tuple[tuple[int, int], Callable[[Random], Random]]] = {
    "window": ((1, 32), lambda r: r.lstm(32, True).flatten().dense(16)),
    "sequence": ((32, 1), lambda r: r.lstm(32).dense(16)),
    "long": ((128, 3), lambda r: r.lstm(5).dense(4, per_tensor=True)),
    "rows28": ((28, 28), lambda r: r.lstm(20).dense(10).activation("softmax")),
    "watch": ((50, 6), lambda r: r.lstm(64).dense(7, per_tensor=True).activation("softmax")),
    "stacked": ((20, 4), lambda r: r.lstm(9, True).lstm(6).dense(5, "relu").dense(3, "relu", per_tensor=True)),
    "backwards": ((12, 4), lambda r: r.lstm(7, backwards=True).dense(3)),
    "backwards_all": ((12, 4), lambda r: r.lstm(7, True, backwards=True).flatten().dense(3)),
    "both_ways": ((12, 4), lambda r: r.bidirectional(6, True).dense(3).activation("softmax")),
    "both_ways_last": ((12, 4), lambda r: r.bidirectional(6).dense(3).activation("sigmoid")),
    "every_step": ((10, 4), lambda r: r.lstm(5, True).dense(3).activation("tanh").convert()),
    "odd": ((11, 3), lambda r: r.lstm(5).dense(3).activation("tanh")),
    "ones": ((7, 1), lambda r: r.lstm(1).dense(1)),
    "h33": ((9, 5), lambda r: r.lstm(33).dense(2).activation("sigmoid")),
    "dense_first": ((8, 3), lambda r: r.dense(6, "relu").lstm(5, True).activation("relu").lstm(4).activation("tanh")),
    "real_output": ((5, 2), lambda r: r.convert().lstm(3).dense(2).convert("float32")),
}


def random_network(name: str, quantisation: str, seed: int = 0) -> Network:
    """One of the random networks above."""
    shape, add = RANDOM[name]
    return add(Random(seed, quantisation, shape)).network()


def stored_inputs(signal: Signal, count: int, seed: int = 0) -> Array:
    """Windows (count, ...) in an integer input type: the extremes, all zero points, both ends mixed, any values,
    small real values, and steps from nothing to full scale."""
    rng = np.random.default_rng(seed)
    low, high, zero = signal.low, signal.high, signal.zero_point
    windows = rng.integers(low, high + 1, (count, *signal.shape))
    third = count // 3
    small = np.rint(
        rng.normal(0, rng.uniform(0.02, 0.5, (third, *[1] * len(signal.shape))), (third, *signal.shape)) / signal.scale
    )
    windows[:third] = np.clip(small + zero, low, high)
    windows[third : third + 40] = rng.choice([low, high], (40, *signal.shape))
    windows[0], windows[1], windows[2] = low, high, zero
    windows[3] = zero
    windows[3, len(windows[3]) // 2 :] = high
    return windows.astype(signal.dtype)
