# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""RISC-V cores: tables, and how objdump's mnemonics (``-M no-aliases``) map to their rows."""

from __future__ import annotations

from measure.cost.timing.rows import (
    NO_WAIT,
    ONE,
    Core,
    Fixed,
    Jump,
    Predicted,
    Range,
    Row,
    exactly,
)
from measure.evidence import DOCUMENTED, RTL_EXACT


def find(core: Core, mnemonic: str) -> tuple[Row, bool] | None:
    """A compressed instruction costs what the one it stands for does."""
    row = core.by_mnemonic.get(mnemonic.removeprefix("c."))
    return None if row is None else (row, False)


def find_uncompressed(core: Core, mnemonic: str) -> tuple[Row, bool] | None:
    """For a core without compressed instructions."""
    row = core.by_mnemonic.get(mnemonic)
    return None if row is None else (row, False)


SHIFTS = "sll srl sra slli srli srai"
NO_SHIFT = "add sub and or xor slt sltu addi andi ori xori slti sltiu lui auipc li mv nop addi16sp addi4spn"
INTEGER = f"{NO_SHIFT} {SHIFTS}"
LOADS, STORES = "lw lh lhu lb lbu lwsp", "sw sh sb swsp"
BRANCHES = "beq bne blt bge bltu bgeu beqz bnez"
HIGH, DIVIDE = "mulh mulhu mulhsu", "div divu rem remu"
MEMORY = (NO_WAIT, "no cache", "no interrupts")

IBEX = "Pipeline Details, stalls + 1"
CV32E40P = "Pipeline Details, cycle counts per instruction type"
PICORV32 = "Cycles per Instruction Performance"
E31 = "3.3 Execution Pipeline"

CORES = (
    Core(
        "ibex", "riscv", RTL_EXACT, 'Ibex Reference Guide; configuration "small"',
        (
            Row(INTEGER, Fixed(ONE), f"{IBEX}: Integer Computational"),
            Row(f"{LOADS} {STORES}", Fixed(exactly(2)), f"{IBEX}: Load/Store"),
            Row("mul", Fixed(exactly(3)), f"{IBEX}: Multiplication, Fast Multi-Cycle"),
            Row(HIGH, Fixed(exactly(4)), f"{IBEX}: Multiplication, Fast Multi-Cycle"),
            Row(DIVIDE, Fixed(Range(2, 38, 38)), f"{IBEX}: Division/Remainder; 2 by zero"),
            Row("jal jalr j jr", Jump(exactly(2)), f"{IBEX}: Jump"),
            Row(BRANCHES, Jump(exactly(3)), f"{IBEX}: Branch, without Branch Target ALU"),
        ),
        find, MEMORY, crossing=ONE,
    ),
    Core(
        "cv32e40p", "riscv", RTL_EXACT, "CV32E40P User Manual",
        (
            Row(INTEGER, Fixed(ONE), f"{CV32E40P}: Integer Computational"),
            Row(LOADS, Fixed(ONE), f"{CV32E40P}: Load/Store; Hazards: a load's user waits a cycle", latency=2),
            Row(STORES, Fixed(ONE), f"{CV32E40P}: Load/Store"),
            Row("mul", Fixed(ONE), f"{CV32E40P}: Multiplication"),
            Row(HIGH, Fixed(exactly(5)), f"{CV32E40P}: Multiplication"),
            Row(DIVIDE, Fixed(Range(3, 19, 35)), f"{CV32E40P}: Division/Remainder 3 to 35"),
            Row("jal j", Jump(exactly(2)), f"{CV32E40P}: Jump"),
            Row("jalr jr", Jump(exactly(2)), f"{CV32E40P}: Jump; Hazards: waits for its register", early=1),
            Row(BRANCHES, Jump(exactly(3)), f"{CV32E40P}: Branch"),
        ),
        find, MEMORY, crossing=ONE,
    ),
    Core(
        "picorv32", "riscv", DOCUMENTED, "PicoRV32 README; two-stage shifts, dual-port registers",
        (
            Row(NO_SHIFT, Fixed(exactly(3)), f"{PICORV32}: ALU reg + immediate, ALU reg + reg"),
            Row(SHIFTS, Fixed(Range(4, 9, 14)), f"{PICORV32}: Shift operations 4 to 14"),
            Row(f"{LOADS} {STORES}", Fixed(exactly(5)), f"{PICORV32}: Memory load, Memory store"),
            Row("mul", Fixed(exactly(40)), f"{PICORV32}: ENABLE_MUL, MUL"),
            Row(HIGH, Fixed(exactly(72)), f"{PICORV32}: ENABLE_MUL, MULH"),
            Row(DIVIDE, Fixed(exactly(40)), f"{PICORV32}: ENABLE_DIV"),
            Row("jal", Jump(exactly(3)), f"{PICORV32}: Direct jump"),
            Row("jalr", Jump(exactly(6)), f"{PICORV32}: Indirect jump"),
            Row(BRANCHES, Jump(exactly(5), exactly(3)), f"{PICORV32}: Branch taken, not taken"),
        ),
        find_uncompressed, MEMORY,
    ),
    Core(
        "sifive-e31", "riscv", DOCUMENTED, "SiFive FE310-G000 Manual",
        (
            Row(INTEGER, Fixed(ONE), f"{E31}: one per cycle"),
            Row("lw lwsp", Fixed(ONE), f"{E31}: two-cycle result latency", latency=2),
            Row("lh lhu lb lbu", Fixed(ONE), f"{E31}: three-cycle result latency", latency=3),
            Row(STORES, Fixed(ONE), f"{E31}: one per cycle"),
            Row(f"mul {HIGH}", Fixed(ONE), f"{E31}: 5-cycle result latency, one at a time", latency=5, unit="mul"),
            Row(DIVIDE, Fixed(Range(2, 17, 33)), f"{E31}: 2-cycle to 33-cycle result latency"),
            Row("jal j", Jump(ONE), "3.2 Instruction Fetch Unit: predicted"),
            Row("jalr jr", Jump(Range(1, 1, 4)), "3.2 Instruction Fetch Unit: return-address stack"),
            Row(BRANCHES, Predicted(3), "3.2 Instruction Fetch Unit: three cycles for a misprediction"),
        ),
        find, ("code hits the instruction cache", "data in the DTIM", "no interrupts"), cached=True,
    ),
)  # fmt: skip
