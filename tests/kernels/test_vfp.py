# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Float layers in assembly for Arm keep the FPU's callee-saved registers; test_kernel_sets.py looks at results."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernels import KernelSet, all_sets
from kernels.common.constants import Constants
from kernels.common.work import Work
from measure.run import qemu
from model import formats
from model.formats.base import Format
from model.functions import named
from model.layers.dense import Dense
from model.layers.gru import Gru
from model.layers.lstm import Lstm
from model.signal import Signal, Weights
from target import compiler
from tests.probe import FLOATS, ROOT, TARGETS
from tests.support.assembly import stub
from tests.support.host import HANG

FLAGS = ("-O1", "-g", "-Wa,--fatal-warnings")
PROGRAM = """
#include <stdint.h>
#include "semihosting.h"
typedef void (*function)(void);
int poisoned_call(function called, const uint32_t arguments[5]);
static float x[80], hidden[80], cell[80], scratch[80];
{declarations}
{arrays}
int main(void)
{{
    int lost = 0;
{calls}
    semihosting_exit(lost != 0);
}}
"""


def made_of(kernels: KernelSet, format: Format) -> dict[str, tuple[Constants, str]]:
    """Layers of all kinds in a format, and what they are called with behind their weights."""

    def weights(*shape: int) -> Weights:
        return format.quantise_weights(np.random.default_rng(1).normal(0, 1, shape).astype(np.float32))

    source, bias = Signal((3, 5)), np.zeros((4, 17), np.float32)
    lstm = Lstm("l", weights(4, 17, 5), weights(4, 17, 17), bias, True, False, 1.0, Signal((3, 17)), format=format)
    dense = Dense("d", weights(7, 18), np.zeros(7, np.float32), "relu", Signal((7,)), format)
    of_lstm, of_dense = (kernels.function(f"{kind}.{format.suffix}") for kind in ("lstm", "dense"))
    more = {}
    if f"lstm_functions.{format.suffix}" in kernels.covers:
        other = replace(lstm, activation=named("relu"), cell_clip=0.0)
        made = kernels.function(f"lstm_functions.{format.suffix}")(Work("other", other, source, ("lstm",)))
        more["other"] = (made, "x, hidden, scratch, 0")
    if f"gru.{format.suffix}" in kernels.covers:
        layer = Gru(
            "g", weights(3, 17, 5), weights(3, 17, 17), bias[:3], bias[3], True, True, False, Signal((3, 17)), format
        )
        made = kernels.function(f"gru.{format.suffix}")(Work("gru", layer, source, ("gru",)))
        more["gru"] = (made, "x, hidden, scratch, 0")
    return {
        **more,
        "step": (of_lstm(Work("step", lstm, source, ("lstm",))), "x, hidden, cell, scratch"),
        "once": (of_lstm(Work("once", lstm, source, ("lstm_once",))), "x, hidden, scratch, 0"),
        "whole": (of_dense(Work("whole", dense, Signal((18,)), ("dense",))), "x, hidden, scratch, 0"),
        "parts": (
            of_dense(Work("parts", dense, Signal((18,)), ("dense_add", "dense_finish"), 3)),
            "(void *)1, x, hidden, scratch",
        ),
    }


COVERED = [
    (target, format.name)
    for target in ("cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")
    for format in formats.every()
    if not format.integer and all_sets()[FLOATS[target]].covers_format(format.suffix)
]


def test_both_formats_of_floats_are_tried() -> None:
    assert {name for _, name in COVERED} == {"float32", "dynamic"}


@pytest.mark.parametrize("chosen", compiler.COMPILERS)
@pytest.mark.parametrize(("target", "quantisation"), COVERED)
def test_callee_saved_registers_survive(tmp_path: Path, target: str, quantisation: str, chosen: str) -> None:
    core, kernels, format = TARGETS[target], all_sets()[FLOATS[target]], formats.named(quantisation)
    made = made_of(kernels, format)
    declarations, arrays, calls = "", "", ""
    for constants, arguments in made.values():
        declarations += "".join(f"{line}\n" for line in constants.declarations if "#include" not in line)
        for array in constants.arrays:
            arrays += (
                f"static const {array.ctype} {array.name}[] = {{{', '.join(map(repr, array.values.tolist()))}}};\n"
            )
        for kernel in constants.calls.values():
            words = arguments if not kernel.function.endswith("finish") else "x, hidden, 0, 0"
            values = ", ".join(f"(uint32_t){word}" for word in (kernel.layer, *words.split(", ")))
            calls += f"    {{ const uint32_t a[5] = {{{values}}};\n"
            function = "other_gates" if constants.code else kernel.function  # what is C calls that
            calls += f"      lost |= poisoned_call((function){function}, a); }}\n"
    (tmp_path / "main.c").write_text(PROGRAM.format(declarations=declarations, arrays=arrays, calls=calls))
    code = kernels.layout.prologue("balanced", (format.suffix,)) + "".join(
        constants.assembly for constants, _ in made.values()
    )
    (tmp_path / "layers.S").write_text(code)
    found, firmware = compiler.find(core, chosen), ROOT / "firmware"
    folders = (
        "firmware/include",
        "firmware/boards/common",
        "kernels",
        *(f"kernels/{name}" for name in kernels.extends),
    )
    include = [f"-I{ROOT}/{name}" for name in folders]
    sources = [tmp_path / "main.c", tmp_path / "layers.S", stub(FLOATS[target])]
    sources += [firmware / "boards/cortex-m/startup.c", firmware / "boards/common/semihosting.c"]
    for path in sources:
        words = [found.program, *found.compile, *FLAGS, *include, "-c", path, "-o", tmp_path / f"{path.name}.o"]
        subprocess.run(list(map(str, words)), check=True)
    memory = {"flash_origin": core.flash.origin, "flash_size": core.flash.size}
    memory |= {"ram_origin": core.ram.origin, "ram_size": core.ram.size, "stack_size": 4096}
    words = [found.program, *found.link, *(tmp_path / f"{path.name}.o" for path in sources), *found.libraries]
    words += [f"-Wl,--defsym=__{name}={value:#x}" for name, value in memory.items()]
    words += [f"-T{firmware}/boards/cortex-m/link.ld", "-o", tmp_path / "test.elf"]
    subprocess.run(list(map(str, words)), check=True)
    assert core.qemu is not None
    machine = [core.qemu.program, *qemu._machine(core, tmp_path / "test.elf", [])]
    assert subprocess.run(machine, timeout=HANG, check=False).returncode == 0
