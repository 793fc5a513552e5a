# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""y = x * scale + offset along the last axis; real values only (the quantiser folds it into the input)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from model import spans
from model.errors import UserError
from model.formats import types
from model.formats.base import Elementwise, Format
from model.layers.base import Layer, Place, Ranges, Seat
from model.signal import Array, Signal
from model.spans import Span


@dataclass(frozen=True, eq=False)
class Normalise(Layer):
    """A mean and a standard deviation for each feature."""

    kind: ClassVar[str] = "normalise"
    name: str
    scale: Array  # (F,) float32
    offset: Array  # (F,) float32
    output: Signal

    @property
    def as_input(self) -> Normalise:
        """Itself."""
        return self

    def absorbing(self, normalise: Normalise) -> Normalise:
        """One after the other."""
        scale, offset = normalise.scale * self.scale, normalise.offset * self.scale + self.offset
        return replace(self, scale=scale, offset=offset)

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Normalise:
        """As the first layer it is folded into the input."""
        if format.integer:
            raise UserError(
                f"layer '{self.name}': normalisation is supported in integer modes as the first layer only; "
                "use quant=float32"
            )
        return self

    def span(self, source: Signal, stored: Span) -> Span:
        """Of real values nothing is said."""
        return spans.whole(self.output)

    def run(self, x: Array, seat: Seat) -> Array:
        """In float64."""
        return np.asarray(x * self.scale.astype(np.float64) + self.offset)

    def applied(self, real: Array) -> Array:
        """Real values (N, T, F) in its units, float32 as on the device."""
        return np.asarray(real.astype(np.float32) * self.scale + self.offset)

    def lowered(self, source: Signal) -> Elementwise:
        """Both arrays."""
        count = f"({len(self.scale)} features)"
        arrays = (("scale", self.scale, count), ("offset", self.offset, count))
        return Elementwise(f"lstmcu_normalise_{types.of(self.scale).suffix}", arrays=arrays)
