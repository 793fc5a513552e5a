# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of .npy and .npz files, of any numeric dtype, byte order and memory order: checked, then read, in blocks.

What a header claims is compared with what the model asks for, with ``ELEMENTS`` and with the bytes that are there
before memory is taken for it. Nothing is unpickled, and a member's name is never a path.
"""

from __future__ import annotations

import io
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from model.errors import UserError
from model.signal import Array

ELEMENTS = 1 << 25  # numbers of one array: 128 MiB as float32
BYTES = 1 << 30  # of a file
DIRECTORY = 1 << 16  # bytes of an .npz file's list of members: samples have three
HEADER = 12_000  # bytes that hold any .npy header of numbers
BLOCK = 1 << 17  # numbers read at a time

NPY_MAGIC, ZIP_MAGICS = b"\x93NUMPY", (b"PK\x03\x04", b"PK\x05\x06")
ZIP_END, ZIP64_END = b"PK\x05\x06", b"PK\x06\x07"  # of the list of members
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what NumPy writes
# what numpy and zipfile raise over a damaged file
DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, ValueError, TypeError, EOFError, RuntimeError, OSError,
    OverflowError, MemoryError, KeyError, IndexError, AttributeError, SyntaxError, tokenize.TokenError,
)  # fmt: skip

Check = Callable[[str, tuple[int, ...]], None]  # raises UserError if an array of that name cannot have that shape


@dataclass(frozen=True)
class _Array:
    """An array as its header describes it, and where its bytes go on."""

    name: str  # 'inputs'
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool  # first axis fastest
    size: int  # bytes of its values, as the file says
    begun: bytes  # of them, read with the header
    rest: IO[bytes]


def _describe(name: str, stream: IO[bytes], size: int) -> _Array:
    """Read the header of ``size`` bytes of .npy; ``ValueError`` says why they are none."""
    start = io.BytesIO(stream.read(HEADER))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Python 2 wrote
        version = np.lib.format.read_magic(start)
        if version not in HEADERS:
            raise ValueError("it has named columns, not one table of numbers")
        shape, fortran, dtype = HEADERS[version](start, max_header_size=HEADER)
    return _Array(name, shape, dtype, fortran, size - start.tell(), start.read(), stream)


def _read(array: _Array, dtype: str, where: str) -> Array:
    """The values, cast to ``dtype``; ``ValueError`` if they are fewer or more than the header says."""
    count = prod(array.shape)
    if count > ELEMENTS:
        raise UserError(f"{where} claims {count:,} numbers; at most {ELEMENTS:,} are read: give fewer windows")
    if array.size != count * array.dtype.itemsize:
        raise ValueError(f"{array.size:,} bytes for {count:,} values of {array.dtype}")
    values = np.empty(count, dtype)
    stream = io.BufferedReader(_Joined(array.begun, array.rest))
    with np.errstate(all="ignore"):  # what becomes infinite is seen later
        for begin in range(0, count, BLOCK):
            block = stream.read(min(BLOCK, count - begin) * array.dtype.itemsize)
            values[begin : begin + BLOCK] = np.frombuffer(block, array.dtype).astype(dtype)
    if stream.read(1):  # also lets zipfile compare its checksum
        raise ValueError("there is more after the last value")
    return np.ascontiguousarray(values.reshape(array.shape, order="F" if array.fortran else "C"))


class _Joined(io.RawIOBase):
    """Bytes, then a stream."""

    def __init__(self, begun: bytes, rest: IO[bytes]) -> None:
        self._begun, self._rest = begun, rest

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, or less at a seam."""
        data = self._begun[: len(buffer)] or self._rest.read(len(buffer))
        self._begun = self._begun[len(data) :]
        buffer[: len(data)] = data
        return len(data)


