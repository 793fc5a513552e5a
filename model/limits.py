# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the integer arithmetic of firmware/ can hold: scales and sizes beyond it are refused, layer by layer.

Every kernel set relies on these bounds. They come from the weights, biases and zero points themselves, and from what
the layers before can give: no input whatever makes a number leave the bits it has, where TensorFlow Lite Micro would
go on with a wrong one.
"""

from __future__ import annotations

import numpy as np

from model import fixed_point as fp
from model import integer_activations
from model.errors import UserError
from model.integer_activations import relu_multiplier, slope16, softmax16_multiplier
from model.network import (
    Activation,
    Array,
    Convert,
    Dense,
    Layer,
    Lstm,
    Network,
    Reshape,
    Signal,
    Weights,
    directions,
)
from model.reference import GATE_LOG2_SCALE, cell_limit, scale_of

MAX_SHIFT = {"int8": 30, "int16": 14}  # of a sum's multiplier: int16x8 shifts right by 15 less this
MAX_SUM16 = 1 << 47  # of int16x8: times a 15-bit factor it fits 63 bits
CELL_LOG2 = (-43, 2)  # of the cell's scale: its tanh shifts right by 31 bits at most; takes 3 * cell * 2**12 in 32 bits
MAX_SOFTMAX = {"int8": 4095, "int16": 65535}  # elements: the sum of their exponentials is 32 bits
MAX_SLOPE16 = 65535  # an int16 times this fits 32 bits
WAY_OUT = "scale its values towards 1, or use quant=float32"
WAY_OUT_QUANTISED = "give the Keras file instead, or convert without quantisation and use quant=float32"

Span = tuple[Array, Array]  # smallest and largest values of numbers, over all inputs there can be


class _BeyondError(Exception):
    """What a layer's integers cannot hold."""


def _ends(low: int, high: int) -> Span:
    return np.array(low), np.array(high)


def _clipped(span: Span, low: int, high: int) -> Span:
    return np.clip(span[0], low, high), np.clip(span[1], low, high)


# ---- sums and factors ----


def sum_range(values: Array, bias: Array, stored: Span, zero_point: int) -> Span:
    """Of the sum of each row (..., I) with its bias (...); exact, as Python's integers."""
    wide = values.astype(np.int64)
    ends = wide * (int(stored[0]) - zero_point), wide * (int(stored[1]) - zero_point)
    start = bias.astype(object)
    return start + np.minimum(*ends).sum(axis=-1), start + np.maximum(*ends).sum(axis=-1)


def _int32(what: str, span: Span) -> Span:
    low, high = span[0].min(), span[1].max()
    if low < -(1 << 31) or high >= 1 << 31:
        raise _BeyondError(f"{what} can reach {max(-low, high)} and overflow 32 bits")
    return span[0].astype(np.int64), span[1].astype(np.int64)


def _factored(what: str, span: Span, factor: fp.Multiplier, zero_point: int) -> Span:
    """32-bit numbers times a factor, plus a zero point: none of the steps may overflow."""
    left = max(factor.shift, 0)
    if left > MAX_SHIFT["int8"]:
        raise _BeyondError(f"the scale of {what} is more than 2^{MAX_SHIFT['int8']} times that of its output")
    low, high = _int32(what, span)
    _int32(f"{what}, shifted left by {left} bits,", (low << left, high << left))
    scaled = fp.requantise32(low, factor) + zero_point, fp.requantise32(high, factor) + zero_point
    return _int32(f"{what}, in steps of its output,", scaled)


def _factored_wide(span: Span, factor: fp.Multiplier, out: Signal) -> Span:
    """The same of the 64-bit sums of int16x8, which are saturated to ``out``."""
    largest = max(-span[0].min(), span[1].max())
    if largest >= MAX_SUM16:
        raise _BeyondError(f"its sums can reach {largest:.3g} and overflow 48 bits")
    if factor.shift > MAX_SHIFT["int16"]:
        raise _BeyondError("the scale of its weights is too coarse for that of its output")
    low, high = (fp.product64(end.astype(np.int64), factor) for end in span)
    # the device takes 32 bits of them, which shows unless what it saturates to stays the same
    harmless = (low - fp.wrap32(low)) == (high - fp.wrap32(high))
    for end in (low, high):
        harmless &= np.clip(fp.wrap32(end), out.low, out.high) == np.clip(end, out.low, out.high)
    _int32("its sums, in steps of its output,", (np.where(harmless, 0, low), np.where(harmless, 0, high)))
    return low, high


def _sums(weights: Weights, bias: Array, source: Signal, stored: Span, out: Signal) -> Span:
    """Rows (K, ..., I) with biases (K, ...) as values of ``out`` (K, ...), saturated."""
    spans, scales = sum_range(weights.values, bias, stored, source.zero_point), scale_of(weights)
    made = []
    for k, scale in enumerate(scales):
        span = np.asarray(spans[0][k]), np.asarray(spans[1][k])
        factor = fp.multiplier(float(source.scale) * float(scale) / out.scale)
        if source.dtype == "int16":
            made.append(_factored_wide(span, factor, out))
        else:
            made.append(_factored("its sums", span, factor, out.zero_point))
    return _clipped((np.stack([low for low, _ in made]), np.stack([high for _, high in made])), out.low, out.high)


# ---- layers: each gives the span of its stored outputs ----

_GATE = Signal((), "int16", 2.0**GATE_LOG2_SCALE)


