# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Forecasts that need no network, to judge a network by. All take past (N, T) and give (N, steps)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def persistence(past: Array, steps: int) -> Array:
    """Everything stays as it is now."""
    return np.repeat(past[:, -1:], steps, axis=1)


def seasonal_naive(past: Array, steps: int, period: int) -> Array:
    """Every step repeats the value one period earlier; needs steps <= period <= T."""
    start = past.shape[1] - period
    return past[:, start : start + steps]


@dataclass(frozen=True)
class Linear:
    """The best linear function of the window, by least squares."""

    weights: Array  # (T + 1, steps), the last row is the constant

    @classmethod
    def fit(cls, past: Array, future: Array) -> Linear:
        weights, *_ = np.linalg.lstsq(with_constant(past), future)
        return cls(np.asarray(weights, dtype=np.float64))

    def forecast(self, past: Array) -> Array:
        return np.asarray(with_constant(past) @ self.weights)


def with_constant(past: Array) -> Array:
    return np.hstack([past, np.ones((len(past), 1))])
