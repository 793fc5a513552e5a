# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What formats of integers share: scales of weights and biases by TFLite's rules, and spans of functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from model import spans
from model.formats import pieces, weights8
from model.formats.base import Format
from model.functions import Bounds, Function
from model.signal import Array, Signal, Weights
from model.spans import BeyondError, Span


@dataclass(frozen=True, eq=False, repr=False)
class Integer(Format):
    """Integers with scales."""

    bias_limit: float = 0.0  # as much again is left for the products, and no factor to the output is too small to store
    bias_bound: float = 0.0  # what a bias is clipped to
    most_softmax: int = 0  # elements: the sum of their exponentials is 32 bits
    outputs: Mapping[Bounds, tuple[float, int]] = field(default_factory=dict)  # scale, zero point of what is bounded so

    def quantise_weights(self, values: Array, least: Array | float = 0.0) -> Weights:
        return weights8.quantise(values, least)

    def hold_weights(self, weights: Weights) -> None:
        """Nothing of weights alone: see ``hold_sums``."""

    def least_scale(self, bias: Array, input_scale: float) -> Array:
        """The finest scales (K,) of weights at which biases (K, ...) stay within ``bias_limit``, much as TFLite does.

        Without it a row of weights that training drove to almost nothing, with a bias of usual size, could not be
        stored.
        """
        peaks = np.abs(bias.astype(np.float64)).reshape(len(bias), -1).max(axis=1)
        return np.asarray(peaks / (input_scale * self.bias_limit))

    def quantise_bias(self, bias: Array, input_scale: float, scale: Array) -> Array:
        unit = (np.float64(input_scale) * scale.astype(np.float64)).reshape(-1, *[1] * (bias.ndim - 1))
        return np.clip(np.rint(bias / unit), -self.bias_bound, self.bias_bound).astype(self.bias.name)

    def bounded(self, function: Function, shape: tuple[int, ...]) -> Signal | None:
        """Functions within [0, 1] and [-1, 1] have the fixed scales that TFLite gives them."""
        fixed = self.outputs.get(function.bounds)
        return None if fixed is None else Signal(shape, self.values.name, *fixed)

    def hold_activation(self, function: Function, source: Signal) -> None:
        """Raise ``BeyondError`` where a function cannot take what its input covers."""

    def activation_span(self, function: Function, source: Signal, stored: Span, out: Signal) -> Span:
        straight = pieces.of(function, source, out)
        if straight is not None:
            return straight.span(stored)
        if not function.elementwise and source.shape[-1] > self.most_softmax:
            raise BeyondError(f"a {function} over {source.shape[-1]} elements; supported: {self.most_softmax}")
        self.hold_activation(function, source)
        if not function.elementwise:
            return spans.ends(out.low, out.high)
        every = self.activate(function, np.arange(int(stored[0]), int(stored[1]) + 1), source, out)
        return spans.ends(int(every.min()), int(every.max()))
