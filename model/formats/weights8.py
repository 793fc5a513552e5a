# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Weights of 8 bits, by TFLite's rules."""

from __future__ import annotations

import numpy as np

from model.signal import Array, Weights

SMALLEST = float(np.finfo(np.float32).tiny)  # ranges finer than this scale are taken for zeros
EMPTY_SCALE = 2.0**-15  # of weights that are all zero


def quantise(values: Array, least: Array | float = 0.0) -> Weights:
    """Symmetric int8, one scale per leading index: values (K, ...) -> int8 (K, ...), scale (K,) float32.

    No scale is below ``least`` (K,), see ``Format.least_scale``.
    """
    peaks = np.abs(values).reshape(len(values), -1).max(axis=1)
    scale = np.maximum(peaks / np.float32(127), least)
    scale = np.where(scale > SMALLEST, scale, EMPTY_SCALE).astype(np.float32)
    shaped = scale.reshape(-1, *[1] * (values.ndim - 1))
    return Weights(np.clip(np.rint(values / shaped), -127, 127).astype(np.int8), scale)
