# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the assembly of every GRU assumes."""

from __future__ import annotations

import numpy as np

from kernels.common.rows import prove_steps
from kernels.common.work import UnprovenError, Work
from model.layers.gru import Gru
from model.lower import NO_LIMIT

FINEST, COARSEST = -24, -7  # log2 of scales that the shifts of a cell's update are made for


def prove(work: Work[Gru], small: bool = True) -> None:
    """Steps go on from others, and the reset gate comes after the product; ``small``: ``size`` has its code, too."""
    prove_steps(work, "GRU", small)
    if not work.layer.reset_after:
        raise UnprovenError("the reset gate before the product is written for no GRU")


def kept_symbols(layer: Gru) -> dict[str, int]:
    """Of what int8 keeps apart from the hidden state, at a scale that is a power of two: those of an LSTM's cell."""
    log2, shown = round(np.log2(layer.remembered.scale)), layer.update.shown
    if not FINEST <= log2 <= COARSEST:
        raise UnprovenError(f"the scale of what is kept is 2^{log2}, outside 2^{FINEST} .. 2^{COARSEST}")
    if not -31 < shown.shift < 0:
        raise UnprovenError(f"the hidden state's scale is {layer.output.scale:g}")
    return {
        "cell_log2": log2,
        "cell_limit": NO_LIMIT,
        "hidden_m": shown.value,
        "hidden_s": shown.shift,
        "hidden_zero": layer.output.zero_point,
    }
