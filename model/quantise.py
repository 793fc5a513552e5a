# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""From a real-valued network and calibration samples to another format, layer by layer.

Weights come straight from the float arrays; only the ranges of integers need samples.
"""

from __future__ import annotations

from model import formats, reference
from model.formats.base import Format
from model.layers.base import Layer, Place
from model.network import Network, parts
from model.signal import Array


class Ranges:
    """Smallest and largest value of every quantity the reference shows, keyed by (place, quantity)."""

    def __init__(self) -> None:
        self.of: dict[tuple[Place, str], tuple[float, float]] = {}

    def observe(self, place: Place, quantity: str, values: Array) -> None:
        """Keep the range of one quantity; fits ``reference.run``'s ``observe``."""
        self.of[place, quantity] = (float(values.min()), float(values.max()))


def _quantise_integer(network: Network, calibration: Array, format: Format, goes_on: bool) -> Network:
    ranges = Ranges()
    reference.run(network, calibration, ranges.observe, goes_on=goes_on)
    low, high = float(calibration.min()), float(calibration.max())
    normalise = network.layers[0].as_input
    if normalise is not None:
        low, high = ranges.of[network.place(0), "output"]
    first = format.signal(network.input.shape, low, high)
    done: list[Layer] = []
    for index in range(0 if normalise is None else 1, len(network.layers)):
        source = done[-1].output if done else first
        done.append(network.layers[index].quantised(network.place(index), source, ranges.of, format))
    return network.but(quantisation=format.name, input=first, layers=tuple(done), normalise=normalise)


def quantise(network: Network, calibration: Array, quantisation: str, *, goes_on: bool = False) -> Network:
    """The network in the format of this name; integers cover the ranges seen on ``calibration`` (N, T, F), real values.

    ``goes_on``: its windows follow one another in a stream, as in ``reference.run``.
    """
    format = formats.named(quantisation)
    if format.integer:
        return _quantise_integer(network, calibration, format, goes_on)
    layers = enumerate(network.layers)
    made = tuple(layer.quantised(network.place(n), network.input_of(n), {}, format) for n, layer in layers)
    return network.but(quantisation=format.name, layers=made)


def describe(network: Network) -> str:
    """What each signal of an integer network covers, a line each."""
    rows = [("input", network.input), *((layer.name, layer.output) for layer in network.layers)]
    width = max(len(name) for name, _ in rows)
    lines = []
    for name, signal in rows:
        low, high = ((limit - signal.zero_point) * signal.scale for limit in (signal.low, signal.high))
        lines.append(f"  {name:<{width}}  {signal.dtype} covers {low:.4g} .. {high:.4g}, scale {signal.scale:.4g}")
    for part, cell in ((part, part.signals().get("cell")) for _, part, _ in parts(network)):
        if cell is not None:
            lines.append(f"  {part.name:<{width}}  cell {cell.dtype} covers +-{-cell.low * cell.scale:g}")
    return "\n".join(lines)
