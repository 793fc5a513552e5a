# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the integer arithmetic of firmware/ can hold: scales and sizes beyond it are refused, layer by layer.

Every kernel set relies on these bounds; that the sums of int8 layers fit 32 bits is proved with their layout.
"""

from __future__ import annotations

import numpy as np

from model import fixed_point as fp
from model.errors import UserError
from model.integer_activations import relu_multiplier, slope16, softmax16_multiplier
from model.network import Activation, Array, Convert, Dense, Layer, Lstm, Network, Signal, Weights, directions
from model.reference import GATE_LOG2_SCALE, scale_of

MAX_SHIFT = {"int8": 30, "int16": 14}  # of a sum's multiplier: int16x8 shifts right by 15 less this
MAX_SUM16 = 1 << 47  # of int16x8: times a 15-bit factor it fits 63 bits
CELL_LOG2 = (-30, 2)  # of the cell's scale: i * c~ is 30 bits; tanh takes 3 * cell * 2**12 in 32
MAX_SOFTMAX = {"int8": 4095, "int16": 65535}  # elements: the sum of their exponentials is 32 bits
MAX_RELU16_SHIFT = 16  # int16 times 2**16 fits 32 bits
MAX_SOFTMAX16_SHIFT = 15  # a difference of two int16 times 2**15 does
MAX_SLOPE16 = 65535  # an int16 times this does


def _refuse(name: str, what: str) -> UserError:
    return UserError(f"layer '{name}': {what}; scale its values towards 1, or use quant=float32")


def _check_sums(name: str, weights: Weights, bias: Array, source: Signal, out_scale: float) -> None:
    """Rows (..., I) with biases (...) that become integers of ``out_scale``."""
    factor = fp.multiplier(float(source.scale) * float(scale_of(weights).max()) / out_scale)
    if factor.shift > MAX_SHIFT[source.dtype]:
        raise _refuse(name, "the scale of its weights is too coarse for that of its output")
    if source.dtype == "int16":
        bound = 32768 * np.abs(weights.values.astype(np.float64)).sum(axis=-1) + np.abs(bias.astype(np.float64))
        if bound.max() >= MAX_SUM16:
            raise _refuse(name, f"its sums can reach {bound.max():.3g} and overflow 48 bits")


def _check_lstm(layer: Lstm, source: Signal) -> None:
    gate = 2.0**GATE_LOG2_SCALE
    _check_sums(layer.name, layer.kernel, layer.bias, source, gate)
    _check_sums(layer.name, layer.recurrent, np.zeros(1), layer.output, gate)
    low, high = CELL_LOG2
    if not 2.0**low <= layer.cell_scale <= 2.0**high:
        raise _refuse(layer.name, f"the cell state's scale is {layer.cell_scale:g}; supported: 2^{low} to 2^{high}")
    if layer.output.scale < 2.0**low:
        raise _refuse(layer.name, f"the hidden state's scale is {layer.output.scale:g}; supported: 2^{low} and more")


def _check_activation(layer: Activation, source: Signal) -> None:
    if layer.function == "softmax":
        if source.shape[-1] > MAX_SOFTMAX[source.dtype]:
            limit = MAX_SOFTMAX[source.dtype]
            raise UserError(f"layer '{layer.name}': a softmax over {source.shape[-1]} elements; supported: {limit}")
        wide = source.dtype == "int16" and softmax16_multiplier(source).shift > MAX_SOFTMAX16_SHIFT
    elif source.dtype == "int8":
        return  # a table
    elif layer.function == "relu":
        wide = relu_multiplier(source, layer.output).shift > MAX_RELU16_SHIFT
    else:
        wide = slope16(layer.function, source.scale).value > MAX_SLOPE16
    if wide:
        raise _refuse(layer.name, f"its input covers +-{32768 * source.scale:.3g}, too much for a {layer.function}")


def _check_layer(layer: Layer, source: Signal) -> None:
    for lstm in directions(layer):
        _check_lstm(lstm, source)
    if isinstance(layer, Dense):
        _check_sums(layer.name, layer.kernel, layer.bias, source, float(layer.output.scale))
    elif isinstance(layer, Activation):
        _check_activation(layer, source)
    elif isinstance(layer, Convert) and fp.multiplier(source.scale / layer.output.scale).shift > MAX_SHIFT["int8"]:
        raise _refuse(layer.name, "the scale of its input is too coarse for that of its output")


def check(network: Network) -> None:
    """Raise ``UserError`` naming the first layer that the device's integers cannot hold."""
    for index, layer in enumerate(network.layers):
        source = network.input_of(index)
        if "float32" not in (source.dtype, layer.output.dtype):
            _check_layer(layer, source)
