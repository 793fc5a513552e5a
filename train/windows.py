# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Labelled windows, and the parts they are divided into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Windows:
    """Windows and what they show."""

    inputs: npt.NDArray[np.float32]  # (N, T, F)
    labels: npt.NDArray[np.int32]  # (N,)

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class Parts:
    """What is learned from, what tells when to stop, and what is judged by."""

    training: Windows
    validation: Windows
    test: Windows
