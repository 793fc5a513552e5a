# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One direction of a simple recurrent layer: the hidden state is tanh, or what may be, of the sum of both products."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model import fixed_point as fp
from model import spans
from model.formats.base import Format
from model.formats.float32 import FORMAT as FLOAT32
from model.functions import Function
from model.layers.base import Place, Ranges
from model.layers.recurrent import TANH, Recurrent, State, Step
from model.lower import GATE, GATE_LOG2_SCALE
from model.signal import Array, Signal, Weights
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
    activation: Function = TANH
    gates_log2: tuple[int, ...] = (GATE_LOG2_SCALE,)  # integers only: log2 of the sum's scale
    start: Array | None = None

    @property
    def plain(self) -> bool:
        """tanh."""
        return self.activation == TANH

    @property
    def functions(self) -> tuple[Function, ...]:
        """Of its only gate."""
        return (self.activation,)

    def with_hidden(self, place: Place, source: Signal, hidden: Signal, ranges: Ranges, format: Format) -> SimpleRnn:
        """The layer in integers, its hidden state stored as ``hidden``."""
        kernel, bias = self.quantised_matrix(self.kernel, self.bias, source, format)
        recurrent, _ = self.quantised_matrix(self.recurrent, self.recurrent_bias, hidden, format)
        return replace(
            self,
            kernel=kernel,
            recurrent=recurrent,
            bias=bias,
            output=replace(hidden, shape=self.output.shape),
            format=format,
            gates_log2=self.seen_log2(place, ranges),
        )

    @property
    def shown(self) -> fp.Multiplier:
        """What brings the activation, with tanh Q0.15, to the hidden state's scale."""
        return fp.multiplier(2.0 ** self.gate_functions[0].out_log2 / float(self.output.scale))

    def following(self, source: Signal, stored: Span, hidden: Span) -> Span:
        """The activation of all sums."""
        kernel, recurrent = self.shares_span(source, stored, hidden)
        low, high = spans.clipped((kernel[0] + recurrent[0], kernel[1] + recurrent[1]), GATE.low, GATE.high)
        given = self.gate_functions[0].span(low[0], high[0])
        return spans.factored("its hidden state", given, self.shown, self.output.zero_point)

    def step_of(self, source: Signal) -> Step:
        """That of its format."""
        return self._integer_step(source) if self.format.integer else self._real_step(source)

    def _real_step(self, source: Signal) -> Step:
        kernel, recurrent = self.shares(source)

        def step(x: Array, state: State) -> tuple[tuple[Array, ...], State]:
            total = kernel(0, x) + recurrent(0, state[0])
            return (total,), (self.activation(total),)

        return step

    def _integer_step(self, source: Signal) -> Step:
        (kernel, recurrent), factor, out = self.shares(source), self.shown, self.output

        def step(x: Array, state: State) -> tuple[tuple[Array, ...], State]:
            total = fp.saturate(kernel(0, x) + recurrent(0, state[0]), 16)
            hidden = fp.requantise32(self.gate_functions[0].at(total), factor) + out.zero_point
            return (total,), (np.clip(hidden, out.low, out.high),)

        return step
