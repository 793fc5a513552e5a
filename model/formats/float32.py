# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Everything as it was trained: float32."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.formats import types
from model.formats.real import Real
from model.signal import Array, Weights

ORDER, SUFFIX = 1, "f32"


@dataclass(frozen=True, eq=False, repr=False)
class Float32(Real):
    """Real weights, too."""

    def quantise_weights(self, values: Array, least: Array | float = 0.0) -> Weights:
        return Weights(values)

    def hold_weights(self, weights: Weights) -> None:
        pass

    def product(self, weights: Weights, x: Array) -> Array:
        return np.asarray(x @ weights.values.astype(np.float64).T)


FORMAT = Float32(
    name="float32",
    suffix=SUFFIX,
    values=types.FLOAT32,
    weights=types.FLOAT32,
    bias=types.FLOAT32,
    sums=types.FLOAT32,
    cell=types.FLOAT32,
    gates=types.FLOAT32,
    tolerance=1e-5,
    multiplies="f32",
)
