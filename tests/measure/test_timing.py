# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The timing tables, on small programs in assembly whose cycles are added up here by hand from the manuals.

Each program runs under QEMU with the profiler; only its own instructions are looked at, with the return."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from measure import qemu, report, sizes, table, timing
from measure.profile import Profile, parse_profile
from measure.target import load_target
from measure.timing.disassembly import Text, disassemble
from measure.timing.table import Range
from model.errors import UserError
from tests.probe import build, build_profiler


@dataclass(frozen=True)
class Kernel:
    """A program of assembly, and its cycles ``low nominal high`` or all three in one number."""

    source: str  # what the sum is after
    assembly: str
    cycles: float | tuple[float, float, float]


# Cortex-M0: Arm DDI 0432C Table 3-1. BX 3.
M0 = {
    "alu": Kernel("moves, adds, shifts, extends, MULS: 1", "movs r0, #1; lsls r0, #2; sxtb r1, r0; muls r0, r1", 4 + 3),
    "load": Kernel("LDR 2, STR 2, never overlapped", "ldr r0, [sp]; ldr r1, [sp]; sub sp, #8; str r0, [sp]; add sp, #8",
                   2 + 2 + 1 + 2 + 1 + 3),
    "loop": Kernel("B 3 taken, 1 not", "movs r0, #5; 1: subs r0, #1; bne 1b", 1 + 5 * 1 + 4 * 3 + 1 + 3),
    "multiple": Kernel("PUSH, POP 1+N", "push {r4, r5, r6}; pop {r4, r5, r6}", 4 + 4 + 3),
    "return": Kernel("PUSH 1+N, POP with PC 4+N", "push {r4, lr}; pop {r4, pc}", 3 + 6),
    "call": Kernel("BL 4, MOV 1, BX 3 twice", "mov r3, lr; bl 2f; mov lr, r3; bx lr; 2:", 1 + 4 + 3 + 1 + 3),
    "jump": Kernel("B 3", "b 1f; nop; 1: nop", 3 + 1 + 3),
}  # fmt: skip

# Cortex-M0+: Arm DDI 0484C Table 3.1. BX 2.
M0PLUS = {
    "load": Kernel("LDR 2, STR 2", "ldr r0, [sp]; sub sp, #8; str r0, [sp]; add sp, #8", 2 + 1 + 2 + 1 + 2),
    "loop": Kernel("B 2 taken, 1 not", "movs r0, #5; 1: subs r0, #1; bne 1b", 1 + 5 * 1 + 4 * 2 + 1 + 2),
    "return": Kernel("PUSH 1+N, POP with PC 3+N", "push {r4, lr}; pop {r4, pc}", 3 + 5),
    "call": Kernel("BL 3, MOV 1, BX 2 twice", "mov r3, lr; bl 2f; mov lr, r3; bx lr; 2:", 1 + 3 + 2 + 1 + 2),
}

