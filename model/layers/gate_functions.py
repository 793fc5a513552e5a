# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""An activation inside a cell, in integers: of int16 at one power-of-two scale to int16 at another.

Sigmoid and tanh are those of TFLite's LSTM, and give Q0.15. What is made of straight lines is exact at its
input's scale, or Q0.15 where it lies between 0 and 1; softsign is a division. All others are tables of 513 entries.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model import fixed_point as fp
from model import table16
from model.fixed_point import Int
from model.formats import types
from model.functions import Function
from model.lower import GATE_LOG2_SCALE
from model.signal import Array, Signal
from model.spans import BeyondError, Span

Q15 = -15  # log2 of the scale of what lies between -1 and 1
LOW, HIGH = types.INT16.low, types.INT16.high
EVERY: Int = np.arange(LOW, HIGH + 1)
FINEST_LOG2 = -24  # of what is calibrated: finer shows nothing of a gate, a cell or a hidden state
COARSEST_LOG2 = 8  # of what is calibrated
UNITS_LOG2 = (-43, 2)  # of the input of sigmoid and tanh: 31 bits to the right at most; 3 * x * 2**12 in 32 bits
FLAT = 2.0**-11  # what a function may still change beyond the ends of Q3.12 for these to be enough
SMOOTH = 14  # bits of the slope of a line, and of what it is shifted by at most


def covering(peak: float, finest: int = FINEST_LOG2) -> int:
    """log2 of the power-of-two scale at which int16 hold +-peak."""
    return max(int(np.ceil(np.log2(peak))) - 15, finest) if peak > 0 else finest


def settles(function: Function) -> bool:
    """Whether it is all but flat beyond the ends of Q3.12; an unbounded one never is."""
    ends = np.array([LOW * 2.0**GATE_LOG2_SCALE, HIGH * 2.0**GATE_LOG2_SCALE])
    return bool((np.abs(function(ends) - function(ends * 2.0**20)) < FLAT).all())


def input_log2(function: Function, low: float, high: float) -> int:
    """log2 of the scale of a gate before its activation, whose values were seen in [low, high].

    Where the function settles it is Q3.12, whatever was seen.
    """
    return GATE_LOG2_SCALE if settles(function) else covering(max(-low, high))


def scaled(log2: int) -> Signal:
    """int16 at a power-of-two scale."""
    return Signal((), types.INT16.name, 2.0**log2)


@dataclass(frozen=True)
class GateFunction(ABC):
    """What is done to int16 at scale 2**log2."""

    function: Function
    log2: int

    @property
    @abstractmethod
    def out_log2(self) -> int:
        """log2 of the scale of what it gives."""

    @abstractmethod
    def at(self, x: Int) -> Int:
        """Of stored values, as the device has it."""

    @abstractmethod
    def in_c(self, x: str, table: str) -> str:
        """The same in C (firmware/runtime/gate_functions.h); ``table``: what its table is called, if it has one."""

    @property
    def table(self) -> Array | None:
        """(513,) int16 that it reads."""
        return None

    @property
    def inputs_log2(self) -> tuple[int, int]:
        """log2 of the scales that its input may have."""
        return FINEST_LOG2, COARSEST_LOG2

    def hold(self) -> None:
        """Raise ``BeyondError`` where its steps could leave the bits that they have."""
        low, high = self.inputs_log2
        if not low <= self.log2 <= high:
            raise BeyondError(
                f"its {self.function} reads numbers up to 2^{self.log2 + 15}; supported: 2^{low + 15} to 2^{high + 15}"
            )

    @cached_property
    def _all(self) -> Int:
        return self.at(EVERY)

    @property
    def is_share(self) -> bool:
        """Whether all that it gives is Q0.15 from 0 to 1."""
        return self.out_log2 == Q15 and bool(self._all.min() >= 0)

    def span(self, low: Array, high: Array) -> Span:
        """What it gives of any stored value from ``low`` to ``high``, both of one shape."""
        self.hold()
        pairs = zip((np.ravel(low) - LOW).tolist(), (np.ravel(high) - LOW + 1).tolist(), strict=True)
        found = [(self._all[start:stop].min(), self._all[start:stop].max()) for start, stop in pairs]
        return tuple(np.array(ends, np.int64).reshape(np.shape(low)) for ends in zip(*found, strict=True))  # type: ignore[return-value]


class _OfTheTable(GateFunction):
    """Of TFLite's sigmoid table."""

    @property
    def out_log2(self) -> int:
        """Q0.15."""
        return Q15

    @property
    def inputs_log2(self) -> tuple[int, int]:
        """Those that come to the table's units in 32 bits."""
        return UNITS_LOG2


