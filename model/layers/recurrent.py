# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What recurrent cells have in common: a step that maps what it reads and a state to the next state.

A cell says which gates it has, what its state is, and its step; how it runs over time is said here.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from model import fixed_point as fp
from model import lower, spans
from model.formats.base import Format
from model.formats.types import Type
from model.functions import Function, named
from model.layers import gate_functions
from model.layers.base import Place, Ranges, Seat, Weighted
from model.layers.gate_functions import GateFunction
from model.layers.products import absorbed, factored_sums, products
from model.lower import GATE, GateMatrix
from model.signal import Array, Signal, Weights, scale_of, to_stored
from model.spans import BeyondError, Span

if TYPE_CHECKING:
    from model.layers.normalise import Normalise
    from model.plan import Op, Value
    from model.planner import Builder

SIGMOID, TANH = named("sigmoid"), named("tanh")  # what most cells have, and every kernel set
FINEST_HIDDEN = 2.0**-30  # a product of two Q0.15 numbers has no more bits

State = tuple[Array, ...]  # (N, H) each, as ``Recurrent.states`` calls them: the hidden state is the last
# A step maps x (N, F) and the state to the gates (before activation) and the next state.
Step = Callable[[Array, State], tuple[tuple[Array, ...], State]]
# What a vector (N, I) gives to a gate (N, H), told by its number: real values, or Q3.12 saturated.
Share = Callable[[int, Array], Array]


