# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a training leaves behind: <name>.keras, <name>.npz, <name>.json and <name>.png, all or none.

The same training gives the same bytes: no time stamps, no paths, a fixed order everywhere.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip archive can state


@contextmanager
def all_or_nothing(directory: Path) -> Iterator[Path]:
    """Give an empty folder to write to; move its files into ``directory`` only if the block succeeds.

    It lies inside ``directory``, which is made if need be, so that a place that cannot be written to is
    found before the long work, and so that every move is a rename within one file system.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".training-", dir=directory) as temporary:
        folder = Path(temporary)
        yield folder
        for file in sorted(folder.iterdir()):
            file.replace(directory / file.name)


def save_network(network: Any, file: Path) -> None:
    """Save an uncompiled Keras network as a .keras archive free of time stamps and memory addresses."""
    network.save(file)
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in sorted(archive.namelist())}
    metadata = json.loads(members["metadata.json"])
    metadata.pop("date_saved", None)
    members["metadata.json"] = json.dumps(metadata).encode()
    config = json.loads(members["config.json"])
    _renumber(config, {})
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, whatever this runs on
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)


def _renumber(node: Any, numbers: dict[int, int]) -> None:
    """Replace in place each shared_object_id, which Keras takes from memory addresses, by 1, 2, 3 …

    Parts of the network that share an object still name the same number.
    """
    if isinstance(node, dict):
        if isinstance(node.get("shared_object_id"), int):
            node["shared_object_id"] = numbers.setdefault(node["shared_object_id"], len(numbers) + 1)
        for child in node.values():
            _renumber(child, numbers)
    elif isinstance(node, list):
        for child in node:
            _renumber(child, numbers)


def save_samples(file: Path, **arrays: npt.NDArray[Any]) -> None:
    """Save arrays as a compressed .npz (numpy dates its members 1980 by itself)."""
    with file.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]


def save_metadata(file: Path, metadata: Mapping[str, Any]) -> None:
    """Save as .json, with the SHA-256 of all files that lie beside it under "files"."""
    files = {other.name: sha256(other) for other in sorted(file.parent.iterdir()) if other != file}
    text = json.dumps({**metadata, "files": files}, indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def evenly_spaced(count: int, total: int) -> npt.NDArray[np.intp]:
    """Indices of ``count`` items spread evenly over ``total``, first and last included; all if too few."""
    return np.linspace(0, total - 1, min(count, total)).round().astype(np.intp)
