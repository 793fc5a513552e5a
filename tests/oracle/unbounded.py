# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The integer reference with numbers that saturate where 32 bits wrap or a shift cannot be made: what was meant.

Where tflite-micro says something else than this, an overflow made it wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from unittest import mock

import numpy as np

from model import fixed_point as fp
from model import reference
from model.layers.base import Layer
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.network import Network
from model.signal import Array, Signal, Weights
from tests.oracle.interpreters import run_micro_apart
from tests.oracle.tflite_writer import write

LIMIT = 1 << 31


def _saturated(x: fp.Int) -> fp.Int:
    return np.clip(x, -LIMIT, LIMIT - 1)


def _requantise32(x: fp.Int, m: fp.Multiplier) -> fp.Int:
    left = max(m.shift, 0)
    shifted = np.clip(x.astype(np.float64) * 2.0**left, -LIMIT, LIMIT - 1).astype(np.int64)
    return REQUANTISE32(shifted, fp.Multiplier(m.value, m.shift - left))


def _requantise64(x: fp.Int, m: fp.Multiplier) -> fp.Int:
    left = max(m.shift - 14, 0)
    exact = fp.product64(x, fp.Multiplier(m.value, m.shift - left))
    return np.clip(exact.astype(np.float64) * 2.0**left, -LIMIT, LIMIT - 1).astype(np.int64)


REQUANTISE32 = fp.requantise32


def run(network: Network, inputs: Array) -> Array:
    """Outputs (N, ...) as ``reference.run`` gives them, if nothing overflowed."""
    with (
        mock.patch.object(fp, "wrap32", _saturated),
        mock.patch.object(fp, "requantise32", _requantise32),
        mock.patch.object(fp, "requantise64", _requantise64),
    ):
        return reference.run(network, inputs)


# ---- what proves that tflite-micro overflows ----

Try = tuple[Network, Array]  # and inputs (N, ...)
STREAM = 400  # steps


def _shows(network: Network, file: bytes, inputs: Array) -> bool:
    theirs, meant = run_micro_apart(file, inputs), run(network, inputs)
    return theirs is None or bool((theirs.reshape(meant.shape) != meant).any())


def _cuts(network: Network, inputs: Array) -> Iterator[Try]:
    """The first layers alone: what comes after may not tell."""
    for count in range(len(network.layers) - 1, 0, -1):
        yield network.but(layers=network.layers[:count]), inputs


def _stretched(layer: Layer, steps: int) -> Layer:
    shape = layer.output.shape
    return layer if len(shape) == 1 else replace(layer, output=replace(layer.output, shape=(steps, *shape[1:])))


def _streams(network: Network, inputs: Array) -> Iterator[Try]:
    """Up to the last LSTM, over a long sequence: a state may take many steps to grow."""
    last = max(k for k, layer in enumerate(network.layers) if isinstance(layer, Lstm))
    steps = min(STREAM, inputs.shape[0] * inputs.shape[1])
    count = inputs.shape[0] * inputs.shape[1] // steps
    first = replace(network.input, shape=(steps, inputs.shape[2]))
    layers = tuple(_stretched(layer, steps) for layer in network.layers[: last + 1])
    long = inputs.reshape(-1, inputs.shape[2])[: count * steps].reshape(count, steps, -1)
    for end in range(last + 1, 0, -1):
        yield network.but(input=first, layers=layers[:end]), long


def _gates(network: Network, inputs: Array) -> Iterator[Try]:
    """Each gate's rows as a Dense, at a scale that shows the whole range of its sums."""
    for index, layer in enumerate(network.layers):
        if isinstance(layer, Lstm) and layer.output.dtype == "int8" and layer.kernel.scale is not None:
            source = network.input_of(index)
            before = network.but(layers=network.layers[:index])
            given = (run(before, inputs) if index else inputs).reshape(-1, source.shape[-1])[:1000]
            signal = replace(source, shape=source.shape[-1:])
            for gate, scale in enumerate(layer.kernel.scale):
                out = Signal((layer.units,), "int8", float(np.float32(source.scale * float(scale) * 2.0**24)))
                rows = Weights(layer.kernel.values[gate], np.full(layer.units, scale))
                dense = Dense("gate", rows, layer.bias[gate], "linear", out, layer.format)
                yield network.but(input=signal, layers=(dense,)), given


def overflows(network: Network, file: bytes, inputs: Array) -> bool:
    """Whether tflite-micro says something else than it would if its integers had no ends, as a whole or in part."""
    if _shows(network, file, inputs):
        return True
    tries = (one for kind in (_cuts, _streams, _gates) for one in kind(network, inputs))
    return any(_shows(part, write(part), given) for part, given in tries)