class Recurrent(Weighted):
    """A cell with an input and a recurrent matrix for each of its gates."""

    keeps_state: ClassVar[bool] = True
    once_gates: ClassVar[tuple[str, ...]]  # those that a single step from reset needs
    kernel: Weights  # (G, H, F)
    recurrent: Weights  # (G, H, H)
    bias: Array  # (G, H); of integers at scale input * kernel
    gates_log2: tuple[int, ...]  # integers only: log2 of the scale of each gate before its activation
    return_sequences: bool
    go_backwards: bool  # reads the sequence from its last step; outputs stay in the order computed
    start: Array | None  # (S, H) the state before the first step, a row for each of ``states``; None: zeros

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

    @property
    def recurrent_bias(self) -> Array:
        """(G, H), what the products of the hidden state start from; of integers at scale hidden * recurrent."""
        return np.zeros_like(self.bias)

    def absorbing(self, normalise: Normalise) -> Self:
        """With another kernel and another bias."""
        kernel, bias = absorbed(self.kernel, self.bias, normalise)
        return replace(self, kernel=kernel, bias=bias)

    # ---- state ----

    @property
    def inner(self) -> tuple[str, Type] | None:
        """What passes from step to step besides the hidden state, and its type; None if nothing does."""
        return None

    @property
    def states(self) -> tuple[str, ...]:
        """All that passes from step to step."""
        return (self.inner[0], "hidden") if self.inner else ("hidden",)

    @property
    def same(self) -> dict[str, str]:
        """What is kept apart in other formats, and what of this one it is to be compared with."""
        return {}

    def reset(self, samples: int) -> State:
        """The state before the first step: its start, or real zeros, which the hidden state may store as others."""
        dtype = self.output.stored.computed
        if self.start is not None:
            return tuple(np.repeat(row[np.newaxis].astype(dtype), samples, axis=0) for row in self.start)
        hidden = np.full((samples, self.units), self.output.zero_point, dtype)
        return (np.zeros((samples, self.units), dtype), hidden) if self.inner else (hidden,)

    def starts(self) -> dict[str, Array]:
        """What each part of the state starts from, where that is not zero."""
        if self.start is None:
            return {}
        stored = {"hidden": self.output.dtype, **({self.inner[0]: self.inner[1].name} if self.inner else {})}
        return {state: row.astype(stored[state]) for state, row in zip(self.states, self.start, strict=True)}

    def from_zeros(self, builder: Builder) -> bool:
        """Whether it is a single step from a state of zeros, which then is nowhere stored."""
        return builder.once and self.start is None

    def signals(self) -> dict[str, Signal]:
        """The hidden state, too, and the gates whose scale was made for what was seen of them."""
        gates = {
            gate: replace(gate_functions.scaled(log2), shape=(self.units,))
            for gate, log2, function in zip(self.all_gates, self.gates_log2, self.functions, strict=True)
            if not gate_functions.settles(function)
        }
        return {"output": self.output, "hidden": self.output, **gates}

    def real(self, quantity: str, values: Array) -> Array:
        """Gates have scales of their own."""
        scales = dict(zip(self.all_gates, self.gate_scales, strict=True))
        return values * scales[quantity] if quantity in scales else super().real(quantity, values)

    # ---- gates ----

    @property
    @abstractmethod
    def functions(self) -> tuple[Function, ...]:
        """The activation of each gate."""

    @property
    @abstractmethod
    def plain(self) -> bool:
        """Whether its activations are the usual ones."""

    @property
    def kernels(self) -> str:
        """Other activations have kernels of their own."""
        return self.kind if self.plain else f"{self.kind}_functions"

    @cached_property
    def gate_functions(self) -> tuple[GateFunction, ...]:
        """The activation of each gate in integers."""
        return tuple(map(gate_functions.of, self.functions, self.gates_log2))

    def seen_log2(self, place: Place, ranges: Ranges) -> tuple[int, ...]:
        """``gates_log2`` for what was observed."""
        each = zip(self.all_gates, self.functions, strict=True)
        return tuple(gate_functions.input_log2(function, *ranges[place, gate]) for gate, function in each)

    @property
    def gate_scales(self) -> tuple[float, ...]:
        """The same as numbers."""
        return tuple(2.0**log2 for log2 in self.gates_log2)

    # ---- quantise ----

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Self:
        """Of integers the hidden state covers what was observed."""
        if not format.integer:
            kernel, recurrent = (self._quantised_weights(w, format) for w in (self.kernel, self.recurrent))
            return replace(self, kernel=kernel, recurrent=recurrent, format=format)
        hidden = format.signal(self.output.shape, *self.reach(place, "hidden", ranges), finest=FINEST_HIDDEN)
        return self.in_integers(place, source, hidden, ranges, format)

    def reach(self, place: Place, state: str, ranges: Ranges) -> tuple[float, float]:
        """The range of a part of the real state, from its start on."""
        low, high = ranges[place, state]
        row = self.starts().get(state)
        return (low, high) if row is None else (min(low, float(row.min())), max(high, float(row.max())))

    def in_integers(self, place: Place, source: Signal, hidden: Signal, ranges: Ranges, format: Format) -> Self:
        """The layer in integers, its hidden state stored as ``hidden``, and its start."""
        made, real = self.with_hidden(place, source, hidden, ranges, format), self.starts()
        if not real:
            return made
        signals = made.signals()  # what another format keeps apart starts as what it is to be compared with
        rows = [to_stored(real.get(state, real["hidden"]), signals[state]) for state in made.states]
        return replace(made, start=np.stack([row.astype(np.int32) for row in rows]))

    @property
    def by_row(self) -> bool:
        """Whether each row of its matrices gets a scale of its own; else a gate's rows share one, as TFLite's do."""
        return True

    def _scaled(self, values: Array) -> tuple[int, ...]:
        """The shape of the scales of (G, H, ...)."""
        return values.shape[: 2 if self.by_row else 1]

    def _quantised_weights(self, weights: Weights, format: Format, least: Array | float = 0.0) -> Weights:
        values, shape = weights.values, self._scaled(weights.values)
        made = format.quantise_weights(values.reshape(math.prod(shape), -1), least)
        return Weights(made.values.reshape(values.shape), None if made.scale is None else made.scale.reshape(shape))

    def quantised_matrix(self, weights: Weights, bias: Array, source: Signal, format: Format) -> tuple[Weights, Array]:
        """A matrix (G, H, I) that meets ``source``, and its bias (G, H), in integers."""
        starts = bias.reshape(math.prod(self._scaled(bias)), -1)
        made = self._quantised_weights(weights, format, format.least_scale(starts, source.scale))
        stored = format.quantise_bias(starts, source.scale, scale_of(made).reshape(-1))
        return made, stored.reshape(bias.shape)

    @abstractmethod
    def with_hidden(self, place: Place, source: Signal, hidden: Signal, ranges: Ranges, format: Format) -> Self:
        """The layer in integers, its hidden state stored as ``hidden``, but for its start."""

    # ---- limits ----

    def span(self, source: Signal, stored: Span) -> Span:
        """From what its rows can sum up to, whatever the hidden state."""
        out = self.output
        if not self.format.integer:
            self.format.hold_weights(self.kernel)
            self.format.hold_weights(self.recurrent)
            return spans.whole(out)
        if self.is_silent(source, stored):
            return self.at_reset
        return spans.clipped(self.following(source, stored, spans.ends(out.low, out.high)), out.low, out.high)

    def shares_span(self, source: Signal, stored: Span, hidden: Span) -> tuple[Span, Span]:
        """What input and hidden state can give to the gates (G, H)."""
        kernel, recurrent = lower.gate_matrices(self, source)
        return self._gates_span(kernel, stored), self._gates_span(recurrent, hidden)

    def _gates_span(self, matrix: GateMatrix, stored: Span) -> Span:
        found = []
        for g, scale in enumerate(self.gate_scales):
            factors = matrix.by_row.at(g).each()
            rows, bias = (each[g].reshape(len(factors), -1, *each.shape[2:]) for each in (matrix.rows, matrix.bias))
            out = replace(GATE, scale=scale)
            low, high = factored_sums(self.format, rows, bias, factors, matrix.source, stored, out)
            found.append((low.reshape(-1), high.reshape(-1)))
        return np.stack([low for low, _ in found]), np.stack([high for _, high in found])

    @property
    def inner_at_start(self) -> Array | int:
        """(H,) magnitudes, stored, of what passes from step to step besides the hidden state, before the first step."""
        return 0 if self.start is None else np.abs(self.start[0].astype(np.int64))

    @property
    def at_reset(self) -> Span:
        """The span of a hidden state that is 0."""
        return spans.ends(self.output.zero_point, self.output.zero_point)

    def is_silent(self, source: Signal, stored: Span | None = None) -> bool:
        """Whether the hidden state never leaves 0, as of weights too small for Q3.12: then its scales do not matter."""
        if self.start is not None:
            return False
        try:
            low, high = self.following(source, spans.whole(source) if stored is None else stored, self.at_reset)
        except BeyondError:
            return False
        return bool((low == self.at_reset[0]).all() and (high == self.at_reset[1]).all())

    @abstractmethod
    def following(self, source: Signal, stored: Span, hidden: Span) -> Span:
        """The hidden states (H,) that can follow those in ``hidden``; raises ``BeyondError``."""

    # ---- reference ----

    @abstractmethod
    def step_of(self, source: Signal) -> Step:
        """Its step, in integers or in float64."""

    def shares(self, source: Signal) -> tuple[Share, Share]:
        """What the input and the hidden state give to a gate."""
        if self.format.integer:
            kernel, recurrent = (partial(self._integer_share, m) for m in lower.gate_matrices(self, source))
        else:
            pairs = ((self.kernel, self.bias), (self.recurrent, self.recurrent_bias))
            kernel, recurrent = (partial(self._real_share, weights, bias) for weights, bias in pairs)
        return kernel, recurrent

    def _real_share(self, weights: Weights, bias: Array, g: int, x: Array) -> Array:
        scale = None if weights.scale is None else weights.scale[g]
        return np.asarray(self.format.product(Weights(weights.values[g], scale), x) + bias[g].astype(np.float64))

    def _integer_share(self, matrix: GateMatrix, g: int, x: Array) -> Array:
        requantise = self.format.bias.requantise
        assert requantise is not None, self.format
        total = products(matrix.rows[g], x.astype(np.int64) - matrix.source.zero_point) + matrix.bias[g]
        return fp.saturate(requantise(total, matrix.by_row.at(g)), 16)

    def run(self, x: Array, seat: Seat) -> Array:
        """Step after step; each window from reset, or one going on from another."""
        step = self.step_of(seat.source)
        samples, steps = x.shape[:2]
        ordered = x[:, ::-1] if self.go_backwards else x
        rows = ordered.reshape(1, samples * steps, -1) if seat.goes_on else ordered
        state = self.reset(len(rows))
        history: dict[str, list[Array]] = {key: [] for key in (*self.all_gates, *self.states)}
        for t in range(rows.shape[1]):
            gates, state = step(rows[:, t], state)
            for key, values in zip(history, (*gates, *state), strict=True):
                history[key].append(values)
        stacked = {key: np.stack(values, axis=1).reshape(samples, steps, -1) for key, values in history.items()}
        stacked |= {other: stacked[key] for other, key in self.same.items()}
        for key, values in stacked.items():
            seat.observe(seat.place, key, values)
        return stacked["hidden"] if self.return_sequences else stacked["hidden"][:, -1]

    # ---- plan and trace ----

    def work(self, builder: Builder, index: int) -> int:
        """A step of the running sequence."""
        builder.arrange(index)
        if self.go_backwards and builder.steps > 1:
            builder.materialise(index)
            builder.current = replace(builder.current, backwards=not builder.current.backwards)
            builder.streamable = f"layer '{self.name}' reads the window from its end"
        hidden, inner = self.memory(builder, index, self.units)
        self.step(builder, index, builder.network.place(index), hidden, inner)
        if not self.return_sequences:
            builder.whole()
        return index

    def memory(self, builder: Builder, index: int, units: int) -> tuple[Value, Value | None]:
        """Hidden and inner state of layer ``index``; of a single step from reset a vector, and none."""
        if self.from_zeros(builder):
            return builder.temporary(self.output.dtype, units), None
        name = builder.c_name(index)
        hidden = builder.state(name, "hidden", self.output.dtype, units)
        return hidden, builder.state(name, self.inner[0], self.inner[1].name, units) if self.inner else None

    def step(self, builder: Builder, index: int, place: Place, hidden: Value, inner: Value | None) -> None:
        """One step in the running loop, as (half of) layer ``index``."""
        kind = f"{self.kind}_once" if self.from_zeros(builder) else self.kind
        op = builder.op(kind, index, builder.current, hidden)
        builder.emit(replace(op, place=place, layer=self, cell=inner))

    @property
    def gate_type(self) -> Type:
        """That of its format."""
        return self.format.gates

    def gates(self, op: Op) -> tuple[str, ...]:
        """Those of each unit."""
        if op.kind == "copy":
            return ()
        return self.once_gates if op.once else self.all_gates

    def results(self, op: Op) -> list[tuple[Value, str]]:
        """The state."""
        if op.kind == "copy":
            return []
        hidden = (op.y, "hidden")
        return [(op.cell, self.inner[0]), hidden] if op.cell and self.inner else [hidden]
