# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One LSTM direction: sigmoid gates, tanh candidate and output, no peepholes, no projection.

Gates are always in the order i, f, c, o (input, forget, candidate, output).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from model import fixed_point as fp
from model import lower, spans
from model.formats.base import Format
from model.formats.float32 import FORMAT as FLOAT32
from model.formats.real import sigmoid
from model.formats.types import Type
from model.layers.base import Place, Ranges, Seat, Weighted
from model.layers.products import absorbed, products, sums_span
from model.lower import GATE, GATE_LOG2_SCALE
from model.signal import Array, Signal, Weights, scale_of
from model.spans import BeyondError, Span

if TYPE_CHECKING:
    from model.layers.normalise import Normalise
    from model.plan import Builder, Op, Value

GATES = ("i", "f", "c", "o")
ONCE_GATES = ("i", "c", "o")  # what a single step from reset needs
FINEST_HIDDEN = 2.0**-30  # o * tanh(c) has no more bits
MIN_CELL_LOG2 = -15  # finer cell scales make TFLite's own LSTM wrong, and gain nothing: |cell| <= 1 fits
CELL_LOG2 = (-43, 2)  # of the cell's scale: its tanh shifts right by 31 bits at most; takes 3 * cell * 2**12 in 32 bits

# A step maps x (N, F), hidden (N, H), cell (N, H) to the gates (before activation), the new cell and hidden state.
Step = Callable[[Array, Array, Array], tuple[tuple[Array, ...], Array, Array]]


def cell_scale(peak: float) -> float:
    """The power of two that holds +-peak in int16."""
    log2 = int(np.ceil(np.log2(peak))) - 15 if peak > 0 else MIN_CELL_LOG2
    return float(2.0 ** max(log2, MIN_CELL_LOG2))


