# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks of every shape, with weights no training would give: small ones by hand, random ones by hypothesis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from model import formats
from model.formats.base import Format
from model.formats.integer import Integer
from model.functions import named
from model.layers.activation import Activation
from model.layers.base import Layer
from model.layers.bidirectional import Bidirectional
from model.layers.convert import Convert
from model.layers.dense import Dense
from model.layers.gru import Gru
from model.layers.lstm import Lstm
from model.layers.merge import FUNCTIONS as MERGES
from model.layers.merge_halves import MergeHalves
from model.layers.normalise import Normalise
from model.layers.recurrent import Recurrent
from model.layers.reshape import Reshape
from model.layers.simple_rnn import SimpleRnn
from model.lower import GATE_LOG2_SCALE
from model.network import Network, chained
from model.signal import Array, Signal, Weights

Random = np.random.Generator
Word = tuple[Any, ...]
INTEGERS = {format.name: format for format in formats.every() if isinstance(format, Integer)}
# what the output of each bounded function must be quantised to: {function: {type: (scale, zero point)}}
OUTPUTS = {
    function: {format.values.name: format.outputs[named(function).bounds] for format in INTEGERS.values()}
    for function in ("sigmoid", "tanh", "softmax")
}
CELLS = ("lstm", "gru", "gru_before", "rnn")
BOTH = {"both": "lstm", **{f"both_{cell}": cell for cell in CELLS[1:]}}  # of two such cells
FUNCTIONS = ("relu", "sigmoid", "tanh", "softmax")
GATE_SCALE = 2.0**GATE_LOG2_SCALE


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


def format_of(signal: Signal, weights: Weights | None = None) -> Format:
    """The format that computes with such values, and weights if there are any."""
    found = formats.computing(signal.dtype, None if weights is None else str(weights.values.dtype))
    assert found is not None
    return found


def random_signal(shape: tuple[int, ...], random: Random, low: int, high: int) -> Signal:
    """An int8 signal with a scale within 2**low .. 2**high; its zero point is at times an end of the range."""
    scale = float(np.float32(2.0 ** random.uniform(low, high)))
    zero_point = int(random.choice([-128, 127, 0, *random.integers(-128, 128, 7)]))
    return Signal(shape, "int8", scale, zero_point)


def random_weights(shape: tuple[int, ...], random: Random, extreme: bool, unit: float, lowest: int = -127) -> Weights:
    """int8 weights with a scale for each leading index: sums of products, each about ``unit`` in size, stay near 1."""
    values = random.choice([lowest, 127], shape) if extreme else random.integers(lowest, 128, shape)
    usual = 1.0 / (unit * 73 * np.sqrt(shape[-1]))
    scale = usual * 2.0 ** (random.uniform(-6, 6, shape[0]) if extreme else random.uniform(-1, 2, shape[0]))
    return Weights(values.astype(np.int8), scale.astype(np.float32))


def bias_room(weights: Weights, source: Signal, out_scale: float) -> Array:
    """The largest biases (...) of rows (..., I) that the generator's proof against overflow allows, about."""
    assert weights.scale is not None
    factors = source.scale * weights.scale.astype(np.float64) / out_scale
    if source.dtype == "int8":
        ends = 2.0**31 / 2.0 ** np.maximum(np.ceil(np.log2(factors)) + 1, 0) - 512  # shifted left before the product
    else:
        ends = np.minimum(2.0**47 - 1, (2.0**31 - 2) / factors * (1 - 2.0**-14))  # its factor is rounded to 16 bits
    reach = np.abs(weights.values.astype(np.int64)).sum(axis=-1) * (source.high - source.low)
    return np.maximum(0, ends.reshape(*ends.shape, *[1] * (reach.ndim - ends.ndim)) - reach)


def random_bias(weights: Weights, source: Signal, out_scale: float, random: Random, extreme: bool) -> Array:
    """Biases as large as the generator's proof against overflow allows, or moderate ones."""
    room = bias_room(weights, source, out_scale)
    dtype, usual = (np.int32, 1 << 13) if source.dtype == "int8" else (np.int64, 1 << 21)
    peak = room if extreme else np.minimum(room, usual)
    return (peak * random.uniform(-1, 1, peak.shape)).astype(dtype)


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
    bias = random_bias(kernel, source, GATE_SCALE, random, spec.extreme)
    cell_scale = 2.0 ** int(random.integers(-15, -8))
    return Lstm(
        name, kernel, recurrent, bias, sequences, backwards, clip, output, cell_scale, format_of(output, kernel)
    )


