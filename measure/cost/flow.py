# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What an instruction does to the stack pointer and to the program counter, as the disassembly spells it.

Whatever writes the stack pointer in a way not known here gets ``grows=None``, so that nothing is proved from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from measure.cost.timing.disassembly import Text


class Kind(Enum):
    """Where execution goes on."""

    NEXT = auto()  # right behind the instruction
    BRANCH = auto()  # there, or at the target
    JUMP = auto()  # at the target
    CALL = auto()  # at the target, and then right behind
    RETURN = auto()
    TABLE = auto()  # at an address from a table of the same function
    COMPUTED = auto()  # at an address in a register
    INDIRECT = auto()  # there, and then right behind
    STOP = auto()  # nowhere


@dataclass(frozen=True)
class Flow:
    """``grows``: bytes by which the stack gets deeper; ``link``: the register a call leaves its way back in."""

    kind: Kind = Kind.NEXT
    grows: int | None = 0
    target: int = 0
    link: str = ""
    conditional: bool = False  # or it goes on right behind, with nothing done


STOPS = ("udf", "bkpt", "ebreak", "c.ebreak", "unimp", "c.unimp")
_CONDITION = "(?P<if>eq|ne|cs|cc|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?"
_ARM = re.compile(rf"(?P<name>push|pop|ldm\w*?|stm\w*?|ldr|mov|add|bx|blx|bl|b){_CONDITION}(?:\.[nw])?")
_ARM_LOOP = re.compile(r"cbn?z|le(tp)?|wls(tp\.\d+)?")
_IMMEDIATE = re.compile(r"(?:sp, )?sp, #(\d+)|sp, #(\d+)")
_BEFORE, _BEHIND = re.compile(r"\[sp, #(-?\d+)\]!"), re.compile(r"\[sp\], #(-?\d+)")
_READS_FIRST = ("cmp", "cmn", "tst", "teq", "str", "stm", "ldm", "vst", "vld", "push", "pop")
_HEX = re.compile(r"(?:0x)?([0-9a-f]+)$")


def arm(text: Text) -> Flow | None:
    """Of one Thumb instruction; None for data."""
    if text.mnemonic.startswith("."):
        return None
    grows = _arm_stack(text)
    first, _, rest = (part.strip() for part in text.operands.partition(","))
    if _ARM_LOOP.fullmatch(text.mnemonic):
        return Flow(Kind.BRANCH, target=_target(text))
    if text.mnemonic in ("tbb", "tbh"):
        return Flow(Kind.TABLE)
    if text.mnemonic in STOPS:
        return Flow(Kind.STOP)
    found = _ARM.fullmatch(text.mnemonic)
    if not found:
        return Flow(grows=grows)
    name, maybe = found["name"], bool(found["if"])
    if name == "b":
        return Flow(Kind.BRANCH if maybe else Kind.JUMP, target=_target(text))
    if name in ("bl", "blx"):
        direct = _HEX.match(text.operands) and not first.startswith(("r", "fp", "ip"))
        return Flow(Kind.CALL, target=_target(text), link="lr") if direct else Flow(Kind.INDIRECT)
    if name == "bx":
        return Flow(Kind.RETURN if first == "lr" else Kind.COMPUTED, conditional=maybe)
    if re.search(r"\bpc\}", text.operands) or (name == "ldr" and first == "pc" and "[sp]" in rest):
        return Flow(Kind.RETURN, grows, conditional=maybe)
    if first == "pc":
        return Flow(Kind.RETURN if (name, rest) == ("mov", "lr") else Kind.TABLE, grows, conditional=maybe)
    return Flow(grows=grows)


def _arm_stack(text: Text) -> int | None:
    name, operands = text.mnemonic, text.operands
    first = operands.partition(",")[0].strip()
    if name.startswith(("push", "vpush")):
        return _registers(operands)
    if name.startswith(("pop", "vpop")):
        return -_registers(operands)
    if first == "sp!":
        down = re.match(r"v?stm(db|fd)", name)
        up = re.match(r"v?ldm(ia|fd)?", name)
        return _registers(operands) if down else -_registers(operands) if up else None
    moved = _BEFORE.search(operands) or _BEHIND.search(operands)
    if moved:
        return -int(moved[1])
    if first == "sp" and not name.startswith(_READS_FIRST):
        constant = _IMMEDIATE.fullmatch(operands)
        if constant and re.match(r"(add|sub)w?(\.w)?$", name):
            bytes_ = int(constant[1] or constant[2])
            return bytes_ if name.startswith("sub") else -bytes_
        return None
    return 0


