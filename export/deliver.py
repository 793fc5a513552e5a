# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Put an export where the user wants it, whole or not at all, and over nothing but an earlier, untouched export."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

from export.sbom import NAME as SBOM
from export.sbom import TOOL, digest
from model.errors import UserError
from model.files import write_atomically

Files = dict[str, bytes]  # relative path to contents

COMPILED = (".o", ".d", ".a", ".su")  # left behind by `cc -c *.c`: made again at will
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say: no clock is read


def zipped(files: Files, folder: str) -> bytes:
    """``files`` in one folder of a zip; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            member = zipfile.ZipInfo(f"{folder}/{name}", EPOCH)
            member.create_system, member.external_attr = 3, 0o100644 << 16
            archive.writestr(member, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _listed(sbom: bytes | None) -> dict[str, str] | None:
    """File name to SHA-256 as an export's SBOM lists them; None when it is no SBOM of ours."""
    try:
        bom = json.loads(sbom or b"")
        if bom["metadata"]["tools"]["components"][0]["name"] != TOOL:
            return None
        return {c["name"]: c["hashes"][0]["content"] for c in bom["components"] if c["type"] == "file"}
    except (ValueError, KeyError, IndexError, TypeError):
        return None


def _require_replaceable(dest: Path, found: Files) -> None:
    """UserError unless ``found``, all there is at ``dest``, is an export that nobody has changed since."""
    listed = _listed(found.get(SBOM))
    if listed is None:
        raise UserError(f"dest={dest} exists and is not an earlier export: give a new folder or .zip")
    for name, data in found.items():
        if name == SBOM or Path(name).suffix in COMPILED:
            continue
        if name not in listed:
            raise UserError(f"dest={dest} holds {name}, which is not of an export: move it away, or export elsewhere")
        if digest(data.replace(b"\r\n", b"\n")) != listed[name]:
            raise UserError(f"dest={dest}: {name} was changed since it was exported: move it away, or export elsewhere")


def _folder(dest: Path) -> Files:
    if dest.is_symlink() or not dest.is_dir():
        raise UserError(f"dest={dest} exists and is not a folder: give a new folder or .zip")
    if not (dest / SBOM).is_file() and any(dest.iterdir()):
        return {"": b""}  # somebody's folder, which may be large: it is not read
    return {path.relative_to(dest).as_posix(): path.read_bytes() for path in dest.rglob("*") if path.is_file()}


def _write_folder(files: Files, dest: Path) -> bool:
    there = _folder(dest) if dest.exists() or dest.is_symlink() else {}
    if there:
        _require_replaceable(dest, there)
    if there and {name: there[name] for name in there if Path(name).suffix not in COMPILED} == files:
        return False
    partial, old = (dest.with_name(f"{dest.name}{ending}") for ending in (".part", ".old"))
    for left in (partial, old):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    try:
        for name, data in files.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if dest.exists():
            dest.rename(old)
        partial.rename(dest)
    except BaseException:
        if old.exists() and not dest.exists():
            old.rename(dest)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return True


def _unzipped(dest: Path) -> Files:
    try:
        with zipfile.ZipFile(dest) as archive:
            return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError):
        return {}


def _write_zip(files: Files, folder: str, dest: Path) -> bool:
    data = zipped(files, folder)
    if dest.exists() or dest.is_symlink():
        _require_replaceable(dest, _unzipped(dest))
        if dest.read_bytes() == data:
            return False
    write_atomically(dest, data)
    return True


def write(files: Files, folder: str, dest: Path) -> bool:
    """Write ``files`` as the folder ``dest``, or as a .zip holding ``folder``; False when it is there already.

    UserError when something else is at ``dest``.
    """
    dest = dest.resolve()
    return _write_zip(files, folder, dest) if dest.suffix == ".zip" else _write_folder(files, dest)
