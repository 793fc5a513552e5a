# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One GRU direction; activations as may be, usually sigmoid and tanh.

Gates are always in the order z, r, h (update, reset, candidate). The next hidden state is z * old + (1 - z) *
candidate, which is all the memory there is. At 8 bits it would lose whatever moves slowly, so there it is kept at 16
bits, as an LSTM's cell state is, and the 8 bits that are put out and multiplied are a view of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model import fixed_point as fp
from model import spans
from model.errors import UserError
from model.formats.base import Format
from model.formats.float32 import FORMAT as FLOAT32
from model.formats.types import Type
from model.functions import Function
from model.layers.base import Place, Ranges
from model.layers.gate_functions import GateFunction, covering, of
from model.layers.recurrent import SIGMOID, TANH, Recurrent, State, Step
from model.lower import GATE, GATE_LOG2_SCALE
from model.signal import Array, Signal, Weights
from model.spans import Span

GATES = ("z", "r", "h")
CANDIDATE = 2  # the gate of this number
ONE = 1 << 15  # in Q0.15
MEMORY = "memory"


@dataclass(frozen=True)
class Update:
    """The integers of a step from the gates to the next hidden state."""

    kept: fp.Multiplier  # z * memory, and r times its share, Q0.15 times a scale, to that scale
    added: fp.Multiplier  # (1 - z) * candidate, with tanh Q0.30, to the memory's scale
    faded: fp.Multiplier  # r * memory, Q0.15 times the memory's scale, to the hidden state's
    shown: fp.Multiplier  # the memory to the hidden state's scale