def _registers(operands: str) -> int:
    """Bytes of the registers in a list: ``{r4-r7, lr}`` 20, ``{d8-d9}`` 16."""
    total = 0
    for part in operands[operands.index("{") + 1 : operands.index("}")].split(","):
        low, _, high = part.strip().partition("-")
        count = int(high[1:]) - int(low[1:]) + 1 if high else 1
        total += count * (8 if low.startswith("d") else 4)
    return total


RISCV_BRANCHES = ("beq", "bne", "blt", "bge", "bltu", "bgeu", "c.beqz", "c.bnez")
RISCV_READS_FIRST = ("sb", "sh", "sw", "sd", "fsw", "fsd", "c.sw", "c.sd", "c.fs", *RISCV_BRANCHES)
_OFFSET = re.compile(r"(?:(x\d+),)?(?:(-?\d+)\()?(x\d+)\)?$")


def riscv(text: Text, before: Text | None, address: int) -> Flow | None:
    """Of one instruction; ``before`` is the one before it, which may hold the upper part of a target.

    None for data.
    """
    name, operands = text.mnemonic, text.operands
    if name in STOPS:
        return Flow(Kind.STOP)
    if name == ".2byte":
        return _riscv_compressed(int(operands, 0), address)
    if name in RISCV_BRANCHES:
        return Flow(Kind.BRANCH, target=_target(text))
    if name in ("c.j", "c.jal", "jal"):
        link = operands.partition(",")[0] if name == "jal" else "x1" if name == "c.jal" else "x0"
        target = _target(text)
        return Flow(Kind.JUMP, target=target) if link == "x0" else Flow(Kind.CALL, target=target, link=link)
    if name in ("c.jr", "c.jalr", "jalr"):
        return _riscv_register(name, operands, before, address)
    if name.startswith("."):
        return None
    grows: int | None = 0
    if operands.partition(",")[0] == "x2" and not name.startswith(RISCV_READS_FIRST):
        constant = re.fullmatch(r"x2,(?:x2,)?(-?\d+)", operands)
        grows = -int(constant[1]) if constant and name in ("addi", "c.addi", "c.addi16sp") else None
    return Flow(grows=grows)


def _riscv_register(name: str, operands: str, before: Text | None, address: int) -> Flow:
    found = _OFFSET.match(operands)
    assert found, f"{name} {operands}"
    link = found[1] or ("x1" if name == "c.jalr" else "x0")
    upper = before.operands.split(",") if before and before.mnemonic == "auipc" else ["", ""]
    if upper[0] == found[3]:  # auipc and jalr: the linker did not make it shorter
        target = (address - 4 + (int(upper[1], 0) << 12) + int(found[2] or 0)) & 0xFFFFFFFF
        return Flow(Kind.JUMP, target=target) if link == "x0" else Flow(Kind.CALL, target=target, link=link)
    return Flow(Kind.COMPUTED, link=found[3]) if link == "x0" else Flow(Kind.INDIRECT)


def _riscv_compressed(word: int, address: int) -> Flow | None:
    """c.j and c.jal in code whose author did not ask for compressed instructions: lld shortens its calls all the same,
    and objdump believes the author."""
    if word & 3 != 1 or word >> 13 not in (0b001, 0b101):
        return None
    places = (11, 4, 9, 8, 10, 6, 7, 3, 2, 1, 5)  # of the bits 12 .. 2 in the offset
    offset = sum((word >> (12 - i) & 1) << place for i, place in enumerate(places))
    target = address + offset - (1 << 12 if offset >> 11 else 0)
    return Flow(Kind.CALL, target=target, link="x1") if word >> 13 == 1 else Flow(Kind.JUMP, target=target)


def _target(text: Text) -> int:
    found = _HEX.search(text.operands.rpartition(",")[2].strip())
    return int(found[1], 16) if found else 0
