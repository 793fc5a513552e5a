# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Quantise a trained model as asked.

``python -m model.prepare TRAINED.npz --samples SAMPLES --quant int8 --state window --out NETWORK.npz``
"""

from __future__ import annotations

import argparse
from pathlib import Path

from model import escape, formats, limits, quantise, samples, store
from model.errors import UserError, run_main
from model.network import STATES, Network, check_chain, goes_on, parts

WORK = 1 << 25  # values of one quantity of a layer, over all windows: the reference holds a dozen, 3 GiB


def check_amount(path: Path, network: Network, data: samples.Samples) -> None:
    """Raise ``UserError`` if the reference would need too much memory for all windows at once."""
    sizes = [network.input.size, *(layer.output.size for layer in network.layers)]
    sizes += [source.shape[0] * part.output.shape[-1] for _, part, source in parts(network) if part.keeps_state]
    most = max(1, WORK // max(sizes))
    for name, windows in (("inputs", data.inputs), ("calibration", data.calibration)):
        if len(windows) > most:
            raise UserError(
                f"{path}: '{name}' has {len(windows):,} windows; of a model of this size at most {most:,} are run: "
                "give fewer that show the whole range"
            )


def prepare(network: Network, samples_path: Path, quantisation: str, state: str = "window") -> Network:
    """The network that the device will run."""
    check_chain(network)
    data = samples.load(samples_path, network.input, network.output)
    check_amount(samples_path, network, data)
    if network.came_quantised:
        if network.quantisation != quantisation:
            raise UserError(f"{network.source}: comes quantised: give quant={network.quantisation}")
        limits.check(network)
        return network
    quantised = quantise.quantise(network, data.calibration, quantisation, goes_on=goes_on(network, state))
    limits.check(quantised)  # before the reference runs it
    if quantised.format.integer:
        over = f"over {len(data.calibration)} samples of {escape.visible(samples_path.name)}"
        print(f"{escape.visible(network.source)} as {quantisation}, {over}:")
        print(escape.lines(quantise.describe(quantised)))
    return quantised


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="model.prepare", description=__doc__)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--quant", choices=formats.names(), required=True)
    parser.add_argument("--state", choices=STATES, default="window")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    trained = store.load(arguments.trained)
    store.save(prepare(trained, arguments.samples, arguments.quant, arguments.state), arguments.out)


if __name__ == "__main__":
    run_main(main)
