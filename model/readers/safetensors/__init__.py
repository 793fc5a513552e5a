# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's weights as .safetensors, and a .toml of the same name that lists the layers unless there is no choice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.kinds import Kind

if TYPE_CHECKING:
    from model.network import Network


def _begins(beginning: bytes) -> bool:
    """The length of a header, below 4 GiB, and the header, which is JSON."""
    return int.from_bytes(beginning[:8], "little") < 1 << 32 and beginning[8:9] == b"{"


def _read(path: Path, name: str, sha256: str) -> Network:
    from model.readers.safetensors.network import read  # slow to import, hence only here

    return read(path, name, sha256)


def _state(path: Path) -> str:
    """Without a .toml nobody says how many steps there are."""
    return "window" if path.with_suffix(".toml").is_file() else "stream"


KIND = Kind(
    name="safetensors",
    endings=(".safetensors",),
    begins=_begins,
    read=_read,
    companions=(".toml",),
    state=_state,
)
