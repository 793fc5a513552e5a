# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the assembly of every GRU assumes."""

from __future__ import annotations

from kernels.common.work import UnprovenError, Work
from model.layers.gru import Gru


def prove(work: Work[Gru]) -> None:
    """Steps go on from others, and the reset gate comes after the product."""
    if work.once:
        raise UnprovenError("a single step from reset is written for no GRU")
    if not work.layer.reset_after:
        raise UnprovenError("the reset gate before the product is written for no GRU")
