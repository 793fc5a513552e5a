# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The timing tables, on small programs in assembly whose cycles are added up here by hand from the manuals.

Each program runs under QEMU with the profiler; only its own instructions are looked at, with the return."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from measure import report
from measure.cost import sizes, timing
from measure.cost.timing.disassembly import Text, disassemble
from measure.cost.timing.memory import Memory
from measure.cost.timing.rows import Range
from measure.pages import text
from measure.run import qemu
from measure.run.counts import Profile, parse_profile
from model.errors import UserError
from target.description import load_target
from tests.probe import build, build_profiler


@dataclass(frozen=True)
class Kernel:
    """A program of assembly, and its cycles ``low nominal high`` or all three in one number."""

    source: str  # which lines of the core's document the sum is after
    assembly: str
    cycles: float | tuple[float, float, float]


def returned(low: float, nominal: float | None = None, high: float | None = None) -> tuple[float, float, float]:
    """With the BX LR of ARMv7-M behind it: Table 3-1, BX 1+P, from 2 to 4, nominal 3."""
    nominal = low if nominal is None else nominal
    return (low + 2, nominal + 3, (nominal if high is None else high) + 4)


# Cortex-M0: Arm DDI 0432C Table 3-1. BX 3.
M0 = {
    "alu more": Kernel("Table 3-1: Add, Subtract with carry, Negate, Compare, Logical, Shift, Extend, Reverse, NOP: 1",
                       "adcs r0, r1; sbcs r0, r1; rsbs r0, r0, #0; tst r0, r1; mvns r0, r0; uxth r0, r0; rev r0, r0; "
                       "cmn r0, r1; bics r0, r1; asrs r0, r0, #1; nop", 11 + 3),
    "widths": Kernel("Table 3-1: Load and Store of bytes and halfwords, immediate or register offset: 2",
                     "sub sp, #8; mov r2, sp; movs r1, #0; ldrsb r0, [r2, r1]; ldrsh r0, [r2, r1]; ldrb r0, [r2]; "
                     "ldrh r0, [r2]; strb r0, [r2]; strh r0, [r2, r1]; add sp, #8", 3 + 4 * 2 + 2 * 2 + 1 + 3),
    "block": Kernel("Table 3-1: Load, Store multiple 1+N", "mov r3, sp; subs r3, #16; stmia r3!, {r0, r1, r2}; "
                    "mov r3, sp; ldmia r3!, {r0, r1}", 2 + 4 + 1 + 3 + 3),
    "call register": Kernel("Table 3-1: BLX 3, BX 3 twice", "mov r3, lr; adr r2, 2f; adds r2, #1; blx r2; mov lr, r3; "
                            "bx lr; .balign 4; 2:", 3 + 3 + 3 + 1 + 3),
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
    "alu": Kernel("Table 3.1: Move, Shift, Extend, Multiply: 1", "movs r0, #1; lsls r0, #2; sxtb r1, r0; muls r0, r1",
                  4 + 2),
    "load": Kernel("LDR 2, STR 2", "ldr r0, [sp]; sub sp, #8; str r0, [sp]; add sp, #8", 2 + 1 + 2 + 1 + 2),
    "block": Kernel("Table 3.1: Load, Store multiple 1+N", "mov r3, sp; subs r3, #16; stmia r3!, {r0, r1, r2}; "
                    "mov r3, sp; ldmia r3!, {r0, r1}", 2 + 4 + 1 + 3 + 2),
    "call register": Kernel("Table 3.1: BLX 2, BX 2 twice", "mov r3, lr; adr r2, 2f; adds r2, #1; blx r2; mov lr, r3; "
                            "bx lr; .balign 4; 2:", 3 + 2 + 2 + 1 + 2),
    "loop": Kernel("B 2 taken, 1 not", "movs r0, #5; 1: subs r0, #1; bne 1b", 1 + 5 * 1 + 4 * 2 + 1 + 2),
    "return": Kernel("PUSH 1+N, POP with PC 3+N", "push {r4, lr}; pop {r4, pc}", 3 + 5),
    "call": Kernel("BL 3, MOV 1, BX 2 twice", "mov r3, lr; bl 2f; mov lr, r3; bx lr; 2:", 1 + 3 + 2 + 1 + 2),
}  # fmt: skip

