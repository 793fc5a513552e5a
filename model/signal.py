# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What flows between layers, and the weights it meets there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.formats import types
from model.formats.types import Type

Array = NDArray[Any]


@dataclass(frozen=True)
class Signal:
    """What flows between two layers: real = scale * (stored - zero_point), elementwise."""

    shape: tuple[int, ...]  # (T, F) for a sequence, (N,) for a vector
    dtype: str = types.FLOAT32.name
    scale: float = 1.0  # exactly representable in float32
    zero_point: int = 0

    @property
    def stored(self) -> Type:
        """The type of its elements."""
        return types.named(self.dtype)

    @property
    def real(self) -> bool:
        """Whether it holds real values as they are."""
        return self.stored.real

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape))

    @property
    def low(self) -> int:
        """Smallest stored integer."""
        return self.stored.low

    @property
    def high(self) -> int:
        """Largest stored integer."""
        return self.stored.high


@dataclass(frozen=True, eq=False)
class Weights:
    """A weight matrix: float32 ``values``, or integers with real = scale[k] * values[k]."""

    values: Array  # (gates, rows, columns) or (rows, columns)
    scale: Array | None = None  # (gates,), (gates, rows) or (rows,) float32; None for float32 values


def scale_of(weights: Weights) -> Array:
    """The scales of quantised weights."""
    assert weights.scale is not None, "these weights are not quantised"
    return weights.scale


def to_stored(real: Array, signal: Signal) -> Array:
    """Real values in the stored type of ``signal``: float32 arithmetic, halves away from zero, saturating.

    What is not a number is stored as 0.0.
    """
    if signal.real:
        return real.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = (real.astype(np.float32) / np.float32(signal.scale)).astype(np.float64)
    scaled = np.where(np.isnan(scaled), 0.0, scaled)
    rounded = np.trunc(scaled + np.copysign(0.5, scaled)) + signal.zero_point  # the sum is exact in float64
    return np.asarray(np.clip(rounded, signal.low, signal.high).astype(signal.dtype))


def to_real(stored: Array, signal: Signal) -> Array:
    """Stored values as real numbers (float64)."""
    return np.asarray((stored.astype(np.float64) - signal.zero_point) * float(signal.scale))
