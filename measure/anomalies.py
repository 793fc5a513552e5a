# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How well a model that gives its input back tells what it was not trained on, by what it fails to give back."""

from __future__ import annotations

import numpy as np

from model.signal import Array


def errors(inputs: Array, outputs: Array) -> Array:
    """(N,): mean squared difference of every window (N, T, F) from what was made of it."""
    difference = inputs.astype(np.float64) - outputs
    return np.asarray((difference.reshape(len(difference), -1) ** 2).mean(axis=1))


def roc_auc(scores: Array, labels: Array) -> float | None:
    """Share of pairs, a window labelled 1 and one labelled 0, in which the first has the higher score; ties by half.

    None if there are no such pairs.
    """
    normal, strange = np.sort(scores[labels == 0]), scores[labels == 1]
    if not len(normal) or not len(strange):
        return None
    below = np.searchsorted(normal, strange, "left") + np.searchsorted(normal, strange, "right")
    return float(below.mean() / (2 * len(normal)))
