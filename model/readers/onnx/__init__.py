# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX (.onnx), as PyTorch, tf2onnx and Keras export it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.kinds import Kind

if TYPE_CHECKING:
    from model.network import Network

# Fields of ModelProto, which stand in this order: ir_version, a number, and what may follow it, each a length and bytes
IR_VERSION, IR_OLDEST = 0x08, 3
FOLLOWING = (0x12, 0x1A, 0x22, 0x32, 0x3A, 0x42)


def _begins(beginning: bytes) -> bool:
    """Whether it starts as ModelProto; a SavedModel starts alike, with 1 for a version."""
    first, version, second = [*beginning[:3], 0, 0, 0][:3]
    return first == IR_VERSION and IR_OLDEST <= version < 0x80 and second in FOLLOWING


def _read(path: Path, name: str, sha256: str) -> Network:
    from model.readers.onnx.network import read  # slow to import, hence only here

    return read(path, name, sha256)


def _state(path: Path) -> str:
    from model.readers.onnx.network import state  # slow to import, hence only here

    return state(path)


def _quantised(path: Path) -> str:
    from model.readers.onnx.network import came_as  # slow to import, hence only here

    return came_as(path)


KIND = Kind(name="onnx", endings=(".onnx",), begins=_begins, read=_read, state=_state, quantised=_quantised)
