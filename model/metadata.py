# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the maker of samples says of them, in a .json of the same name beside them: unit, scaling, labels, rate.

A .json there may also be the trained model itself, which says nothing of them.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model import kinds, wav
from model.errors import UserError, printable

BYTES = 1 << 20  # of the file
REAL = 1.0, 0.0
KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}


@dataclass(frozen=True)
class Metadata:
    """Of the file only what is read; what it does not say is empty."""

    task: str = ""  # forecast, classification, anomaly
    unit: str = ""
    labels: tuple[str, ...] = ()  # of the classes
    input: tuple[float, float] = REAL  # scale and offset of a value in the world
    output: tuple[float, float] = REAL
    rate: float = 0.0  # Hz, of the readings; 0: not told
    data: str = ""  # where they come from
    trained: str = ""  # with which versions
    rivals: tuple[tuple[str, float], ...] = ()  # what needs no network, and its score over the whole test part


class _Object:
    """An object of the file, and how to name what is wrong with it."""

    def __init__(self, path: Path, where: str, held: Any) -> None:
        if not isinstance(held, dict):
            raise UserError(f"{path}: {where or 'the whole'} is {_kind(held)}, not an object in {{}}")
        self.path, self.where, self.held = path, where, held

    def _get(self, name: str, ok: bool, wanted: str) -> Any:
        if not ok:
            at = f"{self.where}.{name}" if self.where else name
            raise UserError(f"{self.path}: '{at}' is {_kind(self.held[name])}, not {wanted}")
        return self.held.get(name)

    def object(self, name: str) -> _Object:
        """A part; empty if there is none."""
        part = self.held.get(name)
        return _Object(self.path, f"{self.where}.{name}" if self.where else name, {} if part is None else part)

    def text(self, name: str) -> str:
        """A text; empty if there is none."""
        value = self.held.get(name)
        return self._get(name, value is None or isinstance(value, str), "a text") or ""

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self.held.get(name)
        ok = value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value))
        return tuple(self._get(name, ok, "a list of texts") or ())

    def number(self, name: str, default: float) -> float:
        """A finite number."""
        value = self.held.get(name)
        real = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e30
        found = self._get(name, value is None or real, "a finite number")
        return default if found is None else float(found)

    def real(self) -> tuple[float, float]:
        """Scale and offset."""
        return self.number("scale", REAL[0]), self.number("offset", REAL[1])


def _kind(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return KINDS.get(type(value), "null")


def _rate(data: _Object) -> float:
    rate = data.number("rate_hz", 0.0)
    if rate and rate < 1e-9:
        raise UserError(f"{data.path}: 'data.rate_hz' is {rate:g}; give readings a second, above 0")
    return rate


def _rivals(metrics: Any) -> tuple[tuple[str, float], ...]:
    """Of each but the network the first of its scores; nothing of figures that are told in another way."""
    test = metrics.get("test") if isinstance(metrics, dict) else None
    told = [
        (name, list(held.values()))
        for name, held in (test if isinstance(test, dict) else {}).items()
        if isinstance(held, dict)
    ]
    scored = [(name.replace("_", " "), scores[0]) for name, scores in told if scores and name != "network"]
    return tuple((name, score) for name, score in scored if isinstance(score, float) and math.isfinite(score))


def _parse(path: Path) -> Any:
    if path.stat().st_size > BYTES:
        raise UserError(f"{path}: is larger than {BYTES >> 20} MiB; it should say what the samples mean, no more")
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: is no JSON that says what the samples mean: {error}; mend or rename it") from None


def _read(path: Path) -> Metadata:
    told = _Object(path, "", _parse(path))
    data, scaling = told.object("data"), told.object("scaling")
    versions = told.object("training").object("versions")
    named = " ".join(filter(None, map(data.text, ("package", "version"))))
    return Metadata(
        task=told.text("task"),
        unit=told.text("unit"),
        labels=told.texts("labels"),
        input=scaling.object("input").real(),
        output=scaling.object("output").real(),
        rate=_rate(data),
        data=", ".join(filter(None, (data.text("series"), named, data.text("licence")))),
        trained=", ".join(f"{name} {versions.text(name)}" for name in versions.held),
        rivals=_rivals(told.held.get("metrics")),
    )


def read(samples: Path) -> Metadata:
    """Of the file beside the samples; of audio its own tells the rate. All else is empty if there is none."""
    path, rate = samples.with_suffix(".json"), wav.rate(samples)
    if not path.is_file() or kinds.is_model(path):
        return Metadata(rate=rate)
    try:
        told = _read(path)
        return replace(told, rate=told.rate or rate)
    except UserError as error:
        raise UserError(printable(str(error))) from None
