# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A JSON file, and what stands in it, every type and size checked before use."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.declaration import did_you_mean
from model.errors import NoModelError, UserError
from model.escape import visible
from model.signal import Array

FILE_LIMIT = 16 << 20  # bytes of text: some 400,000 weights, in at most half a gigabyte of memory
DEEPEST = 5  # axes of an array
LARGEST = 1e30  # of a number that is no weight
LOUDEST = 200  # decibels of a gain
Object = dict[str, Any]


def _pairs(pairs: list[tuple[str, Any]]) -> Object:
    held = dict(pairs)
    if len(held) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it says '{visible(twice[:100])}' twice")
    return held


def _constant(name: str) -> float:
    raise ValueError(f"it holds {name}, which JSON does not have")


def load(path: Path) -> Object:
    """The object that a file is; raises ``UserError``, which does not name the file."""
    if path.stat().st_size > FILE_LIMIT:
        raise UserError(f"has {path.stat().st_size} bytes of JSON; no more than {FILE_LIMIT} are read")
    try:
        held = json.loads(path.read_bytes().decode("utf-8-sig"), object_pairs_hook=_pairs, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise UserError(f"is no JSON that can be read: {error}; export the model again"[:400]) from None
    if not isinstance(held, dict):
        raise NoModelError(f"is JSON, {shown(held)}, and a trained model is an object, in {{}}; export it again")
    return held


def shown(value: Any) -> str:
    """A value in a sentence."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return visible(json.dumps(value)[:60])


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
