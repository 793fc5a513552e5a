# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the C asks of a compiler's library: memcpy and memset, and nothing whose stack cannot be proved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from target import compiler
from target.description import load_target
from tests.support.exported import call
from tests.support.host import FIRMWARE, INCLUDES, ROOT

SYMBOL = re.compile(r"^[0-9a-f]* +(\w) (\S+)$", re.MULTILINE)  # kind and name, as nm prints them
DIVIDES_64 = re.compile(r"__aeabi_u?ldivmod|__u?(div|mod|divmod)di[34]")


def asked(target: str, folder: Path, *more: Path) -> set[str]:
    """Functions that runtime and kernels call and none of them has."""
    found = compiler.find(load_target(target), "gcc")
    sources = [*FIRMWARE.glob("runtime/*.c"), *ROOT.glob("kernels/c/*.c"), *more]
    call(found.program, *found.compile, "-std=c99", "-Os", *INCLUDES, "-c", *sources, cwd=folder)
    symbols = SYMBOL.findall(call(found.program.replace("gcc", "nm"), *sorted(folder.glob("*.o"))))
    return {name for kind, name in symbols if kind == "U"} - {name for kind, name in symbols if kind != "U"}


@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m0", "rv32imc"])
def test_nothing_divides_64_bits(tmp_path: Path, target: str) -> None:
    names = asked(target, tmp_path)
    assert "memcpy" in names
    assert not list(filter(DIVIDES_64.fullmatch, names))
    if target == "cortex-m4":  # integers and floats are in its instructions
        assert names == {"memcpy", "memset"}


def test_such_a_division_is_seen(tmp_path: Path) -> None:
    (tmp_path / "planted.c").write_text("long long planted(long long a, long long b) { return a / b; }\n")
    assert list(filter(DIVIDES_64.fullmatch, asked("cortex-m4", tmp_path, tmp_path / "planted.c")))
