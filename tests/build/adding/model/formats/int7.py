# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int8, but for weights of 7 bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.formats.int8 import FORMAT as INT8
from model.formats.int8 import Int8
from model.formats.weights8 import quantise
from model.signal import Array, Weights

ORDER, SUFFIX = 9, "s7"


@dataclass(frozen=True, eq=False, repr=False)
class Int7(Int8):
    """Half of the steps for weights, each twice as large."""

    def quantise_weights(self, values: Array, least: Array | float = 0.0) -> Weights:
        """Symmetric, +-63; one scale for each leading index."""
        made = quantise(values, least)
        assert made.scale is not None
        scale = (made.scale * np.float32(127 / 63)).astype(np.float32)
        shaped = scale.reshape(-1, *[1] * (values.ndim - 1))
        return Weights(np.clip(np.rint(values / shaped), -63, 63).astype(np.int8), scale)


FORMAT = Int7(**{**vars(INT8), "name": "int7", "suffix": SUFFIX})
