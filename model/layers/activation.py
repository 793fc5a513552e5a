# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""An elementwise function, or softmax over the last axis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from model.formats.base import Elementwise, Format
from model.formats.float32 import FORMAT as FLOAT32
from model.layers.base import Layer, Place, Ranges, Seat
from model.signal import Array, Signal
from model.spans import Span

FINEST_RELU = 2.0**-8  # a ReLU's output scale to its input's: finer shows nothing of it


@dataclass(frozen=True, eq=False)
class Activation(Layer):
    """A function that its format knows."""

    kind: ClassVar[str] = "activation"
    name: str
    function: str  # relu, sigmoid, tanh, softmax
    output: Signal
    format: Format = FLOAT32

    def __post_init__(self) -> None:
        """A format is said, never guessed: whoever forgets to say it hears of it."""
        self.fits(self.format)

    @property
    def elementwise(self) -> bool:
        """All but softmax."""
        return self.function != "softmax"

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Activation:
        """Bounded functions have fixed scales, the others cover what was observed."""
        if not format.integer:
            return replace(self, format=format)
        output = format.bounded(self.function, self.output.shape)
        if output is None:
            seen = ranges[place, "output"]
            output = format.signal(self.output.shape, *seen, finest=source.scale * FINEST_RELU)
        return replace(self, output=output, format=format)

    def span(self, source: Signal, stored: Span) -> Span:
        """That of its format."""
        return self.format.activation_span(self.function, source, stored, self.output)

    def run(self, x: Array, seat: Seat) -> Array:
        """That of its format."""
        return self.format.activate(self.function, x, seat.source, self.output)

    def lowered(self, source: Signal) -> Elementwise:
        """That of its format."""
        return self.format.lowered(self.function, source, self.output)
