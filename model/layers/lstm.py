# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One LSTM direction: sigmoid gates, tanh candidate and output, no peepholes, no projection.

Gates are always in the order i, f, c, o (input, forget, candidate, output).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model import fixed_point as fp
from model import lower, spans
from model.formats.base import Format
from model.formats.float32 import FORMAT as FLOAT32
from model.formats.types import Type
from model.functions import sigmoid
from model.layers.base import Place, Ranges
from model.layers.products import products, sums_span
from model.layers.recurrent import Recurrent, State, Step
from model.lower import GATE, GATE_LOG2_SCALE
from model.signal import Array, Signal, Weights, scale_of
from model.spans import BeyondError, Span

GATES = ("i", "f", "c", "o")
ONCE_GATES = ("i", "c", "o")  # what a single step from reset needs
MIN_CELL_LOG2 = -15  # finer cell scales make TFLite's own LSTM wrong, and gain nothing: |cell| <= 1 fits
CELL_LOG2 = (-43, 2)  # of the cell's scale: its tanh shifts right by 31 bits at most; takes 3 * cell * 2**12 in 32 bits


def cell_scale(peak: float) -> float:
    """The power of two that holds +-peak in int16."""
    log2 = int(np.ceil(np.log2(peak))) - 15 if peak > 0 else MIN_CELL_LOG2
    return float(2.0 ** max(log2, MIN_CELL_LOG2))


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

    @property
    def inner(self) -> tuple[str, Type]:
        """The cell state."""
        return "cell", self.format.cell

    # ---- quantise ----

    def with_hidden(self, place: Place, source: Signal, hidden: Signal, ranges: Ranges, format: Format) -> Lstm:
        """The layer in integers, its hidden state stored as ``hidden``."""
        kernel = format.quantise_weights(self.kernel.values, format.least_scale(self.bias, source.scale))
        return replace(
            self,
            kernel=kernel,
            recurrent=format.quantise_weights(self.recurrent.values),
            bias=format.quantise_bias(self.bias, source.scale, scale_of(kernel)),
            output=replace(hidden, shape=self.output.shape),
            cell_scale=cell_scale(max(map(abs, ranges[place, "cell"]))),
            format=format,
        )

    @property
    def cell(self) -> Signal:
        """How its cell state is stored in integers, (H,)."""
        return Signal((self.units,), self.format.cell.name, self.cell_scale)

    def signals(self) -> dict[str, Signal]:
        """The state, too."""
        return {**super().signals(), "cell": self.cell}

    def real(self, quantity: str, values: Array) -> Array:
        """The cell state has a scale of its own."""
        return values * self.cell_scale if quantity == "cell" else super().real(quantity, values)

    # ---- limits ----

    def span(self, source: Signal, stored: Span) -> Span:
        """From what its rows can sum up to, whatever the hidden state."""
        out = self.output
        if not self.format.integer:
            self.format.hold_weights(self.kernel)
            self.format.hold_weights(self.recurrent)
            return spans.whole(out)
        low, high = CELL_LOG2
        if not 2.0**low <= self.cell_scale <= 2.0**high:
            raise BeyondError(f"the cell state's scale is {self.cell_scale:g}; supported: 2^{low} to 2^{high}")
        if self.is_silent(source, stored):
            return self.at_reset
        return spans.clipped(self.following(source, stored, spans.ends(out.low, out.high)), out.low, out.high)

    def following(self, source: Signal, stored: Span, hidden: Span) -> Span:
        """The hidden states (H,) that can follow those in ``hidden``."""
        cell, none = lower.cell(self), np.zeros_like(self.bias)
        kernel = sums_span(self.format, self.kernel, self.bias, source, stored, GATE)
        recurrent = sums_span(self.format, self.recurrent, none, self.output, hidden, GATE)
        low, high = spans.clipped((kernel[0] + recurrent[0], kernel[1] + recurrent[1]), GATE.low, GATE.high)  # (4, H)
        candidate = np.maximum(np.abs(fp.tanh16(low[2], GATE_LOG2_SCALE)), np.abs(fp.tanh16(high[2], GATE_LOG2_SCALE)))
        product = fp.sigmoid16(high[0]) * candidate
        added = spans.factored("its cell state", (-product, product), cell.added, 0)
        most = np.where(added[1] > 0, min(cell.limit, self.cell.high), 0)
        shown = fp.sigmoid16(high[3]) * fp.tanh16(most, cell.log2)
        return spans.factored("its hidden state", (-shown, shown), cell.hidden, self.output.zero_point)

    # ---- reference ----

    def step_of(self, source: Signal) -> Step:
        """That of its format."""
        return self._integer_step(source) if self.format.integer else self._real_step()

    def _real_step(self) -> Step:
        def gate_rows(weights: Weights, g: int) -> Weights:
            return Weights(weights.values[g], None if weights.scale is None else weights.scale[g])

        kernel, recurrent = ([gate_rows(w, g) for g in range(4)] for w in (self.kernel, self.recurrent))
        bias, product = self.bias.astype(np.float64), self.format.product

        def step(x: Array, state: State) -> tuple[tuple[Array, ...], State]:
            cell, hidden = state
            gates = tuple(product(kernel[g], x) + product(recurrent[g], hidden) + bias[g] for g in range(4))
            i, f, c, o = sigmoid(gates[0]), sigmoid(gates[1]), np.tanh(gates[2]), sigmoid(gates[3])
            cell = f * cell + i * c
            if self.cell_clip > 0:
                cell = np.clip(cell, -self.cell_clip, self.cell_clip)
            return gates, (cell, o * np.tanh(cell))

        return step

    def _integer_step(self, source: Signal) -> Step:
        matrices, factors, out = lower.gate_matrices(self, source), lower.cell(self), self.output
        requantise = self.format.bias.requantise
        assert requantise is not None, self.format

        def step(x: Array, state: State) -> tuple[tuple[Array, ...], State]:
            cell, hidden = state
            vectors = x.astype(np.int64) - source.zero_point, hidden.astype(np.int64) - out.zero_point
            sums = []
            for g in range(4):
                shares = [
                    fp.saturate(requantise(products(matrix.rows[g], vector) + matrix.bias[g], matrix.factors[g]), 16)
                    for matrix, vector in zip(matrices, vectors, strict=True)
                ]
                sums.append(fp.saturate(shares[0] + shares[1], 16))
            i, f, o = fp.sigmoid16(sums[0]), fp.sigmoid16(sums[1]), fp.sigmoid16(sums[3])
            c = fp.tanh16(sums[2], GATE_LOG2_SCALE)
            kept = fp.saturate(fp.requantise32(f * cell, factors.kept), 16)
            added = fp.saturate(fp.requantise32(i * c, factors.added), 16)
            cell = np.clip(fp.saturate(kept + added, 16), -factors.limit, factors.limit)
            shown = fp.requantise32(fp.tanh16(cell, factors.log2) * o, factors.hidden) + out.zero_point
            return tuple(sums), (cell, np.clip(shown, out.low, out.high))

        return step
