# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Samples that would take all memory or time: one sentence, in little of both, whatever the file claims or holds."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model import arrays, tables
from tests.model.test_samples import header
from tests.support import limited
from tests.support.host import ROOT

STEPS, FEATURES = 8, 2
MANY = 10**8  # bytes


def load(*files: Path, steps: int = STEPS, features: int = FEATURES) -> list[str]:
    """What becomes of each file, by a process with limits."""
    command = [sys.executable, "-m", "tests.support.limited", str(steps), str(features), *map(str, files)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def sparse(path: Path, start: bytes, size: int) -> None:
    path.write_bytes(start)
    os.truncate(path, size)


def zipped(path: Path, start: bytes, size: int = MANY) -> None:
    """Some 100 KB that inflate to ``size`` bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("inputs.npy", "w") as member:
        member.write(start)
        for _ in range(size // 10**6):
            member.write(b" " * 10**6)


def claiming_less(path: Path) -> None:
    """A member that inflates to more than its entry says."""
    zipped(path, header("(4, 8, 2)"))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, len(header("(4, 8, 2)")) + 256)
    path.write_bytes(data)


WRITERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "claims.npy": (lambda p: p.write_bytes(header("(10000000, 8, 2)")) and None, "claims 160,000,000 numbers"),
    "steps.npy": (lambda p: sparse(p, header("(2, 1000000, 2)"), MANY), "'inputs' has shape (2, 1000000, 2)"),
    "long.npy": (lambda p: sparse(p, header("(4, 8, 2)"), MANY), "bytes for 64 values of float32"),
    "larger.npy": (lambda p: sparse(p, header("(4, 8, 2)"), arrays.BYTES + 1), "is larger than 1024 MiB"),
    "header.npy": (lambda p: sparse(p, b"\x93NUMPY\2\0\xff\xff\xff\x7f", MANY), "cannot be read as samples"),
    "larger.npz": (lambda p: sparse(p, b"PK\3\4", arrays.BYTES + 1), "is larger than 1024 MiB"),
    "bomb.npz": (lambda p: zipped(p, header("(10000000, 8, 2)")), "claims 160,000,000 numbers"),
    "more.npz": (lambda p: zipped(p, header("(4, 8, 2)")), "bytes for 64 values of float32"),
    "header.npz": (lambda p: zipped(p, b"\x93NUMPY\2\0\xff\xff\xff\x7f"), "cannot be read as samples"),
    "less.npz": (claiming_less, "damaged or cut short: Bad CRC-32"),
    "zeros.csv": (lambda p: sparse(p, b"", tables.BYTES), "line 1 is longer than 66,560 characters"),
    "line.csv": (lambda p: p.write_text("1," * (tables.BYTES // 2)) and None, "line 1 is longer than"),
    "digits.csv": (lambda p: p.write_text("1" * tables.BYTES) and None, "line 1 is longer than"),
    "quotes.csv": (lambda p: p.write_text('"' * tables.BYTES) and None, "line 1 is longer than"),
    "remark.csv": (lambda p: p.write_text("#" * tables.BYTES) and None, "line 1 is longer than"),
    "blank.csv": (lambda p: p.write_text("\n" * tables.BYTES) and None, "holds no samples"),
    "larger.csv": (lambda p: p.write_text("1," * tables.BYTES) and None, "is larger than 32 MiB"),
    "short.csv": (lambda p: p.write_text("1\n" * (tables.BYTES // 2)) and None, "line 1 does not fit"),
    "zero.csv": (lambda p: p.symlink_to("/dev/zero"), "is a device or pipe"),
    "zero.npz": (lambda p: p.symlink_to("/dev/zero"), "is a device or pipe"),
    "pipe.npy": (os.mkfifo, "is a device or pipe"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_hostile_samples_get_a_sentence_in_little_memory_and_time(tmp_path: Path, name: str) -> None:
    write, sentence = WRITERS[name]
    write(tmp_path / name)
    (said,) = load(tmp_path / name)
    assert sentence in said


def test_as_much_as_is_read_fits_as_well(tmp_path: Path) -> None:
    count = arrays.ELEMENTS // (STEPS * FEATURES)
    for order in "FC":
        np.save(tmp_path / f"{order}.npy", np.zeros((count, STEPS, FEATURES), np.int8, order))
    assert load(tmp_path / "C.npy", tmp_path / "F.npy") == [f"loaded {count} windows"] * 2
    np.save(tmp_path / "more.npy", np.zeros((count + 1, STEPS, FEATURES), np.int8))
    assert "at most 33,554,432 are read: give fewer windows" in load(tmp_path / "more.npy")[0]


def test_the_longest_windows(tmp_path: Path) -> None:
    np.save(tmp_path / "s.npy", np.zeros((2, 10**6, 1), np.float32))
    (tmp_path / "s.csv").write_text("\n".join([",".join(["0.5"] * 10**6)] * 2))
    assert load(tmp_path / "s.npy", tmp_path / "s.csv", steps=10**6, features=1) == ["loaded 2 windows"] * 2


@pytest.mark.long
def test_a_table_of_one_value_a_row(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("1\n" * (tables.BYTES // 2))
    assert load(tmp_path / "s.csv", steps=1, features=1) == [f"loaded {tables.BYTES // 2} windows"]


def test_the_limits_are_felt(tmp_path: Path) -> None:
    """A process that reads without bounds dies of them: the tests above can fail."""
    limit = limited.MEMORY
    np.save(tmp_path / "s.npy", np.zeros(limit, np.int8))
    words = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit})); "
    words += f"open({str(tmp_path / 's.npy')!r}, 'rb').read()"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr
