# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A real-valued ``Network`` as a Keras 2 model with a static batch of 1, from which TFLite's converter fuses LSTMs.

From Keras 3 it never does, whatever the model; the same weights in this twin give the fused form. Of other cells the
converter makes loops, in floats and dynamic range alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from model.errors import UserError
from model.functions import named
from model.layers.base import Layer, Place
from model.layers.normalise import Normalise
from model.network import Network
from model.signal import Array, Signal


def without_normalise(network: Network) -> Network:
    """The same network with every normalisation worked into the weights of the layer that reads it.

    The converter would make operators of it, with a rounding of their own. Raises ``UserError`` where no layer
    with weights follows.
    """
    layers: list[Layer] = []
    pending: Normalise | None = None
    for layer in network.layers:
        if pending is not None:
            absorbed = layer.absorbing(pending)
            if absorbed is None:
                raise UserError(
                    f"{network.source}: layer '{pending.name}' normalises what '{layer.name}' reads; only a "
                    "normalisation right before an LSTM or Dense layer can be converted: normalise outside the model"
                )
            layer, pending = absorbed, None
        pending = layer.as_input
        if pending is None:
            layers.append(layer)
    if pending is not None:
        raise UserError(f"{network.source}: layer '{pending.name}' normalises the output; do that outside the model")
    return network.but(layers=tuple(layers))


def _unsupported(layer: Any) -> str:
    """What of a layer has no form there, nothing if it has one."""
    if layer.kernels not in TWINS and layer.as_input is None and not layer.keeps_state:
        return f"is a {layer.kernels}"
    if not layer.keeps_state:
        return ""
    if layer.start is not None:
        return "starts from a state of its own"
    functions = (each for each in layer.functions if each not in CELL_FUNCTIONS)
    return next((f"has the activation {each}" for each in functions), "")


def loop(network: Network) -> Layer | None:
    """The first layer that the converter makes a loop of, and no fused operator; None if there is none."""
    parts = (part for layer in network.layers for _, part in layer.parts(Place(0)))
    return next((part for part in parts if part.keeps_state and part.kernels not in FUSED), None)


def check(network: Network) -> None:
    """Raise ``UserError`` naming the first layer that TensorFlow Lite has no operator for, or none that is read, and
    where the network is no chain of layers."""
    for layer in network.layers:
        for _, part in ((None, layer), *layer.parts(Place(0))):
            found = _unsupported(part)
            if found:
                raise UserError(
                    f"{network.source}: layer '{part.name}' {found}, which is not supported in a conversion to "
                    "TensorFlow Lite: build from this file itself, in any quant="
                )
    chain = tuple((number,) for number in range(len(network.nodes)))
    if tuple(node.reads for node in network.nodes) != chain or len(network.given.signals + network.made.signals) > 2:
        raise UserError(
            f"{network.source}: has branches, or several inputs or outputs, which are not supported in a conversion to "
            "TensorFlow Lite: build from this file itself, in any quant="
        )


def _lstm_arrays(layer: Any) -> list[Array]:
    """Kernel (F, GH), recurrent kernel (H, GH) and bias (GH,), the gates as column blocks, of an LSTM i, f, c, o."""
    kernel, recurrent = (
        weights.values.transpose(2, 0, 1).reshape(weights.values.shape[2], -1)
        for weights in (layer.kernel, layer.recurrent)
    )
    return [kernel, recurrent, layer.bias.reshape(-1)]


def _gru_arrays(layer: Any) -> list[Array]:
    """The same of a GRU, its gates z, r, h; the bias that r multiplies stands in a second row of biases."""
    kernel, recurrent, bias = _lstm_arrays(layer)
    own = np.concatenate([np.zeros(2 * layer.units, bias.dtype), layer.candidate_bias])
    return [kernel, recurrent, np.stack([bias, own]) if layer.reset_after else bias]


def _cell(layer: Any) -> dict[str, Any]:
    return {"return_sequences": layer.return_sequences, "go_backwards": layer.go_backwards}


def _gated(layer: Any) -> dict[str, Any]:
    """The settings of a cell with gates."""
    functions = {key: CELL_FUNCTIONS[getattr(layer, key)] for key in ("activation", "recurrent_activation")}
    return {**_cell(layer), **functions}


def _function(layers: Any, layer: Any) -> Any:
    return layers.Activation(TF_NAMES.get(layer.function, layer.function))


def _bent_relu(layers: Any, layer: Any) -> Any:
    most, slope, threshold = layer.parameters
    return layers.ReLU(None if math.isinf(most) else most, slope, threshold)


def _conv1d(layers: Any, layer: Any) -> Any:
    window, outputs = layer.window, layer.bias.size
    settings = {"dilation_rate": window.dilation, "groups": layer.groups, "activation": layer.activation}
    return layers.Conv1D(outputs, window.length, window.stride, **settings)


