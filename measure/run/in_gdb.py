# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What GDB does for measure.run.board, in its own Python: connect, load, run, and serve the firmware's files.

It works in the folder of one run and imports nothing of the project. ask.json says what to do, in numbers but for the
server's address, which was checked; bench.elf is the firmware; told.json is what came of it. The firmware calls its
host in one function: GDB stops there, does what is asked with the few files that a bench has, and returns in the
function's place. So no server needs semihosting, and the firmware reaches no other file.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, BinaryIO

import gdb

READ, WRITTEN = ("inputs.bin",), ("outputs.bin", "bench.txt", "cycles.bin")
OPEN, CLOSE, WRITE, READ_FILE, EXIT_EXTENDED = 0x01, 0x02, 0x05, 0x06, 0x20  # operations of semihosting
LOST = "the connection was lost"
CONSOLE = 1  # its file's number
LONGEST = 1 << 24  # bytes that a bench moves at once
SPOKEN = 1 << 16  # bytes of what it says that are kept
REFUSED = re.compile(r"unknown|unrecogni[sz]ed|invalid|un?supported|not supported|error|syntax", re.IGNORECASE)
REGISTERS = {"arm": ("r0", "r1", "lr", "sp"), "riscv": ("a0", "a1", "ra", "sp")}
CPUID, VTOR, MVFR0, MVFR1 = 0xE000ED00, 0xE000ED08, 0xE000EF40, 0xE000EF44
SETTINGS = ("confirm off", "pagination off", "width 0", "height 0", "remotetimeout 20", "tcp connect-timeout 10",
            "breakpoint pending off", "auto-load off")  # fmt: skip
# Now that the board is known to hold the same code, GDB may look it up in the file; and it need not say where it stops.
FASTER = ("set trust-readonly-sections on", "symbol-file", "set breakpoint always-inserted on")


class Stopped(Exception):  # noqa: N818 (the run ends, whyever)
    """The board stopped where nobody asked it to."""


class Files:
    """The host that the firmware calls."""

    def __init__(self, word: int) -> None:
        self.word = word  # bytes of a register
        self.last = CONSOLE  # number that was given to a file
        self.open: dict[int, BinaryIO] = {}
        self.said = b""  # on the console
        self.code: int | None = None  # that the firmware ended with

    def block(self, address: int, count: int) -> list[int]:
        """An operation's arguments."""
        data = memory(address, self.word * count)
        return [int.from_bytes(data[self.word * k : self.word * (k + 1)], "little") for k in range(count)]

    def call(self, operation: int, block: int) -> int:
        """Do it; the value that it returns, -1 for what cannot be done."""
        if operation == EXIT_EXTENDED:
            self.code = self.block(block, 2)[1] & 0xFFFFFFFF
            return 0
        if operation == OPEN:
            return self._open(*self.block(block, 3))
        if operation == CLOSE:
            file = self.open.pop(self.block(block, 1)[0], None)
            if file:
                file.close()
            return 0 if file else -1
        number, address, length = self.block(block, 3)
        if operation == WRITE and length <= LONGEST:
            return self._write(number, address, length)
        if operation == READ_FILE and length <= LONGEST and number in self.open:
            data = self.open[number].read(length)
            gdb.selected_inferior().write_memory(address, data) if data else None
            return length - len(data)
        return -1

    def _open(self, address: int, mode: int, length: int) -> int:
        name = memory(address, min(length, 64)).decode("latin-1")
        if name == ":tt":
            return CONSOLE
        if name not in (WRITTEN if mode >= 4 else READ):
            return -1
        self.last += 1
        self.open[self.last] = Path(name).open("wb" if mode >= 4 else "rb")  # noqa: SIM115 (the firmware closes it)
        return self.last

    def _write(self, number: int, address: int, length: int) -> int:
        data = memory(address, length) if length else b""
        if number == CONSOLE:
            self.said = (self.said + data)[:SPOKEN]
        elif number in self.open:
            self.open[number].write(data)
        else:
            return length
        return 0


def memory(address: int, length: int) -> bytes:
    return bytes(gdb.selected_inferior().read_memory(address, length))


def word(address: int) -> int:
    return int.from_bytes(memory(address, 4), "little")


def register(name: str) -> int:
    return int(gdb.parse_and_eval(f"(unsigned long long)${name}"))


def set_register(name: str, value: int) -> None:
    gdb.execute(f"set ${name} = {value}", to_string=True)


def quiet(command: str) -> str:
    """What a command says, also if it is that it failed."""
    try:
        return gdb.execute(command, to_string=True)
    except gdb.error as error:
        return str(error)


def server() -> str:
    """Which it is, as far as it tells."""
    if re.search(r'received: "ENABLE=', quiet("maintenance packet qqemu.sstepbits")):
        return "QEMU"
    found = re.search(r"Open On-Chip Debugger (\d[\w.]*)", quiet("monitor version"))
    return f"OpenOCD {found[1]}" if found else "GDB server"


