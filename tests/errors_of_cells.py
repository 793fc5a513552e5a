# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What each format costs a cell of random numbers, as a table of docs/arithmetic.md.

``python -m tests.errors_of_cells``: layers of 16 units over 40 steps against their floats, by two measures, the mean of
eight networks.
"""

from __future__ import annotations

import numpy as np

from model import formats, quantise, reference
from model.signal import to_real
from tests.support import networks
from tests.support.networks import Chain

CELLS = {"lstm": "LSTM", "gru": "GRU", "gru_before": "GRU, `reset_after=False`", "rnn": "SimpleRNN"}
SEEDS = range(8)


def errors(kind: str, format: str) -> tuple[float, float]:
    """Root mean squares, error to outputs; and the mean error to the range of the outputs."""
    by_squares, by_range = [], []
    for seed in SEEDS:
        network = networks.build_chain(Chain("float32", (40, 3), ((kind, 16, True, False),), seed=seed))
        real = networks.chain_inputs(network, 20, False, seed)
        ideal = reference.run(network, real)
        made = quantise.quantise(network, real, format)
        error = to_real(reference.run(made, reference.stored_inputs(made, real)), made.output) - ideal
        by_squares.append(np.sqrt((error**2).mean() / (ideal**2).mean()))
        by_range.append(np.abs(error).mean() / np.ptp(ideal))
    return float(np.mean(by_squares)), float(np.mean(by_range))


def main() -> None:
    """Markdown."""
    names, int8 = formats.names()[1:], formats.DEFAULT
    head = ["cell", *(f"`{name}`" for name in names), f"`{int8}` ÷ LSTM", f"`{int8}` by range", "÷ LSTM"]
    print(f"| {' | '.join(head)} |\n| --- |{' ---: |' * (len(head) - 1)}")
    first = errors("lstm", int8)
    for kind, cell in CELLS.items():
        found = {name: errors(kind, name) for name in names}
        squares, of_range = found[int8]
        columns = [*(f"{each:.2%}" for each, _ in found.values()), f"{squares / first[0]:.2f}"]
        print(f"| {' | '.join([cell, *columns, f'{of_range:.3%}', f'{of_range / first[1]:.2f}'])} |")


if __name__ == "__main__":
    main()
