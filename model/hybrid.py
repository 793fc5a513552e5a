# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""TFLite's dynamic-range ("hybrid") product: int8 weights, and float vectors quantised to int8 when they are used."""

from __future__ import annotations

import numpy as np

from model.network import Array, Weights


def quantise_vectors(x: Array) -> tuple[Array, Array, Array]:
    """Each vector of x (N, I) over its own range with zero in it: stored (N, I), scale (N, 1), zero point (N, 1).

    The scale of one with anything in it that is not a finite number, or whose range is none, is not a number.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return _quantise_vectors(x.astype(np.float32))


def _quantise_vectors(x: Array) -> tuple[Array, Array, Array]:
    low = np.minimum(x.min(axis=-1, keepdims=True), np.float32(0))
    high = np.maximum(x.max(axis=-1, keepdims=True), np.float32(0))
    finite = np.isfinite(x).all(axis=-1, keepdims=True) & np.isfinite(high - low)
    low, high, x = (np.where(finite, values, np.float32(0)) for values in (low, high, x))
    scale = ((high - low) / np.float32(255)).astype(np.float32)
    empty = scale < np.finfo(np.float32).tiny  # all zeros, or too small to divide by
    scale = np.where(empty, np.float32(1), scale).astype(np.float32)
    # the zero point from whichever end loses less to rounding
    ends = np.where(-low < high, -128 - low / scale, 127 - high / scale).astype(np.float32)
    zero_point = np.where(empty, 0, np.clip(_nearest(ends), -128, 127))
    stored = np.clip(_nearest(zero_point.astype(np.float32) + x * (np.float32(1) / scale)), -128, 127)
    return np.where(empty, 0, stored), np.where(finite, scale, np.float32(np.nan)), zero_point


def _nearest(x: Array) -> Array:
    return np.asarray(np.trunc(x + np.copysign(np.float32(0.5), x)))


def product(weights: Weights, x: Array) -> Array:
    """x (N, I) times weights (R, I) transposed; exact for float weights, hybrid for int8 ones."""
    if weights.scale is None:
        return np.asarray(x @ weights.values.astype(np.float64).T)
    stored, scale, zero_point = quantise_vectors(x)
    return np.asarray((stored - zero_point) @ weights.values.astype(np.float64).T * (scale * weights.scale))