@dataclass(frozen=True, eq=False)
class Gru(Recurrent):
    """Gate matrices and biases."""

    kind: ClassVar[str] = "gru"
    all_gates: ClassVar[tuple[str, ...]] = GATES
    once_gates: ClassVar[tuple[str, ...]] = GATES
    name: str
    kernel: Weights  # (3, H, F)
    recurrent: Weights  # (3, H, H)
    bias: Array  # (3, H); of integers at scale input * kernel
    candidate_bias: (
        Array  # (H,) that r multiplies with the hidden state's share; of integers at scale hidden * recurrent
    )
    reset_after: bool  # r multiplies the candidate's share of the hidden state; else the hidden state before
    return_sequences: bool
    go_backwards: bool  # reads the sequence from its last step; outputs stay in the order computed
    output: Signal  # hidden state, (T, H) or (H,)
    format: Format = FLOAT32
    activation: Function = TANH  # of the candidate
    recurrent_activation: Function = SIGMOID  # of the other gates; in integers one from 0 to 1
    gates_log2: tuple[int, ...] = (GATE_LOG2_SCALE,) * len(GATES)  # integers only: log2 of the gates' scales
    start: Array | None = None

    @property
    def plain(self) -> bool:
        """Sigmoid and tanh."""
        return (self.activation, self.recurrent_activation) == (TANH, SIGMOID)

    @property
    def functions(self) -> tuple[Function, ...]:
        """Of each gate."""
        return self.recurrent_activation, self.recurrent_activation, self.activation

    @property
    def candidate(self) -> GateFunction:
        """What the candidate's activation is in integers."""
        return self.gate_functions[CANDIDATE]

    @property
    def recurrent_bias(self) -> Array:
        """The candidate's alone: those of the other gates are part of ``bias``."""
        none = np.zeros_like(self.candidate_bias)
        return np.stack([none, none, self.candidate_bias])

    @property
    def inner(self) -> tuple[str, Type] | None:
        """The memory, where the hidden state has fewer bits than a cell state."""
        cell = self.format.cell
        return None if self.format.values is cell else (MEMORY, cell)

    @property
    def same(self) -> dict[str, str]:
        """Where there is no memory of its own the hidden state is it."""
        return {} if self.inner else {MEMORY: "hidden"}

    @property
    def remembered(self) -> Signal:
        """What passes from step to step in integers, (H,): a power of two holds all that the hidden state covers."""
        out = self.output
        if self.inner is None:
            return replace(out, shape=(self.units,))
        peak = max(out.zero_point - out.low, out.high - out.zero_point) * out.scale
        most = 2.0 ** (self.candidate.out_log2 + 15)  # which no mean of candidates exceeds
        held = min(peak, most) if self.start is None else peak  # a start may be anything
        return Signal((self.units,), self.inner[1].name, 2.0 ** covering(held))

    # ---- quantise ----

    def with_hidden(self, place: Place, source: Signal, hidden: Signal, ranges: Ranges, format: Format) -> Gru:
        """The layer in integers, its hidden state stored as ``hidden``."""
        gates_log2 = self.seen_log2(place, ranges)
        if not of(self.recurrent_activation, gates_log2[0]).is_share:
            raise UserError(
                f"layer '{self.name}': recurrent_activation={self.recurrent_activation.name} of a GRU is supported in "
                f"float32 and dynamic; in {format.name} one from 0 to 1, as sigmoid: use quant=float32"
            )
        kernel, bias = self.quantised_matrix(self.kernel, self.bias, source, format)
        recurrent, recurrent_bias = self.quantised_matrix(self.recurrent, self.recurrent_bias, hidden, format)
        return replace(
            self,
            kernel=kernel,
            recurrent=recurrent,
            bias=bias,
            candidate_bias=recurrent_bias[CANDIDATE],
            output=replace(hidden, shape=self.output.shape),
            format=format,
            gates_log2=gates_log2,
        )

    def signals(self) -> dict[str, Signal]:
        """The memory, too."""
        return {**super().signals(), **({MEMORY: self.remembered} if self.inner else {})}

    def real(self, quantity: str, values: Array) -> Array:
        """The memory has a scale of its own."""
        return values * self.remembered.scale if quantity == MEMORY else super().real(quantity, values)

    @property
    def update(self) -> Update:
        """Its integers, made once."""
        memory, hidden = float(self.remembered.scale), float(self.output.scale)
        return Update(
            kept=fp.multiplier(2.0**-15),
            added=fp.multiplier(2.0 ** (-15 + self.candidate.out_log2) / memory),
            faded=fp.multiplier(2.0**-15 * memory / hidden),
            shown=fp.multiplier(memory / hidden),
        )

    @property
    def share_at_reset(self) -> Array:
        """(H,) what a hidden state of 0 gives to the candidate, at its scale."""
        _, recurrent = self.shares(self.output)
        return np.asarray(recurrent(CANDIDATE, np.full((1, self.units), self.output.zero_point))[0])

    # ---- limits ----

    def following(self, source: Signal, stored: Span, hidden: Span) -> Span:
        """All that the memory can show, unless no step adds anything to it: it has no bounds but those of its type."""
        update, zero = self.update, self.output.zero_point
        kernel, recurrent = self.shares_span(source, stored, hidden)
        low, high = spans.clipped((kernel[0] + recurrent[0], kernel[1] + recurrent[1]), GATE.low, GATE.high)  # (3, H)
        z, r = (self.gate_functions[g].span(low[g], high[g]) for g in range(CANDIDATE))
        ends = [low[CANDIDATE], high[CANDIDATE]]
        if self.reset_after:
            shares = (np.minimum(recurrent[0][CANDIDATE], 0), np.maximum(recurrent[1][CANDIDATE], 0))
            faded = (fp.requantise32(r[1] * share, update.kept) for share in shares)
            pairs = zip((kernel[0][CANDIDATE], kernel[1][CANDIDATE]), faded, strict=True)
            ends = [fp.saturate(mine + share, 16) for mine, share in pairs]
        candidate = np.maximum(*map(np.abs, self.candidate.span(*ends)))
        product = (ONE - z[0]) * candidate
        added = spans.factored("its hidden state", (-product, product), update.added, 0)
        most = np.maximum(np.where(added[1] > 0, -self.remembered.low, 0), self.inner_at_start)
        if not self.reset_after:
            spans.factored("its reset hidden state", (-ONE * most, ONE * most), update.faded, zero)
        return spans.factored("its hidden state", (-most, most), update.shown, zero)

    # ---- reference ----

    def step_of(self, source: Signal) -> Step:
        """That of its format."""
        return self._integer_step(source) if self.format.integer else self._real_step(source)

    def _real_step(self, source: Signal) -> Step:
        kernel, recurrent = self.shares(source)

        def step(x: Array, state: State) -> tuple[tuple[Array, ...], State]:
            (hidden,) = state
            before = [kernel(g, x) + recurrent(g, hidden) for g in range(CANDIDATE)]
            z, r = map(self.recurrent_activation, before)
            share = r * recurrent(CANDIDATE, hidden) if self.reset_after else recurrent(CANDIDATE, r * hidden)
            candidate = kernel(CANDIDATE, x) + share
            return (*before, candidate), (z * hidden + (1 - z) * self.activation(candidate),)

        return step

    def _integer_step(self, source: Signal) -> Step:
        (kernel, recurrent), update, out = self.shares(source), self.update, self.output

        def shown(values: Array, factor: fp.Multiplier) -> Array:
            return np.clip(fp.requantise32(values, factor) + out.zero_point, out.low, out.high)

        def step(x: Array, state: State) -> tuple[tuple[Array, ...], State]:
            memory, hidden = state[0], state[-1]  # one and the same where nothing else is kept
            before = [fp.saturate(kernel(g, x) + recurrent(g, hidden), 16) for g in range(CANDIDATE)]
            z, r = (function.at(gate) for function, gate in zip(self.gate_functions, before, strict=False))
            if self.reset_after:
                share = fp.requantise32(r * recurrent(CANDIDATE, hidden), update.kept)
            else:
                share = recurrent(CANDIDATE, shown(r * memory, update.faded))
            candidate = fp.saturate(kernel(CANDIDATE, x) + share, 16)
            kept = fp.requantise32(z * memory, update.kept)
            added = fp.requantise32((ONE - z) * self.candidate.at(candidate), update.added)
            memory = fp.saturate(kept + fp.saturate(added, 16), 16)
            following = (memory, shown(memory, update.shown)) if self.inner else (memory,)
            return (*before, candidate), following

        return step
