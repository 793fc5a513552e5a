# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a bench firmware under QEMU, or natively: inputs in, outputs and figures out, nothing of it half-done."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from numpy.typing import NDArray

from measure.run.counts import Profile, parse_profile
from model import process
from model.errors import UserError
from target import isa
from target.description import Target

NO_MACHINE = "not run: QEMU has no such machine"
NATIVE = "run natively, where nothing counts instructions"

# A firmware may ask its host to run a command, by semihosting (SYS_SYSTEM). QEMU is not let start any.
_SANDBOX = ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"]

# What QEMU and the profiler say when they do not get along.
_REFUSED = re.compile(r"^.*(?:Could not load plugin|-plugin: |profiler: made for|profiler: needs).*$", re.M)


@dataclass(frozen=True)
class Run:
    """The result of a run over N samples."""

    outputs: NDArray[Any]  # (N, *output_shape), the model's own output type
    bench: str  # bench.txt as the firmware wrote it: key=value lines
    profile: Profile | None  # None when not asked for, or refused
    profile_text: str  # what Profile was parsed from; empty when None
    trace: bytes  # trace.bin of a model generated with --trace; empty otherwise
    refusal: str  # why QEMU did not take the profiler; empty when it did


@dataclass(frozen=True)
class Firmware:
    """An ELF that was built for its target."""

    path: Path
    symbols: dict[str, int]

    def address(self, symbol: str) -> int:
        if symbol not in self.symbols:
            raise UserError(f"{self.path} has no symbol '{symbol}': misspelt, or inlined away")
        return self.symbols[symbol]


def run(
    target: Target,
    elf: Path,
    inputs: NDArray[Any],
    *,
    output_dtype: str,
    output_shape: tuple[int, ...],
    function: str,
    profiler: Path | None = None,
    timeout: float = 120.0,
) -> Run:
    """Run ``elf`` on every sample of ``inputs`` (N, …), already in the device's type.

    With ``profiler`` (the built plugin) the calls of ``function`` are profiled; when this QEMU refuses
    the plugin the run is done without it and says so. ``timeout``: seconds of a processor that the run may take,
    or that it may do nothing. UserError for everything that goes wrong.
    """
    firmware = read_firmware(elf, target)
    if reason := reason_not_to_run(target, elf):
        raise UserError(f"{elf} cannot run as {target.name}: {reason}")
    program = _find_qemu(target) if target.qemu else str(elf.resolve())
    if target.qemu is None:
        profiler = None
    if profiler is not None and not profiler.is_file():
        raise UserError(f"the profiler {profiler} does not exist: build it first, or run without it")
    with tempfile.TemporaryDirectory(prefix="lstmcu-") as name:
        directory = Path(name)
        little_endian(inputs).tofile(directory / "inputs.bin")
        plugin = [] if profiler is None else _plugin_arguments(firmware, target, function, profiler)
        done = _execute(program, target, elf, plugin, directory, timeout)
        refused = _REFUSED.search(done.stderr) if plugin and done.returncode != 0 else None
        if refused:
            plugin = []
            done = _execute(program, target, elf, plugin, directory, timeout)
        if done.returncode != 0:
            raise UserError(_failure(target, elf, done))

        outputs = read_outputs(directory / "outputs.bin", elf, len(inputs), output_dtype, output_shape)
        bench = _read_text(directory / "bench.txt", elf, done)
        trace = (directory / "trace.bin").read_bytes() if (directory / "trace.bin").is_file() else b""
        text = _read_text(directory / "profile.txt", elf, done) if plugin else ""
    profile = parse_profile(text, "the profile") if plugin else None
    if profile is not None and profile.calls == 0:
        raise UserError(f"{elf}: '{function}' was never called, so there is nothing to profile")
    refusal = refused.group().strip() if refused else "" if target.qemu else NATIVE
    return Run(outputs, bench, profile, text, trace, refusal)


def reason_not_to_run(target: Target, elf: Path) -> str:
    """Why ``elf`` can only be built and measured: it is larger than the memory, or nothing emulates the core."""
    if reason := too_large(target, read_firmware(elf, target)):
        return reason
    return "" if target.qemu or target.arch == "host" else NO_MACHINE


def too_large(target: Target, firmware: Firmware) -> str:
    """By how much a firmware exceeds its target's memory; empty when it fits."""
    sizes = {"flash": target.flash.size, "ram": target.ram.size}
    symbols = firmware.symbols
    over = {region: symbols[f"__{region}_excess"] for region in sizes if f"__{region}_excess" in symbols}
    if not over:
        return ""
    parts = (f"{region} of {sizes[region]:,} bytes exceeded by {n:,}" for region, n in over.items())
    return f"does not fit: {' and '.join(parts)}"


def read_firmware(elf: Path, target: Target) -> Firmware:
    """Symbols of the ELF, once it is sure that it was built for this target."""
    try:
        with elf.open("rb") as stream:
            file = ELFFile(stream)
            if target.arch != "host":
                isa.require(file, elf, target)
            loaded = [s for s in file.iter_segments("PT_LOAD") if s["p_filesz"] > 0]
            ranges = [(s["p_paddr"], s["p_paddr"] + s["p_filesz"]) for s in loaded]
            tables = [s for s in file.iter_sections() if isinstance(s, SymbolTableSection)]
            symbols = {s.name: int(s["st_value"]) for table in tables for s in table.iter_symbols()}
    except (ELFError, ValueError, KeyError) as error:
        raise UserError(f"{elf} is not a readable ELF file: {error}") from None
    if target.arch == "host" or {"__flash_excess", "__ram_excess"} & symbols.keys():
        return Firmware(elf, symbols)
    for low, high in ranges:
        if not any(r.origin <= low and high <= r.origin + r.size for r in (target.flash, target.ram)):
            where = f"{low:#x} to {high:#x}"
            raise UserError(f"{elf} fills {where}, outside the memory of {target.name}: rebuild it")
    return Firmware(elf, symbols)


