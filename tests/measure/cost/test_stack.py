# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The stack's bound: equal to what the compilers say of each function, and never proved where it cannot be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from measure.cost.flow import Kind, riscv
from measure.cost.stack import Bound, Program
from measure.cost.timing.disassembly import Text
from target import compiler
from target.description import load_target

TARGETS = ("cortex-m0", "cortex-m4", "cortex-m55", "rv32imc", "rv64gcv")
BUILDS = [(target, name) for target in TARGETS for name in compiler.COMPILERS]

START = """
int other(int k);
void use(volatile char *bytes);
typedef int function(int);
"""
CHAIN = """
__attribute__((noinline)) void use(volatile char *bytes) { bytes[0] = 1; }
__attribute__((noinline)) int inner(int k) { volatile char room[72]; use(room); return room[k]; }
__attribute__((noinline)) int wide(int k) { volatile char room[40]; use(room); return inner(k) + room[k]; }
__attribute__((noinline)) int other(int k) { volatile char room[16]; use(room); return room[k]; }
int entry(int k) { volatile char room[24]; use(room); return wide(k) + other(k) + room[k]; }
"""
SWITCH = """
__attribute__((noinline)) void use(volatile char *bytes) { bytes[0] = 1; }
int entry(int k) {
    volatile char room[32];
    use(room);
    switch (k) {
    case 0: return room[5] * 3; case 1: return room[1] ^ 77; case 2: use(room + 2); return 9; case 3: return room[9];
    case 4: return room[7] / 7; case 5: use(room + 1); return -k; case 6: return room[0] - 9; default: return 0;
    }
}
"""
RECURSIVE = """
__attribute__((noinline)) int odd(int k);
__attribute__((noinline)) int even(int k) { return k == 0 ? 1 : odd(k - 1) + 1; }
__attribute__((noinline)) int odd(int k) { return k == 0 ? 2 : even(k - 1) + 2; }
int entry(int k) { return even(k) + 1; }
"""
POINTER = "extern function *volatile chosen; function *volatile chosen; int entry(int k) { return chosen(k) + 1; }"
TAIL = "extern function *volatile chosen; function *volatile chosen; int entry(int k) { return chosen(k); }"
GROWING = (
    "void use(volatile char *b) { b[0] = 1; } int entry(int k) { volatile char room[k]; use(room); return room[1]; }"
)


def link(folder: Path, target_name: str, compiler_name: str, text: str, ending: str = "c") -> Program:
    target = load_target(target_name)
    found = compiler.find(target, compiler_name)
    source = folder / f"program.{ending}"
    source.write_text(START + text if ending == "c" else text)
    words = [found.program, *found.compile, "-O2", "-g", "-fstack-usage", "-c", source, "-o", folder / "program.o"]
    subprocess.run(words, check=True, cwd=folder)
    words = [found.program, *found.link, "-Wl,-e,entry", folder / "program.o", "-o", folder / "program.elf"]
    words += ["-Wl,--start-group", *map(str, found.libraries), "-Wl,--end-group"]
    subprocess.run(words, check=True, cwd=folder)
    return Program(folder / "program.elf", target)


def usage(folder: Path) -> dict[str, int]:
    """What the compiler says that each function itself needs."""
    rows = (line.split("\t") for line in (folder / "program.su").read_text().splitlines())
    return {place.rpartition(":")[2]: int(number) for place, number, _ in rows}


@pytest.mark.parametrize(("target", "name"), BUILDS)
def test_the_bound_is_the_sum_along_the_deepest_calls(tmp_path: Path, target: str, name: str) -> None:
    bound = link(tmp_path, target, name, CHAIN).bound("entry")
    own = usage(tmp_path)
    assert bound.why == ()
    assert [function for function, _ in bound.chain][:3] == ["entry", "wide", "inner"]
    assert bound.bytes == sum(own[function] for function, _ in bound.chain) == sum(b for _, b in bound.chain)


@pytest.mark.parametrize(("target", "name"), BUILDS)
def test_a_switch_is_followed_through_its_table(tmp_path: Path, target: str, name: str) -> None:
    bound = link(tmp_path, target, name, SWITCH).bound("entry")
    assert bound.why == ()
    assert bound.chain[0][0] == "entry"
    own = usage(tmp_path)
    assert bound.bytes >= sum(own.get(function, 0) for function, _ in bound.chain) >= 40


