# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that leave the number of steps open: they run step after step, if no layer needs to know how many there are.

That is tried: the network of several steps must give at its last one what the network of one step gives that goes on
from step to step.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from model import planner, reference
from model.errors import UserError
from model.network import Network
from model.signal import Array

SEVERAL = 7
TOLERANCE = 1e-4  # of the largest value, in double precision: a layer that sees all steps is far beyond it


def _sequences(network: Network) -> list[Array]:
    """(SEVERAL, F) of each input; what is no sequence is the same at every step."""
    random, made = np.random.default_rng(0), []
    for number, signal in enumerate(network.inputs):
        ids = network.ids(number)
        values = random.integers(0, ids, signal.shape) if ids else random.normal(0, 1, signal.shape)
        rows = values if len(signal.shape) == 2 else np.repeat(values[np.newaxis], SEVERAL, axis=0)
        made.append(rows.astype(np.float32))
    return made


def _last(network: Network, inputs: list[Array], goes_on: bool) -> list[Array]:
    """What each output is after the last step."""
    shapes = [signal.shape for signal in network.inputs]
    rows = [x[:, np.newaxis] if len(s) == 2 else x for x, s in zip(inputs, shapes, strict=True)]
    if not goes_on:
        rows = [x[np.newaxis] if len(s) == 2 else x[:1] for x, s in zip(inputs, shapes, strict=True)]
    outputs = network.made.parts(reference.run(network, network.given.packed(rows), goes_on=goes_on))
    return [y[-1].reshape(-1, y.shape[-1])[-1] for y in outputs]


def check(path: Path, several: Network, single: Network) -> None:
    """Raise ``UserError`` where a layer of ``several`` steps is another of a ``single`` one."""
    where = f"{path}: leaves the number of its steps open"
    way_out = "export without a dynamic axis for the steps"
    blocks = planner.make(several, True).streamable
    if blocks:
        raise UserError(f"{where}, but {blocks}: {way_out}")
    inputs = _sequences(several)
    pairs = zip(_last(several, inputs, False), _last(single, inputs, True), strict=True)
    if any(a.shape != b.shape or np.abs(a - b).max() > TOLERANCE * (1 + np.abs(a).max()) for a, b in pairs):
        raise UserError(f"{where}, but what it gives is of all of them, as a mean over the steps is: {way_out}")
