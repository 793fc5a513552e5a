# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the core's own counter said of each call, with gdb=, and whether that can be believed.

The bench also counts a function that is nothing but its return and one of 2,000 instructions more, 996 turns of a loop
of two. From a call's count that of the empty one is taken, but for 1: its own return, which calls of the model have
too. The loop tells what the counter counts: an emulator's may follow instructions, or nothing that the core does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from measure.cost.timing import Cycles
from measure.evidence import EMULATED, INTERVAL, MEASURED
from measure.run.counts import Profile

INSTRUCTIONS = 2000  # CYCLE_SPIN_INSTRUCTIONS of boards/common/cycle_counter.h
TURNS = 996
SLOWEST = 100  # cycles a turn: of the slowest flash, without any cache
LOST = 0xFFFFFFFF  # CYCLE_COUNT_LOST
LONGEST = 1 << 28  # instructions of a call that 32 bits of cycles can count for sure
EMULATOR = "QEMU"
REFILLING = ("Cortex-M0", "Cortex-M23", "Cortex-M3", "Cortex-M4")  # cores, M33 too, whose taken branches cost cycles


def of(path: Path | None, profile: Profile | None, modelled: Cycles | None) -> tuple[dict[str, Any] | None, str]:
    """Of board.json: the counted calls, or why none; neither without gdb=."""
    if path is None:
        return None, ""
    read = json.loads(path.read_text(encoding="utf-8"))
    if read is None:
        return None, "the firmware did not run on the board"
    if wrong := _unbelievable(read, profile):
        return None, wrong
    overhead = read["empty"] - 1
    calls = sorted(count - overhead for count in read["calls"])
    emulated = read["server"] == EMULATOR
    median = calls[len(calls) // 2]
    compared = modelled is not None and not emulated and modelled.evidence != INTERVAL
    return {
        "server": read["server"],
        "core": read["core"],
        "counter": read["counter"],
        "counts": "instructions" if emulated else "cycles",
        "evidence": EMULATED if emulated else MEASURED,
        "calls": len(calls),
        "minimum": calls[0],
        "median": median,
        "maximum": calls[-1],
        "overhead": overhead,
        "difference": round(median / modelled.nominal - 1, 6) if modelled and compared else None,
    }, ""


def _unbelievable(read: dict[str, Any], profile: Profile | None) -> str:
    """Why the counter's figures are none of the core's; empty when they are."""
    counter, spun = read["counter"], read["spin"] - read["empty"]
    if counter == "none":
        return f"no counter of the {read['core']} moves{_again(read)}"
    if LOST in (read["empty"], read["spin"], *read["calls"]):
        return f"{counter} has 24 bits, and a call takes more cycles than it can count"
    if read["server"] == EMULATOR and spun != INSTRUCTIONS:
        return f"{counter} counted {spun:,} in {INSTRUCTIONS:,} instructions of {EMULATOR}{_again(read)}"
    if not TURNS <= spun <= SLOWEST * TURNS:
        return f"{counter} counted {spun:,} in {TURNS} turns of a loop, which no core does: it counts something else"
    if read["server"] != EMULATOR and spun <= INSTRUCTIONS and read["core"].startswith(REFILLING):
        few = f"{INSTRUCTIONS:,} instructions, too few for a {read['core']}"
        return f"{counter} counted {spun:,} in {few}: an emulator's?"
    if not 0 < read["empty"] <= min(read["calls"]):
        return f"{counter} counted less around a call of the model than around an empty one, or nothing around that"
    if profile is None:
        return ""
    if profile.most > LONGEST:
        return f"{counter} is read as 32 bits, and a call of {profile.most:,} instructions may take more cycles"
    if 2 * (min(read["calls"]) - read["empty"] + 1) < profile.least:
        return f"{counter} counted fewer cycles than half the instructions of a call, which no core does"
    return ""


def _again(read: dict[str, Any]) -> str:
    """What to do, of an emulator."""
    if read["server"] != EMULATOR:
        return ""
    return f": {EMULATOR} has no cycles; of a RISC-V it counts instructions, when started with -icount shift=0"
