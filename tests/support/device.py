# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A network through a kernel set on a core under QEMU, without SCons: generated, compiled, linked, run.

device = Device(load_target("cortex-m4"), "vfp,armv7em", tmp_path)
outputs = device.run(network, inputs, "window", "speed")
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from kernels import named
from kernels.cmsis_nn import library as cmsis_nn
from measure.checks import difference
from measure.run import qemu
from model import emit
from model.network import Network
from model.signal import Array
from model.trace import Key
from target import compiler
from target.description import Target
from tests.probe import CACHED, ROOT, WARNINGS
from tests.support.host import TRACING

FIRMWARE = ROOT / "firmware"
STACK = 8192


@dataclass(frozen=True)
class Device:
    """A core with a kernel set; objects that all networks share are made once in ``folder``."""

    target: Target
    kernels: str  # names of sets, best first
    folder: Path
    cmsis: str = ""  # prefix of a CMSIS-NN
    chosen: str = "gcc"
    words: tuple[str, ...] = ()  # more for the compiler
    objects: dict[Path, Path] = field(default_factory=dict)

    def _includes(self) -> list[str]:
        kernels, board = ROOT / "kernels", FIRMWARE / "boards" / self.target.board
        paths = [FIRMWARE / "include", FIRMWARE / "runtime", board, FIRMWARE / "boards/common"]
        paths += [
            kernels,
            *(kernels / folder for each in named(self.kernels.split(",")) for folder in (each.name, *each.extends)),
        ]
        words = [f"-I{path}" for path in paths]
        if self.cmsis:
            words += ["-isystem", str(cmsis_nn.find(self.cmsis, self.target).include)]
        return words

    def _compile(self, source: Path, made: Path, *more: str) -> Path:
        found = compiler.find(self.target, self.chosen)
        own = ["-std=c99", *WARNINGS] if source.suffix == ".c" else ["-Wa,--fatal-warnings"]
        mode = ["-O2", "-ffunction-sections", "-fdata-sections", "-ffp-contract=off"]
        done = subprocess.run(
            [*CACHED, found.program, *found.compile, *mode, *own, *self._includes(), *self.words, *more,
             "-c", str(source), "-o", str(made)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return made

    def _shared(self) -> Iterable[Path]:
        folders = ["firmware/runtime", "kernels/c", f"firmware/boards/{self.target.board}", "firmware/boards/common"]
        folders += ["kernels/cmsis_nn"] if self.cmsis else []
        sources = {path.name: path for name in reversed(folders) for path in (ROOT / name).glob("*.[cS]")}
        for source in (*sources.values(), FIRMWARE / "bench/trace.c"):
            if source not in self.objects:
                self.objects[source] = self._compile(source, self.folder / f"{source.name}.o")
            yield self.objects[source]

    def run(
        self, network: Network, inputs: Array, state: str, optimize: str = "balanced", *, goes_on: bool | None = None
    ) -> tuple[Array, list[str]]:
        """Outputs of ``_run``, or of all ``_step``, for ``inputs`` (N, T, F); and the generator's notes.

        ``goes_on``: whether the windows of a stream do, if not as in a report.
        """
        run, card = self._run(network, inputs, state, optimize, goes_on)
        return run.outputs, list(card["notes"])

    def noted(self, network: Network, inputs: Array, optimize: str = "balanced") -> dict[Key, Array]:
        """Every intermediate value of windows from reset, by another build of the same code."""
        folder = self.folder / "noted"
        folder.mkdir(exist_ok=True)
        noting = replace(self, folder=folder, words=(TRACING,), objects={})
        run, card = noting._run(network, inputs, "window", optimize, None)
        return difference.parsed(run.trace, network, card, len(inputs))

    def _run(
        self, network: Network, inputs: Array, state: str, optimize: str, goes_on: bool | None
    ) -> tuple[qemu.Run, dict[str, Any]]:
        """The run, and the model's card."""
        texts = emit.generate(network, self.kernels, state, optimize, TRACING in self.words)
        for name, text in texts.items():
            (self.folder / name).write_text(text)
        name = network.name
        own = [self._compile(self.folder / f"{name}.c", self.folder / f"{name}.o", f"-I{self.folder}")]
        if f"{name}_kernels.S" in texts:
            own.append(self._compile(self.folder / f"{name}_kernels.S", self.folder / "kernels.o"))
        header = f'-DMODEL_BENCH_H="{name}_bench.h"'
        words = [header, f"-I{self.folder}", *([] if goes_on is None else [f"-DMODEL_GOES_ON={int(goes_on)}"])]
        own.append(self._compile(FIRMWARE / "bench/bench.c", self.folder / "bench.o", *words))
        found, board = compiler.find(self.target, self.chosen), FIRMWARE / "boards" / self.target.board
        memory = {
            "flash_origin": self.target.flash.origin, "flash_size": self.target.flash.size,
            "ram_origin": self.target.ram.origin, "ram_size": self.target.ram.size, "stack_size": STACK,
        }  # fmt: skip
        words = [found.program, *found.link, *map(str, (*own, *self._shared()))]
        words += [str(cmsis_nn.find(self.cmsis, self.target).library)] if self.cmsis else []
        words += ["-Wl,--start-group", *map(str, found.libraries), "-Wl,--end-group", f"-T{board}/link.ld"]
        words += [f"-Wl,--defsym=__{what}={value:#x}" for what, value in memory.items()]
        elf = self.folder / "network.elf"
        done = subprocess.run([*words, "-o", str(elf)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        shape = network.output.shape
        run = qemu.run(
            self.target, elf, np.ascontiguousarray(inputs), output_dtype=network.output.dtype, output_shape=shape,
            function=f"{name}_{'step' if state == 'stream' else 'run'}",
        )  # fmt: skip
        return run, json.loads(texts["model.json"])
