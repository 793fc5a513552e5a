# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One direction of a simple recurrent layer: the hidden state is tanh of the sum of both products."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model import fixed_point as fp
from model import spans
from model.formats.base import Format
from model.formats.float32 import FORMAT as FLOAT32
from model.layers.base import Place, Ranges
from model.layers.recurrent import Recurrent, State, Step
from model.lower import GATE, GATE_LOG2_SCALE
from model.signal import Array, Signal, Weights, scale_of
from model.spans import Span

GATES = ("a",)  # what the hidden state is before its activation


@dataclass(frozen=True, eq=False)
class SimpleRnn(Recurrent):
    """Two matrices and a bias."""

    kind: ClassVar[str] = "simple_rnn"
    all_gates: ClassVar[tuple[str, ...]] = GATES
    once_gates: ClassVar[tuple[str, ...]] = GATES
    name: str
    kernel: Weights  # (1, H, F)
    recurrent: Weights  # (1, H, H)
    bias: Array  # (1, H); of integers at scale input * kernel
    return_sequences: bool
    go_backwards: bool  # reads the sequence from its last step; outputs stay in the order computed
    output: Signal  # hidden state, (T, H) or (H,)
    format: Format = FLOAT32

    def with_hidden(self, place: Place, source: Signal, hidden: Signal, ranges: Ranges, format: Format) -> SimpleRnn:
        """The layer in integers, its hidden state stored as ``hidden``."""
        kernel = format.quantise_weights(self.kernel.values, format.least_scale(self.bias, source.scale))
        return replace(
            self,
            kernel=kernel,
            recurrent=format.quantise_weights(self.recurrent.values),
            bias=format.quantise_bias(self.bias, source.scale, scale_of(kernel)),
            output=replace(hidden, shape=self.output.shape),
            format=format,
        )

    @property
    def shown(self) -> fp.Multiplier:
        """What brings tanh, Q0.15, to the hidden state's scale."""
        return fp.multiplier(2.0**-15 / float(self.output.scale))

    def following(self, source: Signal, stored: Span, hidden: Span) -> Span:
        """tanh of the largest sums."""
        kernel, recurrent = self.shares_span(source, stored, hidden)
        low, high = spans.clipped((kernel[0] + recurrent[0], kernel[1] + recurrent[1]), GATE.low, GATE.high)
        given = fp.tanh16(low[0], GATE_LOG2_SCALE), fp.tanh16(high[0], GATE_LOG2_SCALE)
        return spans.factored("its hidden state", given, self.shown, self.output.zero_point)

    def step_of(self, source: Signal) -> Step:
        """That of its format."""
        kernel, recurrent = self.shares(source)
        integer, factor, out = self.format.integer, self.shown, self.output

        def step(x: Array, state: State) -> tuple[tuple[Array, ...], State]:
            total = kernel(0, x) + recurrent(0, state[0])
            if not integer:
                return (total,), (np.tanh(total),)
            total = fp.saturate(total, 16)
            hidden = fp.requantise32(fp.tanh16(total, GATE_LOG2_SCALE), factor) + out.zero_point
            return (total,), (np.clip(hidden, out.low, out.high),)

        return step
