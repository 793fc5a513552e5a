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

import numpy as np

from model.layers.base import Observe, Place, Seat
from model.network import Network
from model.signal import Array


def _ignore(place: Place, quantity: str, values: Array) -> None:
    pass


def vectors(network: Network, index: int) -> int:
    """How many vectors a Dense with int8 weights quantises one by one: the steps of a sequence flattened before it."""
    if len(network.input_of(index).shape) == 2:
        return 1
    number = network.nodes[index].reads[0]
    before = writer = network.writer(number)
    while writer is not None and (network.layers[writer].flat or network.layers[writer].elementwise):
        number = network.nodes[writer].reads[0]
        writer = network.writer(number)
    flattened = network.signal(number).shape
    parted = writer is not None and before is not None and network.nodes[before].reads[0] == number
    halves = max(1, len(network.layers[writer].halves)) if parted and writer is not None else 1
    return flattened[0] * halves if len(flattened) == 2 and flattened[0] > 1 else 1


def run(network: Network, inputs: Array, observe: Observe = _ignore, *, goes_on: bool = False) -> Array:
    """Outputs (N, ...) in the network's output type for inputs (N, T, F) in its input type; of several see ``Ends``.

    ``goes_on``: window n + 1 goes on from where window n ended, as a network can that ``planner`` finds streamable.
    """
    signals: list[Array] = network.given.parts(inputs.astype(network.input.stored.computed))
    with np.errstate(over="ignore", invalid="ignore"):  # what is no finite number has its way, too
        for index, node in enumerate(network.nodes):
            place, sources = network.place(index), network.sources(index)
            seat = Seat(place, sources[0], observe, goes_on, sources, vectors(network, index))
            signals.append(node.layer.run_of([signals[number] for number in node.reads], seat))
            observe(place, "output", signals[-1])
        return network.made.packed([signals[number] for number in network.outputs]).astype(network.output.dtype)


def stored_inputs(network: Network, real: Array) -> Array:
    """Real inputs (N, T, F) as the device takes them: normalised where the network folds that in, then quantised."""
    return network.given.to_stored(real if network.normalise is None else network.normalise.applied(real))
