# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What stands in an object of a JSON file, every type and size checked before use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.declaration import did_you_mean
from model.errors import UserError
from model.escape import visible
from model.readers.weights_json.document import Object, shown
from model.signal import Array

DEEPEST = 5  # axes of an array
LARGEST = 1e30  # of a number that is no weight
LOUDEST = 200  # decibels of a gain


@dataclass(frozen=True)
class Part:
    """An object in the file, and where it stands."""

    where: str  # "amp.json: layer 2 (dense)", the start of every complaint
    held: Object

    def refuse(self, what: str) -> UserError:
        """A complaint about it."""
        return UserError(f"{self.where}: {what}"[:600])

    def known(self, *keys: str) -> None:
        """Refuse all others."""
        for key in self.held:
            if key not in keys:
                raise self.refuse(f"has '{visible(key[:100])}', which lstmcu does not know{did_you_mean(key, keys)}")

    def of(self, key: str, kind: type, wanted: str) -> Any:
        """What is of exactly this type."""
        if key not in self.held:
            raise self.refuse(f"has no '{key}'")
        if type(self.held[key]) is not kind:
            raise self.refuse(f"'{key}' is {shown(self.held[key])}, {wanted} is due")
        return self.held[key]

    def text(self, key: str) -> str:
        """A text."""
        return str(self.of(key, str, "a text"))

    def list(self, key: str) -> list[Any]:
        """A list."""
        return list(self.of(key, list, "a list"))

    def flag(self, key: str) -> bool:
        """true or false, or 1 or 0."""
        value = self.held.get(key)
        if value not in (0, 1):
            raise self.refuse(f"'{key}' is {shown(value)}, true or false is due")
        return bool(value)

    def count(self, key: str, least: int = 1) -> int:
        """A whole number, which may stand alone in a list."""
        value = self.held.get(key)
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        if type(value) is not int or not least <= value < 1 << 31:
            raise self.refuse(f"'{key}' is {shown(self.held.get(key))}, a whole number from {least} is due")
        return value

    def number(self, key: str, default: float) -> float:
        """A finite number, which may be left out."""
        value = self.held.get(key)
        if value is None:
            return default
        if type(value) not in (int, float) or not abs(value) <= LARGEST:
            raise self.refuse(f"'{key}' is {shown(value)}, a number is due")
        return float(value)

    def gain(self, key: str) -> float:
        """A number of decibels as a factor; of -90 and less nothing is left."""
        decibels = self.number(key, 0.0)
        if decibels > LOUDEST:
            raise self.refuse(f"'{key}' is {decibels:g} dB; supported: up to {LOUDEST}")
        return math.pow(10.0, decibels / 20) if decibels > -90 else 0.0

    def array(self, value: Any, what: str) -> Array:
        """Numbers in lists of equal lengths, as float64."""
        try:
            return np.array(_numbers(value, DEEPEST), np.float64)
        except OverflowError:
            raise self.refuse(f"{what} holds a number that is too large") from None
        except ValueError:
            raise self.refuse(f"{what} is {shown(value)}, numbers in lists of equal lengths are due") from None


def _numbers(value: Any, deepest: int) -> Any:
    """The same lists, if all that stands in them is numbers."""
    if not isinstance(value, list) or deepest < 1:
        raise ValueError
    kinds = set(map(type, value))
    if kinds <= {int, float}:
        return [float(each) for each in value] if int in kinds else value
    return [_numbers(each, deepest - 1) for each in value]
