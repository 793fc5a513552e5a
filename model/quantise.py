# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""From a real-valued network and calibration samples to integers, by TFLite's rules.

Weights come straight from the float arrays (symmetric, +-127; one scale a gate for LSTM, one a row for Dense);
only the activations' ranges need samples.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model import integer_activations, reference
from model.errors import UserError
from model.network import (
    Activation,
    Array,
    Bidirectional,
    Dense,
    Layer,
    Lstm,
    Network,
    Normalise,
    Place,
    Reshape,
    Signal,
    Weights,
    directions,
    lstms,
)

INTEGER_TYPES = {"int8": "int8", "int16x8": "int16"}  # quantisation: type of the activations
SMALLEST = float(np.finfo(np.float32).tiny)  # ranges finer than this scale are taken for zeros
EMPTY_SCALE = 2.0**-15  # of weights that are all zero
# the largest bias: as much again is left for the products, and no multiplier to the output becomes too small to store
BIAS_LIMIT = {"int32": 2.0**30, "int64": 2.0**34}
FINEST_HIDDEN = 2.0**-30  # o * tanh(c) has no more bits
FINEST_SUMS = 2.0**12  # steps of a Dense's output in one of its coarsest sums: finer shows nothing of them
MOST_STEPS = 2.0**29  # of a Dense's output in the largest sum there can be: they and their left shift fit 32 bits
FINEST_RELU = 2.0**-8  # a ReLU's output scale to its input's: finer shows nothing of it
MIN_CELL_LOG2 = -15  # finer cell scales make TFLite's own LSTM wrong, and gain nothing: |cell| <= 1 fits


def quantise_weights(values: Array, least: Array | float = 0.0) -> Weights:
    """Symmetric int8, one scale per leading index: values (K, ...) -> int8 (K, ...), scale (K,) float32.

    No scale is below ``least`` (K,), see ``least_scale``.
    """
    peaks = np.abs(values).reshape(len(values), -1).max(axis=1)
    scale = np.maximum(peaks / np.float32(127), least)
    scale = np.where(scale > SMALLEST, scale, EMPTY_SCALE).astype(np.float32)
    shaped = scale.reshape(-1, *[1] * (values.ndim - 1))
    return Weights(np.clip(np.rint(values / shaped), -127, 127).astype(np.int8), scale)


def least_scale(bias: Array, input_scale: float, dtype: str) -> Array:
    """The finest scales (K,) of weights at which biases (K, ...) stay within ``BIAS_LIMIT``, much as TFLite does.

    Without it a row of weights that training drove to almost nothing, with a bias of usual size, could not be stored.
    """
    peaks = np.abs(bias.astype(np.float64)).reshape(len(bias), -1).max(axis=1)
    return np.asarray(peaks / (input_scale * BIAS_LIMIT[dtype]))


def quantise_bias(bias: Array, input_scale: float, scale: Array, dtype: str) -> Array:
    """Bias (K, ...) in units of input_scale * scale[k], as int32 or int64."""
    unit = (np.float64(input_scale) * scale.astype(np.float64)).reshape(-1, *[1] * (bias.ndim - 1))
    # weights scaled by ``least_scale`` bring no bias near; int64's limits are no float64 numbers, hence the margin
    bound = float(np.iinfo(dtype).max) if dtype == "int32" else 2.0**62
    return np.clip(np.rint(bias / unit), -bound, bound).astype(dtype)


def range_signal(shape: tuple[int, ...], low: float, high: float, dtype: str, finest: float = 0.0) -> Signal:
    """The signal of ``dtype`` that covers [low, high] and has an exact zero; int16 is symmetric.

    Its scale is ``finest`` at least.
    """
    low, high = min(low, 0.0), max(high, 0.0)
    if dtype == "int16":
        peak = max(-low, high)
        scale = np.float32(max(finest, (peak if peak > 32767 * SMALLEST else 1.0) / 32767))
        return Signal(shape, dtype, float(scale), 0)
    scale = np.float32(max(finest, (high - low if high - low > 255 * SMALLEST else 1.0) / 255))
    zero_point = int(np.clip(np.rint(-128 - low / float(scale)), -128, 127))
    return Signal(shape, dtype, float(scale), zero_point)


def cell_scale(peak: float) -> float:
    """The power of two that holds +-peak in int16."""
    log2 = int(np.ceil(np.log2(peak))) - 15 if peak > 0 else MIN_CELL_LOG2
    return float(2.0 ** max(log2, MIN_CELL_LOG2))


class Ranges:
    """Smallest and largest value of every quantity the reference shows, keyed by (place, quantity)."""

    def __init__(self) -> None:
        self.of: dict[tuple[Place, str], tuple[float, float]] = {}

    def observe(self, place: Place, quantity: str, values: Array) -> None:
        """Keep the range of one quantity; fits ``reference.run``'s ``observe``."""
        self.of[place, quantity] = (float(values.min()), float(values.max()))


def _quantise_lstm(place: Place, layer: Lstm, source: Signal, hidden: Signal, ranges: Ranges, bias_type: str) -> Lstm:
    kernel = quantise_weights(layer.kernel.values, least_scale(layer.bias, source.scale, bias_type))
    recurrent = quantise_weights(layer.recurrent.values)
    return replace(
        layer,
        kernel=kernel,
        recurrent=recurrent,
        bias=quantise_bias(layer.bias, source.scale, reference.scale_of(kernel), bias_type),
        output=replace(hidden, shape=layer.output.shape),
        cell_scale=cell_scale(max(map(abs, ranges.of[place, "cell"]))),
    )


