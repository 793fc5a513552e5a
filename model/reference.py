# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a network must compute: float64 for real-valued networks, the exact integers for quantised ones.

All windows run together, each from reset: the first axis N is the sample. Or they go on one from another as the
windows of one stream (``goes_on``): then the hidden and cell state of an LSTM pass from the end of a window to the
start of the next, and nothing else does. ``observe(place, quantity, values)`` sees every intermediate result: of each
LSTM step the gates i, f, c, o before their activation, the cell and the hidden state (N, T, H), and each layer's
output.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model import fixed_point as fp
from model import integer_activations
from model.hybrid import product
from model.network import (
    GATES,
    Activation,
    Array,
    Bidirectional,
    Convert,
    Dense,
    Lstm,
    Network,
    Normalise,
    Place,
    Reshape,
    Signal,
    Weights,
    is_elementwise,
    lstms,
)

Observe = Callable[[Place, str, Array], None]
GATE_LOG2_SCALE = -12  # gate pre-activations are Q3.12


def _ignore(place: Place, quantity: str, values: Array) -> None:
    pass


def sigmoid(x: Array) -> Array:
    """Logistic function that does not overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


def softmax(x: Array) -> Array:
    """Softmax over the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softmax": softmax,
}

# A step maps x (N, F), hidden (N, H), cell (N, H) to the gates (before activation), the new cell and hidden state.
Step = Callable[[Array, Array, Array], tuple[tuple[Array, ...], Array, Array]]


def _float_step(layer: Lstm) -> Step:
    def gate_rows(weights: Weights, g: int) -> Weights:
        return Weights(weights.values[g], None if weights.scale is None else weights.scale[g])

    kernel, recurrent = ([gate_rows(w, g) for g in range(4)] for w in (layer.kernel, layer.recurrent))
    bias = layer.bias.astype(np.float64)

    def step(x: Array, hidden: Array, cell: Array) -> tuple[tuple[Array, ...], Array, Array]:
        gates = tuple(product(kernel[g], x) + product(recurrent[g], hidden) + bias[g] for g in range(4))
        i, f, c, o = sigmoid(gates[0]), sigmoid(gates[1]), np.tanh(gates[2]), sigmoid(gates[3])
        cell = f * cell + i * c
        if layer.cell_clip > 0:
            cell = np.clip(cell, -layer.cell_clip, layer.cell_clip)
        return gates, cell, o * np.tanh(cell)

    return step


def _products(weights: Array, x: Array) -> fp.Int:
    """x (N, I) times weights (R, I) transposed, exactly: sums of integers below 2**53 are exact in float64."""
    return np.asarray(x.astype(np.float64) @ weights.astype(np.float64).T).astype(np.int64)


def _requantise(x: fp.Int, factor: fp.Multiplier, wide: bool) -> fp.Int:
    return fp.requantise64(x, factor) if wide else fp.requantise32(fp.wrap32(x), factor)


def scale_of(weights: Weights) -> Array:
    """The scales of quantised weights."""
    assert weights.scale is not None, "these weights are not quantised"
    return weights.scale


def cell_limit(layer: Lstm) -> int:
    """The largest magnitude the clipped int16 cell state may take; 32768 where there is no clip."""
    if layer.cell_clip <= 0:
        return 1 << 15
    return int(min(layer.cell_clip / layer.cell_scale, 32767.0))


