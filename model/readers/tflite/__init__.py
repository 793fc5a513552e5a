# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite (.tflite): float, float16 weights, dynamic range, int8 and int16x8."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.kinds import Kind

if TYPE_CHECKING:
    from model.network import Network


def _begins(beginning: bytes) -> bool:
    return beginning[4:8] == b"TFL3"


def _read(path: Path, name: str, sha256: str) -> Network:
    from model.readers.tflite.network import read  # slow to import, hence only here

    return read(path, name, sha256)


def _quantised(path: Path) -> str:
    from model.readers.tflite.network import quantised  # slow to import, hence only here

    return quantised(path)


KIND = Kind(
    name="tflite",
    endings=(".tflite",),
    begins=_begins,
    read=_read,
    companions=(".toml",),  # that says which of several signatures is built
    quantised=_quantised,
)
