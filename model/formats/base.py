# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What every step asks of a number format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from model import fixed_point as fp
from model.formats.types import Type
from model.functions import Function
from model.signal import Array, Signal, Weights
from model.spans import Span


@dataclass(frozen=True, eq=False)
class Elementwise:
    """A function of the runtime on vectors, and what it is told besides them: arrays first."""

    function: str
    numbers: tuple[int | float, ...] = ()
    arrays: tuple[tuple[str, Array, str], ...] = ()  # what each is called, its values, a comment


@dataclass(frozen=True, eq=False, repr=False)
class Format(ABC):
    """How the numbers of a layer are stored, and the arithmetic that follows from it."""

    name: str  # of quant=
    suffix: str  # of the kernels that compute in it
    values: Type  # of signals
    weights: Type
    bias: Type  # and so of the sums that start from it
    sums: Type  # of a Dense that adds up over a sequence
    cell: Type
    gates: Type  # before their activation, as a trace shows them
    tolerance: float  # largest difference from the reference, relative to the largest expected magnitude or 1
    multiplies: str  # what its products are of: s8: int8 x int8; s16: int8 x int16; f32
    zero_points: bool = False  # whether real 0.0 may be stored as another number
    sum_shift: int = 0  # left, of integers before they are brought to one scale and added
    hybrid: bool = False  # whether vectors are quantised when they meet weights

    def __repr__(self) -> str:
        return self.name

    @property
    def integer(self) -> bool:
        """Whether signals are integers with scales."""
        return not self.values.real

    @property
    def exact(self) -> bool:
        """Whether the device computes the reference's bits."""
        return self.tolerance == 0

    # ---- weights ----

    @abstractmethod
    def quantise_weights(self, values: Array, least: Array | float = 0.0) -> Weights:
        """Weights (K, ...) as stored, one scale (K,) for each leading index; none is below ``least`` (K,)."""

    @abstractmethod
    def hold_weights(self, weights: Weights) -> None:
        """Raise ``BeyondError`` where products with any vector there can be leave the bits they have."""

    # ---- activations ----

    @abstractmethod
    def activate(self, function: Function, x: Array, source: Signal, out: Signal) -> Array:
        """A function of stored values; softmax over the last axis."""

    @abstractmethod
    def lowered(self, function: Function, source: Signal, out: Signal) -> Elementwise:
        """The same on the device."""

    @abstractmethod
    def activation_span(self, function: Function, source: Signal, stored: Span, out: Signal) -> Span:
        """The same of all inputs in a span; raises ``BeyondError`` where integers cannot hold it."""

    # ---- real values ----

    def product(self, weights: Weights, x: Array) -> Array:
        """x (N, I) times weights (R, I) transposed, real values."""
        raise NotImplementedError(f"{self.name} has integers")

    # ---- integers ----

    def signal(self, shape: tuple[int, ...], low: float, high: float, finest: float = 0.0) -> Signal:
        """The signal that covers [low, high] and has an exact zero; its scale is ``finest`` at least."""
        raise NotImplementedError(f"{self.name} has real values")

    def bounded(self, function: Function, shape: tuple[int, ...]) -> Signal | None:
        """The signal that the output of a bounded function must be; None of one without bounds."""
        raise NotImplementedError(f"{self.name} has real values")

    def least_scale(self, bias: Array, input_scale: float) -> Array:
        """The finest scales (K,) of weights at which biases (K, ...) can be stored."""
        raise NotImplementedError(f"{self.name} has real values")

    def quantise_bias(self, bias: Array, input_scale: float, scale: Array) -> Array:
        """Bias (K, ...) in units of input_scale * scale[k]."""
        raise NotImplementedError(f"{self.name} has real values")

    def hold_sums(self, span: Span, factor: fp.Multiplier, out: Signal) -> Span:
        """Sums times a factor, as values of ``out`` before they are saturated; raises ``BeyondError``."""
        raise NotImplementedError(f"{self.name} has real values")
