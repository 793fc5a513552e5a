# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Number formats, a file each, called as in ``quant=``: how numbers are stored, and the arithmetic that follows.

A file with a line ``ORDER, SUFFIX = `` is a format, and its ``FORMAT`` says everything; the others are what they share.
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.formats.base import Format

DEFAULT = "int8"  # of a file that can still be quantised
REAL = "float32"  # of a model as it was trained
_TOLD = re.compile(r'^ORDER, SUFFIX = (\d+), "(\w+)"', re.MULTILINE)


@cache
def suffixes() -> dict[str, str]:
    """Of the kernels of every format by its name, in their order; read, not imported, as numpy takes its time."""
    texts = ((path.stem, path.read_text(encoding="utf-8")) for path in Path(__file__).parent.glob("*.py"))
    found = {stem: (int(told[1]), told[2]) for stem, text in texts if (told := _TOLD.search(text))}
    return {stem: found[stem][1] for stem in sorted(found, key=lambda stem: found[stem])}


def names() -> tuple[str, ...]:
    """All formats in their order."""
    return tuple(suffixes())


@cache
def named(name: str) -> Format:
    """The format that ``quant=`` calls so."""
    assert name in names(), name
    made: Format = importlib.import_module(f"model.formats.{name}").FORMAT
    return made


def every() -> tuple[Format, ...]:
    """All of them."""
    return tuple(map(named, names()))


def computing(values: str, weights: str | None = None) -> Format | None:
    """The first format with values and weights (None: any) of these types, by numpy's names; None if there is none."""
    return next((f for f in every() if f.values.name == values and weights in (None, f.weights.name)), None)