def _find_qemu(target: Target) -> str:
    assert target.qemu is not None
    program = shutil.which(target.qemu.program)
    if program is None:
        raise UserError(
            f"{target.qemu.program} is needed to run {target.name} and was not found in "
            f"PATH={os.environ.get('PATH', '')}: install it with 'sudo apt-get install {target.qemu.package}'"
        )
    return program


def _plugin_arguments(firmware: Firmware, target: Target, function: str, profiler: Path) -> list[str]:
    entry = firmware.address(function) & ~1  # an Arm function's symbol carries the Thumb bit
    low, high = firmware.address("__stack_limit"), firmware.address("__stack_top")
    path = str(profiler.resolve()).replace(",", ",,")  # QEMU's escape
    flash = target.flash
    limits = f"stack_low={low:#x},stack_high={high:#x},flash_low={flash.origin:#x},"
    limits += f"flash_high={flash.origin + flash.size:#x}"
    return ["-plugin", f"file={path},entry={entry:#x},{limits},out=profile.txt"]


def _execute(
    program: str, target: Target, elf: Path, plugin: list[str], directory: Path, timeout: float
) -> subprocess.CompletedProcess[str]:
    command = [program, *_machine(target, str(elf.resolve()), plugin)] if target.qemu else [program]
    sandbox = _SANDBOX if target.qemu else []
    try:
        done = process.run([*command, *sandbox], directory, timeout)
        # Whether QEMU has a sandbox is not told by what this run said: those may be the firmware's own words.
        if sandbox and done.returncode != 0 and not _has_sandbox(program, directory):
            text = f"{program} was built without -sandbox: the firmware could make it run a command of this machine"
            print(f"lstmcu: warning: {text}", file=sys.stderr)
            done = process.run(command, directory, timeout)
    except process.HangError:
        raise UserError(
            f"{elf} was still running {_where(target)} after {timeout:g} s and was "
            "stopped: it hangs, or needs a higher --timeout"
        ) from None
    return done


def _has_sandbox(program: str, directory: Path) -> bool:
    """Ask QEMU, which runs nothing to answer."""
    asked = process.run([program, *_SANDBOX, "-machine", "help"], directory, 60)
    return asked.returncode == 0 or "sandbox" not in asked.stderr


def command(target: Target, elf: Path) -> list[str]:
    """What emulates a firmware, by the emulator's name and the path of the ELF as it is given."""
    assert target.qemu is not None
    return [target.qemu.program, *_machine(target, str(elf), []), *_SANDBOX]


def _machine(target: Target, elf: str, plugin: list[str]) -> list[str]:
    assert target.qemu is not None
    words = ["-M", target.qemu.machine]
    if target.qemu.cpu is not None:
        words += ["-cpu", target.qemu.cpu]
    if target.arch == "riscv":
        words += ["-bios", "none"]
    words += ["-display", "none", "-serial", "none", "-monitor", "none", "-nodefaults", "-no-reboot"]
    return [*words, "-semihosting-config", "enable=on,target=native", *plugin, "-kernel", elf]


def _where(target: Target) -> str:
    return f"under QEMU ({target.qemu.machine})" if target.qemu else "on this machine"


def _failure(target: Target, elf: Path, done: subprocess.CompletedProcess[str]) -> str:
    """The sentence, and below it what the firmware printed, or else what QEMU said."""
    how = f"exit code {done.returncode}" if done.returncode > 0 else f"it died of signal {-done.returncode}"
    noise = re.compile(r".*warning: nic .* has no peer$")
    stderr = "\n".join(line for line in done.stderr.splitlines() if not noise.match(line))
    said = "\n".join(part for part in (done.stdout.strip(), stderr.strip()) if part)
    return f"{elf} failed {_where(target)} ({how}) and said:\n{said or '(nothing)'}"


def read_outputs(path: Path, elf: Path, n: int, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The outputs, (n, *shape)."""
    element = np.dtype(dtype).newbyteorder("<")
    data = path.read_bytes() if path.is_file() else b""
    wanted = n * element.itemsize * int(np.prod(shape))
    if len(data) != wanted:
        raise UserError(
            f"{elf} wrote {len(data)} bytes of output for {n} samples where {wanted} are due "
            f"({dtype} of shape {shape} each): firmware and model do not match, rebuild it"
        )
    return np.frombuffer(data, element).astype(np.dtype(dtype)).reshape((n, *shape))


def _read_text(path: Path, elf: Path, done: subprocess.CompletedProcess[str]) -> str:
    if not path.is_file():
        said = (done.stdout + done.stderr).strip()
        raise UserError(f"{elf} ended without writing {path.name}; it said:\n{said or '(nothing)'}")
    return path.read_text(encoding="utf-8")


def little_endian(array: NDArray[Any]) -> NDArray[Any]:
    """As a firmware reads its samples."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
