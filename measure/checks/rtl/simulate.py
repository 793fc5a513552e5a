# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One firmware, modelled and on RTL: ``python -m measure.checks.rtl.simulate --target rv32imc --elf forecast.elf …``.

The very same ELF runs under QEMU, for the profile that the model needs, and on each core's simulator. Both compute the
first windows of the inputs, and must compute the same.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from elftools.elf.elffile import ELFFile

from measure.checks.rtl.core import CORES
from measure.cost import sizes, timing
from measure.cost.timing.disassembly import disassemble
from measure.run import qemu
from model import process
from model.errors import UserError, run_main
from model.files import write_atomically
from model.signal import Array
from target.description import Target, load_target

WINDOWS = 2
ISA = "rv32imc"  # of both cores


@dataclass(frozen=True)
class Simulated:
    """What a run on RTL gave."""

    cycles: tuple[int, ...]  # of each call
    outputs: bytes


def simulate(simulator: Path, elf: Path, target: Target, function: str, inputs: Array, timeout: float) -> Simulated:
    """Run ``elf`` on a simulator. UserError when it does not end well."""
    entry = next(symbol.address for symbol in sizes.symbols(elf) if symbol.name == function)
    with tempfile.TemporaryDirectory(prefix="lstmcu-rtl-") as name:
        work = Path(name)
        (work / "image.bin").write_bytes(_image(elf, target))
        inputs.tofile(work / "inputs.bin")
        command = [str(simulator.resolve()), "image.bin", hex(target.flash.origin), hex(entry)]
        try:
            done = process.run(command, work, timeout)
        except process.HangError:
            raise UserError(f"{elf} was still running on {simulator} after {timeout:g} s: raise timeout=") from None
        if done.returncode != 0:
            raise UserError(f"{elf} failed on {simulator} and said: {done.stderr.strip() or '(nothing)'}")
        return Simulated(tuple(int(line) for line in done.stdout.split()), (work / "outputs.bin").read_bytes())


def _image(elf: Path, target: Target) -> bytes:
    """Flash and RAM with the program in them."""
    origin = target.flash.origin
    image = bytearray(target.ram.origin + target.ram.size - origin)
    with elf.open("rb") as stream:
        for segment in ELFFile(stream).iter_segments("PT_LOAD"):
            at = segment["p_paddr"] - origin
            image[at : at + segment["p_filesz"]] = segment.data()
    return bytes(image)


def check(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for each core. UserError when a core computes something else than QEMU."""
    target, card = load_target(arguments.target), json.loads(arguments.model.read_text())
    if target.isa != ISA:
        raise UserError(
            f"rtl: {target.name} is {target.isa or 'no microcontroller'}; the cores are {ISA}: target=rv32imc"
        )
    inputs = np.load(arguments.inputs)[:WINDOWS]
    run = qemu.run(
        target, arguments.elf, inputs, output_dtype=card["output"]["dtype"],
        output_shape=tuple(card["output"]["shape"]), function=card["function"], profiler=arguments.profiler,
        timeout=arguments.timeout,
    )  # fmt: skip
    if run.profile is None:
        raise UserError(f"rtl: cycles are modelled from an instruction profile, and there is none: {run.refusal}")
    code = disassemble(arguments.elf, target)
    rows = []
    for simulator in arguments.simulators:
        core = simulator.parent.name
        modelled = timing.model(run.profile, code, timing.CORES[core], str(arguments.elf))
        real = simulate(simulator, arguments.elf, target, card["function"], inputs, arguments.timeout)
        if real.outputs != run.outputs.tobytes() or len(real.cycles) != run.profile.calls:
            raise UserError(f"{arguments.elf} computes something else on {core} than under QEMU")
        cycles = sum(real.cycles) / len(real.cycles)
        rows.append(
            {
                "target": target.name,
                "model": card["name"],
                "quantisation": card["quantisation"],
                "kernels": card["kernels"],
                "optimize": card["optimize"],
                "core": core,
                "modelled": modelled.nominal,
                "rtl": round(cycles),
                "error": modelled.nominal / cycles - 1,
            }
        )
    return rows


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.checks.rtl.simulate", description=__doc__)
    parser.add_argument("--target", required=True)
    parser.add_argument("--timeout", type=float, default=300.0)
    for name in ("elf", "model", "inputs", "profiler", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument(
        "simulators", type=Path, nargs="+", metavar="SIMULATOR", help="<core>/core, of measure.checks.rtl.core"
    )
    arguments = parser.parse_args()
    assert all(simulator.parent.name in CORES for simulator in arguments.simulators)
    write_atomically(arguments.out, json.dumps(check(arguments), indent=2) + "\n")


if __name__ == "__main__":
    run_main(main)