def _conv1d_arrays(layer: Any) -> list[Array]:
    """Kernel (K, F / G, O) and bias (O,)."""
    rows = layer.kernel.values.reshape(layer.bias.size, layer.window.length, -1)
    return [rows.transpose(1, 2, 0), layer.bias]


def _pool(layers: Any, layer: Any) -> Any:
    kind = {"max_pool": layers.MaxPooling1D, "average_pool": layers.AveragePooling1D}[layer.kind]
    return kind(layer.window.length, layer.window.stride, "same" if layer.window.padded else "valid")


TF_NAMES = {"silu": "swish", "hard_sigmoid_keras2": "hard_sigmoid"}  # where tf_keras calls a function otherwise
FUSED = ("lstm",)  # the kernels of cells that TensorFlow Lite has an operator of
# functions that a cell of tf_keras may have: what it calls them
CELL_FUNCTIONS = {
    named(name): TF_NAMES.get(name, name)
    for name in (
        *("linear", "relu", "sigmoid", "tanh", "elu", "selu", "gelu", "silu", "mish"),
        *("softplus", "softsign", "exponential", "hard_sigmoid_keras2"),
    )
}
FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "relu": lambda k, layer: k.ReLU(),
    "relu6": lambda k, layer: k.ReLU(6.0),
    "bent_relu": _bent_relu,
    "leaky_relu": lambda k, layer: k.LeakyReLU(*layer.parameters),
    "elu": lambda k, layer: k.ELU(*layer.parameters),
}
# the Keras layer of each kind, still without weights: (tf_keras.layers, layer)
TWINS: dict[str, Callable[[Any, Any], Any]] = {
    "lstm": lambda k, layer: k.LSTM(layer.units, **_gated(layer)),
    "gru": lambda k, layer: k.GRU(layer.units, reset_after=layer.reset_after, **_gated(layer)),
    "simple_rnn": lambda k, layer: k.SimpleRNN(layer.units, CELL_FUNCTIONS[layer.activation], **_cell(layer)),
    "bidirectional": lambda k, layer: k.Bidirectional(
        _twin_layer(k, layer.forward), backward_layer=_twin_layer(k, layer.backward)
    ),
    "dense": lambda k, layer: k.Dense(layer.bias.size, activation=layer.activation),
    "activation": lambda k, layer: FUNCTIONS.get(layer.function, _function)(k, layer),
    "reshape": lambda k, layer: k.Reshape(layer.output.shape),
    **dict.fromkeys(("conv1d", "grouped"), _conv1d),
    **dict.fromkeys(("max_pool", "average_pool"), _pool),
    "global_max_pool": lambda k, layer: k.GlobalMaxPooling1D(),
    "global_average_pool": lambda k, layer: k.GlobalAveragePooling1D(),
    "zero_padding": lambda k, layer: k.ZeroPadding1D((layer.left, layer.right)),
}
# zeros that a layer of another kind puts in front of and behind its sequence: here a layer of their own
ZEROS: dict[str, Callable[[Any], tuple[int, int]]] = {"conv1d": lambda layer: (layer.window.left, layer.window.right)}
# the arrays of its weights, as Keras has them
ARRAYS: dict[str, Callable[[Any], list[Array]]] = {
    "lstm": _lstm_arrays,
    "gru": _gru_arrays,
    "simple_rnn": _lstm_arrays,
    "dense": lambda layer: [layer.kernel.values.T, layer.bias],
    "conv1d": _conv1d_arrays,
}


def _twin_layer(layers: Any, layer: Layer) -> Any:
    return TWINS[layer.kind](layers, layer)


def _stack(layers: Any, layer: Layer) -> list[Any]:
    """A layer, behind its zeros if it has any."""
    zeros = ZEROS[layer.kind](layer) if layer.kind in ZEROS else (0, 0)
    return [*([layers.ZeroPadding1D(zeros)] if any(zeros) else []), _twin_layer(layers, layer)]


def _arrays(layer: Layer) -> list[Array]:
    parts = (part for _, part in layer.parts(Place(0)) if part.kind in ARRAYS)
    return [array for part in parts for array in ARRAYS[part.kind](part)]


def build(tf_keras: Any, network: Network) -> Any:
    """The twin, a tf_keras model (1, T, F) -> (1, ...) with the network's weights."""
    network = without_normalise(network)
    signal: Signal = network.input
    stack = [tf_keras.layers.InputLayer(batch_input_shape=(1, *signal.shape), name="input")]
    stack += [twin for layer in network.layers for twin in _stack(tf_keras.layers, layer)]
    model = tf_keras.Sequential(stack)
    model.set_weights([array for layer in network.layers for array in _arrays(layer)])
    return model
