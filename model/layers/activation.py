# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""An elementwise function, or softmax over the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from model.formats.base import Elementwise, Format
from model.formats.float32 import FORMAT as FLOAT32
from model.functions import Bend, Function
from model.layers.base import Integers, Layer, Place, Ranges, Seat
from model.signal import Array, Signal
from model.spans import Span

FINEST_STRAIGHT = 2.0**-8  # an output scale to that of the input, of straight pieces: finer shows nothing of it


@dataclass(frozen=True, eq=False)
class Activation(Layer):
    """A function that its format knows."""

    kind: ClassVar[str] = "activation"
    name: str
    function: str  # of functions.FORMS
    output: Signal
    format: Format = FLOAT32
    parameters: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """A format is said, never guessed: whoever forgets to say it hears of it."""
        self.fits(self.format)

    @property
    def elementwise(self) -> bool:
        """All but softmax."""
        return self.applied.elementwise

    @property
    def rectifies(self) -> bool:
        """A ReLU does."""
        return self.function == "relu"

    @property
    def applied(self) -> Function:
        """The function with its parameters."""
        return Function(self.function, self.parameters)

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Activation:
        """Bounded functions have fixed scales, the others cover what was observed."""
        if not format.integer:
            return replace(self, format=format)
        output = format.bounded(self.applied, self.output.shape)
        if output is None:
            seen = ranges[place, "output"]
            finest = 0.0 if self.applied.pieces is None else source.scale * FINEST_STRAIGHT
            output = format.signal(self.output.shape, *seen, finest=finest)
        return replace(self, output=output, format=format)

    def in_steps(self, sources: Sequence[Signal], output: Signal, format: Format, integers: Integers) -> Layer | None:
        """Of straight pieces that meet in 0: of others integers are coarser, or have scales that TFLite says."""
        pieces = self.applied.pieces
        if pieces is None or (isinstance(pieces, Bend) and pieces.threshold):
            return None
        return replace(self, output=output, format=format)

    def span(self, source: Signal, stored: Span) -> Span:
        """That of its format."""
        return self.format.activation_span(self.applied, source, stored, self.output)

    def run(self, x: Array, seat: Seat) -> Array:
        """That of its format."""
        return self.format.activate(self.applied, x, seat.source, self.output)

    def lowered(self, source: Signal) -> Elementwise:
        """That of its format."""
        return self.format.lowered(self.applied, source, self.output)