# What Cortex-M3 (DDI 0337I) and M4 (100166_0001) share: Table 3-1, and 3.3.2 "Load/store timings".
# BX 1+P: 2 to 4, nominal 3.
V7 = {
    "call": Kernel("Table 3-1: BL 1+P, P from 1 to 3; BX 1+P", "mov r3, lr; bl 2f; mov lr, r3; bx lr; 2:",
                   returned(1 + 2 + 2 + 1, 1 + 2 + 3 + 1, 1 + 4 + 4 + 1)),
    "load and store": Kernel("3.3.2: LDR R0,[R1,R2]; STR R0,[R3,#20] normally three cycles",
                             "movs r2, #0; mov r1, sp; ldr r0, [r1, r2]; str r0, [sp, #-4]", returned(5, 5, 2 + 3 + 2)),
    "load and indexed store": Kernel("3.3.2: LDR R0,[R1,R2]; STR R1,[R3,R2] normally three cycles",
                                     "mvn r2, #3; mov r1, sp; ldr r0, [r1, r2]; str r0, [r1, r2]",
                                     returned(5, 5, 2 + 3 + 2)),
    "indexed store": Kernel("Table 3-1: STR 2; 3.3.2: only an immediate offset makes it 1",
                            "mvn r2, #3; mov r1, sp; str r0, [r1, r2]", returned(4, 4, 5)),
    "pair alone": Kernel("3.3.2: LDRD and STRD are pipelined with nothing: LDR 2, LDRD 3, LDR 2, STRD 3",
                         "ldr r0, [sp]; ldrd r2, r3, [sp]; ldr r1, [sp]; strd r2, r3, [sp, #-8]",
                         returned(10, 10, 3 + 3 + 3 + 3)),
    "block": Kernel("Table 3-1: LDM, STM 1+N", "mov r12, sp; ldm r12, {r0-r3}; sub r12, #16; stm r12!, {r0-r3}; "
                    "ldmdb r12, {r1, r2}", returned(1 + 5 + 1 + 5 + 3)),
    "return from a list": Kernel("Table 3-1: POP with PC 1+N+P", "push {r2, r3, r4, lr}; pop {r2, r3, r4, pc}",
                                 (5 + 6, 5 + 7, 5 + 8)),
    "it more": Kernel("Table 3-1: IT 1; may be folded, 0", "cmp r0, r0; itete eq; moveq r1, #1; movne r1, #2; "
                      "addeq.w r1, r1, #1; subne r1, #1", returned(5, 6)),
    "taken compare": Kernel("Table 3-1: CBNZ 1+P taken", "movs r0, #1; cbnz r0, 1f; nop; 1: nop",
                            returned(1 + 2 + 1, 1 + 2 + 1, 1 + 4 + 1)),
    "alu more": Kernel("Table 3-1: Move 16 bits, Logical, Shift, Bit field, Saturate, Reverse: 1",
                       "movw r0, #1; movt r0, #2; orn r0, r0, r1; eor r0, r0, r1, lsl #3; ror r0, r0, #4; "
                       "bfi r0, r1, #2, #3; sbfx r0, r0, #1, #4; usat r0, #8, r0; rbit r0, r0; uxth r0, r0; "
                       "teq r0, r1; sbcs r0, r1; nop",
                       returned(13)),
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
    "multiply more": Kernel("Table 3-1: MLS 2, SMULL 3 to 5, UMLAL 4 to 7",
                            "mls r0, r1, r2, r0; smull r0, r1, r2, r3; umlal r0, r1, r2, r3",
                            returned(2 + 3 + 4, 2 + 4 + 5.5, 2 + 5 + 7)),
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
    "smlad chain": Kernel("Table 3-2: SMLAD 1, also where each adds to the one before it",
                          "smlad r0, r1, r2, r0; smlad r0, r1, r3, r0; smladx r0, r1, r2, r0; smlsd r0, r1, r2, r0",
                          returned(4)),
    "smlal chain": Kernel("Table 3-1: SMLAL 1, also where each adds to the one before it; Table 3-2: SMLALD, SMLALBB 1",
                          "smlal r0, r1, r2, r3; smlal r0, r1, r3, r2; smlald r0, r1, r2, r3; smlalbb r0, r1, r2, r3",
                          returned(4)),
    "most significant": Kernel("Table 3-2: SMMLA, SMMUL and their rounding forms 1",
                               "smmlar r0, r1, r2, r0; smmulr r0, r1, r2; smmla r0, r1, r2, r0; smmls r0, r1, r2, r0",
                               returned(4)),
    "halfwords": Kernel("Table 3-2: SXTB16, QADD16, PKHBT, SMULWB, SMULBB, SMLABB, SSAT16, SXTAB16: 1",
                        "sxtb16 r0, r1; sxtb16 r0, r1, ror #8; qadd16 r0, r0, r1; pkhbt r0, r0, r1, lsl #16; "
                        "smulwb r0, r1, r2; smulbb r0, r1, r2; smlabb r0, r1, r2, r0; ssat16 r0, #8, r0; "
                        "sxtab16 r0, r1, r2",
                        returned(9)),
    "mac loop": Kernel("3.3.2 and Tables 3-1, 3-2: LDM 1+4, four SMLAD 1, SUBS 1, B 1+P taken",
                       "mov r12, sp; push {r4-r7}; movs r3, #3; 1: ldm r12, {r4-r7}; smlad r0, r4, r6, r0; "
                       "smlad r1, r4, r7, r1; smlad r0, r5, r6, r0; smlad r1, r5, r7, r1; subs r3, #1; bne 1b; "
                       "pop {r4-r7}",
                       returned(1 + 5 + 1 + 3 * 10 + 2 * 2 + 1 + 5, 1 + 5 + 1 + 3 * 10 + 2 * 3 + 1 + 5,
                                1 + 5 + 1 + 3 * 10 + 2 * 4 + 1 + 5)),
    "float": Kernel("7.2.3: VMOV 1, VADD 1, VMUL 1 and VDIV 14, each waiting 1 for the one before it, VCMP 1, VMRS 1",
                    "vmov.f32 s0, #1.0; vadd.f32 s1, s0, s0; vmul.f32 s2, s1, s0; vdiv.f32 s3, s2, s0; "
                    "vcmp.f32 s0, s1; vmrs APSR_nzcv, fpscr",
                    returned(1 + 1 + 2 + 2 + 1 + 1, 1 + 1 + 2 + 15 + 1 + 1)),
    "float more": Kernel("7.2.3: VDIV, VSQRT 14, VNEG, VABS, VCVT, VNMUL 1; 1 more if the next one needs the result",
                         "vmov.f32 s0, #1.0; vdiv.f32 s1, s0, s0; vadd.f32 s2, s1, s0; vsqrt.f32 s3, s2; "
                         "vneg.f32 s4, s3; vabs.f32 s5, s0; vcvt.s32.f32 s6, s0; vcvt.f32.s32 s7, s6; "
                         "vnmul.f32 s8, s0, s0",
                         returned(1 + 1 + 2 + 2 + 2 + 1 + 1 + 2 + 1, 1 + 14 + 2 + 15 + 2 + 1 + 1 + 2 + 1)),
    "float accumulate": Kernel("7.2.3: VFMA, VMLA 3; the addend may be the result just before, a factor waits 1",
                               "vfma.f32 s0, s1, s2; vfma.f32 s0, s1, s2; vmla.f32 s0, s1, s2; vadd.f32 s3, s0, s1; "
                               "vmul.f32 s4, s1, s2; vfma.f32 s0, s4, s1; vmul.f32 s5, s1, s2; vfms.f32 s5, s1, s2",
                               returned(3 + 3 + 3 + 2 + 1 + 4 + 1 + 3)),
    "float moves": Kernel("7.2.3: VMOV between float registers 1, with core registers 2; VMRS, VMSR 1",
                          "vmov s0, r0; vmov r0, s0; vmov.f32 s1, s0; vmov r0, r1, s0, s1; vmrs r2, fpscr; "
                          "vmsr fpscr, r2",
                          returned(3 * 1 + 1 + 2, 3 * 2 + 1 + 2)),
    "float if": Kernel("7.2.3, Table 3-1: a conditional VMOV 1, IT 1 or folded; vcmpe, vmrs 1",
                       "vcmpe.f32 s0, s0; vmrs APSR_nzcv, fpscr; it eq; vmoveq.f32 s1, s0", returned(3, 4)),
    "float memory": Kernel("7.2.3: VLDR, VSTR 2, of a double 3, VPUSH and VPOP 1+2N, VLDM, VSTM 1+N words",
                           "vldr s0, [sp]; vpush {d8, d9}; vpop {d8, d9}; mov r0, sp; vldmia r0!, {s1}; vldr d0, [sp]; "
                           "vstr s0, [sp, #-4]; sub r0, #16; vstmia r0, {s0, s1}",
                           returned(2 + 5 + 5 + 1 + 2 + 3 + 2 + 1 + 3)),
}  # fmt: skip