def _dense(name: str, source: Signal, outputs: int, activation: str, spec: Spec, random: Random) -> list[Layer]:
    inputs, shape = source.shape[-1], (*source.shape[:-1], outputs)
    if not spec.integer:
        kernel = Weights(random.normal(0, 1, (outputs, inputs)).astype(np.float32))
        bias = random.normal(0, 1, outputs).astype(np.float32)
        own = activation if activation in ("linear", "relu") else "linear"
        layers: list[Layer] = [Dense(name, kernel, bias, own, Signal(shape))]
        return layers if own == activation else [*layers, Activation(f"{name}_{activation}", activation, Signal(shape))]
    weights = random_weights((outputs, inputs), random, spec.extreme, 73 * source.scale)
    out = random_signal(shape, random, -6, -4)
    bias = random_bias(weights, source, out.scale, random, spec.extreme)
    return [Dense(name, weights, bias, activation, out, format_of(out, weights))]


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
    return chained("net", "made by a test", "0" * 64, "int8" if spec.integer else "float32", first, tuple(layers))


def inputs_of(spec: Spec, count: int) -> Array:
    """Windows (count, T, F) in the network's input type; the first and the last are the ends of the range."""
    random = np.random.default_rng(spec.seed + 1)
    shape = (count, spec.steps, spec.features)
    if not spec.integer:
        return random.normal(0, 2, shape).astype(np.float32)
    values = random.choice([-128, 127], shape) if spec.extreme else random.integers(-128, 128, shape)
    values[0], values[-1] = -128, 127
    return values.astype(np.int8)


@dataclass(frozen=True)
class Chain:
    """Layers of every kind one after the other; every number in them follows from ``seed``."""

    quantisation: str
    shape: tuple[int, ...]  # of the input
    words: tuple[Word, ...]  # see ``WORDS``
    extreme: bool = False  # weights are -128 or 127, biases, scales and inputs huge or tiny
    clip: bool = False
    edges: bool = False  # of an integer network: float input and output, converted
    seed: int = 0


