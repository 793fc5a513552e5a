# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One LSTM direction: no peepholes, no projection; activations as may be, usually sigmoid and tanh.

Gates are always in the order i, f, c, o (input, forget, candidate, output).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from model import fixed_point as fp
from model import lower, spans
from model.formats.base import Format
from model.formats.float32 import FORMAT as FLOAT32
from model.formats.types import Type
from model.functions import Function
from model.layers import gate_functions
from model.layers.base import Place, Ranges
from model.layers.gate_functions import GateFunction
from model.layers.recurrent import SIGMOID, TANH, Recurrent, State, Step
from model.lower import GATE, GATE_LOG2_SCALE
from model.signal import Array, Signal, Weights
from model.spans import BeyondError, Span

GATES = ("i", "f", "c", "o")
ONCE_GATES = ("i", "c", "o")  # what a single step from reset needs
MIN_CELL_LOG2 = -15  # finer cell scales make TFLite's own LSTM wrong, and gain nothing: |cell| <= 1 fits
CELL_LOG2 = (-43, 2)  # of the cell's scale: its tanh shifts right by 31 bits at most; takes 3 * cell * 2**12 in 32 bits


def cell_scale(peak: float, finest: int = MIN_CELL_LOG2) -> float:
    """The power of two that holds +-peak in int16."""
    return float(2.0 ** gate_functions.covering(peak, finest))


def _most(span: Span) -> Array:
    """Largest magnitudes."""
    return np.maximum(np.abs(span[0]), np.abs(span[1]))


