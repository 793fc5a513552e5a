# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What formats of real values share: signals and activations are float32."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import spans
from model.formats.base import Elementwise, Format
from model.functions import Function
from model.signal import Array, Signal
from model.spans import Span

GREATEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False, repr=False)
class Real(Format):
    """Real values."""

    def activate(self, function: Function, x: Array, source: Signal, out: Signal) -> Array:
        return function(x)

    def lowered(self, function: Function, source: Signal, out: Signal) -> Elementwise:
        parameters = (float(np.clip(each, -GREATEST, GREATEST)) for each in function.parameters)
        return Elementwise(f"lstmcu_{function.name}_{out.stored.suffix}", tuple(parameters))

    def activation_span(self, function: Function, source: Signal, stored: Span, out: Signal) -> Span:
        return spans.whole(out)
