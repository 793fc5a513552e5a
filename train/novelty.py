# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Scores of how strange a window is that need no network, to judge a network by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from measure import anomalies

Array = npt.NDArray[np.float64]
RIDGE = 1e-6  # on the covariance, which may be singular

Score = Callable[[Array, Array], Array]  # known windows (M, T, F), asked windows (N, T, F) -> (N,), higher is stranger


def roc_auc(scores: Array, strange: npt.NDArray[np.int32]) -> float:
    """Of windows of which some are strange and others are not, to four decimals."""
    area = anomalies.roc_auc(scores, strange)
    assert area is not None
    return round(area, 4)


def mean_window(known: Array, asked: Array) -> Array:
    """Squared distance from the mean of the known windows."""
    return np.asarray(anomalies.errors(asked, known.mean(axis=0)))


def stillness(known: Array, asked: Array) -> Array:
    """How much it moves about its own mean, the stranger the less."""
    return -np.asarray(anomalies.errors(asked, asked.mean(axis=1, keepdims=True)))


def principal(components: int) -> Score:
    """What as many principal components of the known windows do not hold."""

    def score(known: Array, asked: Array) -> Array:
        mean = known.reshape(len(known), -1).mean(axis=0)
        covariance = np.cov(known.reshape(len(known), -1).T)
        basis = np.linalg.eigh(covariance)[1][:, -components:]
        flat = asked.reshape(len(asked), -1) - mean
        return np.asarray(anomalies.errors(flat, flat @ basis @ basis.T))

    return score


def summary(known: Array, asked: Array) -> Array:
    """Mahalanobis distance, squared, of every channel's mean and deviation."""
    seen, given = _summarised(known), _summarised(asked)
    covariance = np.cov(seen.T) + RIDGE * np.eye(seen.shape[1])
    away = given - seen.mean(axis=0)
    return np.asarray(np.einsum("ni,ni->n", away, np.linalg.solve(covariance, away.T).T))


def _summarised(windows: Array) -> Array:
    return np.concatenate([windows.mean(axis=1), windows.std(axis=1)], axis=1)
