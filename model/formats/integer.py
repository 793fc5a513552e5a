# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What formats of integers share: scales of weights and biases by TFLite's rules, and relu."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from model import fixed_point as fp
from model import spans
from model.formats import weights8
from model.formats.base import Format
from model.lower import rescale
from model.signal import Array, Signal, Weights
from model.spans import BeyondError, Span


def relu(x: fp.Int, source: Signal, out: Signal) -> fp.Int:
    """A ReLU of its own: from the input's scale to the output's."""
    y = fp.requantise32(x - source.zero_point, rescale(source, out)) + out.zero_point
    return np.clip(y, max(out.low, out.zero_point), out.high)


@dataclass(frozen=True, eq=False, repr=False)
class Integer(Format):
    """Integers with scales."""

    bias_limit: float = 0.0  # as much again is left for the products, and no factor to the output is too small to store
    bias_bound: float = 0.0  # what a bias is clipped to
    most_softmax: int = 0  # elements: the sum of their exponentials is 32 bits
    outputs: Mapping[str, tuple[float, int]] = field(default_factory=dict)  # scale, zero point of bounded functions

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

    def bounded(self, function: str, shape: tuple[int, ...]) -> Signal | None:
        """Bounded functions have the fixed scales that TFLite gives them."""
        fixed = self.outputs.get(function)
        return None if fixed is None else Signal(shape, self.values.name, *fixed)

    def hold_activation(self, function: str, source: Signal) -> None:
        """Raise ``BeyondError`` where a function cannot take what its input covers."""

    def activation_span(self, function: str, source: Signal, stored: Span, out: Signal) -> Span:
        if function == "relu":
            span = spans.stored_factor(source, stored, rescale(source, out), out)
            return spans.clipped(span, out.zero_point, out.high)
        if function == "softmax" and source.shape[-1] > self.most_softmax:
            raise BeyondError(f"a softmax over {source.shape[-1]} elements; supported: {self.most_softmax}")
        self.hold_activation(function, source)
        if function == "softmax":
            return spans.ends(out.low, out.high)
        low, high = self.activate(function, np.array(stored), source, out).tolist()
        return spans.ends(low, high)