@pytest.mark.parametrize(("target", "name"), BUILDS)
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (RECURSIVE, "is recursive"),
        (POINTER, "entry calls through a pointer"),
        (TAIL, "entry "),
        (GROWING, "entry sets the stack pointer from a register"),
    ],
    ids=["recursion", "pointer", "tail", "growing"],
)
def test_what_cannot_be_proved_is_not(tmp_path: Path, target: str, name: str, text: str, sentence: str) -> None:
    bound = link(tmp_path, target, name, text).bound("entry")
    assert any(sentence in reason for reason in bound.why), bound


HEAD = ".text\n.syntax unified\n.thumb\n.global entry\n.type entry, %function\nentry:\n.cfi_startproc\n"
TAILED = "\n.cfi_endproc\n.size entry, . - entry\n"


def assembled(folder: Path, name: str, body: str) -> Bound:
    return link(folder, "cortex-m4", name, f".cfi_sections .debug_frame\n{HEAD}{body}{TAILED}", "S").bound("entry")


@pytest.mark.parametrize("name", compiler.COMPILERS)
@pytest.mark.parametrize(
    ("body", "bytes_", "why"),
    [
        ("push {r4, r5, lr}\n.cfi_def_cfa_offset 12\nsub sp, #20\n.cfi_def_cfa_offset 32\nadd sp, #20\n"
         ".cfi_def_cfa_offset 12\npop {r4, r5, pc}", 32, ""),
        ("str lr, [sp, #-8]!\n.cfi_def_cfa_offset 8\nvpush {d8-d9}\n.cfi_def_cfa_offset 24\nvpop {d8-d9}\n"
         ".cfi_def_cfa_offset 8\nldr pc, [sp], #8", 24, ""),
        ("cmp r0, #0\nit eq\nbxeq lr\nstmdb sp!, {r4, r5}\n.cfi_def_cfa_offset 8\nldmia sp!, {r4, r5}\n"
         ".cfi_def_cfa_offset 0\nbx lr", 8, ""),
        ("push {r4, lr}\npop {r4, pc}", 8, "entry takes 8 bytes by its instructions, 0 by its frame information"),
        ("push {r4, lr}\n.cfi_def_cfa_offset 8\nbx lr", 8, "entry returns with 8 bytes on the stack"),
        ("1: push {r4}\n.cfi_def_cfa_offset 4\nsubs r0, #1\nbne 1b\nbx lr", None, "with different depths of the stack"),
        ("push {r4}\n.cfi_def_cfa_offset 4", 4, "entry goes on at"),
    ],
    ids=["plain", "writeback", "conditional", "no-cfi", "unbalanced", "loop", "falls-out"],
)  # fmt: skip
def test_hand_assembly(tmp_path: Path, name: str, body: str, bytes_: int | None, why: str) -> None:
    bound = assembled(tmp_path, name, body)
    assert bytes_ in (None, bound.bytes)
    assert any(why in reason for reason in bound.why) if why else bound.why == ()


def test_a_helper_may_return_through_the_register_it_was_called_with(tmp_path: Path) -> None:
    text = """
    .text
    .global entry
    .type entry, @function
entry:
    addi sp, sp, -16
    jal t0, helper
    addi sp, sp, 16
    ret
    .size entry, . - entry
    .type helper, @function
helper:
    addi sp, sp, -32
    addi sp, sp, 32
    jr t0
    .size helper, . - helper
"""
    assert link(tmp_path, "rv32imc", "gcc", text, "S").bound("entry") == Bound(48, (), (("entry", 16), ("helper", 32)))


def test_calls_that_objdump_does_not_decode(tmp_path: Path) -> None:
    offsets = (2, 8, 30, 32, 34, 64, 126, 128, 256, 510, 512, 1022, 1024, 2046)
    sources = {name: "".join(f"{name} . {sign} {n}\n" for n in offsets for sign in "+-") for name in ("c.jal", "c.j")}
    for name, text in sources.items():
        (tmp_path / "jumps.S").write_text(text)
        words = ["riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32", "-c", "jumps.S", "-o", "jumps.o"]
        subprocess.run(words, check=True, cwd=tmp_path)
        words = ["riscv64-unknown-elf-objcopy", "-O", "binary", "jumps.o", "jumps.bin"]
        subprocess.run(words, check=True, cwd=tmp_path)
        data = (tmp_path / "jumps.bin").read_bytes()
        wanted = [sign * n for n in offsets for sign in (1, -1)]
        assert len(data) == 2 * len(wanted)
        for index, offset in enumerate(wanted):
            word = int.from_bytes(data[2 * index : 2 * index + 2], "little")
            flow = riscv(Text(".2byte", hex(word)), None, 0x8000)
            assert flow is not None
            assert (flow.kind, flow.target) == (Kind.CALL if name == "c.jal" else Kind.JUMP, 0x8000 + offset)