# Cortex-M33: LLVM's M4 model; `low` is half a cycle for a 16-bit instruction that takes one.
M33 = {
    name: M4[name] for name in ("smlad chain", "smlal chain", "most significant", "halfwords", "float accumulate")
} | {
    "halves": Kernel("16 bits: half a cycle at best", "adds r0, #1; adds r1, #1; add.w r2, r2, #1", returned(2, 3)),
    "select": Kernel("as the M4's VMOV: 1", "vseleq.f32 s0, s1, s2", returned(1)),
    "larger": Kernel("as the M4's VADD: 1", "vmaxnm.f32 s0, s1, s2; vminnm.f32 s3, s1, s2", returned(2)),
}

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
    "jump": Kernel("jump 2", "j 1f; nop; 1: nop", 2 + 1 + 2),
    "use": Kernel("a load's user waits 1", "lw t0, 0(sp); addi t0, t0, 1; lw t1, 0(sp); nop; addi t1, t1, 1", 6 + 2),
    "register": Kernel("JALR waits 1 for what the instruction before it makes", "mv t0, ra; jr t0", 1 + 1 + 2),
    "multiply": Kernel("MUL 1, MULH 5", "mul t0, t1, t2; mulh t0, t1, t2", 1 + 5 + 2),
    "divide": Kernel("3 to 35", "divu t0, t1, t2", (3 + 2, 19 + 2, 35 + 2)),
    "loop": Kernel("branch 3 taken, 1 not", RISCV_LOOP, 1 + 5 + 4 * 3 + 1 + 2),
    "memory": Kernel("load, store 1", "addi sp, sp, -16; sw t0, 0(sp); lb t1, 0(sp); addi sp, sp, 16", 4 + 2),
}

