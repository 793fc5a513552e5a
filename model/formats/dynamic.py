# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""TFLite's dynamic range ("hybrid"): int8 weights, and float vectors that are quantised to int8 when they are used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import spans
from model.formats import types, weights8
from model.formats.real import Real
from model.signal import Array, Weights, scale_of

ORDER, SUFFIX = 2, "dyn"


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


@dataclass(frozen=True, eq=False, repr=False)
class Dynamic(Real):
    """Weights of 8 bits."""

    def quantise_weights(self, values: Array, least: Array | float = 0.0) -> Weights:
        return weights8.quantise(values, least)

    def hold_weights(self, weights: Weights) -> None:
        """int8 weights times vectors quantised at run time: sums of products less zero point times sum of the row."""
        zeros = np.zeros(weights.values.shape[:-1], np.int64)
        spans.int32("its sums", spans.sum_range(weights.values, zeros, spans.ends(-256, 256), 0))

    def product(self, weights: Weights, x: Array) -> Array:
        stored, scale, zero_point = quantise_vectors(x)
        return np.asarray((stored - zero_point) @ weights.values.astype(np.float64).T * (scale * scale_of(weights)))


FORMAT = Dynamic(
    name="dynamic",
    suffix=SUFFIX,
    values=types.FLOAT32,
    weights=types.INT8,
    bias=types.FLOAT32,
    sums=types.FLOAT32,
    cell=types.FLOAT32,
    gates=types.FLOAT32,
    tolerance=5e-3,  # a last-bit difference of a float can move a value quantised from it by one step
    multiplies="s8",
    hybrid=True,
)
