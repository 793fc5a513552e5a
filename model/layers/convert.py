# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The same real values in another type, scale or zero point (TFLite's QUANTIZE and DEQUANTIZE)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model import fixed_point as fp
from model import spans
from model.formats.base import Elementwise
from model.layers.base import Layer, Seat
from model.lower import rescale
from model.signal import Array, Signal, to_real, to_stored
from model.spans import Span


@dataclass(frozen=True, eq=False)
class Convert(Layer):
    """From the signal that it reads to its own."""

    kind: ClassVar[str] = "convert"
    name: str
    output: Signal

    @property
    def elementwise(self) -> bool:
        """Always."""
        return True

    def span(self, source: Signal, stored: Span) -> Span:
        """Between integers, the input times a factor."""
        if source.real or self.output.real:
            return spans.whole(self.output)
        return spans.stored_factor(source, stored, rescale(source, self.output), self.output)

    def run(self, x: Array, seat: Seat) -> Array:
        """By way of float32, or with one factor between integers."""
        source, out = seat.source, self.output
        if source.real:
            return to_stored(x, out).astype(out.stored.computed)
        if out.real:
            return to_real(x, source)
        scaled = fp.requantise32(x - source.zero_point, rescale(source, out))
        return np.clip(scaled + out.zero_point, out.low, out.high)

    def lowered(self, source: Signal) -> Elementwise:
        """Quantise, dequantise or rescale."""
        out, types = self.output, (source.stored.suffix, self.output.stored.suffix)
        if source.real:
            return Elementwise(f"lstmcu_quantise_{types[1]}", (out.scale, out.zero_point))
        if out.real:
            return Elementwise(f"lstmcu_dequantise_{types[0]}", (source.scale, source.zero_point))
        factor = rescale(source, out)
        numbers = (source.zero_point, factor.value, factor.shift, out.zero_point)
        return Elementwise(f"lstmcu_rescale_{'_'.join(dict.fromkeys(types))}", numbers)