# SiFive E31: FE310-G000 Manual 3.2 and 3.3. A return is predicted: 1, or 3 more.
E31 = {
    "store, jump": Kernel("3.3: one a cycle; 3.2: a jump that is predicted has no penalty",
                          "addi sp, sp, -16; sw t0, 0(sp); j 1f; nop; 1: addi sp, sp, 16", (4 + 1, 4 + 1, 4 + 4)),
    "divide": Kernel("3.3: DIV has between a 2-cycle and 33-cycle result latency", "divu t0, t1, t2",
                     (2 + 1, 17 + 1, 33 + 4)),
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
    ("cortex-m33", "cortex-m33"): M33,
    ("rv32imc", "ibex"): IBEX,
    ("rv32imc", "cv32e40p"): CV32E40P,
    ("sifive-e31", "sifive-e31"): E31,
    ("rv32imc", "picorv32"): PICORV32,
}
CASES = [(target, core, name) for (target, core), kernels in PROGRAMS.items() for name in kernels]


# With flash_wait: what each program may wait for: lines of code of 32 and of 128 bits, the call and other jumps, and
# lines of constants; those of code again where they are read behind constants.
WORDS = {
    "code": ("movs r0, #1; movs r1, #2; movs r2, #3; movs r3, #4", (3, 1), 1, (0, 0), 0),  # the return is in the third
    "constant": ("ldr r0, 1f; bx lr; .balign 4; 1: .word 7", (1, 1), 1, (1, 1), 1),
    "constants": (
        "push {r4-r7}; adr r3, 1f; ldm r3!, {r4-r7}; pop {r4-r7}; bx lr; .balign 4; 1: .word 1, 2, 3, 4",
        (3, 1), 1, (4, 2), 1,
    ),
    "data in RAM": ("ldr r0, [sp]", (1, 1), 1, (0, 0), 0),
    "jumps": ("b 1f; nop; 1: nop; b 2f; nop; nop; 2: nop", (3, 3), 3, (0, 0), 0),  # to the second word, to the fourth
    # BL reaches into the second word, where the return goes again
    "wide": ("mov r3, lr; bl 1f; bx r3; 1:", (2 + 1 + 1, 1 + 1 + 1), 3, (0, 0), 0),
}  # fmt: skip
WAITS = {name: Kernel("", assembly, 0) for name, (assembly, *_) in WORDS.items()}