def _array(path: Path, array: _Array, check: Check, stored: Mapping[str, str]) -> Array:
    where = f"{path}: '{array.name}'"
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:  # longer ones differ from machine to machine
        held = "records" if array.dtype.kind == "V" else str(array.dtype)
        raise UserError(f"{where} holds {held}, not numbers of at most 64 bits; save it as .astype('float32')")
    if any(n < 0 for n in array.shape):
        raise ValueError(f"shape {array.shape}")
    check(array.name, array.shape)
    own = array.dtype.newbyteorder("=").name
    values = _read(array, own if own == stored.get(array.name) else "float32", where)
    bad = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(1, bool)
    if bad.any():
        first = int(np.argwhere(bad)[0][0])
        count = int(bad.sum())
        raise UserError(f"{where} has {count} values that are NaN or infinite in float32, first in sample {first}")
    return values


def _size(path: Path, file: IO[bytes]) -> int:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > BYTES:
        raise UserError(f"{path}: is larger than {BYTES >> 20} MiB, the most that is read; give fewer windows")
    return size


def _kind(path: Path, file: IO[bytes]) -> str:
    start = file.read(6)
    file.seek(0)
    if start == NPY_MAGIC:
        return ".npy"
    return ".npz" if start[:4] in ZIP_MAGICS else "empty" if not start else "of another kind"


def _expect(path: Path, file: IO[bytes], wanted: str) -> None:
    kind = _kind(path, file)
    if kind == "empty":
        raise UserError(f"{path}: is empty, no {wanted} file")
    if kind == "of another kind":
        raise UserError(f"{path}: cannot be read as samples: is no {wanted} file, whatever its name says")
    if kind != wanted:
        raise UserError(f"{path}: is an {kind} file by its contents; rename it to end in {kind}")


def read_npy(path: Path, name: str, check: Check, stored: Mapping[str, str]) -> Array:
    """The one array of an .npy file: float32, or its own type where that is ``stored[name]``."""
    with path.open("rb") as file:
        size = _size(path, file)
        _expect(path, file, ".npy")
        try:
            return _array(path, _describe(name, file, size), check, stored)
        except DAMAGE as error:
            raise _damaged(path, error) from None


def read_npz(
    path: Path, known: Callable[[list[str]], None], check: Check, stored: Mapping[str, str]
) -> dict[str, Array]:
    """Every array of an .npz file, once ``known`` has let its names pass; types as of ``read_npy``."""
    with path.open("rb") as file:
        size = _size(path, file)
        _expect(path, file, ".npz")
        try:
            _check_directory(file, size)
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                for member in members:
                    _check_member(path, member)
                names = [member.filename.removesuffix(".npy") for member in members]
                known(names)
                return {
                    name: _member(path, archive, member, name, check, stored)
                    for name, member in zip(names, members, strict=True)
                }
        except DAMAGE as error:
            raise _damaged(path, error) from None


def _damaged(path: Path, error: BaseException) -> UserError:
    reason = str(error).strip().split("\n")[0] or type(error).__name__
    return UserError(f"{path}: cannot be read as samples, it is damaged or cut short: {reason}")


def _check_directory(file: IO[bytes], size: int) -> None:
    """``ValueError`` if the list of members is longer than any of samples: zipfile would read it whole."""
    begin = max(0, size - (1 << 16) - 42)  # a comment may follow it
    file.seek(begin)
    tail = file.read()
    end = tail.rfind(ZIP_END)
    file.seek(0)
    if end < 0 or len(tail) < end + 22:
        raise ValueError("the list of its members is missing")
    (length,) = struct.unpack_from("<I", tail, end + 12)
    if length > DIRECTORY or tail[max(0, end - 20) : end].startswith(ZIP64_END):
        raise ValueError("the list of its members is too long for three arrays")


def _check_member(path: Path, member: zipfile.ZipInfo) -> None:
    where = f"{path}: '{member.filename}'"
    if member.flag_bits & 1:
        raise UserError(f"{where} is encrypted; write it anew with np.savez")
    if member.compress_type not in METHODS:
        raise UserError(f"{where} is compressed by method {member.compress_type}; write it anew with np.savez")
    if not member.filename.endswith(".npy"):
        raise UserError(f"{where} is no .npy array; write the file with np.savez(..., inputs=...)")


def _member(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, check: Check, stored: Mapping[str, str]
) -> Array:
    with archive.open(member) as stream:
        return _array(path, _describe(name, stream, member.file_size), check, stored)