@dataclass(frozen=True, eq=False)
class Lstm(Weighted):
    """Gate matrices and a bias."""

    kind: ClassVar[str] = "lstm"
    keeps_state: ClassVar[bool] = True
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

    def __post_init__(self) -> None:
        """A format is said, never guessed: whoever forgets to say it hears of it."""
        self.fits(self.format, self.kernel, self.recurrent)

    @property
    def units(self) -> int:
        """H."""
        return int(self.recurrent.values.shape[1])

    @property
    def features(self) -> int:
        """F."""
        return int(self.kernel.values.shape[2])

    def macs(self, source: Signal) -> int:
        """All weights at every step."""
        return source.shape[0] * int(self.kernel.values.size + self.recurrent.values.size)

    def absorbing(self, normalise: Normalise) -> Lstm:
        """With another kernel and another bias."""
        kernel, bias = absorbed(self.kernel, self.bias, normalise)
        return replace(self, kernel=kernel, bias=bias)

    # ---- quantise ----

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Lstm:
        """Of integers the hidden state covers what was observed."""
        if not format.integer:
            kernel, recurrent = (format.quantise_weights(w.values) for w in (self.kernel, self.recurrent))
            return replace(self, kernel=kernel, recurrent=recurrent, format=format)
        hidden = format.signal(self.output.shape, *ranges[place, "hidden"], finest=FINEST_HIDDEN)
        return self.with_hidden(place, source, hidden, ranges, format)

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
        return {"output": self.output, "hidden": self.output, "cell": self.cell}

    def real(self, quantity: str, values: Array) -> Array:
        """Gates are Q3.12."""
        if quantity in GATES:
            return values * GATE.scale
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
            return self._reset
        return spans.clipped(self._following(source, stored, spans.ends(out.low, out.high)), out.low, out.high)

    @property
    def _reset(self) -> Span:
        return spans.ends(self.output.zero_point, self.output.zero_point)

    def is_silent(self, source: Signal, stored: Span | None = None) -> bool:
        """Whether the hidden state never leaves 0, as of weights too small for Q3.12: then its scales do not matter."""
        try:
            low, high = self._following(source, spans.whole(source) if stored is None else stored, self._reset)
        except BeyondError:
            return False
        return bool((low == self._reset[0]).all() and (high == self._reset[1]).all())

    def _following(self, source: Signal, stored: Span, hidden: Span) -> Span:
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

    def run(self, x: Array, seat: Seat) -> Array:
        """Step after step; each window from reset, or one going on from another."""
        step = self._integer_step(seat.source) if self.format.integer else self._real_step()
        samples, steps = x.shape[:2]
        ordered = x[:, ::-1] if self.go_backwards else x
        rows = ordered.reshape(1, samples * steps, -1) if seat.goes_on else ordered
        state_type = self.output.stored.computed
        hidden = np.full((len(rows), self.units), self.output.zero_point, state_type)
        cell = np.zeros((len(rows), self.units), state_type)
        history: dict[str, list[Array]] = {key: [] for key in (*GATES, "cell", "hidden")}
        for t in range(rows.shape[1]):
            gates, cell, hidden = step(rows[:, t], hidden, cell)
            for key, values in zip(history, (*gates, cell, hidden), strict=True):
                history[key].append(values)
        stacked = {key: np.stack(values, axis=1).reshape(samples, steps, -1) for key, values in history.items()}
        for key, values in stacked.items():
            seat.observe(seat.place, key, values)
        return stacked["hidden"] if self.return_sequences else stacked["hidden"][:, -1]

    def _real_step(self) -> Step:
        def gate_rows(weights: Weights, g: int) -> Weights:
            return Weights(weights.values[g], None if weights.scale is None else weights.scale[g])

        kernel, recurrent = ([gate_rows(w, g) for g in range(4)] for w in (self.kernel, self.recurrent))
        bias, product = self.bias.astype(np.float64), self.format.product

        def step(x: Array, hidden: Array, cell: Array) -> tuple[tuple[Array, ...], Array, Array]:
            gates = tuple(product(kernel[g], x) + product(recurrent[g], hidden) + bias[g] for g in range(4))
            i, f, c, o = sigmoid(gates[0]), sigmoid(gates[1]), np.tanh(gates[2]), sigmoid(gates[3])
            cell = f * cell + i * c
            if self.cell_clip > 0:
                cell = np.clip(cell, -self.cell_clip, self.cell_clip)
            return gates, cell, o * np.tanh(cell)

        return step

    def _integer_step(self, source: Signal) -> Step:
        matrices, factors, out = lower.gate_matrices(self, source), lower.cell(self), self.output
        requantise = self.format.bias.requantise
        assert requantise is not None, self.format

        def step(x: Array, hidden: Array, cell: Array) -> tuple[tuple[Array, ...], Array, Array]:
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
            return tuple(sums), cell, np.clip(shown, out.low, out.high)

        return step

    # ---- plan and trace ----

    def work(self, builder: Builder, index: int) -> int:
        """A step of the running sequence."""
        builder.arrange(index)
        if self.go_backwards and builder.steps > 1:
            builder.materialise(index)
            builder.current = replace(builder.current, backwards=True)
            builder.streamable = f"layer '{self.name}' reads the window from its end"
        hidden, cell = self.memory(builder, index, self.units)
        self.step(builder, index, builder.network.place(index), hidden, cell)
        if not self.return_sequences:
            builder.close()
            builder.steps = 0
        return index

    def memory(self, builder: Builder, index: int, units: int) -> tuple[Value, Value | None]:
        """Hidden and cell state of layer ``index``; of a single step from reset a vector, and none."""
        if builder.once:
            return builder.temporary(self.output.dtype, units), None
        name = builder.c_name(index)
        hidden = builder.state(name, "hidden", self.output.dtype, units)
        return hidden, builder.state(name, "cell", self.format.cell.name, units)

    def step(self, builder: Builder, index: int, place: Place, hidden: Value, cell: Value | None) -> None:
        """One step in the running loop, as (half of) layer ``index``."""
        builder.emit(
            replace(
                builder.op("lstm" if cell else "lstm_once", index, builder.current, hidden),
                place=place,
                layer=self,
                cell=cell,
            )
        )

    @property
    def gate_type(self) -> Type:
        """That of its format."""
        return self.format.gates

    def gates(self, op: Op) -> tuple[str, ...]:
        """Those of each unit."""
        if op.kind == "copy":
            return ()
        return GATES if op.cell else ONCE_GATES

    def results(self, op: Op) -> list[tuple[Value, str]]:
        """The state."""
        if op.kind == "copy":
            return []
        return [(op.cell, "cell"), (op.y, "hidden")] if op.cell else [(op.y, "hidden")]