@functools.cache
def profiled(target: str, core: str) -> tuple[Profile, dict[int, Text], dict[str, range]]:
    """One firmware with all kernels of a core, run once: profile, disassembly, address ranges."""
    kernels = PROGRAMS.get((target, core), WAITS)
    arm = load_target(target).arch == "arm"
    text = "void probe_reset(probe_state *state) { state->sum = 0; state->calls = 0; }\n"
    for i, kernel in enumerate(kernels.values()):
        words = [*kernel.assembly.split(";"), "bx lr" if arm else "ret"]
        lines = "".join(f'"{line.strip()}\\n"' for line in ([".syntax unified", *words] if arm else words))
        text += f"void kernel{i}(void);\n__attribute__((naked, noinline, aligned(16))) void kernel{i}(void)\n"
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


def cycles_of(target: str, core: str, name: str, program: str = "", memory: Memory = timing.FAST) -> Range:
    """A kernel's cycles by the table of ``core``, one call; ``program`` names the firmware, if not as the core."""
    profile, code, ranges = profiled(target, program or core)
    inside = tuple(i for i in profile.instructions if i.address in ranges[name])
    total = Range(0, 0, 0)
    for cycles in timing.each(Profile(2, 0, 0, 0, 0, inside), code, timing.CORES[core], memory=memory):
        total += cycles
    return total * 0.5


@pytest.mark.parametrize(("target", "core", "name"), CASES)
def test_a_kernel_takes_what_the_manual_says(target: str, core: str, name: str) -> None:
    kernel = PROGRAMS[target, core][name]
    wanted = kernel.cycles if isinstance(kernel.cycles, tuple) else (kernel.cycles,) * 3
    assert cycles_of(target, core, name) == Range(*wanted), f"{timing.CORES[core].document}, {kernel.source}"


