# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""From a real-valued network and calibration samples to integers, by TFLite's rules.

Weights come straight from the float arrays (symmetric, +-127; one scale a gate for LSTM, one a row for Dense);
only the activations' ranges need samples.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model import reference
from model.errors import UserError
from model.network import Activation, Array, Dense, Layer, Lstm, Network, Reshape, Signal, Weights

INTEGER_TYPES = {"int8": "int8", "int16x8": "int16"}  # quantisation: type of the activations
MIN_CELL_LOG2 = -15  # finer cell scales make TFLite's own LSTM wrong, and gain nothing: |cell| <= 1 fits


def quantise_weights(values: Array) -> Weights:
    """Symmetric int8, one scale per leading index: values (K, ...) -> int8 (K, ...), scale (K,) float32."""
    peaks = np.abs(values).reshape(len(values), -1).max(axis=1)
    scale = np.where(peaks > 0, peaks / np.float32(127), np.float32(1)).astype(np.float32)
    shaped = scale.reshape(-1, *[1] * (values.ndim - 1))
    return Weights(np.clip(np.rint(values / shaped), -127, 127).astype(np.int8), scale)


def quantise_bias(bias: Array, input_scale: float, scale: Array, dtype: str) -> Array:
    """Bias (K, ...) in units of input_scale * scale[k], as int32 or int64."""
    unit = (np.float64(input_scale) * scale.astype(np.float64)).reshape(-1, *[1] * (bias.ndim - 1))
    limits = np.iinfo(dtype)
    # int64's limits are not float64 numbers, hence the margin: no bias comes near
    bound = float(limits.max) if dtype == "int32" else 2.0**62
    return np.clip(np.rint(bias / unit), -bound, bound).astype(dtype)


def range_signal(shape: tuple[int, ...], low: float, high: float, dtype: str) -> Signal:
    """The signal of ``dtype`` that covers [low, high] and has an exact zero; int16 is symmetric."""
    low, high = min(low, 0.0), max(high, 0.0)
    if dtype == "int16":
        peak = max(-low, high) or 1.0
        return Signal(shape, dtype, float(np.float32(peak / 32767)), 0)
    scale = np.float32((high - low) / 255) if high > low else np.float32(1 / 255)
    zero_point = int(np.clip(np.rint(-128 - low / float(scale)), -128, 127))
    return Signal(shape, dtype, float(scale), zero_point)


def cell_scale(peak: float) -> float:
    """The power of two that holds +-peak in int16."""
    log2 = int(np.ceil(np.log2(peak))) - 15 if peak > 0 else MIN_CELL_LOG2
    return float(2.0 ** max(log2, MIN_CELL_LOG2))


class Ranges:
    """Smallest and largest value of every quantity the reference shows, keyed by (layer, quantity)."""

    def __init__(self) -> None:
        self.of: dict[tuple[str, str], tuple[float, float]] = {}

    def observe(self, layer: str, quantity: str, values: Array) -> None:
        """Widen the range of one quantity; fits ``reference.run``'s ``observe``."""
        self.of[layer, quantity] = (float(values.min()), float(values.max()))


def _quantise_lstm(layer: Lstm, source: Signal, ranges: Ranges, dtype: str, bias_type: str) -> Lstm:
    kernel, recurrent = quantise_weights(layer.kernel.values), quantise_weights(layer.recurrent.values)
    low, high = ranges.of[layer.name, "hidden"]
    return replace(
        layer,
        kernel=kernel,
        recurrent=recurrent,
        bias=quantise_bias(layer.bias, source.scale, reference.scale_of(kernel), bias_type),
        output=range_signal(layer.output.shape, low, high, dtype),
        cell_scale=cell_scale(max(map(abs, ranges.of[layer.name, "cell"]))),
    )


def _quantise_dense(layer: Dense, source: Signal, ranges: Ranges, dtype: str, bias_type: str) -> Dense:
    kernel = quantise_weights(layer.kernel.values)
    low, high = ranges.of[layer.name, "output"]
    return replace(
        layer,
        kernel=kernel,
        bias=quantise_bias(layer.bias, source.scale, reference.scale_of(kernel), bias_type),
        output=range_signal(layer.output.shape, low, high, dtype),
    )


def _quantise_layer(layer: Layer, source: Signal, ranges: Ranges, dtype: str) -> Layer:
    bias_type = "int32" if dtype == "int8" else "int64"
    if isinstance(layer, Lstm):
        return _quantise_lstm(layer, source, ranges, dtype, bias_type)
    if isinstance(layer, Dense):
        return _quantise_dense(layer, source, ranges, dtype, bias_type)
    if isinstance(layer, Reshape):
        return replace(layer, output=replace(source, shape=layer.output.shape))
    assert isinstance(layer, Activation)
    raise UserError(f"layer '{layer.name}': {layer.function} is not supported in integer modes; use quant=float32")


def quantise(network: Network, calibration: Array, quantisation: str) -> Network:
    """An integer network that covers the ranges seen on ``calibration`` (N, T, F), real values."""
    dtype = INTEGER_TYPES[quantisation]
    ranges = Ranges()
    reference.run(network, calibration, ranges.observe)
    first = range_signal(network.input.shape, float(calibration.min()), float(calibration.max()), dtype)
    layers: list[Layer] = []
    for layer in network.layers:
        source = layers[-1].output if layers else first
        layers.append(_quantise_layer(layer, source, ranges, dtype))
    return replace(network, quantisation=quantisation, input=first, layers=tuple(layers))
