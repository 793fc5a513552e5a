# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A tiny stand-in for a generated model, built with the real compiler for any Cortex-M that QEMU has."""

from __future__ import annotations

import subprocess
from pathlib import Path

from measure.target import Gcc, Qemu, Region, Target

ROOT = Path(__file__).resolve().parent.parent
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]


def _target(name: str, flags: str, machine: str, flash: tuple[int, int], ram: tuple[int, int]) -> Target:
    return Target(
        name=name,
        description=name,
        arch="arm",
        flags=(f"-mcpu={name}", "-mthumb", *flags.split()),
        board="cortex-m",
        kernels=("c",),
        timing=None,
        gcc=Gcc("arm-none-eabi-", ("gcc-arm-none-eabi",)),
        qemu=Qemu("qemu-system-arm", machine, "qemu-system-arm"),
        flash=Region(*flash),
        ram=Region(*ram),
    )


_MPS2 = ((0, 0x400000), (0x20000000, 0x400000))
_TARGETS = [
    _target("cortex-m0", "", "microbit", (0, 0x40000), (0x20000000, 0x4000)),
    _target("cortex-m3", "", "mps2-an385", *_MPS2),
    _target("cortex-m4", "-mfpu=fpv4-sp-d16 -mfloat-abi=hard", "mps2-an386", *_MPS2),
    _target("cortex-m7", "-mfpu=fpv5-d16 -mfloat-abi=hard", "mps2-an500", *_MPS2),
    _target(
        "cortex-m33",
        "-mfpu=fpv5-sp-d16 -mfloat-abi=hard",
        "mps2-an505",
        (0x10000000, 0x400000),
        (0x38000000, 0x400000),
    ),
    _target("cortex-m55", "-mfloat-abi=hard", "mps3-an547", (0, 0x80000), (0x20000000, 0x80000)),
]
TARGETS = {target.name: target for target in _TARGETS}

HEADER = """
#include <stdint.h>
typedef struct { uint32_t sum; uint32_t calls; } probe_state;
void probe_reset(probe_state *state);
void probe_run(probe_state *state, const uint8_t *window, uint8_t *output);
int probe_step(probe_state *state, const uint8_t *x, uint8_t *y);
"""

BENCH_HEADER = """
#include "probe.h"
#define MODEL_STATE probe_state
#define MODEL_RESET probe_reset
#define MODEL_RUN probe_run
#define MODEL_STEP probe_step
#define MODEL_STREAM {stream}
#define MODEL_STEPS 2
#define MODEL_INPUT_TYPE uint8_t
#define MODEL_INPUT_LENGTH 4
#define MODEL_OUTPUT_TYPE uint8_t
#define MODEL_OUTPUT_LENGTH 2
"""


def build(
    target: Target,
    directory: Path,
    model: str,
    *,
    stream: bool = False,
    stack: int = 1024,
    optimize: str = "-O2",
) -> Path:
    """Build board, bench and the C text ``model`` into ``directory``/probe.elf, warnings being errors."""
    (directory / "probe.h").write_text(HEADER)
    (directory / "probe_bench.h").write_text(BENCH_HEADER.format(stream=int(stream)))
    (directory / "probe.c").write_text('#include "probe.h"\n' + model)
    firmware = ROOT / "firmware"
    board = firmware / "boards" / target.board
    symbols = {
        "__flash_origin": target.flash.origin,
        "__flash_size": target.flash.size,
        "__ram_origin": target.ram.origin,
        "__ram_size": target.ram.size,
        "__stack_size": stack,
    }
    command = [f"{target.gcc.prefix}gcc", *target.flags, "-std=c99", optimize, "-g", *WARNINGS]
    command += ["-ffunction-sections", "-fdata-sections", f"-I{firmware}/boards/common", f"-I{directory}"]
    command += ['-DMODEL_BENCH_H="probe_bench.h"', str(board / "startup.c")]
    command += [str(firmware / "boards/common/semihosting.c"), str(firmware / "bench/bench.c")]
    command += [str(directory / "probe.c"), "-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections"]
    command += [f"-Wl,--defsym={name}={value:#x}" for name, value in symbols.items()]
    command += ["-Wl,--fatal-warnings", f"-T{board}/link.ld", "-o", str(directory / "probe.elf")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return directory / "probe.elf"


def build_profiler(directory: Path, *options: str) -> Path:
    """Build the plugin with the host's compiler, warnings being errors."""
    plugin = directory / "libprofiler.so"
    command = ["cc", "-std=c99", "-shared", "-fPIC", "-O2", *WARNINGS, *options]
    command += [str(ROOT / "measure/profiler/profiler.c"), "-o", str(plugin)]
    subprocess.run(command, check=True)
    return plugin


def symbol(elf: Path, name: str) -> int:
    """The address of a symbol, or of gcc's specialised copy of it, as nm prints it (no Thumb bit)."""
    text = subprocess.run(["arm-none-eabi-nm", str(elf)], check=True, capture_output=True, text=True).stdout
    return next(
        int(line.split()[0], 16) for line in text.splitlines() if line.split()[-1].split(".")[0] == name
    )
