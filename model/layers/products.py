# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What layers with weights share: sums of products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from model import fixed_point as fp
from model import lower, spans
from model.formats.base import Format
from model.signal import Array, Signal, Weights
from model.spans import Span

if TYPE_CHECKING:
    from model.layers.normalise import Normalise


def products(weights: Array, x: Array) -> fp.Int:
    """x (N, I) times weights (R, I) transposed, exactly: sums of integers below 2**53 are exact in float64."""
    return np.asarray(x.astype(np.float64) @ weights.astype(np.float64).T).astype(np.int64)


def sums_span(format: Format, weights: Weights, bias: Array, source: Signal, stored: Span, out: Signal) -> Span:
    """Rows (K, ..., I) with biases (K, ...) as values of ``out`` (K, ...), saturated."""
    return factored_sums(format, weights.values, bias, lower.factors(source, weights, out), source, stored, out)


def factored_sums(
    format: Format,
    rows: Array,
    bias: Array,
    factors: Sequence[fp.Multiplier],
    source: Signal,
    stored: Span,
    out: Signal,
) -> Span:
    """The same of integers (K, ..., I) with their factors (K,)."""
    low, high = spans.sum_range(rows, bias, stored, source.zero_point)
    made = [format.hold_sums((np.asarray(low[k]), np.asarray(high[k])), m, out) for k, m in enumerate(factors)]
    return spans.clipped((np.stack([low for low, _ in made]), np.stack([high for _, high in made])), out.low, out.high)


def absorbed(weights: Weights, bias: Array, normalise: Normalise) -> tuple[Weights, Array]:
    """Real weights (..., F) and bias (...) that give for x what these give for x * scale + offset."""
    kernel = weights.values.astype(np.float64)
    moved = bias + kernel @ normalise.offset.astype(np.float64)
    return Weights((kernel * normalise.scale).astype(np.float32)), moved.astype(np.float32)