def _step(layer: Lstm, source: Signal, stored: Span, hidden: Span) -> Span:
    """The hidden states (H,) that can follow those in ``hidden``."""
    kernel = _sums(layer.kernel, layer.bias, source, stored, _GATE)
    recurrent = _sums(layer.recurrent, np.zeros_like(layer.bias), layer.output, hidden, _GATE)
    low, high = _clipped((kernel[0] + recurrent[0], kernel[1] + recurrent[1]), _GATE.low, _GATE.high)  # (4, H)
    candidate = np.maximum(np.abs(fp.tanh16(low[2], GATE_LOG2_SCALE)), np.abs(fp.tanh16(high[2], GATE_LOG2_SCALE)))
    product = fp.sigmoid16(high[0]) * candidate
    added = _factored("its cell state", (-product, product), fp.multiplier(2.0**-30 / layer.cell_scale), 0)
    most = np.where(added[1] > 0, min(cell_limit(layer), _GATE.high), 0)
    shown = fp.sigmoid16(high[3]) * fp.tanh16(most, int(np.log2(layer.cell_scale)))
    factor = fp.multiplier(2.0**-30 / layer.output.scale)
    return _factored("its hidden state", (-shown, shown), factor, layer.output.zero_point)


def _reset(layer: Lstm) -> Span:
    return _ends(layer.output.zero_point, layer.output.zero_point)


def is_silent(layer: Lstm, source: Signal, stored: Span | None = None) -> bool:
    """Whether the hidden state never leaves 0, as of weights too small for Q3.12: then its scales do not matter."""
    given, reset = _whole(source) if stored is None else stored, _reset(layer)
    try:
        low, high = _step(layer, source, given, reset)
    except _BeyondError:
        return False
    return bool((low == reset[0]).all() and (high == reset[1]).all())


def _lstm(layer: Lstm, source: Signal, stored: Span) -> Span:
    low, high = CELL_LOG2
    if not 2.0**low <= layer.cell_scale <= 2.0**high:
        raise _BeyondError(f"the cell state's scale is {layer.cell_scale:g}; supported: 2^{low} to 2^{high}")
    if is_silent(layer, source, stored):
        return _reset(layer)
    out = layer.output
    return _clipped(_step(layer, source, stored, _ends(out.low, out.high)), out.low, out.high)


def _dense(layer: Dense, source: Signal, stored: Span) -> Span:
    out = layer.output
    span = _sums(layer.kernel, layer.bias, source, stored, out)
    return _clipped(span, out.zero_point, out.high) if layer.activation == "relu" else span


def _stored_factor(source: Signal, stored: Span, factor: fp.Multiplier, out: Signal) -> Span:
    """Stored values less their zero point, times a factor, plus the output's zero point."""
    span = stored[0] - source.zero_point, stored[1] - source.zero_point
    return _clipped(_factored("its input", span, factor, out.zero_point), out.low, out.high)


def _activation(layer: Activation, source: Signal, stored: Span) -> Span:
    function, out, wide = layer.function, layer.output, False
    if function == "softmax" and source.shape[-1] > MAX_SOFTMAX[source.dtype]:
        limit = MAX_SOFTMAX[source.dtype]
        raise _BeyondError(f"a softmax over {source.shape[-1]} elements; supported: {limit}")
    if function == "relu":
        span = _stored_factor(source, stored, relu_multiplier(source, out), out)
        return _clipped(span, out.zero_point, out.high)
    if source.dtype == "int16" and function == "softmax":
        wide = softmax16_multiplier(source).shift > 15  # a difference of two int16 times 2**15 fits 32 bits
    elif source.dtype == "int16":
        wide = slope16(function, source.scale).value > MAX_SLOPE16
    if wide:
        raise _BeyondError(f"its input covers +-{32768 * source.scale:.3g}, too much for a {function}")
    if function == "softmax":
        return _ends(out.low, out.high)
    low, high = integer_activations.run(function, np.array(stored), source, out).tolist()
    return _ends(low, high)


def _check_hybrid(layer: Lstm | Dense) -> None:
    """int8 weights times vectors quantised at run time: sums of products less zero point times sum of the row."""
    for weights in (layer.kernel, *([layer.recurrent] if isinstance(layer, Lstm) else [])):
        if weights.scale is not None:
            zeros = np.zeros(weights.values.shape[:-1], np.int64)
            _int32("its sums", sum_range(weights.values, zeros, _ends(-256, 256), 0))


def _checked(layer: Layer, source: Signal, stored: Span) -> Span:
    """The stored outputs of a layer whose stored inputs lie in a span; raises where it could overflow."""
    out = layer.output
    if "float32" in (source.dtype, out.dtype):
        if isinstance(layer, Lstm | Dense):
            _check_hybrid(layer)
        return _whole(out)
    if isinstance(layer, Lstm):
        return _lstm(layer, source, stored)
    if isinstance(layer, Dense):
        return _dense(layer, source, stored)
    if isinstance(layer, Activation):
        return _activation(layer, source, stored)
    if isinstance(layer, Convert):
        return _stored_factor(source, stored, fp.multiplier(source.scale / out.scale), out)
    assert isinstance(layer, Reshape)
    return stored


def _whole(signal: Signal) -> Span:
    """All a signal's type holds; of floats nothing is said."""
    return _ends(0, 0) if signal.dtype == "float32" else _ends(signal.low, signal.high)


def check(network: Network, where: str = "") -> None:
    """Raise ``UserError`` naming the first layer that the device's integers cannot hold, and a way out."""
    way_out = WAY_OUT_QUANTISED if network.came_quantised else WAY_OUT
    stored = _whole(network.input)
    for index, layer in enumerate(network.layers):
        spans = []
        for part in directions(layer) or (layer,):
            try:
                spans.append(_checked(part, network.input_of(index), stored))
            except _BeyondError as why:
                raise UserError(f"{where}layer '{part.name}': {why}; {way_out}") from None
        stored = np.min([low.min() for low, _ in spans]), np.max([high.max() for _, high in spans])