@pytest.mark.parametrize("name", WORDS)
def test_each_line_from_flash_may_wait(name: str) -> None:
    """The least is that of fast flash."""
    _, code, jumps, constants, again = WORDS[name]
    plain = cycles_of("cortex-m0", "cortex-m0", name, "waits")
    for wait, (nth, width) in product((1, 3), enumerate((32, 128))):
        data = constants[nth]
        for code_in, most in (("flash", code[nth] + jumps + data + nth * again), ("ram", data)):
            slow = cycles_of("cortex-m0", "cortex-m0", name, "waits", Memory(wait, width, code_in=code_in))
            assert slow == plain + Range(0, most * wait, most * wait), (width, code_in)


@pytest.mark.parametrize(("name", "hidden"), [
    # cycles of 3 that are hidden by the instructions since the line before came, with lines of 32 and 128 bits
    ("code", (2 + 2, 0)), ("constant", (0, 0)), ("data in RAM", (0, 0)), ("jumps", (0, 0)), ("wide", (1 + 0, 0)),
])  # fmt: skip
def test_a_prefetch_hides_what_ran_meanwhile(name: str, hidden: tuple[int, int]) -> None:
    for nth, width in enumerate((32, 128)):
        plain = cycles_of("cortex-m0", "cortex-m0", name, "waits", Memory(3, width))
        ahead = cycles_of("cortex-m0", "cortex-m0", name, "waits", Memory(3, width, prefetch=True))
        assert ahead == plain + Range(0, -hidden[nth], -hidden[nth]), width


def test_wait_states_are_told_and_refused_where_a_cache_hides_them() -> None:
    nop = {0x100: Text("nop", "", 2)}
    modelled = timing.model(ONE, nop, timing.CORES["cortex-m0"], memory=Memory(2))
    assert (modelled.low, modelled.nominal, modelled.high) == (1, 1 + 2 * 2, 1 + 2 * 2)  # the line, and the jump there
    assert modelled.evidence == "interval"
    said = "from none to 2 wait states for each 32-bit line, code and constants in flash"
    assert modelled.assumptions[0] == said
    wide = timing.model(ONE, nop, timing.CORES["cortex-m0"], memory=Memory(1, 128, code_in="ram"))
    assert wide.assumptions[0] == "from none to 1 wait state for each 128-bit line, constants in flash, code in RAM"
    assert timing.model(ONE, nop, timing.CORES["cortex-m0"]).assumptions[0] == "zero wait states"
    with pytest.raises(timing.NoTimingError, match="flash_wait=2 says nothing of sifive-e31, whose code runs from a c"):
        timing.model(ONE, nop, timing.CORES["sifive-e31"], memory=Memory(2))


ONE = parse_profile("calls 1\ninstructions 1 1 1\nstack 0\ninsn 0x100 4 1 0 0 0 0 0\n", "a profile")


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
    assert text.cycles({"cycles": modelled}) == "100 ±30% documented"
    assert text.cycles({"cycles": {**modelled, "low": 100, "high": 100}}) == "100 documented"
    assert text.cycles({"cycles": None}) == "-"


def test_vectors_of_helium_are_named(tmp_path: Path) -> None:
    """Not as those of a coprocessor."""
    lines = ("vldrb.s16 q0, [r0]", "vmladava.s8 r2, q0, q1", "vfma.f32 q0, q1, q2", "le lr, 1b")
    text = "\\n".join(["1:", *lines])
    body = f'__asm__ volatile("{text}" ::: "memory");'
    program = f"void probe_run(probe_state *s, const uint8_t *x, uint8_t *y) {{ (void)s; (void)x; (void)y; {body} }}"
    reset = "void probe_reset(probe_state *state) { state->sum = 0; }\n"
    target = load_target("cortex-m55")
    found = [each.mnemonic for each in disassemble(build(target, tmp_path, reset + program), target).values()]
    for line in lines:
        assert line.split()[0].replace("vmladava", "vmlava") in found
