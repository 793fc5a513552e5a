# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Keras 2 and 3: .keras archives, and whole models in HDF5."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.kinds import ZIP, Kind

if TYPE_CHECKING:
    from model.network import Network

HDF5 = b"\x89HDF\r\n\x1a\n"


def _begins(beginning: bytes) -> bool:
    return beginning.startswith((HDF5, ZIP))


def _read(path: Path, name: str, sha256: str) -> Network:
    from model.readers.keras.network import read  # slow to import, hence only here

    return read(path, name, sha256)


KIND = Kind(name="keras", endings=(".keras", ".h5", ".hdf5"), begins=_begins, read=_read)