@dataclass(frozen=True, eq=False)
class Lstm(Recurrent):
    """Gate matrices and a bias."""

    kind: ClassVar[str] = "lstm"
    all_gates: ClassVar[tuple[str, ...]] = GATES
    once_gates: ClassVar[tuple[str, ...]] = ONCE_GATES
    name: str
    kernel: Weights  # (4, H, F)
    recurrent: Weights  # (4, H, H)
    bias: Array  # (4, H); of integers at scale input * kernel
    return_sequences: bool
    go_backwards: bool  # reads the sequence from its last step; outputs stay in the order computed
    cell_clip: float  # 0: none; else the cell state is clamped to +-cell_clip
    output: Signal  # hidden state, (T, H) or (H,)
    cell_scale: float = 0.0  # power of two, integers only: the cell state's zero point is 0
    format: Format = FLOAT32
    activation: Function = TANH  # of the candidate, and of the cell state where it is shown
    recurrent_activation: Function = SIGMOID  # of the other gates
    gates_log2: tuple[int, ...] = (GATE_LOG2_SCALE,) * 4  # integers only: log2 of the gates' scales
    start: Array | None = None

    @property
    def plain(self) -> bool:
        """Whether its activations are those of TFLite's LSTM."""
        return (self.activation, self.recurrent_activation) == (TANH, SIGMOID)

    # ---- activations ----

    @property
    def functions(self) -> tuple[Function, ...]:
        """Of each gate."""
        return tuple(self.activation if gate == "c" else self.recurrent_activation for gate in GATES)

    @cached_property
    def shown(self) -> GateFunction:
        """That of the cell state in integers."""
        return gate_functions.of(self.activation, int(np.log2(self.cell_scale)))

    @property
    def inner(self) -> tuple[str, Type]:
        """The cell state."""
        return "cell", self.format.cell

    # ---- quantise ----

    @property
    def by_row(self) -> bool:
        """Not where it is TFLite's: of what it takes apart, rows have scales of their own in dynamic range."""
        return not self.plain or (self.kernel.scale is not None and self.kernel.scale.ndim == 2)

    @property
    def kernels(self) -> str:
        """Those of other activations have a scale for each row."""
        return f"{self.kind}_functions" if self.by_row else self.kind

    def with_hidden(self, place: Place, source: Signal, hidden: Signal, ranges: Ranges, format: Format) -> Lstm:
        """The layer in integers, its hidden state stored as ``hidden``."""
        kernel, bias = self.quantised_matrix(self.kernel, self.bias, source, format)
        recurrent, _ = self.quantised_matrix(self.recurrent, self.recurrent_bias, hidden, format)
        finest = MIN_CELL_LOG2 if self.plain else gate_functions.FINEST_LOG2
        return replace(
            self,
            kernel=kernel,
            recurrent=recurrent,
            bias=bias,
            output=replace(hidden, shape=self.output.shape),
            cell_scale=cell_scale(max(map(abs, self.reach(place, "cell", ranges))), finest),
            format=format,
            gates_log2=self.seen_log2(place, ranges),
        )

    @property
    def cell(self) -> Signal:
        """How its cell state is stored in integers, (H,)."""
        return Signal((self.units,), self.format.cell.name, self.cell_scale)

    def signals(self) -> dict[str, Signal]:
        """The cell state, too."""
        return {**super().signals(), "cell": self.cell}

    def real(self, quantity: str, values: Array) -> Array:
        """The cell state has a scale of its own."""
        return values * self.cell_scale if quantity == "cell" else super().real(quantity, values)

    # ---- limits ----

    def span(self, source: Signal, stored: Span) -> Span:
        """From what its rows can sum up to, whatever the hidden state."""
        low, high = CELL_LOG2
        if self.format.integer and not 2.0**low <= self.cell_scale <= 2.0**high:
            raise BeyondError(f"the cell state's scale is {self.cell_scale:g}; supported: 2^{low} to 2^{high}")
        return super().span(source, stored)

    def following(self, source: Signal, stored: Span, hidden: Span) -> Span:
        """The hidden states (H,) that can follow those in ``hidden``."""
        cell = lower.cell(self)
        kernel, recurrent = self.shares_span(source, stored, hidden)
        gates = spans.clipped((kernel[0] + recurrent[0], kernel[1] + recurrent[1]), GATE.low, GATE.high)  # (4, H)
        i, f, c, o = (_most(each.span(*ends)) for each, *ends in zip(self.gate_functions, *gates, strict=True))
        added = spans.factored("its cell state", (-i * c, i * c), cell.added, 0)
        most = np.maximum(np.where(added[1] > 0, min(cell.limit, self.cell.high), 0), self.inner_at_start)
        spans.factored("its cell state", (-f * (most + 1), f * (most + 1)), cell.kept, 0)
        if not most.any() and self.activation(np.zeros(1)) == 0:  # then no scale of the cell state is too fine
            silent = np.full(self.units, self.output.zero_point)
            return silent, silent
        shown = o * _most(self.shown.span(-most, most))
        return spans.factored("its hidden state", (-shown, shown), cell.hidden, self.output.zero_point)

    # ---- reference ----

    def step_of(self, source: Signal) -> Step:
        """That of its format."""
        return self._integer_step(source) if self.format.integer else self._real_step(source)

    def _real_step(self, source: Signal) -> Step:
        kernel, recurrent = self.shares(source)

        def step(x: Array, state: State) -> tuple[tuple[Array, ...], State]:
            cell, hidden = state
            gates = tuple(kernel(g, x) + recurrent(g, hidden) for g in range(len(GATES)))
            i, f, c, o = (function(gate) for function, gate in zip(self.functions, gates, strict=True))
            cell = f * cell + i * c
            if self.cell_clip > 0:
                cell = np.clip(cell, -self.cell_clip, self.cell_clip)
            return gates, (cell, o * self.activation(cell))

        return step

    def _integer_step(self, source: Signal) -> Step:
        (kernel, recurrent), factors, out = self.shares(source), lower.cell(self), self.output

        def step(x: Array, state: State) -> tuple[tuple[Array, ...], State]:
            cell, hidden = state
            gates = tuple(fp.saturate(kernel(g, x) + recurrent(g, hidden), 16) for g in range(len(GATES)))
            i, f, c, o = (function.at(gate) for function, gate in zip(self.gate_functions, gates, strict=True))
            kept = fp.saturate(fp.requantise32(f * cell, factors.kept), 16)
            added = fp.saturate(fp.requantise32(i * c, factors.added), 16)
            cell = np.clip(fp.saturate(kept + added, 16), -factors.limit, factors.limit)
            shown = fp.requantise32(self.shown.at(cell) * o, factors.hidden) + out.zero_point
            return gates, (cell, np.clip(shown, out.low, out.high))

        return step
