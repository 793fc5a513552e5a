# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Generated models on the host: the same C, compiled with every warning and the sanitizers, run in a process."""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from measure.checks import difference
from model import emit
from model.network import Network
from model.signal import Array
from model.trace import Key
from tests.probe import CACHED

ROOT = Path(__file__).resolve().parents[2]
HANG = 7200  # seconds after which a program of a test is sure to hang, however busy the machine
FIRMWARE = ROOT / "firmware"
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")
# what -std=c99 and the sanitizers need on a 64-bit host; -O1 keeps the many small builds quick
SANITIZED = ("-std=c99", "-O1", "-g1", "-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all")
INCLUDES = tuple(f"-I{ROOT / folder}" for folder in ("firmware/include", "firmware/runtime", "kernels/c"))
FIELD = re.compile(r"^    \w+ \w+\[\d+\]; /\*.*$", re.MULTILINE)  # an array of the state struct
GUARD = 32  # bytes after every such array; a multiple of all alignments
STEP = re.compile(r"^int \w+_step\(.* output\[(\d+)\](, .*)?\);$", re.MULTILINE)
TRACING = "-DLSTMCU_TRACE"
BOARD = tuple(f"-I{FIRMWARE / folder}" for folder in ("boards/host", "boards/common"))


def compile_c(*words: str | Path, before: Sequence[str] = ()) -> None:
    """Run the host's compiler, behind another program; its complaints become the test's."""
    done = subprocess.run([*before, "cc", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def guarded(header: str) -> tuple[str, int]:
    """A generated header with a guard after every array of its state, listed by STATE_GUARDS; and their number."""
    names = [f"guard_{k}" for k in range(len(FIELD.findall(header)))]
    remaining = iter(names)
    text = FIELD.sub(lambda field: f"{field[0]}\n    uint8_t {next(remaining)}[{GUARD}];", header)
    return f"#define STATE_GUARDS(X) {' '.join(f'X({name})' for name in names)}\n{text}" if names else text, len(names)


def execute(program: Path, directory: Path) -> str:
    """Run a program in ``directory``; a sanitizer's report becomes the test's."""
    done = subprocess.run([program], cwd=directory, capture_output=True, text=True, check=False, timeout=HANG)
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


@dataclass(frozen=True)
class Steps:
    """What ``_step`` gave over N windows."""

    ready: Array  # (N, T) bool: the step wrote its output
    outputs: Array  # (N, T, O)


@dataclass(frozen=True)
class Result:
    """Everything the driver did with one model."""

    run: Array  # (N, ...) outputs of ``_run``
    steps: Steps | None  # None: the model has no ``_step``
    taking_turns: Steps | None  # the same while a second instance runs between the steps
    going_on: Steps | None  # the same with a reset before the first window only
    state_bytes: int


@dataclass(frozen=True)
class Host:
    """Runtime and kernels, compiled once; ``directory`` is this process's own."""

    directory: Path
    objects: tuple[Path, ...]
    words: tuple[str, ...] = ()  # more for the compiler

    @staticmethod
    def prepare(directory: Path, *words: str) -> Host:
        """Compile firmware/runtime and kernels/c."""
        sources = [*(FIRMWARE / "runtime").glob("*.c"), *(ROOT / "kernels/c").glob("*.c")]
        objects = tuple(directory / f"{source.stem}.o" for source in sources)
        for source, object_file in zip(sources, objects, strict=True):
            compile_c(*SANITIZED, *WARNINGS, *INCLUDES, *words, "-c", source, "-o", object_file, before=CACHED)
        return Host(directory, objects, words)

    def program(self, name: str, sources: Iterable[Path], *words: str | Path) -> Path:
        """Link ``sources`` with the runtime and the kernels."""
        program = self.directory / name
        compile_c(*SANITIZED, *WARNINGS, *INCLUDES, *self.words, *words, *sources, *self.objects, "-o", program)
        return program

    def write(self, network: Network, state: str = "window") -> tuple[Path, str]:
        """Generate ``network``; returns its .c file and the bench header's name."""
        for name, text in emit.generate(network, "c", state, tracing=TRACING in self.words).items():
            (self.directory / name).write_text(text)
        return self.directory / f"{network.name}.c", f"{network.name}_bench.h"

    def bench(
        self, network: Network, inputs: Array, state: str = "window", goes_on: bool | None = None
    ) -> tuple[Array, dict[str, int]]:
        """Outputs (N, ...) and figures of the project's own bench; ``goes_on``: not as it would by itself."""
        source, header = self.write(network, state)
        bench = [FIRMWARE / "bench/bench.c", FIRMWARE / "bench/trace.c", FIRMWARE / "boards/host/semihosting.c"]
        words = [f"-I{self.directory}", *BOARD, f'-DMODEL_BENCH_H="{header}"']
        words += [] if goes_on is None else [f"-DMODEL_GOES_ON={int(goes_on)}"]
        program = self.program("bench", [source, *bench], *words)
        inputs.tofile(self.directory / "inputs.bin")
        execute(program, self.directory)
        outputs = self._read("outputs.bin", network.output.dtype, (len(inputs), *network.made.shape))
        lines = (self.directory / "bench.txt").read_text().splitlines()
        return outputs, {key: int(value) for key, value in (line.split("=") for line in lines)}

    def noted(self, network: Network, inputs: Array) -> dict[Key, Array]:
        """Every intermediate value of windows from reset, by another build of the same C."""
        folder = self.directory / "noted"
        folder.mkdir(exist_ok=True)
        Host.prepare(folder, TRACING).bench(network, inputs)
        card = json.loads((folder / "model.json").read_text())
        return difference.parsed((folder / "trace.bin").read_bytes(), network, card, len(inputs))

    def run(self, network: Network, inputs: Array, state: str = "window") -> Result:
        """Run ``network`` on ``inputs`` (N, T, F), of its own input type, in every way it offers."""
        source, header = self.write(network, state)
        text, guards = guarded(source.with_suffix(".h").read_text())
        source.with_suffix(".h").write_text(text)
        declared = STEP.search(text)
        length = int(declared[1]) if declared else 0
        if declared and len(network.outputs) > 1:  # they lie where they do in a sample
            length = math.prod(network.made.shape)
        words = [f"-I{self.directory}", f'-DMODEL_BENCH_H="{header}"', f"-DSTEP_OUTPUT_LENGTH={length}"]
        program = self.program("driver", [source, Path(__file__).with_name("driver.c")], *words)
        assert inputs.dtype == network.input.dtype
        np.ascontiguousarray(inputs).tofile(self.directory / "inputs.bin")
        state_bytes = int(execute(program, self.directory))
        shape = (len(inputs), network.steps, length)
        dtype = network.output.dtype
        return Result(
            run=self._read("run.bin", dtype, (len(inputs), *network.made.shape)),
            steps=self._steps("steps.bin", dtype, shape) if declared else None,
            taking_turns=self._steps("twice.bin", dtype, shape) if declared else None,
            going_on=self._steps("on.bin", dtype, shape) if declared else None,
            state_bytes=state_bytes - guards * GUARD,
        )

    def _read(self, name: str, dtype: str, shape: Sequence[int]) -> Array:
        return np.fromfile(self.directory / name, dtype).reshape(shape)

    def _steps(self, name: str, dtype: str, shape: tuple[int, int, int]) -> Steps:
        row = np.dtype([("ready", "u1"), ("output", dtype, (shape[2],))])
        rows = np.fromfile(self.directory / name, row).reshape(shape[:2])
        return Steps(rows["ready"] == 1, rows["output"])
