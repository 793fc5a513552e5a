# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""From a trained network and samples to the network that the device will run, layer by layer.

``python -m model.quantise TRAINED.npz --samples SAMPLES --quant int8 --state window --out NETWORK.npz``

Weights come straight from the float arrays; only the ranges of integers need samples.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from model import escape, formats, limits, reference, samples, store, wav
from model.errors import UserError, run_main
from model.formats import types
from model.formats.base import Format
from model.layers.base import Place
from model.network import STATES, Network, check_ends, check_state, goes_on, parts, placed
from model.signal import Array, Signal

WORK = 1 << 25  # values of one quantity of a layer, over all windows: the reference holds a dozen, 3 GiB


class Ranges:
    """Smallest and largest value of every quantity the reference shows, keyed by (place, quantity)."""

    def __init__(self) -> None:
        self.of: dict[tuple[Place, str], tuple[float, float]] = {}

    def observe(self, place: Place, quantity: str, values: Array) -> None:
        """Keep the range of one quantity; fits ``reference.run``'s ``observe``."""
        self.of[place, quantity] = (float(values.min()), float(values.max()))


def _check_finite(network: Network, ranges: Ranges) -> None:
    """Raise ``UserError`` where the trained model itself leaves the numbers that floats hold."""
    names = {place: layer.name for place, layer in placed(network)}
    for (place, quantity), ends in ranges.of.items():
        if not np.abs(ends).max() <= np.finfo(np.float32).max:
            raise UserError(
                f"layer '{names[place]}': its {quantity} grows beyond all numbers over the calibration samples, as "
                "that of an unbounded cell can over many steps; give shorter windows, or train with activation='tanh'"
            )


def _input(network: Network, number: int, format: Format, seen: tuple[float, float]) -> Signal:
    """An input as it is stored: ids as they are, values so that what was seen of them is covered."""
    shape, ids = network.inputs[number].shape, network.ids(number)
    if not ids:
        return format.signal(shape, *seen)
    stored = Signal(shape, types.INT16.name)
    if ids - 1 > stored.high:
        raise UserError(
            f"model '{network.name}' reads {ids} ids; supported in {format.name}: {stored.high + 1}; use quant=float32"
        )
    return stored


def _quantise_integer(network: Network, calibration: Array, format: Format, goes_on: bool) -> Network:
    ranges = Ranges()
    reference.run(network, calibration, ranges.observe, goes_on=goes_on)
    _check_finite(network, ranges)
    seen = [(float(part.min()), float(part.max())) for part in network.given.parts(calibration)]
    readers = network.readers(0)
    normalise = network.layers[readers[0]].as_input if len(readers) == len(network.inputs) == 1 else None
    if normalise is not None:  # the first layer: nothing else reads the input
        seen = [ranges.of[network.place(0), "output"]]
        network = replace(network.without(0), normalise=normalise)
    inputs = tuple(_input(network, number, format, span) for number, span in enumerate(seen))
    if len({each.dtype for each in inputs}) > 1:
        raise UserError(
            f"model '{network.name}' reads ids and values, which {format.name} stores in two types; supported: one; "
            "use quant=int16x8"
        )
    quantised = replace(network, quantisation=format.name, inputs=inputs)
    for index, layer in enumerate(network.layers):
        done = layer.quantised_of(network.place(index), quantised.sources(index), ranges.of, format)
        quantised = quantised.with_layer(index, done)
    return quantised


def quantise(network: Network, calibration: Array, quantisation: str, *, goes_on: bool = False) -> Network:
    """The network in the format of this name; integers cover the ranges seen on ``calibration`` (N, T, F), real values.

    ``goes_on``: its windows follow one another in a stream, as in ``reference.run``.
    """
    format = formats.named(quantisation)
    if format.integer:
        return _quantise_integer(network, calibration, format, goes_on)
    layers = enumerate(network.layers)
    made = tuple(layer.quantised_of(network.place(n), network.sources(n), {}, format) for n, layer in layers)
    return network.but(quantisation=format.name, layers=made)


