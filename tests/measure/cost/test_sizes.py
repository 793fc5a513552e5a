# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Flash is split by what it is, also where names repeat."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from measure.cost import sizes
from target import compiler
from target.description import load_target

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
        subprocess.run(["arm-none-eabi-gcc", *flags, "-c", tmp_path / f"{name}.c", "-o", objects[-1]], check=True)
    carried = tmp_path / "carried.elf"
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-Wl,--gc-sections,-e,entry", *objects,
         "-o", carried], check=True,
    )  # fmt: skip
    parts = sizes.flash(carried, objects[0], objects, [])
    kinds = {kind: sum(part.bytes for part in parts if part.kind == kind) for kind in ("code", "tables", "weights")}
    assert kinds["weights"] == 100 * 2 + 50 * 4
    assert kinds["tables"] == 77
    functions = {s.name: s.size for s in sizes.symbols(carried) if s.kind == "FUNC"}
    assert set(functions) == {"entry", "other"}  # the unused one is not carried
    assert sum(functions.values()) <= kinds["code"] <= sum(functions.values()) + 8  # and some padding
    named = {(part.name, part.file, part.kind, part.section) for part in parts if part.file}
    assert named == {
        ("table", "model", "weights", ".rodata"), ("weights", "model", "weights", ".rodata"),
        ("table", "runtime", "tables", ".rodata"),
        ("entry", "model", "code", ".text"), ("other", "runtime", "code", ".text"),
    }  # fmt: skip


STATE = """
typedef signed char int8_t;
struct inner { short pair[2]; };
typedef struct { int cell[4][3]; int8_t hidden[5]; struct inner both[2]; float last; int8_t scratch_s8[7]; } own_state;
struct named_state { int8_t a; double scratch_b; };
typedef struct named_state named_state;
static int counter;
short twice[3] = {1};
int entry(own_state *s, named_state *n) { counter += ++twice[counter]; return s->cell[0][0] + n->a + 3 / s->hidden[1]; }
"""


@pytest.mark.parametrize("name", compiler.COMPILERS)
@pytest.mark.parametrize("target_name", ["cortex-m0", "rv32imc", "rv64gcv"])
def test_memory_and_libraries(tmp_path: Path, target_name: str, name: str) -> None:
    found = compiler.find(load_target(target_name), name)
    (tmp_path / "model.c").write_text(STATE)
    made, carried = tmp_path / "model.o", tmp_path / "carried.elf"
    words = [found.program, *found.compile, "-O2", "-g"]
    subprocess.run([*words, "-c", tmp_path / "model.c", "-o", made], check=True)
    libraries = ["-Wl,--start-group", *map(str, found.libraries), "-Wl,--end-group"]
    subprocess.run([found.program, *found.link, "-Wl,-e,entry", made, "-o", carried, *libraries], check=True)
    fields = sizes.state_fields(carried, "named_state")
    assert [(f.name, f.kind, f.bytes) for f in fields] == [("a", "state", 1), ("scratch_b", "scratch", 8)]
    assert sizes.state_fields(carried, "no_state") == ()
    own = [("cell", 48), ("hidden", 5), ("both", 8), ("last", 4), ("scratch_s8", 7)]
    assert [(f.name, f.bytes) for f in sizes.state_fields(carried, "own_state")] == own
    assert sizes.static_ram(carried) == 4 + 6
    parts = sizes.flash(carried, made, [made], found.libraries)
    files = {part.name: part.file for part in parts}
    if target_name == "cortex-m0":
        two_names = {files.get(name) for name in ("__aeabi_idiv", "__divsi3")}
        assert two_names - {None} == {"libgcc.a"}
    assert files["entry"] == "model"
    assert files["twice"] == "model"