# What Cortex-M3 (DDI 0337I) and M4 (100166_0001) share: Table 3-1, and 3.3.2 "Load/store timings".
# BX 1+P: 2 to 4, nominal 3.
V7 = {
    "alu": Kernel("all 1", "adds r0, #1; mov r1, r0; sxtb r2, r0; ubfx r2, r0, #1, #3; clz r2, r2; ssat r1, #8, r2",
                  (6 + 2, 6 + 3, 6 + 4)),
    "neighbours": Kernel("3.3.2: LDR; LDR; LDR 4 in all. High: addresses that were just made stall 1",
                         "ldr r0, [sp]; ldr r1, [sp, #4]; ldrh r2, [sp, #8]", (4 + 2, 4 + 3, 4 + 3 + 4)),
    "dependent": Kernel("3.3.2: LDR whose address the LDR before it loads: 2 each; PUSH, POP 1+N",
                        "mov r0, sp; push {r0}; ldr r0, [sp]; ldr r1, [r0]; pop {r1}",
                        (1 + 2 + 4 + 2 + 2, 1 + 2 + 4 + 2 + 3, 1 + 2 + 6 + 2 + 4)),
    "store": Kernel("3.3.2: STR with an immediate 1", "ldr r0, [sp]; str r0, [sp, #-4]", (3 + 2, 3 + 3, 5 + 4)),
    "broken": Kernel("3.3.2: LDR; ADD; LDR do not overlap", "ldr r0, [sp]; adds r0, #1; ldr r1, [sp]",
                     (5 + 2, 5 + 3, 7 + 4)),
    "multiple": Kernel("PUSH, POP 1+N", "push {r4, r5, r6}; pop {r4, r5, r6}", (8 + 2, 8 + 3, 8 + 4)),
    "pair": Kernel("LDRD 1+N", "ldrd r0, r1, [sp]", (3 + 2, 3 + 3, 3 + 4)),
    "return": Kernel("PUSH 1+N, POP with PC 1+N+P", "push {r4, lr}; pop {r4, pc}", (3 + 4, 3 + 5, 3 + 6)),
    "loop": Kernel("B 1+P taken, P from 1 to 3; 1 not taken", "movs r0, #5; 1: subs r0, #1; bne 1b",
                   (1 + 5 + 4 * 2 + 1 + 2, 1 + 5 + 4 * 2 + 1 + 3, 1 + 5 + 4 * 4 + 1 + 4)),
    "crossing": Kernel("P depends on alignment and width of the target: 32 bits at 4n+2",
                       "movs r0, #5; 1: subs.w r0, r0, #1; bne 1b",
                       (1 + 5 + 4 * 2 + 1 + 2, 1 + 5 + 4 * 3 + 1 + 3, 1 + 5 + 4 * 4 + 1 + 4)),
    "it": Kernel("IT 1 or folded", "cmp r0, r0; ite eq; moveq r1, #1; movne r1, #2", (3 + 2, 4 + 3, 4 + 4)),
    "failed": Kernel("a load whose condition fails: 1", "cmp r0, r0; it ne; ldrne r1, [sp]", (2 + 2, 3 + 3, 3 + 4)),
    "divide": Kernel("UDIV 2 to 12", "movs r0, #9; movs r1, #3; udiv r0, r0, r1", (4 + 2, 9 + 3, 14 + 4)),
    "compare": Kernel("CBZ 1+P taken, 1 not", "movs r0, #0; cbnz r0, 1f; cbz r0, 1f; nop; 1:",
                      (1 + 1 + 2 + 2, 1 + 1 + 2 + 3, 1 + 1 + 4 + 4)),
}  # fmt: skip

M3 = V7 | {
    "multiply": Kernel("Table 3-1: MUL 1, MLA 2, UMULL 3 to 5, SMLAL 4 to 7",
                       "mul r0, r1, r2; mla r0, r1, r2, r0; umull r0, r1, r2, r3; smlal r0, r1, r2, r3",
                       (10 + 2, 12.5 + 3, 15 + 4)),
    "update": Kernel("Load/store timings: a base update does not overlap",
                     "mov r3, sp; ldrb r0, [r3], #1; ldrb r1, [r3, #1]!", (5 + 2, 5 + 3, 7 + 4)),
}  # fmt: skip

M4 = V7 | {
    "multiply": Kernel("Table 3-1 and 3-2: all 1",
                       "mul r0, r1, r2; smlabb r0, r1, r2, r0; smlad r0, r1, r2, r0; smlal r0, r1, r2, r3; "
                       "smlalbb r0, r1, r2, r3; umull r0, r1, r2, r3; sxtb16 r0, r1", (7 + 2, 7 + 3, 7 + 4)),
    "float": Kernel("7.2.3: VMOV 1, VADD 1, VMUL 1 and VDIV 14 and VMOV, each waiting 1 for the one before it, VCMP 1, "
                    "VMRS 1",
                    "vmov.f32 s0, #1.0; vadd.f32 s1, s0, s0; vmul.f32 s2, s1, s0; vdiv.f32 s3, s2, s0; "
                    "vcmp.f32 s0, s1; vmrs APSR_nzcv, fpscr",
                    (1 + 1 + 2 + 2 + 1 + 1 + 2, 1 + 1 + 2 + 15 + 1 + 1 + 3, 2 + 1 + 2 + 15 + 1 + 1 + 4)),
    "float memory": Kernel("7.2.3: VLDR 2, VPUSH and VPOP 1+N words, VLDM 1+N",
                           "vldr s0, [sp]; vpush {d8, d9}; vpop {d8, d9}; mov r0, sp; vldmia r0!, {s1}",
                           (2 + 5 + 5 + 1 + 2 + 2, 2 + 5 + 5 + 1 + 2 + 3, 2 + 5 + 5 + 1 + 2 + 4)),
}  # fmt: skip