def core(arch: str) -> dict[str, int]:
    """Registers that tell what core it is; without those that the server cannot read."""
    found = {}
    for name, address in {"cpuid": CPUID, "mvfr0": MVFR0, "mvfr1": MVFR1}.items() if arch == "arm" else ():
        try:
            found[name] = word(address)
        except gdb.error:
            continue
    for name in ("misa",) if arch == "riscv" else ():
        try:
            found[name] = register(name)
        except gdb.error:
            continue
    return found


def wrong_core(ask: dict[str, Any], told: dict[str, Any]) -> bool:
    """Whether what was read of the core says that it is another one than the firmware is for."""
    found = told["core"]
    if not told["architecture"].startswith(ask["architecture"]):
        return any(told["architecture"].startswith(known) for known in ("arm", "riscv", "xtensa", "mips", "aarch64"))
    part = (found.get("cpuid", 0) >> 4) & 0xFFF
    if part in ask["other_parts"] and not (told["server"] == "QEMU" and part in ask["stand_ins"]):
        return True
    for name, mask in ask["units"]:
        if not found.get(name, mask) & mask:
            return True
    return bool(found.get("misa")) and (found["misa"] & ask["misa"]) != ask["misa"]


def same() -> bool:
    """Whether the board's memory already holds the firmware."""
    said = quiet("compare-sections")
    return "matched" in said and "MIS-MATCHED" not in said and "annot" not in said


def load(ask: dict[str, Any]) -> None:
    """Write the firmware, unless it is there: flash wears out. RAM must be there from its first word to its last."""
    for address in ask["ram_ends"]:
        for pattern in (b"\xa5\x5a\xc3\x3c", b"\x5a\xa5\x3c\xc3"):
            gdb.selected_inferior().write_memory(address, pattern)
            if memory(address, 4) != pattern:
                raise Stopped(f"there is no RAM at {address:#x}")
    if same():
        return
    gdb.execute("load", to_string=True)
    if not same():
        raise Stopped("what was read back is not what was written")


def reset(kind: str) -> bool:
    """As after power-on, and halted: each server has words of its own for it. Whether it took any."""
    taken = False
    for commands in (("system_reset",),) if kind == "QEMU" else (("reset halt",), ("reset", "halt")):
        answers = [quiet(f"monitor {command}") for command in commands]
        taken = not REFUSED.search("\n".join(answers))
        if taken:
            break
    quiet("maintenance flush register-cache")
    return taken


def start(ask: dict[str, Any]) -> None:
    """Where the core would begin: not every chip begins in the flash that was written."""
    set_register(REGISTERS[ask["arch"]][3], ask["stack_top"])
    if ask["arch"] == "arm":
        for name in ("xpsr", "xPSR"):  # Thumb, no exception
            quiet(f"set ${name} = 0x01000000")
        if ask["has_vtor"]:
            gdb.selected_inferior().write_memory(VTOR, ask["vectors"].to_bytes(4, "little"))
    set_register("pc", ask["entry"])


def run(ask: dict[str, Any], files: Files) -> None:
    """Until the firmware ends."""
    result, argument, back, _ = REGISTERS[ask["arch"]]
    asks = gdb.Breakpoint(f"*{ask['host_call']}", type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
    while files.code is None:
        said = gdb.execute("continue", to_string=True)
        if gdb.selected_inferior().pid == 0:
            raise Stopped(LOST)
        where = register("pc")
        if where != ask["host_call"]:
            signal = re.search(r"received signal (\w+)", said)
            raise Stopped(f"the core stopped at {where:#x}{f' ({signal[1]})' if signal else ''}")
        value = files.call(register(result), register(argument))
        if files.code is None:
            set_register(result, value & ((1 << 8 * files.word) - 1))
            set_register("pc", register(back) & ~1)
        os.write(1, b".")  # it gets on
    asks.delete()


def main() -> None:
    """Whatever happens, told.json says it."""
    ask = json.loads(Path("ask.json").read_text())
    files = Files(ask["word"])
    told: dict[str, Any] = {"server": "", "architecture": "", "core": {}}
    step = "connect"
    try:
        for setting in SETTINGS:
            quiet(f"set {setting}")
        gdb.execute(f"target extended-remote {ask['server']}", to_string=True)
        step = "core"
        told["server"] = server()
        told["architecture"] = gdb.selected_frame().architecture().name()
        told["reset"] = reset(told["server"])
        told["core"] = core(ask["arch"])
        if gdb.selected_inferior().pid == 0:
            raise Stopped(LOST)
        if wrong_core(ask, told):
            raise Stopped("another core")
        gdb.execute("file bench.elf", to_string=True)
        step = "load"
        load(ask)
        for setting in FASTER:
            quiet(setting)
        step = "run"
        reset(told["server"])
        start(ask)
        run(ask, files)
        step = ""
    except (gdb.error, Stopped, OSError) as error:
        lost = step not in ("", "connect") and gdb.selected_inferior().pid == 0
        told["error"] = LOST if lost else str(error)
    finally:
        for file in files.open.values():
            file.close()
        told.update(step=step, code=files.code, said=files.said.decode("utf-8", "replace"))
        Path("told.json").write_text(json.dumps(told))
        quiet("disconnect")  # the core stays where it is: a board that is let go would run on into its breakpoint


main()