# What a chain's words make of the shape they find: ("lstm", units, sequences, backwards), ("both", units, sequences),
# ("gru", units, sequences, backwards), ("gru_before", ...), ("rnn", ...): cells; ("both_gru", units, sequences), ...,
# ("dense", outputs, linear or relu), (a function's name,), ("reshape", shape), ("convert",), ("normalise",),
# ("halves", what merges them).
def shape_after(word: Word, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a layer's output."""
    kind, *rest = word
    if kind in CELLS or kind in BOTH:
        units = rest[0] * (2 if kind in BOTH else 1)
        return (shape[0], units) if rest[1] else (units,)
    if kind == "dense":
        return (*shape[:-1], rest[0])
    if kind == "halves":
        return (*shape[:-1], shape[-1] // 2)
    return tuple(rest[0]) if kind == "reshape" else shape


def _other_shapes(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    size = int(np.prod(shape))
    return [(size,), *((rows, size // rows) for rows in range(1, size + 1) if size % rows == 0)]


@st.composite
def chains(draw: st.DrawFn, quantisation: str) -> Chain:
    """Every chain of layers that can be made, sensible or not."""
    size = st.sampled_from((1, 2, 3, 4, 5, 8))
    shape = first = draw(st.one_of(st.tuples(st.sampled_from((1, 2, 3, 4, 7)), size), st.tuples(size)))
    integer = quantisation in INTEGERS
    words: list[Word] = []
    for _ in range(draw(st.integers(1, 6))):
        kinds = ["dense", "function", "reshape", "convert" if integer else "normalise"]
        kinds += ["cell", "cell", "both"] if len(shape) == 2 else []
        kinds += [] if shape[-1] % 2 else ["halves"]
        kind = draw(st.sampled_from(kinds))
        if kind == "cell":
            words.append((draw(st.sampled_from(CELLS)), draw(size), draw(st.booleans()), draw(st.booleans())))
        elif kind == "both":
            words.append((draw(st.sampled_from(tuple(BOTH))), draw(size), draw(st.booleans())))
        elif kind == "dense":
            words.append((kind, draw(size), draw(st.sampled_from(("linear", "relu")))))
        elif kind == "halves":
            words.append((kind, draw(st.sampled_from(tuple(MERGES)))))
        elif kind == "reshape":
            words.append((kind, draw(st.sampled_from(_other_shapes(shape)))))
        else:
            words.append((draw(st.sampled_from(FUNCTIONS)) if kind == "function" else kind,))
        shape = shape_after(words[-1], shape)
    edges = integer and draw(st.booleans())
    seed = draw(st.integers(0, 2**31))
    return Chain(quantisation, first, tuple(words), draw(st.booleans()), draw(st.booleans()), edges, seed)


class Numbers:
    """Draws the numbers of one chain."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.random = np.random.default_rng(chain.seed)
        self.dtype = formats.named(chain.quantisation).values.name

    def signal(self, shape: tuple[int, ...], log2_peak: int) -> Signal:
        """One that covers about +-2**log2_peak."""
        if self.dtype == "float32":
            return Signal(shape)
        if self.dtype == "int8":
            return random_signal(shape, self.random, log2_peak - 8, log2_peak - 6)
        return Signal(shape, "int16", float(np.float32(2.0 ** self.random.uniform(log2_peak - 16, log2_peak - 14))))

    def weights(self, shape: tuple[int, ...], source: Signal) -> Weights:
        """Of a layer that reads ``source``: floats, or integers with a scale for each leading index, or one for all."""
        if self.chain.quantisation == "float32":
            return Weights((self.random.normal(0, 1, shape) / np.sqrt(shape[-1])).astype(np.float32))
        unit = {"float32": 1.0, "int8": 73 * source.scale, "int16": 18900 * source.scale}[source.dtype]
        extreme = self.chain.extreme and source.dtype != "float32"
        made = random_weights(shape, self.random, extreme, unit, lowest=-128)
        if self.random.random() < 0.3 and made.scale is not None:
            made.scale[:] = made.scale[0]
        return made

    def bias(self, weights: Weights, source: Signal, out_scale: float) -> Array:
        """Of a layer with these weights, whose sums become integers of ``out_scale``."""
        if self.dtype == "float32":
            return self.random.normal(0, 0.5, weights.values.shape[:-1]).astype(np.float32)
        return random_bias(weights, source, out_scale, self.random, self.chain.extreme)

    def cell_scale(self) -> float:
        """Mostly one that gives sensible cells, at times any that is supported."""
        if self.dtype == "float32":
            return 0.0
        ends = (-30, 3) if self.random.random() < 0.3 else (-15, -8)
        return float(2.0 ** int(self.random.integers(*ends)))

    def lstm(self, name: str, source: Signal, units: int, sequences: bool, backwards: bool) -> Lstm:
        """One direction."""
        output = self.signal((source.shape[0], units) if sequences else (units,), 0)
        kernel = self.weights((4, units, source.shape[1]), source)
        recurrent = self.weights((4, units, units), output)
        clip = float(self.random.uniform(0.1, 2)) if self.chain.clip else 0.0
        bias = self.bias(kernel, source, GATE_SCALE)
        format = formats.named(self.chain.quantisation)
        return Lstm(name, kernel, recurrent, bias, sequences, backwards, clip, output, self.cell_scale(), format)

    def rows(self, gates: int, source: Signal, units: int, output: Signal) -> tuple[Weights, Weights, Array]:
        """Kernel, recurrent kernel and bias of a cell, every row with a scale of its own."""

        def matrix(source: Signal) -> Weights:
            made = self.weights((gates * units, source.shape[-1]), source)
            scale = None if made.scale is None else made.scale.reshape(gates, units)
            return Weights(made.values.reshape(gates, units, -1), scale)

        kernel, recurrent = matrix(source), matrix(output)
        return kernel, recurrent, self.bias(kernel, source, GATE_SCALE)

    def cell(self, kind: str, name: str, source: Signal, units: int, sequences: bool, backwards: bool) -> Recurrent:
        """One direction of any cell."""
        if kind == "lstm":
            return self.lstm(name, source, units, sequences, backwards)
        format = formats.named(self.chain.quantisation)
        output = self.signal((source.shape[0], units) if sequences else (units,), 0)
        kernel, recurrent, bias = self.rows(1 if kind == "rnn" else 3, source, units, output)
        if kind == "rnn":
            return SimpleRnn(name, kernel, recurrent, bias, sequences, backwards, output, format)
        after = kind == "gru"
        last = Weights(recurrent.values[2:], None if recurrent.scale is None else recurrent.scale[2:])
        own = self.bias(last, output, GATE_SCALE)[0] * int(after)
        return Gru(name, kernel, recurrent, bias, own, after, sequences, backwards, output, format)

    def layer(self, name: str, source: Signal, word: Word) -> Layer:
        """What ``word`` stands for."""
        kind, *rest = word
        shape = shape_after(word, source.shape)
        if kind in CELLS:
            return self.cell(kind, name, source, *rest)
        if kind in BOTH:
            halves = [self.cell(BOTH[kind], f"{name}_{half}", source, *rest, half == "back") for half in ("on", "back")]
            return Bidirectional(name, *halves, self.signal(shape, 0))
        if kind == "dense":
            kernel, out = self.weights((rest[0], source.shape[-1]), source), self.signal(shape, 2)
            return Dense(name, kernel, self.bias(kernel, source, out.scale), rest[1], out, format_of(out, kernel))
        if kind == "halves":
            out = self.signal(shape, 1)
            return MergeHalves(name, rest[0], out, format_of(out))
        if kind == "reshape":
            return Reshape(name, replace(source, shape=shape))
        if kind == "convert":
            return Convert(name, self.signal(shape, 1))
        if kind == "normalise":
            scale, offset = self.random.normal(0, 1, (2, shape[-1])).astype(np.float32)
            return Normalise(name, scale, offset, Signal(shape))
        if kind == "relu" or self.dtype == "float32":
            return Activation(name, kind, self.signal(shape, 1), format_of(source))
        scale, zero_point = OUTPUTS[kind][self.dtype]
        return Activation(name, kind, Signal(shape, self.dtype, scale, zero_point), format_of(source))


def build_chain(chain: Chain) -> Network:
    """The network of a chain."""
    numbers = Numbers(chain)
    source = first = numbers.signal(chain.shape, int(numbers.random.integers(-3, 4)))
    layers: list[Layer] = []
    if chain.edges:
        layers.append(Convert("quantise", first))
    for index, word in enumerate(chain.words):
        layers.append(numbers.layer(f"{word[0]}{index}", source, word))
        source = layers[-1].output
    if chain.edges:
        layers.append(Convert("dequantise", Signal(source.shape)))
    given = Signal(chain.shape) if chain.edges else first
    return chained("net", "made by a test", "0" * 64, chain.quantisation, given, tuple(layers))


# what a layer may be called: words of C and of the generated files, of other layers' parts, and what is no text at all
NAMES = (
    *("", " ", "lstm", "LSTM", "lstm_1", "L0_lstm", "l", "dense", "dense_bias", "bias", "kernel", "a_hidden"),
    *("a_backward", "a_forward", "a", "state", "step", "input", "output", "unused", "net", "net_run", "scratch_s8"),
    *("int", "while", "1st", "9", "*/ #error /*", "%d", "{{ name }}", "a\nb", "a\x00b", "\u00fc\u4f60\u597d", "\ud800"),
    *("a" * 300, '"', "'", "\\", "<b>", "#2", "lstm#2", "../x", "a/b", "$x"),
)


def names(count: int) -> st.SearchStrategy[tuple[str, ...]]:
    """Of a network of so many layers; often some are called alike."""
    one = st.sampled_from(NAMES) | st.text(max_size=8)
    return st.tuples(*[one] * count) | one.map(lambda name: (name,) * count)


def renamed(network: Network, names: tuple[str, ...]) -> Network:
    """The same network whose layers are called ``names``, the halves of a Bidirectional as readers call them."""

    def called(layer: Layer, name: str) -> Layer:
        if isinstance(layer, Bidirectional):
            forward = replace(layer.forward, name=f"{name}_forward")
            backward = replace(layer.backward, name=f"{name}_backward")
            return replace(layer, name=name, forward=forward, backward=backward)
        return replace(layer, name=name)

    return network.but(layers=tuple(map(called, network.layers, names)))


def chain_inputs(network: Network, count: int, extreme: bool, seed: int) -> Array:
    """Windows (count, ...) in the network's input type: the ends of the range, zeros, and random ones."""
    random, shape = np.random.default_rng(seed), (count, *network.input.shape)
    if network.input.dtype == "float32":
        reals = random.normal(0, 2, shape).astype(np.float32)
        reals[0], reals[1] = 0, 1e-41
        reals[-1] *= np.float32(1e5 if extreme else 1)
        return reals
    low, high = network.input.low, network.input.high
    stored = random.choice([low, high], shape) if extreme else random.integers(low, high + 1, shape)
    stored[0], stored[1], stored[-1] = low, network.input.zero_point, high
    return stored.astype(network.input.dtype)