# Ibex: Reference Guide, "Pipeline Details", configuration "small". A return is a jump: 2.
RISCV_LOOP = "li t0, 5; 1: addi t0, t0, -1; bnez t0, 1b"
IBEX = {
    "alu": Kernel("0 stalls", "addi t0, t0, 1; slli t0, t0, 2; c.mv t1, t0", 3 + 2),
    "memory": Kernel("1 stall", "addi sp, sp, -16; sw t0, 0(sp); lb t1, 0(sp); addi sp, sp, 16", 1 + 2 + 2 + 1 + 2),
    "multiply": Kernel("fast multiplier: 2 stalls, 3 for MULH", "mul t0, t1, t2; mulh t0, t1, t2", 3 + 4 + 2),
    "divide": Kernel("37 stalls; 1 by zero", "divu t0, t1, t2", (2 + 2, 38 + 2, 38 + 2)),
    "loop": Kernel("branch: 2 stalls taken", RISCV_LOOP, 1 + 5 + 4 * 3 + 1 + 2),
    "crossing": Kernel("as the loop, and 1 for a target of 32 bits at 4n+2",
                       ".option push; .option norvc; .option rvc; c.li t0, 5; .option norvc; 1: addi t0, t0, -1; "
                       "bnez t0, 1b; .option pop", 1 + 5 + 4 * (3 + 1) + 1 + 2),
    "jump": Kernel("jump: 1 stall", "j 1f; nop; 1: nop", 2 + 1 + 2),
}  # fmt: skip

# CV32E40P: User Manual, "Pipeline": hazards, and cycle counts per instruction type.
CV32E40P = {
    "use": Kernel("a load's user waits 1", "lw t0, 0(sp); addi t0, t0, 1; lw t1, 0(sp); nop; addi t1, t1, 1", 6 + 2),
    "register": Kernel("JALR waits 1 for what the instruction before it makes", "mv t0, ra; jr t0", 1 + 1 + 2),
    "multiply": Kernel("MUL 1, MULH 5", "mul t0, t1, t2; mulh t0, t1, t2", 1 + 5 + 2),
    "divide": Kernel("3 to 35", "divu t0, t1, t2", (3 + 2, 19 + 2, 35 + 2)),
    "loop": Kernel("branch 3 taken, 1 not", RISCV_LOOP, 1 + 5 + 4 * 3 + 1 + 2),
    "memory": Kernel("load, store 1", "addi sp, sp, -16; sw t0, 0(sp); lb t1, 0(sp); addi sp, sp, 16", 4 + 2),
}

# SiFive E31: FE310-G000 Manual 3.2 and 3.3. A return is predicted: 1, or 3 more.
E31 = {
    "use": Kernel("LW: 2 cycles to its user, LB: 3", "lw t0, 0(sp); addi t0, t0, 1; lb t1, 0(sp); addi t1, t1, 1",
                  (2 + 1 + 3 + 1 + 1, 2 + 1 + 3 + 1 + 1, 2 + 1 + 3 + 1 + 4)),
    "multiply": Kernel("5 cycles to its user, one at a time", "mul t0, t1, t2; mul t3, t1, t2; addi t3, t3, 1",
                       (5 + 5 + 1 + 1, 5 + 5 + 1 + 1, 5 + 5 + 1 + 4)),
    "loop": Kernel("a misprediction costs 3; nominal: the rarer direction", RISCV_LOOP,
                   (1 + 5 + 5 + 1, 1 + 5 + 5 + 3 + 1, 1 + 5 + 5 + 6 + 4)),
}  # fmt: skip

# PicoRV32: README, "Cycles per Instruction Performance". Uncompressed.
PICORV32 = {
    "all": Kernel("ALU 3, shift 4 to 14, memory 5, branch 5 taken and 3 not, jump 3, return 6",
                  ".option push; .option norvc; addi t0, zero, 2; slli t1, t0, 1; lw t2, 0(sp); 1: addi t0, t0, -1; "
                  "bnez t0, 1b; j 2f; nop; 2: ret; .option pop",
                  (3 + 4 + 5 + 6 + 8 + 3 + 6, 3 + 9 + 5 + 6 + 8 + 3 + 6, 3 + 14 + 5 + 6 + 8 + 3 + 6)),
}  # fmt: skip

PROGRAMS = {
    ("cortex-m0", "cortex-m0"): M0,
    ("cortex-m0plus", "cortex-m0plus"): M0PLUS,
    ("cortex-m3", "cortex-m3"): M3,
    ("cortex-m4", "cortex-m4"): M4,
    ("rv32imc", "ibex"): IBEX,
    ("rv32imc", "cv32e40p"): CV32E40P,
    ("sifive-e31", "sifive-e31"): E31,
    ("rv32imc", "picorv32"): PICORV32,
}
CASES = [(target, core, name) for (target, core), kernels in PROGRAMS.items() for name in kernels]


