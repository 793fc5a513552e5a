# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Flash is split by what it is, also where names repeat."""

from __future__ import annotations

import subprocess
from pathlib import Path

from measure import sizes

MODEL = """
static const short table[100] = {1};
static const int weights[50] = {2};
int other(int);
int entry(int k) { return table[k] + weights[k] + other(k); }
int unused(int k) { return k; }
"""
RUNTIME = """
static const unsigned char table[77] = {3};
int other(int k) { return table[k]; }
"""


def test_tables_and_weights_of_one_name_are_told_apart(tmp_path: Path) -> None:
    objects = []
    for name, text in (("model", MODEL), ("runtime", RUNTIME)):
        (tmp_path / f"{name}.c").write_text(text)
        objects.append(tmp_path / f"{name}.o")
        flags = ["-mcpu=cortex-m4", "-mthumb", "-O1", "-ffunction-sections", "-fdata-sections"]
        subprocess.run(
            ["arm-none-eabi-gcc", *flags, "-c", tmp_path / f"{name}.c", "-o", objects[-1]], check=True
        )
    carried = tmp_path / "carried.elf"
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-Wl,--gc-sections,-e,entry", *objects,
         "-o", carried], check=True,
    )  # fmt: skip
    flash = sizes.flash(carried, objects[0])
    assert flash.weights == 100 * 2 + 50 * 4
    assert flash.tables == 77
    functions = {s.name: s.size for s in sizes.symbols(carried) if s.kind == "FUNC"}
    assert set(functions) == {"entry", "other"}  # the unused one is not carried
    assert sum(functions.values()) <= flash.code <= sum(functions.values()) + 8  # and some padding