def _integer_step(layer: Lstm, source: Signal) -> Step:
    wide = source.dtype == "int16"
    gate = 2.0**GATE_LOG2_SCALE
    kernel_factor = [fp.multiplier(float(source.scale) * float(s) / gate) for s in scale_of(layer.kernel)]
    recurrent_factor = [fp.multiplier(float(layer.output.scale) * float(s) / gate) for s in scale_of(layer.recurrent)]
    cell_log2 = int(np.log2(layer.cell_scale))
    forget_factor = fp.multiplier(2.0**-15)
    input_factor = fp.multiplier(2.0**-30 / layer.cell_scale)
    hidden_factor = fp.multiplier(2.0**-30 / float(layer.output.scale))
    limit = cell_limit(layer)

    def step(x: Array, hidden: Array, cell: Array) -> tuple[tuple[Array, ...], Array, Array]:
        x = x.astype(np.int64) - source.zero_point
        hidden = hidden.astype(np.int64) - layer.output.zero_point
        sums = []
        for g in range(4):
            u = _requantise(_products(layer.kernel.values[g], x) + layer.bias[g], kernel_factor[g], wide)
            v = _requantise(_products(layer.recurrent.values[g], hidden), recurrent_factor[g], wide)
            sums.append(fp.saturate(fp.saturate(u, 16) + fp.saturate(v, 16), 16))
        i, f, o = fp.sigmoid16(sums[0]), fp.sigmoid16(sums[1]), fp.sigmoid16(sums[3])
        c = fp.tanh16(sums[2], GATE_LOG2_SCALE)
        kept = fp.saturate(fp.requantise32(f * cell, forget_factor), 16)
        added = fp.saturate(fp.requantise32(i * c, input_factor), 16)
        cell = np.clip(fp.saturate(kept + added, 16), -limit, limit)
        out = fp.requantise32(fp.tanh16(cell, cell_log2) * o, hidden_factor) + layer.output.zero_point
        return tuple(sums), cell, np.clip(out, layer.output.low, layer.output.high)

    return step


def _run_lstm(place: Place, layer: Lstm, source: Signal, x: Array, observe: Observe, goes_on: bool = False) -> Array:
    integer = layer.output.dtype != "float32"
    step = _integer_step(layer, source) if integer else _float_step(layer)
    samples, steps = x.shape[:2]
    ordered = x[:, ::-1] if layer.go_backwards else x
    rows = ordered.reshape(1, samples * steps, -1) if goes_on else ordered
    state_type = np.int64 if integer else np.float64
    hidden = np.full((len(rows), layer.units), layer.output.zero_point, state_type)
    cell = np.zeros((len(rows), layer.units), state_type)
    history: dict[str, list[Array]] = {key: [] for key in (*GATES, "cell", "hidden")}
    for t in range(rows.shape[1]):
        gates, cell, hidden = step(rows[:, t], hidden, cell)
        for key, values in zip(history, (*gates, cell, hidden), strict=True):
            history[key].append(values)
    stacked = {key: np.stack(values, axis=1).reshape(samples, steps, -1) for key, values in history.items()}
    for key, values in stacked.items():
        observe(place, key, values)
    return stacked["hidden"] if layer.return_sequences else stacked["hidden"][:, -1]


def parts(network: Network, index: int) -> int:
    """How many vectors a Dense with int8 weights quantises one by one: the steps of a sequence flattened before it."""
    layers, first = network.layers, index
    if len(network.input_of(index).shape) == 2:
        return 1
    while first and (isinstance(layers[first - 1], Reshape) or is_elementwise(layers[first - 1])):
        first -= 1
    flattened = network.input_of(first).shape
    halves = 2 if first == index - 1 and first and isinstance(layers[first - 1], Bidirectional) else 1
    return flattened[0] * halves if len(flattened) == 2 and flattened[0] > 1 else 1


def _run_dense(layer: Dense, source: Signal, x: Array, count: int) -> Array:
    if layer.output.dtype == "float32":
        kernels = np.split(layer.kernel.values, count, axis=1)
        vectors = np.split(x, count, axis=-1)
        pairs = zip(kernels, vectors, strict=True)
        y = sum(product(Weights(kernel, layer.kernel.scale), vector) for kernel, vector in pairs) + layer.bias
        return FUNCTIONS[layer.activation](y) if layer.activation != "linear" else y
    out = layer.output
    wide = layer.bias.dtype == np.int64
    total = _products(layer.kernel.values, x.astype(np.int64) - source.zero_point) + layer.bias
    factors = [fp.multiplier(float(source.scale) * float(s) / float(out.scale)) for s in scale_of(layer.kernel)]
    channels = [_requantise(total[..., k], factor, wide) for k, factor in enumerate(factors)]
    low = max(out.low, out.zero_point) if layer.activation == "relu" else out.low
    return np.clip(np.stack(channels, axis=-1) + out.zero_point, low, out.high)