@functools.cache
def profiled(target: str, core: str) -> tuple[Profile, dict[int, Text], dict[str, range]]:
    """One firmware with all kernels of a core, run once: profile, disassembly, address ranges."""
    kernels = PROGRAMS[target, core]
    arm = load_target(target).arch == "arm"
    text = "void probe_reset(probe_state *state) { state->sum = 0; state->calls = 0; }\n"
    for i, kernel in enumerate(kernels.values()):
        words = [*kernel.assembly.split(";"), "bx lr" if arm else "ret"]
        lines = "".join(f'"{line.strip()}\\n"' for line in ([".syntax unified", *words] if arm else words))
        text += f"void kernel{i}(void);\n__attribute__((naked, noinline, aligned(4))) void kernel{i}(void)\n"
        text += f"{{ __asm__ volatile({lines}); }}\n"
    calls = " ".join(f"kernel{i}();" for i in range(len(kernels)))
    text += "void probe_run(probe_state *state, const uint8_t *x, uint8_t *y)\n"
    text += f"{{ volatile uint8_t room[64]; room[0] = x[0]; {calls} state->sum = y[0] = room[0]; }}\n"
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        elf = build(load_target(target), directory, text)
        done = qemu.run(
            load_target(target), elf, np.zeros((2, 4), np.uint8), output_dtype="uint8", output_shape=(2,),
            function="probe_run", profiler=build_profiler(directory), timeout=60,
        )  # fmt: skip
        found = {s.name: range(s.address & ~1, (s.address & ~1) + s.size) for s in sizes.symbols(elf)}
        assert done.profile is not None
        ranges = {kernel: found[f"kernel{i}"] for i, kernel in enumerate(kernels)}
        return done.profile, disassemble(elf, load_target(target)), ranges


@pytest.mark.parametrize(("target", "core", "name"), CASES)
def test_a_kernel_takes_what_the_manual_says(target: str, core: str, name: str) -> None:
    profile, code, ranges = profiled(target, core)
    kernel = PROGRAMS[target, core][name]
    inside = tuple(i for i in profile.instructions if i.address in ranges[name])
    part = Profile(profile.calls, 0, 0, 0, 0, inside)
    total = Range(0, 0, 0)
    for cycles in timing.each(part, code, timing.CORES[core]):
        total += cycles
    wanted = kernel.cycles if isinstance(kernel.cycles, tuple) else (kernel.cycles,) * 3
    assert (total.low / 2, total.nominal / 2, total.high / 2) == wanted, kernel.source


ONE = parse_profile("calls 1\ninstructions 1 1 1\nstack 0\ninsn 0x100 4 1 0 0 0 0\n", "a profile")


@pytest.mark.parametrize(("core", "text"), [
    ("cortex-m4", Text("vadd.f64", "d0, d1, d2")), ("cortex-m0", Text("smlabb", "r0, r1, r2, r0")),
    ("ibex", Text("fadd.s", "f0,f1,f2")), ("picorv32", Text("c.addi", "x8,1")), ("cortex-m3", Text("vldr", "s0, [r0]")),
])  # fmt: skip
def test_an_instruction_without_a_row_is_named(core: str, text: Text) -> None:
    sentence = f"{core} has no timing for '{text.mnemonic} {text.operands}' at 0x100"
    with pytest.raises(timing.NoTimingError, match=sentence.replace("[", r"\[")):
        timing.model(ONE, {0x100: text}, timing.CORES[core])


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(UserError, match=r"my\.toml: timing = 'ibx' is not known; did you mean 'ibex'"):
        timing.find_core("ibx", "my.toml")


def test_every_row_has_a_source_and_no_mnemonic_has_two() -> None:
    for core in timing.CORES.values():
        names = [name for row in core.rows for name in row.mnemonics.split()]
        assert len(names) == len(set(names)), core.name
        assert all(row.source for row in core.rows)
        assert core.document
        assert core.assumptions


def test_targets_without_a_table_say_so() -> None:
    for name in ("cortex-m7", "cortex-m55", "rv32imafcv", "rv64gcv"):
        target = load_target(name)
        assert timing.of_run(ONE, Path("none.elf"), target) is None
        cycles, reason = report.cycles_of(ONE, Path("none.elf"), target)
        assert cycles is None
        assert reason.startswith(f"{name} has no timing table")


def test_a_printed_count_names_its_tier() -> None:
    modelled = {"low": 90, "nominal": 100, "high": 130, "evidence": "documented"}
    assert table.cycles({"cycles": modelled}) == "100 ±30% documented"
    assert table.cycles({"cycles": {**modelled, "low": 100, "high": 100}}) == "100 documented"
    assert table.cycles({"cycles": None}) == "-"
