# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What formats of real values share: signals and activations are float32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import spans
from model.formats.base import Elementwise, Format
from model.signal import Array, Signal
from model.spans import Span


def sigmoid(x: Array) -> Array:
    """Logistic function that does not overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


def softmax(x: Array) -> Array:
    """Softmax over the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softmax": softmax,
}


@dataclass(frozen=True, eq=False, repr=False)
class Real(Format):
    """Real values."""

    def activate(self, function: str, x: Array, source: Signal, out: Signal) -> Array:
        return FUNCTIONS[function](x)

    def lowered(self, function: str, source: Signal, out: Signal) -> Elementwise:
        return Elementwise(f"lstmcu_{function}_{out.stored.suffix}")

    def activation_span(self, function: str, source: Signal, stored: Span, out: Signal) -> Span:
        return spans.whole(out)
