# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Public data sets that ship inside PyPI packages: found on disk by file name, checked by hash.

The packages are never imported: what is wanted is a file, and their code may need more than we install.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from model.errors import UserError


@dataclass(frozen=True)
class Source:
    """One file of one published package."""

    package: str  # name on PyPI
    version: str  # the release the hash was taken from
    file: str  # path inside the installation, with forward slashes
    sha256: str
    licence: str  # SPDX identifier
    notice: str | None = None  # the licence text, where it must go along with the data


def locate(source: Source) -> Path:
    """Return where the data lie. UserError if the package is missing or the file is another one."""
    data = find(source, source.file)
    if hashlib.sha256(data.read_bytes()).hexdigest() != source.sha256:
        raise UserError(
            f"{source.file} of the installed {source.package} is not the file of release {source.version} "
            f"(its SHA-256 differs): install {source.package}=={source.version}"
        )
    return data


def provenance(source: Source) -> dict[str, str]:
    """What a model's metadata say of its data."""
    return {
        "package": source.package,
        "version": source.version,
        "file": source.file,
        "sha256": source.sha256,
        "licence": source.licence,
    }


def notice(source: Source) -> bytes | None:
    """The licence text to hand on with anything made of the data, if the licence asks for that."""
    return None if source.notice is None else find(source, source.notice).read_bytes()


def find(source: Source, file: str) -> Path:
    """Return where a file of the package lies. UserError if there is no such file or package."""
    try:
        listed = files(source.package) or []
    except PackageNotFoundError:
        raise UserError(
            f"the data package {source.package} is not installed: train with ./scons train, which installs it"
        ) from None
    for entry in listed:
        path = Path(str(entry.locate()))
        if entry.as_posix() == file and path.is_file():
            return path
    raise UserError(f"the installed package {source.package} has no {file}: install {source.package}=={source.version}")
