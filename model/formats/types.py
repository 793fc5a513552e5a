# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The types that numbers are stored in, by numpy's names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from model import fixed_point as fp


@dataclass(frozen=True)
class Type:
    """How one number lies in memory."""

    name: str  # numpy's
    c: str
    suffix: str = ""  # of the runtime's functions on vectors of it
    requantise: Callable[[fp.Int, fp.Factor], fp.Int] | None = None  # sums of it, times a factor

    @cached_property
    def real(self) -> bool:
        """Whether it holds real values as they are."""
        return np.dtype(self.name).kind == "f"

    @property
    def bytes(self) -> int:
        """Of one number."""
        return int(np.dtype(self.name).itemsize)

    @property
    def low(self) -> int:
        """Smallest integer."""
        return int(np.iinfo(self.name).min)

    @property
    def high(self) -> int:
        """Largest integer."""
        return int(np.iinfo(self.name).max)

    @property
    def computed(self) -> type[Any]:
        """What the reference computes such numbers in."""
        return np.float64 if self.real else np.int64


def _requantise32(x: fp.Int, factor: fp.Factor) -> fp.Int:
    return fp.requantise32(fp.wrap32(x), factor)


def _requantise64(x: fp.Int, factor: fp.Factor) -> fp.Int:
    return fp.requantise64(x, factor)


FLOAT32 = Type("float32", "float", "f32")
INT8 = Type("int8", "int8_t", "s8")
INT16 = Type("int16", "int16_t", "s16")
INT32 = Type("int32", "int32_t", "s32", requantise=_requantise32)
INT64 = Type("int64", "int64_t", "s64", requantise=_requantise64)
ALL = {one.name: one for one in (FLOAT32, INT8, INT16, INT32, INT64)}


def named(name: str) -> Type:
    """The type that numpy calls so."""
    return ALL[name]


def of(values: Any) -> Type:
    """That of an array."""
    return ALL[str(values.dtype)]
