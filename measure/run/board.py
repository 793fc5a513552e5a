# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a bench firmware on what a GDB server has, a board above all, and read the core's counter around each call.

GDB does it, by measure/run/in_gdb.py: it loads the ELF, runs it, and reads and writes the files that it asks for. The
only text of the user's that reaches GDB is the server's address, which ``address`` checks.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measure.run import qemu
from measure.run.server import GDB, address, find_gdb
from model.errors import UserError
from target import cores
from target.description import Target

SCRIPT = Path(__file__).with_name("in_gdb.py")
COUNTERS = ("none", "DWT CYCCNT", "SysTick", "mcycle")  # enum cycle_counter of boards/common/cycle_counter.h
LOST = "the connection was lost"  # as in_gdb.py says it
DOING = {"core": "before it told what core it has", "load": "while it was loaded", "run": "while it ran"}
HEAD = 3  # words of cycles.bin before those of calls


@dataclass(frozen=True)
class Readings:
    """What the core's counter said."""

    server: str  # QEMU, OpenOCD and its version, or GDB server
    core: str  # as the core says itself
    counter: str  # of COUNTERS
    empty: int  # counted around a function that is nothing but its return
    spin: int  # around one of 2,000 instructions more, 996 turns of a loop
    calls: tuple[int, ...]  # around each call of the model; 2**32 - 1: lost


@dataclass(frozen=True)
class Run:
    """The result of a run over N samples."""

    outputs: NDArray[Any]  # (N, *output_shape), the model's own output type
    bench: str  # bench.txt as the firmware wrote it: key=value lines
    readings: Readings


def run(
    target: Target,
    elf: Path,
    inputs: NDArray[Any],
    *,
    server: str,
    output_dtype: str,
    output_shape: tuple[int, ...],
    timeout: float = 120.0,
) -> Run:
    """Load ``elf`` and run it on every sample of ``inputs`` (N, …), already in the device's type.

    ``timeout``: seconds that the board may be silent. UserError for everything that goes wrong.
    """
    program, where = find_gdb(), address(server)
    firmware = qemu.read_firmware(elf, target)
    if reason := qemu.too_large(target, firmware):
        raise UserError(f"{elf} is not for the board at {where}: it {reason}")
    with tempfile.TemporaryDirectory(prefix="lstmcu-") as name:
        directory = Path(name)
        shutil.copyfile(elf, directory / "bench.elf")
        qemu.little_endian(inputs).tofile(directory / "inputs.bin")
        (directory / "ask.json").write_text(json.dumps(_ask(target, firmware, where)))
        _execute(program, directory, where, timeout)
        told = _told(directory, where)
        if told["step"] or told["code"] != 0:
            raise UserError(_failure(target, elf, where, told))
        if not told["reset"]:
            text = (
                f"the server at {where} did not reset the board: clock and caches are as what ran before has left them"
            )
            print(f"lstmcu: warning: {text}", file=sys.stderr)
        outputs = qemu.read_outputs(directory / "outputs.bin", elf, len(inputs), output_dtype, output_shape)
        bench = directory / "bench.txt"
        if not bench.is_file():
            raise UserError(f"{elf} ended without writing bench.txt: firmware and lstmcu do not match, rebuild it")
        readings = _readings(directory / "cycles.bin", elf, told, len(inputs))
        return Run(outputs, bench.read_text(encoding="utf-8"), readings)


def _ask(target: Target, firmware: qemu.Firmware, where: str) -> dict[str, Any]:
    """Of in_gdb.py: the checked address, and numbers."""
    return {
        "server": where,
        "arch": target.arch,
        "architecture": "arm" if target.arch == "arm" else "riscv:rv" + target.isa[2:4],
        "word": 8 if target.isa.startswith("rv64") else 4,
        "host_call": firmware.address("semihosting_call") & ~1,  # an Arm function's symbol carries the Thumb bit
        "entry": firmware.address("reset") & ~1,
        "stack_top": firmware.address("__stack_top"),
        "ram_ends": [target.ram.origin, firmware.address("__stack_top") - 4],
        "vectors": target.flash.origin,
        "has_vtor": not target.isa.startswith("armv6"),
        "other_parts": cores.other_parts(target) if target.arch == "arm" else [],
        "stand_ins": cores.stand_ins(target) if target.arch == "arm" else [],
        "units": cores.units(target),
        "misa": cores.misa(target),
    }


def _execute(program: str, directory: Path, where: str, timeout: float) -> None:
    """GDB, until it ends or says nothing for ``timeout`` seconds; it says something whenever the board does."""
    words = [program, "-nx", "-q", "-batch", "-x", str(SCRIPT.resolve())]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    with subprocess.Popen(
        words, cwd=directory, env={**kept, "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        last = time.monotonic()
        try:
            while True:
                ready, _, _ = select.select([process.stdout], [], [], max(0.0, last + timeout - time.monotonic()))
                if not ready:
                    raise UserError(
                        f"the board at {where} was silent for {timeout:g} s and was left: it hangs, or needs a higher "
                        "timeout="
                    )
                if not os.read(process.stdout.fileno(), 65536):
                    return
                last = time.monotonic()
        finally:
            process.kill()


def _told(directory: Path, where: str) -> dict[str, Any]:
    """What in_gdb.py told."""
    path = directory / "told.json"
    if not path.is_file():
        raise UserError(f"{GDB} ended without a word on the board at {where}: does it have Python? Debian's does")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _failure(target: Target, elf: Path, where: str, told: dict[str, Any]) -> str:
    """The sentence, and below it what the firmware printed."""
    reason = " ".join(str(told.get("error", "")).split()).rstrip(".")
    core = cores.name(told["architecture"], told["core"])
    if told["step"] == "connect":
        return f"cannot connect to the GDB server at {where} ({reason}): is it running, and the board plugged in?"
    if reason == LOST:
        when = DOING[told["step"]]
        return f"the GDB server at {where} closed the connection {when}: is the board still there?{_said(told)}"
    if told["step"] == "core" and reason == "another core":
        return f"the board at {where} has {core}, and {target.name} is built for {target.isa}: say its target="
    if told["step"] == "load":
        return (
            f"the board at {where} does not take the firmware ({reason}): its memory is not where {target.file.name} "
            "says, is smaller, or is locked"
        )
    if told["step"]:
        return f"{elf} failed on the board at {where} ({reason}){_said(told)}"
    return f"{elf} failed on the board at {where} (exit code {told['code']}){_said(told) or ' and said nothing'}"


def _said(told: dict[str, Any]) -> str:
    """What the firmware printed, as the end of a sentence."""
    said = str(told["said"]).strip()
    return f" and said:\n{said}" if said else ""


def _readings(path: Path, elf: Path, told: dict[str, Any], samples: int) -> Readings:
    """Of cycles.bin, as many calls for each sample, and what GDB has learnt."""
    data = path.read_bytes() if path.is_file() else b""
    words = np.frombuffer(data[: len(data) // 4 * 4], "<u4").tolist()
    if len(words) <= HEAD or (len(words) - HEAD) % samples or len(data) % 4 or words[0] >= len(COUNTERS):
        raise UserError(f"{elf} wrote no whole cycles.bin: firmware and lstmcu do not match, rebuild it")
    core = cores.name(told["architecture"], told["core"])
    return Readings(told["server"], core, COUNTERS[words[0]], words[1], words[2], tuple(words[HEAD:]))