class Sigmoid(_OfTheTable):
    """TFLite's."""

    def at(self, x: Int) -> Int:
        """Any scale's."""
        return fp.sigmoid_at(fp.table_units(x, self.log2))

    def in_c(self, x: str, table: str) -> str:
        """That of a gate has a function of its own."""
        gate = self.log2 == GATE_LOG2_SCALE
        return f"lstmcu_sigmoid16({x})" if gate else f"lstmcu_sigmoid16_scaled({x}, {self.log2})"


class Tanh(_OfTheTable):
    """TFLite's."""

    def at(self, x: Int) -> Int:
        """Any scale's."""
        return fp.tanh16(x, self.log2)

    def in_c(self, x: str, table: str) -> str:
        """By its scale."""
        return f"lstmcu_tanh16({x}, {self.log2})"


class Clamped(GateFunction):
    """x itself, from a lowest to a highest value."""

    @property
    def out_log2(self) -> int:
        """That of its input."""
        return self.log2

    @property
    def limits(self) -> tuple[int, int]:
        """As stored."""
        low, high = self.function.bounds
        unit = 2.0**self.log2
        return LOW if low is None else round(max(low / unit, LOW)), HIGH if high is None else round(
            min(high / unit, HIGH)
        )

    def at(self, x: Int) -> Int:
        """Exact."""
        return np.clip(x, *self.limits)

    def in_c(self, x: str, table: str) -> str:
        """Nothing at all where there are no limits."""
        low, high = self.limits
        return x if (low, high) == (LOW, HIGH) else f"lstmcu_clamp({x}, {low}, {high})"


class Line(GateFunction):
    """A straight line through (0, 1/2), from 0 to 1."""

    @property
    def out_log2(self) -> int:
        """Q0.15."""
        return Q15

    @property
    def numbers(self) -> tuple[int, int]:
        """Its slope and by how much that is shifted."""
        slope = float(self.function(np.array(1.0)) - self.function(np.array(0.0))) * 2.0 ** (self.log2 - Q15)
        shift = min(SMOOTH, max(0, SMOOTH - int(np.floor(np.log2(slope)))))
        return min(round(slope * 2.0**shift), HIGH), shift  # one so steep goes from end to end within a step

    def at(self, x: Int) -> Int:
        """One rounding, halves up."""
        slope, shift = self.numbers
        return np.asarray(np.clip(((x * slope + ((1 << shift) >> 1)) >> shift) + (1 << 14), 0, HIGH))

    def in_c(self, x: str, table: str) -> str:
        """By its slope."""
        slope, shift = self.numbers
        return f"lstmcu_line16({x}, {slope}, {shift})"


class Softsign(GateFunction):
    """A division: a table wide enough for where it is flat would be too coarse at 0."""

    @property
    def out_log2(self) -> int:
        """Q0.15."""
        return Q15

    @property
    def inputs_log2(self) -> tuple[int, int]:
        """At the coarsest 1 is a step."""
        return FINEST_LOG2, 0

    def at(self, x: Int) -> Int:
        """Halves away from zero."""
        size = np.abs(x)
        whole = (1 << -self.log2) + size
        return np.asarray(np.sign(x) * (((size << 15) + (whole >> 1)) // whole))

    def in_c(self, x: str, table: str) -> str:
        """By what 1 is."""
        return f"lstmcu_softsign16({x}, {1 << -self.log2})"


class Tabled(GateFunction):
    """What no other form has."""

    @cached_property
    def out_log2(self) -> int:
        """The finest that covers all there is over the whole input."""
        peak = np.abs(self.function(EVERY * 2.0**self.log2)).max()
        return covering(min(float(peak), 2.0**64))

    @cached_property
    def entries(self) -> Int:
        """The table."""
        return table16.table(self.function, 2.0**self.log2, 2.0**self.out_log2)

    @property
    def table(self) -> Array:
        """As stored."""
        return self.entries.astype(types.INT16.name)

    def hold(self) -> None:
        """And what it gives is worth an int16."""
        super().hold()
        if self.out_log2 > COARSEST_LOG2:
            raise BeyondError(
                f"its {self.function} can reach 2^{self.out_log2 + 15}; supported: 2^{COARSEST_LOG2 + 15}"
            )

    def at(self, x: Int) -> Int:
        """Linear between entries."""
        return table16.at(self.entries, x)

    def in_c(self, x: str, table: str) -> str:
        """By its table."""
        return f"lstmcu_table16({table}, {x})"


FORMS: dict[str, type[GateFunction]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    **dict.fromkeys(("linear", "relu", "relu6", "hard_tanh"), Clamped),
    "softsign": Softsign,
    **dict.fromkeys(("hard_sigmoid_keras2", "hard_sigmoid_keras3"), Line),
}


def of(function: Function, log2: int) -> GateFunction:
    """The function on int16 at scale 2**log2."""
    return FORMS.get(function.name, Tabled)(function, log2)
