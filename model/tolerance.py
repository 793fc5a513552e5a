# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How far the device's outputs may be from the reference's: as its format has it, and where integers stand among real
numbers, what a last-bit difference of a float can come to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from model.formats.float32 import FORMAT as FLOAT32
from model.network import Network
from model.signal import Array

STEPS = 2  # of integers that are quantised from real values which the device computes
LARGEST = 127.0  # steps that the largest output has, or there about


class Level(IntEnum):
    """What a signal is on the device."""

    EXACT = 0
    ROUNDED = 1  # real values, computed in float32
    STEPPED = 2  # of integers that were quantised from such: one that lies between two steps may get the other


@dataclass(frozen=True)
class Tolerance:
    """The larger of both."""

    relative: float  # to the largest expected magnitude, or 1
    absolute: float = 0.0

    def of(self, expected: Array) -> float:
        """For these outputs."""
        return max(self.absolute, self.relative * max(1.0, float(np.abs(expected.astype(np.float64)).max())))


EXACT = Tolerance(0.0)


def _levels(network: Network) -> list[Level]:
    """Of every signal of a network whose integers are exact."""
    found = [Level.EXACT] * len(network.inputs)
    for index, node in enumerate(network.nodes):
        level = max(found[number] for number in node.reads)
        if network.input_of(index).real and not node.layer.moves:
            real = node.layer.output.real
            level = max(level, Level.ROUNDED) if real else Level.STEPPED if level else level
        found.append(level)
    return found


def _step(network: Network, number: int) -> float:
    """Of an output, or of the integers that it is dequantised from; 0.0 where it is computed in real values."""
    signal, writer = network.signal(number), network.writer(number)
    before = signal if writer is None or not signal.real else network.input_of(writer)
    return 0.0 if before.real else before.scale if signal.real else 1.0


def of(network: Network) -> Tolerance:
    """That of a network."""
    if not network.format.exact:
        return Tolerance(network.format.tolerance)
    levels = _levels(network)
    level = max(levels[number] for number in network.outputs)
    if level == Level.STEPPED:
        steps = [_step(network, number) for number in network.outputs]
        return Tolerance(0.0 if all(steps) else STEPS / LARGEST, STEPS * max(steps))
    return Tolerance(FLOAT32.tolerance if level else network.format.tolerance)
