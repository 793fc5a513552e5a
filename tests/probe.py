# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A tiny stand-in for a generated model, built with the real compiler for any core that QEMU has."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from kernels import all_sets
from target import compiler
from target.description import Target, load_target, target_names

ROOT = Path(__file__).resolve().parent.parent
# before a compiler that makes one object: most tests compile the same sources
CACHED = ("ccache",) if shutil.which("ccache") else ()
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]


CORES = {name: target for name in target_names() if (target := load_target(name)).qemu}
# the assembly sets for int8, each with a core that lists it
ASSEMBLED = {
    name: next(core for core in sorted(CORES) if name in CORES[core].kernels)
    for name, each in all_sets().items()
    if each.assembly and each.covers_format("s8")
}
# cores with an assembly set for float32, and that
FLOATS = {
    core: name
    for core, target in sorted(CORES.items())
    for name in target.kernels
    if all_sets()[name].assembly and all_sets()[name].covers_format("f32")
}
TARGETS = {name: target for name, target in CORES.items() if target.arch == "arm" and name != "cortex-m0plus"}

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
#define MODEL_RUN_NAME probe_run
#define MODEL_RUN_BY(function, state, input, output) function(state, input, output)
#define MODEL_STEP_NAME probe_step
#define MODEL_STEP_BY(function, state, input, step, output, written) function(state, (input) + 2 * (step), output)
#define MODEL_STEP_STRIDE 0
#define MODEL_STEP_OUTPUTS 2
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
    chosen: str = "gcc",
    macros: tuple[str, ...] = (),
) -> Path:
    """Build board, bench and the C text ``model`` into ``directory``/probe.elf, warnings being errors."""
    (directory / "probe.h").write_text(HEADER)
    (directory / "probe_bench.h").write_text(BENCH_HEADER.format(stream=int(stream)))
    (directory / "probe.c").write_text('#include "probe.h"\n' + model)
    boards = ROOT / "firmware/boards"
    symbols = {
        "__flash_origin": target.flash.origin,
        "__flash_size": target.flash.size,
        "__ram_origin": target.ram.origin,
        "__ram_size": target.ram.size,
        "__stack_size": stack,
    }
    found = compiler.find(target, chosen)
    objects = []
    sources = [boards / target.board / "startup.c", boards / "common/semihosting.c", ROOT / "firmware/bench/bench.c"]
    for source in (*sources, directory / "probe.c"):
        objects.append(str(directory / f"{source.stem}.o"))
        command = [*CACHED, found.program, *found.compile, "-std=c99", optimize, "-g", *WARNINGS, "-c", str(source)]
        command += ["-ffunction-sections", "-fdata-sections", f"-I{boards}/common", f"-I{directory}"]
        _call([*command, '-DMODEL_BENCH_H="probe_bench.h"', *macros, "-o", objects[-1]])
    command = [found.program, *found.link, *objects, *map(str, found.libraries)]
    command += [f"-Wl,--defsym={name}={value:#x}" for name, value in symbols.items()]
    _call([*command, f"-T{boards / target.board}/link.ld", "-o", str(directory / "probe.elf")])
    return directory / "probe.elf"


def _call(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)


def build_profiler(directory: Path, *options: str) -> Path:
    """Build the plugin with the host's compiler, warnings being errors."""
    plugin = directory / "libprofiler.so"
    command = ["cc", "-std=c99", "-shared", "-fPIC", "-O2", *WARNINGS, *options]
    command += [str(ROOT / "measure/run/profiler/profiler.c"), "-o", str(plugin)]
    subprocess.run(command, check=True)
    return plugin


def symbol(elf: Path, name: str) -> int:
    """The address of a symbol, or of gcc's specialised copy of it, as nm prints it (no Thumb bit)."""
    text = subprocess.run(["arm-none-eabi-nm", str(elf)], check=True, capture_output=True, text=True).stdout
    return next(int(line.split()[0], 16) for line in text.splitlines() if line.split()[-1].split(".")[0] == name)
