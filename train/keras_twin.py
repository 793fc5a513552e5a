# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A real-valued ``Network`` as a Keras 2 model with a static batch of 1, from which TFLite's converter fuses LSTMs.

From Keras 3 it never does, whatever the model; the same weights in this twin give the fused form.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

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
    Reshape,
    Signal,
    Weights,
    directions,
)

Weighted = TypeVar("Weighted", Lstm, Dense)


def _scaled(layer: Weighted, normalise: Normalise) -> Weighted:
    """The layer that computes from x what ``layer`` computes from x * scale + offset."""
    kernel = layer.kernel.values.astype(np.float64)  # (..., F)
    bias = layer.bias + kernel @ normalise.offset.astype(np.float64)
    weights = Weights((kernel * normalise.scale).astype(np.float32))
    return replace(layer, kernel=weights, bias=bias.astype(np.float32))


def _absorbed(layer: Layer, normalise: Normalise) -> Layer | None:
    """``layer`` with the normalisation before it worked into its weights; None if it has none."""
    if isinstance(layer, Lstm):
        return _scaled(layer, normalise)
    if isinstance(layer, Dense):
        return _scaled(layer, normalise)
    if isinstance(layer, Bidirectional):
        forward, backward = (_scaled(lstm, normalise) for lstm in directions(layer))
        return replace(layer, forward=forward, backward=backward)
    if isinstance(layer, Normalise):
        scale, offset = normalise.scale * layer.scale, normalise.offset * layer.scale + layer.offset
        return replace(layer, scale=scale, offset=offset)
    return None


def without_normalise(network: Network) -> Network:
    """The same network with every normalisation worked into the weights of the layer that reads it.

    The converter would make operators of it, with a rounding of their own. Raises ``UserError`` where no layer
    with weights follows.
    """
    layers: list[Layer] = []
    pending: Normalise | None = None
    for layer in network.layers:
        if pending is not None:
            absorbed = _absorbed(layer, pending)
            if absorbed is None:
                raise UserError(
                    f"{network.source}: layer '{pending.name}' normalises what '{layer.name}' reads; only a "
                    "normalisation right before an LSTM or Dense layer can be converted: normalise outside the model"
                )
            layer, pending = absorbed, None
        if isinstance(layer, Normalise):
            pending = layer
        else:
            layers.append(layer)
    if pending is not None:
        raise UserError(f"{network.source}: layer '{pending.name}' normalises the output; do that outside the model")
    return replace(network, layers=tuple(layers))


def _lstm_arrays(layer: Lstm) -> list[Array]:
    """Kernel (F, 4H), recurrent kernel (H, 4H) and bias (4H,), the gates as column blocks i, f, c, o."""
    kernel, recurrent = (
        weights.values.transpose(2, 0, 1).reshape(weights.values.shape[2], -1)
        for weights in (layer.kernel, layer.recurrent)
    )
    return [kernel, recurrent, layer.bias.reshape(-1)]


def _twin_layer(layers: Any, layer: Layer) -> Any:
    """The Keras layer, still without weights."""
    if isinstance(layer, Lstm):
        return layers.LSTM(layer.units, return_sequences=layer.return_sequences, go_backwards=layer.go_backwards)
    if isinstance(layer, Bidirectional):
        return layers.Bidirectional(
            _twin_layer(layers, layer.forward), backward_layer=_twin_layer(layers, layer.backward)
        )
    if isinstance(layer, Dense):
        return layers.Dense(layer.bias.size, activation=layer.activation)
    if isinstance(layer, Activation):
        return layers.ReLU() if layer.function == "relu" else layers.Activation(layer.function)
    assert isinstance(layer, Reshape), layer
    return layers.Reshape(layer.output.shape)


def _arrays(layer: Layer) -> list[Array]:
    if isinstance(layer, Dense):
        return [layer.kernel.values.T, layer.bias]
    return [array for lstm in directions(layer) for array in _lstm_arrays(lstm)]


def build(tf_keras: Any, network: Network) -> Any:
    """The twin, a tf_keras model (1, T, F) -> (1, ...) with the network's weights."""
    network = without_normalise(network)
    signal: Signal = network.input
    stack = [tf_keras.layers.InputLayer(batch_input_shape=(1, *signal.shape), name="input")]
    stack += [_twin_layer(tf_keras.layers, layer) for layer in network.layers]
    model = tf_keras.Sequential(stack)
    model.set_weights([array for layer in network.layers for array in _arrays(layer)])
    return model
