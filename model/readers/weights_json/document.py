# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A JSON file as an object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from model.errors import NoModelError, UserError
from model.escape import visible

FILE_LIMIT = 16 << 20  # bytes of text: some 400,000 weights, in at most half a gigabyte of memory
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