def _quantise_recurrent(
    place: Place, layer: Lstm | Bidirectional, source: Signal, ranges: Ranges, dtype: str, bias: str
) -> Layer:
    """Both directions of a Bidirectional get one hidden scale, so that their outputs can lie side by side."""
    seen = [ranges.of[at, "hidden"] for at, _ in lstms(place, layer)]
    low, high = min(low for low, _ in seen), max(high for _, high in seen)
    hidden = range_signal(layer.output.shape, low, high, dtype, FINEST_HIDDEN)
    if isinstance(layer, Lstm):
        return _quantise_lstm(place, layer, source, hidden, ranges, bias)
    forward, backward = (_quantise_lstm(*half, source, hidden, ranges, bias) for half in lstms(place, layer))
    return replace(layer, forward=forward, backward=backward, output=hidden)


def _quantise_dense(place: Place, layer: Dense, source: Signal, ranges: Ranges, dtype: str, bias_type: str) -> Dense:
    kernel = quantise_weights(layer.kernel.values, least_scale(layer.bias, source.scale, bias_type))
    units = source.scale * reference.scale_of(kernel).astype(np.float64)  # of the sums
    bias = quantise_bias(layer.bias, source.scale, reference.scale_of(kernel), bias_type)
    reach = (source.high - source.low) * np.abs(kernel.values.astype(np.float64)).sum(axis=-1)
    finest = max(units.max() / FINEST_SUMS, float(((reach + np.abs(bias)) * units).max()) / MOST_STEPS)
    return replace(
        layer,
        kernel=kernel,
        bias=bias,
        output=range_signal(layer.output.shape, *ranges.of[place, "output"], dtype, finest),
    )


def _activation_signal(place: Place, layer: Activation, source: Signal, ranges: Ranges, dtype: str) -> Signal:
    """Bounded functions have the fixed scales that TFLite gives them."""
    fixed = integer_activations.OUTPUTS.get(layer.function)
    if fixed is None:
        return range_signal(layer.output.shape, *ranges.of[place, "output"], dtype, source.scale * FINEST_RELU)
    scale, zero_point = fixed[dtype]
    return Signal(layer.output.shape, dtype, scale, zero_point)


def _quantise_layer(place: Place, layer: Layer, source: Signal, ranges: Ranges, dtype: str) -> Layer:
    bias_type = "int32" if dtype == "int8" else "int64"
    if isinstance(layer, Lstm | Bidirectional):
        return _quantise_recurrent(place, layer, source, ranges, dtype, bias_type)
    if isinstance(layer, Dense):
        return _quantise_dense(place, layer, source, ranges, dtype, bias_type)
    if isinstance(layer, Reshape):
        return replace(layer, output=replace(source, shape=layer.output.shape))
    if isinstance(layer, Activation):
        return replace(layer, output=_activation_signal(place, layer, source, ranges, dtype))
    raise UserError(
        f"layer '{layer.name}': normalisation is supported in integer modes as the first layer only; use quant=float32"
    )


def _quantise_integer(network: Network, calibration: Array, quantisation: str, goes_on: bool) -> Network:
    dtype = INTEGER_TYPES[quantisation]
    ranges = Ranges()
    reference.run(network, calibration, ranges.observe, goes_on=goes_on)
    low, high = float(calibration.min()), float(calibration.max())
    normalise = network.layers[0] if isinstance(network.layers[0], Normalise) else None
    if normalise is not None:
        low, high = ranges.of[network.place(0), "output"]
    first = range_signal(network.input.shape, low, high, dtype)
    done: list[Layer] = []
    for index in range(0 if normalise is None else 1, len(network.layers)):
        source = done[-1].output if done else first
        done.append(_quantise_layer(network.place(index), network.layers[index], source, ranges, dtype))
    return replace(network, quantisation=quantisation, input=first, layers=tuple(done), normalise=normalise)


def _dynamic_layer(layer: Layer) -> Layer:
    if isinstance(layer, Bidirectional):
        forward, backward = map(_dynamic_layer, directions(layer))
        assert isinstance(forward, Lstm)
        assert isinstance(backward, Lstm)
        return replace(layer, forward=forward, backward=backward)
    if isinstance(layer, Lstm):
        kernel, recurrent = quantise_weights(layer.kernel.values), quantise_weights(layer.recurrent.values)
        return replace(layer, kernel=kernel, recurrent=recurrent)
    return replace(layer, kernel=quantise_weights(layer.kernel.values)) if isinstance(layer, Dense) else layer


def quantise(network: Network, calibration: Array, quantisation: str, *, goes_on: bool = False) -> Network:
    """The network in one of QUANTISATIONS; integers cover the ranges seen on ``calibration`` (N, T, F), real values.

    ``goes_on``: its windows follow one another in a stream, as in ``reference.run``.
    """
    if quantisation == "float32":
        return network
    if quantisation == "dynamic":
        return replace(network, quantisation="dynamic", layers=tuple(map(_dynamic_layer, network.layers)))
    return _quantise_integer(network, calibration, quantisation, goes_on)


def describe(network: Network) -> str:
    """What each signal of an integer network covers, a line each."""
    rows = [("input", network.input), *((layer.name, layer.output) for layer in network.layers)]
    width = max(len(name) for name, _ in rows)
    lines = []
    for name, signal in rows:
        low, high = ((limit - signal.zero_point) * signal.scale for limit in (signal.low, signal.high))
        lines.append(f"  {name:<{width}}  {signal.dtype} covers {low:.4g} .. {high:.4g}, scale {signal.scale:.4g}")
    for lstm in (lstm for layer in network.layers for lstm in directions(layer)):
        lines.append(f"  {lstm.name:<{width}}  cell int16 covers +-{32768 * lstm.cell_scale:g}")
    return "\n".join(lines)
