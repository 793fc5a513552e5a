# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Cortex-M: tables, and how objdump's mnemonics map to their rows.

P, the refill of the pipeline after a jump, is 1 to 3 cycles in Arm's tables of the M3 and M4. Nominal: 1, and 1 more
where the target is a 32-bit instruction that crosses a word; 2 for a jump to a register's or loaded address, which
cannot be foreseen.
"""

from __future__ import annotations

import re

from measure.cost.timing.rows import (
    NO_WAIT,
    ONE,
    Core,
    Fixed,
    Jump,
    Range,
    Row,
    Several,
    Single,
    Transfer,
    exactly,
)
from measure.evidence import DOCUMENTED, ONE_SOURCE

CONDITIONS = (
    "eq", "ne", "cs", "hs", "cc", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al",
)  # fmt: skip


def find(core: Core, mnemonic: str) -> tuple[Row, bool] | None:
    """``movsne.w`` is a conditional ``mov``; ``vsubmi.f32`` a conditional ``vsub``; ``itte`` an ``it``."""
    name, _, kind = mnemonic.partition(".")
    if re.fullmatch(r"it[te]{0,3}", name):
        name = "it"
    plain = name[:-2] if name[-2:] in CONDITIONS else ""
    names = ((name, False), (plain, True), (_flagless(name), False), (_flagless(plain), True))
    row, conditional = next(((core.by_mnemonic[n], c) for n, c in names if n in core.by_mnemonic), (None, False))
    return None if row is None or "f64" in kind else (row, conditional)


def _flagless(name: str) -> str:
    """``adds`` to ``add``; nothing where there is no S."""
    return name[:-1] if name.endswith("s") else ""


ALU = (
    "mov movw movt add addw adr adc sub subw sbc rsb neg cmp cmn and eor orr orn bic mvn tst teq lsl lsr asr ror rrx "
    "sxtb sxth uxtb uxth rev rev16 revsh nop"
)
V7_ALU = f"{ALU} clz ubfx sbfx bfi bfc ssat usat rbit"
LOADS, STORES = "ldr ldrb ldrh ldrsb ldrsh", "str strb strh"
MULTIPLE = "ldm ldmia ldmdb ldmea ldmfd pop"
STORE_MULTIPLE = "stm stmia stmdb stmea stmfd push"
DSP = (
    "smlabb smlabt smlatb smlatt smulbb smulbt smultb smultt smlawb smlawt smulwb smulwt smlad smladx smlsd smlsdx "
    "smuad smuadx smusd smusdx smlalbb smlalbt smlaltb smlaltt smlald smlaldx smlsld smmla smmlar smmls smmul smmulr "
    "qadd qsub qdadd qdsub qadd8 qadd16 qsub8 qsub16 sadd8 sadd16 ssub8 ssub16 uadd8 uadd16 usub8 usub16 sel usad8 "
    "usada8 pkhbt pkhtb sxtb16 uxtb16 sxtab sxtah sxtab16 uxtab uxtah uxtab16 ssat16 usat16"
)
P_DIRECT, P_REGISTER = Range(1, 1, 3), Range(1, 2, 3)


def _v6(branch: int, link: int, register: int, link_register: int, pop: int, table: str) -> tuple[Row, ...]:
    """The ARMv6-M tables; ``pop`` is what POP with PC takes besides one for each register."""
    return (
        Row(ALU, Fixed(ONE), f"{table}: Move, Add, Subtract, Compare, Logical, Shift, Rotate, Extend, Reverse"),
        Row("mul", Fixed(ONE), f"{table}: Multiply, 1 or 32; the fast multiplier"),
        Row(LOADS, Fixed(exactly(2)), f"{table}: Load"),
        Row(STORES, Fixed(exactly(2)), f"{table}: Store"),
        Row(MULTIPLE, Several(1, exactly(pop - 1)), f"{table}: Load multiple 1+N, Pop 1+N, Pop with return {pop}+N"),
        Row(STORE_MULTIPLE, Several(1), f"{table}: Store multiple, Push 1+N"),
        Row("b", Jump(exactly(branch)), f"{table}: Branch"),
        Row("bl", Jump(exactly(link)), f"{table}: Branch with link"),
        Row("bx", Jump(exactly(register)), f"{table}: Branch with exchange"),
        Row("blx", Jump(exactly(link_register)), f"{table}: Branch with link and exchange"),
    )


def _v7(table: str, timings: str, multiply: tuple[Row, ...], *, update_overlaps: bool) -> tuple[Row, ...]:
    """What the tables of the M3 and the M4 have in common. N: registers; P: refill."""
    register_jump = Jump(ONE + P_REGISTER)
    pair = f"{table}: 2; {timings}: overlapped behind a load"
    return (
        Row(V7_ALU, Fixed(ONE), f"{table}: Move to Saturate, Bit field, Extend, Reverse"),
        *multiply,
        Row("sdiv udiv", Fixed(Range(2, 7, 12)), f"{table}: Divide 2 to 12"),
        Row(
            LOADS,
            # high: an address made by the instruction just before stalls one cycle
            Single(Range(2, 2, 3), Range(1, 1, 2), P_REGISTER, update_overlaps=update_overlaps),
            pair,
            overlappable=True,
        ),
        Row(
            STORES,
            Single(Range(1, 1, 2), Range(1, 1, 2), indexed=ONE),
            f"{timings}: STR with an immediate offset 1, with a register 2, overlapped behind a load",
        ),
        Row("ldrd strd", Fixed(exactly(3)), f"{table}: 1+N"),
        Row(MULTIPLE, Several(1, P_REGISTER), f"{table}: LDM, POP 1+N, with PC 1+N+P"),
        Row(STORE_MULTIPLE, Several(1), f"{table}: STM, PUSH 1+N"),
        Row("b cbz cbnz", Jump(ONE + P_DIRECT), f"{table}: 1 or 1+P"),
        Row("bl", Jump(ONE + P_DIRECT), f"{table}: 1+P"),
        Row("bx blx", register_jump, f"{table}: 1+P"),
        Row("tbb tbh", Jump(exactly(2) + P_REGISTER), f"{table}: 2+P"),
        Row("it", Fixed(Range(0, 1, 1)), f"{table}: 1, may be folded"),
    )


FPU = "7.2.3 Table 7-1"
FPU_ROWS = (
    Row("vadd vsub vmul vneg vabs vcvt vcvtr vnmul", Fixed(ONE), f"{FPU}; 1 more if the next one needs it", latency=2),
    Row(
        "vmla vmls vnmla vnmls vfma vfms vfnma vfnms",
        Fixed(exactly(3)),
        f"{FPU}: 3; 1 more as above; the addend may come a cycle later",
        latency=2,
        accumulates=True,
    ),
    Row("vdiv vsqrt", Fixed(Range(1, 14, 14)), f"{FPU}: 14; integer instructions may overlap; as above", latency=2),
    Row("vcmp vcmpe vmrs vmsr", Fixed(ONE), FPU),
    Row("vmov", Transfer(ONE, Range(1, 2, 2)), f"{FPU}: 1; to and from core registers 2"),
    Row("vldr vstr vldmia vldmdb vstmia vstmdb vpush vpop", Several(1), f"{FPU}: 1+N words"),
)

M3_MULTIPLY = (
    Row("mul", Fixed(ONE), "Table 3-1: Multiply 1"),
    Row("mla mls", Fixed(exactly(2)), "Table 3-1: Multiply 2"),
    Row("smull umull", Fixed(Range(3, 4, 5)), "Table 3-1: Multiply long 3 to 5"),
    Row("smlal umlal", Fixed(Range(4, 5.5, 7)), "Table 3-1: Multiply long and accumulate 4 to 7"),
)
M4_MULTIPLY = (
    Row("mul mla mls smull umull smlal umlal umaal", Fixed(ONE), "3.3.1 Table 3-1: Multiply 1"),
    Row(DSP, Fixed(ONE), "3.3.1 Table 3-2 (DSP): 1"),
)
M4_ROWS = (*_v7("3.3.1 Table 3-1", "3.3.2", M4_MULTIPLY, update_overlaps=True), *FPU_ROWS)
M33_ROWS = (*M4_ROWS, Row("vsel vmaxnm vminnm", Fixed(ONE), "as the M4's VMOV and VADD"))

MEMORY = (NO_WAIT, "no cache", "no interrupts")
V6_ASSUMPTIONS = (*MEMORY, "single-cycle multiplier")

CORES = (
    Core(
        "cortex-m0", "arm", DOCUMENTED, "Arm DDI 0432C, Cortex-M0 TRM", _v6(3, 4, 3, 3, 4, "3.3 Table 3-1"), find,
        V6_ASSUMPTIONS,
    ),
    Core(
        "cortex-m0plus", "arm", DOCUMENTED, "Arm DDI 0484C, Cortex-M0+ TRM", _v6(2, 3, 2, 2, 3, "3.3 Table 3.1"), find,
        (*V6_ASSUMPTIONS, "data not behind the single-cycle I/O port"),
    ),
    Core(
        "cortex-m3", "arm", DOCUMENTED, "Arm DDI 0337I, Cortex-M3 TRM",
        _v7("Table 3-1", "Load/store timings", M3_MULTIPLY, update_overlaps=False), find, MEMORY,
        crossing=Range(0, 1, 0),
    ),
    Core(
        "cortex-m4", "arm", DOCUMENTED, "Arm 100166_0001, Cortex-M4 TRM", M4_ROWS, find, MEMORY,
        crossing=Range(0, 1, 0),
    ),
    Core(
        "cortex-m33", "arm", ONE_SOURCE, "LLVM's ARM.td, which schedules the M33 by the M4's model", M33_ROWS, find,
        MEMORY, crossing=Range(0, 1, 0), halves=True,
    ),
)  # fmt: skip
