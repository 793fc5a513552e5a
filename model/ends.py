# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The inputs of a network, or its outputs: where there are several, a sample is one row of all of them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model import signal
from model.signal import Array, Signal


@dataclass(frozen=True)
class Ends:
    """Signals of one stored type."""

    signals: tuple[Signal, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample."""
        return self.signals[0].shape if len(self.signals) == 1 else (sum(each.size for each in self.signals),)

    @property
    def offsets(self) -> tuple[int, ...]:
        """Where each begins in a sample, in elements."""
        return tuple(int(n) for n in np.cumsum([0, *(each.size for each in self.signals[:-1])]))

    def parts(self, samples: Array) -> list[Array]:
        """Each (N, ...) of samples (N, ...)."""
        if len(self.signals) == 1:
            return [samples]
        pieces = np.split(samples, self.offsets[1:], axis=1)
        return [piece.reshape(-1, *each.shape) for piece, each in zip(pieces, self.signals, strict=True)]

    def packed(self, parts: Sequence[Array]) -> Array:
        """Samples (N, ...) of each (N, ...)."""
        return parts[0] if len(parts) == 1 else np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)

    def to_stored(self, real: Array) -> Array:
        """Samples of real values as they are stored."""
        pairs = zip(self.parts(real), self.signals, strict=True)
        return self.packed([signal.to_stored(part, each) for part, each in pairs])

    def to_real(self, stored: Array) -> Array:
        """Stored samples as real numbers (float64)."""
        pairs = zip(self.parts(stored), self.signals, strict=True)
        return self.packed([signal.to_real(part, each) for part, each in pairs])
