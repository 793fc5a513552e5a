# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Classifiers that need no network, to judge a network by: they see of a window each channel's mean and deviation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from train.windows import Windows

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]  # (N,)

DESCENT = 2000  # steps of the logistic regression, which has settled by then
RATE = 0.5
DECAY = 1e-3  # of its weights, so that classes that can be told apart for certain do not drive them to infinity


@dataclass(frozen=True)
class Summary:
    """What is kept of a window: (N, 2 F), each over the training part of mean 0 and deviation 1."""

    mean: Array  # (2 F,)
    deviation: Array  # (2 F,)

    @classmethod
    def fit(cls, training: Windows) -> Summary:
        features = _features(training)
        return cls(features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9))

    def of(self, windows: Windows) -> Array:
        return np.asarray((_features(windows) - self.mean) / self.deviation)


def _features(windows: Windows) -> Array:
    values = windows.inputs.astype(np.float64)
    return np.concatenate([values.mean(axis=1), values.std(axis=1)], axis=1)


def _commonest(training: Windows, test: Windows) -> Labels:
    return np.full(len(test), np.bincount(training.labels).argmax())


def _centroid(training: Windows, test: Windows) -> Labels:
    """The class whose mean lies nearest."""
    summary = Summary.fit(training)
    seen, asked = summary.of(training), summary.of(test)
    means = np.array([seen[training.labels == label].mean(axis=0) for label in range(training.labels.max() + 1)])
    return np.asarray(((asked[:, None] - means) ** 2).sum(axis=2).argmin(axis=1))


def _logistic(training: Windows, test: Windows) -> Labels:
    """Logistic regression, by gradient descent."""
    summary = Summary.fit(training)
    seen, asked = _with_constant(summary.of(training)), _with_constant(summary.of(test))
    wanted = np.eye(training.labels.max() + 1)[training.labels]
    weights = np.zeros((seen.shape[1], wanted.shape[1]))
    for _ in range(DESCENT):
        scores = seen @ weights
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        wrong = odds / odds.sum(axis=1, keepdims=True) - wanted
        weights -= RATE * (seen.T @ wrong / len(seen) + DECAY * weights)
    return np.asarray((asked @ weights).argmax(axis=1))


def _with_constant(features: Array) -> Array:
    return np.hstack([features, np.ones((len(features), 1))])


# What each is called in the metadata: labels (N,) for the test part, from the training part.
ALL: dict[str, Callable[[Windows, Windows], Labels]] = {
    "commonest": _commonest,
    "nearest_centroid": _centroid,
    "logistic_regression": _logistic,
}