def describe(network: Network) -> str:
    """What each signal of an integer network covers, a line each."""
    inputs = [("input" if n == 0 else f"input {n}", each) for n, each in enumerate(network.inputs)]
    rows = [*inputs, *((layer.name, layer.output) for layer in network.layers)]
    width = max(len(name) for name, _ in rows)
    lines = []
    for name, signal in rows:
        low, high = ((limit - signal.zero_point) * signal.scale for limit in (signal.low, signal.high))
        lines.append(f"  {name:<{width}}  {signal.dtype} covers {low:.4g} .. {high:.4g}, scale {signal.scale:.4g}")
    for part, cell in ((part, part.signals().get("cell")) for _, part, _ in parts(network)):
        if cell is not None:
            lines.append(f"  {part.name:<{width}}  cell {cell.dtype} covers +-{-cell.low * cell.scale:g}")
    return "\n".join(lines)


def check_amount(path: Path, network: Network, data: samples.Samples) -> None:
    """Raise ``UserError`` if the reference would need too much memory for all windows at once."""
    sizes = [*(each.size for each in network.inputs), *(layer.output.size for layer in network.layers)]
    sizes += [source.shape[0] * part.output.shape[-1] for _, part, source in parts(network) if part.keeps_state]
    most = max(1, WORK // max(sizes))
    for name, windows in (("inputs", data.inputs), ("calibration", data.calibration)):
        if len(windows) > most:
            raise UserError(
                f"{path}: '{name}' has {len(windows):,} windows; of a model of this size at most {most:,} are run: "
                "give fewer that show the whole range"
            )


def check_rate(path: Path, network: Network) -> None:
    """Raise ``UserError`` for audio of another rate than the model's."""
    found = wav.rate(path)
    if found and network.rate and found != network.rate:
        raise UserError(
            f"{path}: has {found:g} samples a second, and {network.source} is of {network.rate:g}; resample it, as by: "
            f"sox in.wav -r {network.rate:g} out.wav"
        )


def check_ids(path: Path, network: Network, data: samples.Samples) -> None:
    """Raise ``UserError`` where an input that is ids has something else."""
    for name, windows in (("inputs", data.inputs), ("calibration", data.calibration)):
        for number, part in enumerate(network.given.parts(windows)):
            ids = network.ids(number)
            wrong = (part != np.rint(part)) | (part < 0) | (part >= ids) if ids else np.zeros(1, np.bool_)
            if wrong.any():
                raise UserError(
                    f"{path}: '{name}' has {float(part[wrong][0]):g}, but input {number} of model '{network.name}' is "
                    f"ids; give whole numbers from 0 to {ids - 1}"
                )


def calibrated(network: Network, samples_path: Path, quantisation: str, state: str = "window") -> Network:
    """The network that the device will run, of a trained one: quantised, unless it came so."""
    check_ends(network)
    check_state(network, state)
    data = samples.load(samples_path, network.given, network.made)
    check_amount(samples_path, network, data)
    check_rate(samples_path, network)
    check_ids(samples_path, network, data)
    if network.came_quantised:
        if network.quantisation != quantisation:
            raise UserError(f"{network.source}: comes quantised: give quant={network.quantisation}")
        limits.check(network)
        return network
    quantised = quantise(network, data.calibration, quantisation, goes_on=goes_on(network, state))
    limits.check(quantised)  # before the reference runs it
    if quantised.format.integer:
        over = f"over {len(data.calibration)} samples of {escape.visible(samples_path.name)}"
        print(f"{escape.visible(network.source)} as {quantisation}, {over}:")
        print(escape.lines(describe(quantised)))
    return quantised


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="model.quantise", description=__doc__)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--quant", choices=formats.names(), required=True)
    parser.add_argument("--state", choices=STATES, default="window")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    trained = store.load(arguments.trained)
    store.save(calibrated(trained, arguments.samples, arguments.quant, arguments.state), arguments.out)


if __name__ == "__main__":
    run_main(main)
