# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks of LSTM and Dense layers in floats as a device computes them: every operation in its order, each rounded
once; a product and the sum it is added to together, on a core that has an instruction for it (FUSED). A core without an
FPU has e^-x in integers (NO_FPU). In ``dynamic`` the sums are of integers, and what they come to is added apart on all
cores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from model.formats.dynamic import quantise_vectors
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.network import Network
from model.signal import Array, Weights

F = np.float32
Sum = Callable[[Array, Array, Array], Array]  # of a, b and sum: sum + a b


def fused(a: Array, b: Array, addend: Array) -> Array:
    """Rounded once: the product is exact in float64; the sum is rounded there to odd, then once more as it should."""
    product, wide = a.astype(np.float64) * b.astype(np.float64), np.asarray(addend, np.float64)
    total = product + wide
    back = total - product
    error = (product - (total - back)) + (wide - back)  # what the sum lost, exactly
    even = np.atleast_1d(total).view(np.int64).reshape(np.shape(total)) % 2 == 0
    beside = np.nextafter(total, np.where(error > 0, np.inf, -np.inf))
    return np.asarray(np.where(even & (error != 0) & np.isfinite(total), beside, total), F)


def apart(a: Array, b: Array, addend: Array) -> Array:
    """Rounded twice."""
    return np.asarray(addend + np.asarray(a * b, F), F)


def decay(x: Array, add: Sum) -> Array:
    """e^-x, as lstmcu_decay of firmware/runtime/float_math.c on a core with an FPU."""
    x = np.where(x > 29, F(29), np.where(x < -29, F(-29), x))
    n = np.rint(x * F(-1.44269504))
    r = add(n, F(0.693147182), x)
    high, low = r * F(-8.312678e-3) + F(4.18901853e-2), r * F(-0.166671127) + F(0.499992311)
    return add(add(high, r * r, low), r * r, F(1) - r) * np.exp2(n)


def decay_in_integers(x: Array) -> Array:
    """The same on a core without: -x / ln 2 = n + rest, 2^rest by a polynomial over 2^30, halves upwards."""
    inside = np.nan_to_num(np.clip(x, -29, 29)).astype(np.float64)
    power = -np.trunc(inside * 2**26 + np.copysign(0.5, inside)).astype(np.int64) * 1549082005
    n = ((power >> 32) + (1 << 23)) >> 24
    rest = (power - (n << 56)) >> 26
    total = np.full(rest.shape, 164855)
    for term in (1438693, 10327718, 59596241, 257941218, 744261142, 1 << 30):
        total = (total * rest >> 30) + term
    low = total < 1 << 30
    significand = ((total << low) + 64) >> 7
    return np.where(np.isnan(x), np.nan, np.ldexp(significand.astype(np.float64), n - 23 - low)).astype(F)


@dataclass(frozen=True)
class Core:
    """How a kind of cores computes."""

    add: Sum
    decay: Callable[[Array], Array]


FUSED = Core(fused, partial(decay, add=fused))
APART = Core(apart, partial(decay, add=apart))  # an FPU that does not fuse: the host's
NO_FPU = Core(apart, decay_in_integers)


def rows(weights: Array, x: Array, first: Array, add: Sum) -> Array:
    """first + weights (R, I) times x (N, I), column by column: (N, R)."""
    for k in range(weights.shape[-1]):
        first = add(weights[:, k], x[:, k, None], first)
    return first


def shares(weights: Weights, x: Array, first: Array, add: Sum) -> Array:
    """first + weights (R, I) times x (N, I); of int8 weights with scales of all rows, or one, x is quantised."""
    if weights.scale is None:
        return rows(weights.values, x, first, add)
    stored, scale, zero_point = quantise_vectors(x)
    dots = (stored - zero_point).astype(np.int64) @ weights.values.astype(np.int64).T
    return np.asarray(first + dots.astype(F) * (scale * weights.scale), F)


def of_gate(weights: Weights, gate: int) -> Weights:
    """A gate's rows."""
    return Weights(weights.values[gate], None if weights.scale is None else weights.scale[gate])


def lstm(layer: Lstm, x: Array, core: Core) -> Array:
    """Windows (N, T, F) from reset; a single step has no state before it."""
    samples, steps = x.shape[:2]
    add, decay = core.add, core.decay
    hidden, cell = (np.zeros((samples, layer.units), F) for _ in range(2))
    outputs = []
    for t in range(steps)[:: -1 if layer.go_backwards else 1]:
        gates = []
        for g in range(4):
            sums = shares(of_gate(layer.kernel, g), x[:, t], np.broadcast_to(layer.bias[g], hidden.shape), add)
            gates.append(sums if steps == 1 else shares(of_gate(layer.recurrent, g), hidden, sums, add))
        i, f, c, o = (decay(gate + gate if g == 2 else gate) for g, gate in enumerate(gates))
        one = F(1)
        share = (one + i) * (one + c)
        total = add(one - c, one + f, cell * share)
        cell = (one - c) / share if steps == 1 else total / (share * (one + f))
        if layer.cell_clip > 0:
            cell = np.clip(cell, -F(layer.cell_clip), F(layer.cell_clip))
        e = decay(cell + cell)
        hidden = (one - e) / ((one + e) * (one + o))
        outputs.append(hidden)
    return np.stack(outputs, 1) if layer.return_sequences else hidden


def dense(layer: Dense, x: Array, add: Sum, parts: int) -> Array:
    """On the last axis, in parts of which each may be quantised on its own."""
    flat = x.reshape(-1, x.shape[-1])
    sums = np.broadcast_to(layer.bias, (len(flat), len(layer.bias)))
    for kernel, part in zip(np.split(layer.kernel.values, parts, 1), np.split(flat, parts, 1), strict=True):
        sums = shares(Weights(kernel, layer.kernel.scale), part, sums, add)
    sums = np.where(sums < 0, F(0), sums) if layer.clamps else sums
    return sums.reshape(*x.shape[:-1], -1)


def run(network: Network, inputs: Array, core: Core) -> Array:
    """Outputs of windows (N, ...), each from reset."""
    x, parts = inputs, 1
    with np.errstate(over="ignore", invalid="ignore"):
        for layer in network.layers:
            if isinstance(layer, Lstm):
                x = lstm(layer, x, core)
            elif isinstance(layer, Dense):
                x, parts = dense(layer, x, core.add, parts), 1
            else:
                x, parts = x.reshape(len(x), *layer.output.shape), x.shape[1]
            assert x.dtype == F, layer
    return x
