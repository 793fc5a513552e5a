# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Exported folders as somebody else's build sees them: compiled with nothing but what lies in them, and run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from measure.run import qemu
from model import readers, reference
from model.quantise import calibrated
from model.signal import Array, to_stored
from target import compiler
from target.description import Target
from tests.probe import CACHED
from tests.support.host import FIRMWARE, HANG, ROOT, WARNINGS

C99 = ("-x", "c", "-std=c99")
CPP17 = ("-x", "c++", "-std=c++17", "-fno-exceptions", "-fno-rtti")
STACK = 4096


def call(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command; what it complains of becomes the test's."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False, timeout=HANG)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sources(folder: Path) -> list[Path]:
    """What ``cc -c src/lstmcu/*.c src/lstmcu/*.S`` compiles."""
    return sorted([*folder.glob("src/lstmcu/*.c"), *folder.glob("src/lstmcu/*.S")])


def forecasts() -> list[int]:
    """What the examples must print: stored forecasts of their two streams."""
    model = ROOT / "models/forecast/forecast.keras"
    network = calibrated(readers.read(model), model.with_suffix(".npz"), "int8")
    hours = np.array([[(start + hour) % 24 / 32 for hour in range(32)] for start in (0, 12)], np.float32)
    stored = to_stored(hours.reshape(2, 32, 1), network.input)
    return [int(value) for value in np.asarray(reference.run(network, stored)).reshape(-1)]


def printed(said: str) -> list[int]:
    """The numbers that an example prints, one to a line."""
    return [int(line) for line in said.splitlines() if re.fullmatch(r"-?\d+", line)]


def run(
    target: Target, exported: Path, built: Path, out: Path, chosen: str = "gcc", language: Sequence[str] = C99
) -> Array:
    """Outputs of an exported folder, compiled in ``language`` without any -I, for the inputs of ``built``.

    Only the bench around it is the project's; it is compiled as C.
    """
    found = compiler.find(target, chosen)
    out.mkdir(parents=True)
    card = json.loads((built / "model.json").read_text())
    header = f"{card['name']}_bench.h"
    shutil.copy(built / header, out)
    boards = FIRMWARE / "boards"
    mode = ("-O2", "-ffp-contract=off", "-ffunction-sections", "-fdata-sections")
    objects: list[Path] = []
    for source in sources(exported):
        objects.append(out / f"{source.name}.o")
        dialect = language if source.suffix == ".c" else ()
        call(*CACHED, found.program, *found.compile, *mode, *WARNINGS, *dialect, "-c", source, "-o", objects[-1])
    includes = [f"-I{folder}" for folder in (exported / "include", out, boards / target.board, boards / "common")]
    own = [FIRMWARE / "bench/bench.c", boards / "common/semihosting.c", boards / target.board / "startup.c"]
    for source in own:
        objects.append(out / f"own-{source.name}.o")
        words = [*found.compile, *mode, *C99, *includes, f'-DMODEL_BENCH_H="{header}"']
        call(*CACHED, found.program, *words, "-c", source, "-o", objects[-1])
    memory = {"flash": target.flash, "ram": target.ram}
    symbols = {f"{name}_origin": region.origin for name, region in memory.items()}
    symbols |= {f"{name}_size": region.size for name, region in memory.items()} | {"stack_size": STACK}
    script = [f"-T{boards / target.board / 'link.ld'}"]
    script += [f"-Wl,--defsym=__{name}={value:#x}" for name, value in symbols.items()]
    libraries = ["-Wl,--start-group", *map(str, found.libraries), "-Wl,--end-group"]
    call(found.program, *found.link, *objects, *script, *libraries, "-o", out / "bench.elf")
    done = qemu.run(
        target, out / "bench.elf", np.load(inputs_of(built)), output_dtype=card["output"]["dtype"],
        output_shape=tuple(card["output"]["shape"]), function=card["function"],
    )  # fmt: skip
    return done.outputs


def inputs_of(built: Path) -> Path:
    """The windows that the firmware in ``built`` ran on: build/<target>/<model>/<quant>-<kernels>."""
    quantisation = built.name.partition("-")[0] + ("-stream" if built.name.endswith("-stream") else "")
    return built.parents[2] / "models" / built.parent.name / quantisation / "inputs.npy"