def _run_bidirectional(place: Place, layer: Bidirectional, source: Signal, x: Array, observe: Observe) -> Array:
    forward, backward = (_run_lstm(*half, source, x, observe) for half in lstms(place, layer))
    if layer.backward.return_sequences:
        backward = backward[:, ::-1]
    return np.concatenate([forward, backward], axis=-1)  # stored values as they are, as TFLite does


def _run_convert(source: Signal, out: Signal, x: Array) -> Array:
    if source.dtype == "float32":
        return to_stored(x, out).astype(np.float64 if out.dtype == "float32" else np.int64)
    if out.dtype == "float32":
        return to_real(x, source)
    factor = fp.multiplier(float(source.scale) / float(out.scale))
    return np.clip(fp.requantise32(x - source.zero_point, factor) + out.zero_point, out.low, out.high)


def _run_activation(layer: Activation, source: Signal, x: Array) -> Array:
    if layer.output.dtype == "float32":
        return FUNCTIONS[layer.function](x)
    return integer_activations.run(layer.function, x, source, layer.output)


def _run_layer(network: Network, index: int, x: Array, observe: Observe, goes_on: bool) -> Array:
    layer, source = network.layers[index], network.input_of(index)
    if isinstance(layer, Lstm):
        return _run_lstm(network.place(index), layer, source, x, observe, goes_on)
    if isinstance(layer, Bidirectional):
        return _run_bidirectional(network.place(index), layer, source, x, observe)
    if isinstance(layer, Dense):
        return _run_dense(layer, source, x, parts(network, index))
    if isinstance(layer, Activation):
        return _run_activation(layer, source, x)
    if isinstance(layer, Convert):
        return _run_convert(source, layer.output, x)
    if isinstance(layer, Normalise):
        return np.asarray(x * layer.scale.astype(np.float64) + layer.offset)
    return x.reshape(len(x), *layer.output.shape)


def run(network: Network, inputs: Array, observe: Observe = _ignore, *, goes_on: bool = False) -> Array:
    """Outputs (N, ...) in the network's output type for inputs (N, T, F) in its input type.

    ``goes_on``: window n + 1 goes on from where window n ended, as a network can that ``plan.make`` finds streamable.
    """
    x: Array = inputs.astype(np.float64 if network.input.dtype == "float32" else np.int64)
    with np.errstate(over="ignore", invalid="ignore"):  # what is no finite number has its way, too
        for index in range(len(network.layers)):
            x = _run_layer(network, index, x, observe, goes_on)
            observe(network.place(index), "output", x)
        return x.astype(network.output.dtype)


def stored_inputs(network: Network, real: Array) -> Array:
    """Real inputs (N, T, F) as the device takes them: normalised where the network folds that in, then quantised."""
    return to_stored(real if network.normalise is None else normalised(network.normalise, real), network.input)


def normalised(layer: Normalise, real: Array) -> Array:
    """Real values (N, T, F) in the units of a folded normalisation, float32 as on the device."""
    return np.asarray(real.astype(np.float32) * layer.scale + layer.offset)


def to_stored(real: Array, signal: Signal) -> Array:
    """Real values in the stored type of ``signal``: float32 arithmetic, halves away from zero, saturating.

    What is not a number is stored as 0.0.
    """
    if signal.dtype == "float32":
        return real.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = (real.astype(np.float32) / np.float32(signal.scale)).astype(np.float64)
    scaled = np.where(np.isnan(scaled), 0.0, scaled)
    rounded = np.trunc(scaled + np.copysign(0.5, scaled)) + signal.zero_point  # the sum is exact in float64
    return np.asarray(np.clip(rounded, signal.low, signal.high).astype(signal.dtype))


def to_real(stored: Array, signal: Signal) -> Array:
    """Stored values as real numbers (float64)."""
    return np.asarray((stored.astype(np.float64) - signal.zero_point) * float(signal.scale))
