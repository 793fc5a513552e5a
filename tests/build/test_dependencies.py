# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""For each kind of input of a build with assembly kernels: what an edit makes anew, and nothing else.

All cases share one checkout, and none takes its edit back: one that rebuilds too little is caught by the next.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.support import recorder
from tests.support.checkout import Checkout, Shared

MODEL = "forecast-window"  # the quick one
REQUEST = ("target=cortex-m4", f"model={MODEL}", "quant=int8", "kernels=asm")
FOLDER = f"build/cortex-m4/{MODEL}/int8-asm"

ASSEMBLED = {"AS forecast_window_kernels.S.o"}
LINKED = {"LINK forecast_window.elf", "LINK carried.elf"}
GENERATED = {"GEN forecast_window.c"}
MODEL_CODE = {"CC forecast_window.c.o", "CC bench.c.o"}
MEASURED = {"RUN outputs.npy", "REPORT report.json", "TABLE report.txt"}
TARGET = {"RUN outputs.npy", "REPORT report.json"}  # what reads of it
HASH, C = "# a comment\n", "/* a comment */\n"


@pytest.fixture(scope="module")
def settled(built: Shared, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of a built checkout, which has nothing left to do between two cases."""
    return built.copy(tmp_path_factory.mktemp("dependencies") / "checkout", *REQUEST)


def compiled(checkout: Checkout) -> set[str]:
    """All steps that call the compiler or assembler."""
    return {
        f"{'AS' if path.endswith('.S.o') else 'CC'} {Path(path).name}"
        for path in checkout.files()
        if path.endswith(".o") and path.startswith((FOLDER, "build/cortex-m4/obj/"))
    }


@pytest.mark.parametrize(
    ("path", "text", "rules"),
    [
        # macros and headers
        ("kernels/armv7em/lstm_s8.inc", C, ASSEMBLED),
        ("kernels/armv7em/mac_s8.inc", C, ASSEMBLED),
        ("kernels/common/phase.inc", C, ASSEMBLED),
        ("kernels/vfp/vfp_f32.inc", C, set()),  # no layer of this model runs with it
        ("kernels/armv7m/lstm_s8.inc", C, set()),
        ("kernels/thumb2/stub.S", C, set()),
        ("kernels/c/lstm_s8.c", C, {"CC lstm_s8.c.o"}),
        ("kernels/cmsis_nn/cmsis.c", C, set()),
        ("firmware/boards/cortex-m/link.ld", C, {"LINK forecast_window.elf"}),
        ("firmware/boards/riscv/startup.c", C, set()),
        ("firmware/boards/common/cycle_counter.h", C, {"CC bench.c.o"}),
        # what generates
        ("model/emit/__main__.py", HASH, GENERATED),
        ("model/emit/choose.py", HASH, GENERATED),
        ("kernels/armv7em/layout.py", HASH, GENERATED),
        ("kernels/vfp/layout.py", HASH, GENERATED),
        ("kernels/armv7m/layout.py", HASH, set()),
        ("kernels/rv32im/layout.py", HASH, set()),
        ("kernels/cmsis_nn/layout.py", HASH, set()),
        ("kernels/common/blocks.py", HASH, set()),
        ("kernels/common/words.py", HASH, GENERATED),
        ("kernels/armv7em/set.toml", HASH, GENERATED | TARGET),
        ("kernels/armv7m/set.toml", HASH, GENERATED | TARGET),
        ("kernels/common/assembly.py", HASH, GENERATED),
        ("kernels/c/layout.py", HASH, GENERATED),
        ("model/emit/templates/model.c.jinja", C, GENERATED | {"CC forecast_window.c.o"}),
        ("model/emit/templates/model.h.jinja", C, GENERATED | MODEL_CODE),
        ("model/quantise.py", HASH, {"QUANT network.npz"}),
        ("model/expect.py", HASH, {"REF inputs.npy"}),
        ("model/read.py", HASH, {"READ trained.npz"}),
        # the report asks the readers whether a .json beside the samples is a model
        ("model/readers/tflite/file.py", HASH, {"READ trained.npz", "REPORT report.json"}),
        # what measures
        ("measure/cost/timing/arm.py", HASH, {"REPORT report.json"}),
        ("measure/cost/timing/riscv.py", HASH, {"REPORT report.json"}),
        ("measure/cost/stack.py", HASH, {"REPORT report.json"}),
        ("target/link.py", HASH, LINKED),
        ("measure/run/qemu.py", HASH, {"RUN outputs.npy"}),
        ("measure/run/in_gdb.py", HASH, set()),  # without a board
        ("measure/pages/show.py", HASH, {"TABLE report.txt"}),
        ("measure/run/profiler/profiler.c", C, {"HOSTCC profiler.so"}),
        (
            "measure/run/profiler/profiler.c",
            'const char other[] = "plugin";\n',
            {"HOSTCC profiler.so", "RUN outputs.npy"},
        ),
        ("measure/report.schema.json", "\n", set()),
        ("measure/checks/rtl/harness.cpp", C, set()),
        # targets and models
        ("toolchains/cortex-m4.toml", HASH, TARGET),
        ("toolchains/rv32imc.toml", HASH, set()),
        (f"models/{MODEL}/{MODEL}.json", "\n", {"REPORT report.json"}),
        ("train/forecast.py", HASH, set()),
    ],
)
def test_a_comment(path: str, text: str, rules: set[str], settled: Checkout) -> None:
    """What a step writes is compared: the same bytes stop the build there."""
    with (settled.root / path).open("a", encoding="utf-8") as file:
        file.write(text)
    again = settled.build(*REQUEST)
    assert again.rules == rules, again.out


def test_a_macro_that_changes(settled: Checkout) -> None:
    """Another instruction in the step's loop: other code, other figures, the same results."""
    path = settled.root / "kernels/armv7em/mac_s8.inc"
    path.write_text(path.read_text().replace(".endm", "nop\n.endm", 1))
    assert settled.build(*REQUEST).rules == ASSEMBLED | LINKED | MEASURED


def test_a_timing_table_that_changes(settled: Checkout) -> None:
    path = settled.root / "measure/cost/timing/arm.py"
    text = path.read_text().replace("Arm 100166_0001", "Arm 100166")
    assert text != path.read_text()
    path.write_text(text)
    assert settled.build(*REQUEST).rules == {"REPORT report.json", "TABLE report.txt"}


def test_more_memory_for_a_target(settled: Checkout) -> None:
    path = settled.root / "toolchains/cortex-m4.toml"
    text = path.read_text().replace("ram = { origin = 0x20000000, size = 0x", "ram = { origin = 0x20000000, size = 0x1")
    assert text != path.read_text()
    path.write_text(text)
    rules = settled.build(*REQUEST).rules
    assert rules == {"LINK forecast_window.elf", "RUN outputs.npy", "REPORT report.json"}


def test_a_flag_of_a_target(settled: Checkout) -> None:
    path = settled.root / "toolchains/cortex-m4.toml"
    path.write_text(path.read_text().replace('"-mthumb"', '"-mthumb", "-fno-tree-vectorize"', 1))
    assert settled.build(*REQUEST).rules == compiled(settled) | LINKED | MEASURED


def test_optimize_has_objects_of_its_own(settled: Checkout) -> None:
    """Neither choice touches what the other has built."""
    sized = settled.build(*REQUEST, "optimize=size").rules
    assert sized >= GENERATED | ASSEMBLED | LINKED | MEASURED
    assert sized >= {rule for rule in compiled(settled) if "bench" not in rule}
    assert not sized & {"READ trained.npz", "QUANT network.npz", "REF inputs.npy", "HOSTCC profiler.so"}
    assert settled.build(*REQUEST).rules == {"TABLE report.txt"}
    assert settled.build(*REQUEST, "optimize=size").rules == {"TABLE report.txt"}
    assert settled.build(*REQUEST).rules == {"TABLE report.txt"}


def test_a_limit_judges_again_and_measures_nothing(settled: Checkout) -> None:
    assert settled.build(*REQUEST, "flash_max=1M").rules == {"TABLE report.txt"}
    assert settled.build(*REQUEST).rules == {"TABLE report.txt"}


def test_other_samples(settled: Checkout) -> None:
    """Another calibration: all of the model, and nothing of the runtime or the profiler."""
    path = settled.root / f"models/{MODEL}/{MODEL}.npz"
    arrays = dict(np.load(path))
    arrays |= {name: arrays[name] * 0.5 for name in ("inputs", "calibration")}
    np.savez_compressed(path, **arrays)
    rules = settled.build(*REQUEST).rules - {"COPY expected.npy"}
    model = {"QUANT network.npz", "REF inputs.npy", "CC forecast_window.c.o"} | GENERATED | ASSEMBLED | LINKED
    assert model | MEASURED <= rules <= model | MEASURED | MODEL_CODE


def test_another_compiler_of_the_same_name(settled: Checkout, tmp_path: Path) -> None:
    """Of which only the version tells: all is compiled, and as the same bytes result, nothing is run."""
    own = tmp_path / "arm-none-eabi-gcc"
    real = shutil.which("arm-none-eabi-gcc")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    own.write_text(f'#!/bin/sh\n[ -e "{tmp_path}/newer" ] && [ "$1" = -v ] && echo "version 99"\nexec {real} "$@"\n')
    own.chmod(0o755)
    assert settled.scons(*REQUEST, path=path).code == 0
    assert settled.scons(*REQUEST, path=path).rules == set()
    (tmp_path / "newer").touch()
    assert settled.scons(*REQUEST, path=path).rules == compiled(settled) | LINKED


def test_every_file_that_a_step_opens_is_declared(tmp_path: Path) -> None:
    """Of each Python step, at work for every goal that has results: what nobody declared, nobody would make anew."""
    checkout = Checkout.copy(tmp_path / "checkout")
    recorder.install(checkout.root)
    checkout.build("report", "sizes", "page", "profile", "compare", "debug", "figures", "docs", *REQUEST)
    checkout.build("bench", "target=cortex-m4", "model=S0", "kernels=c", "optimize=balanced")
    ran = {step.program for step in recorder.steps(checkout.root)}
    assert ran >= {"model.read", "measure.run", "measure.checks.difference", "measure.pages.accuracy"}
    assert recorder.undeclared(checkout.root) == set()
    program = checkout.root / "measure/pages/show.py"
    program.write_text(program.read_text().replace("def main(", "Path('SConstruct').read_text()\n\n\ndef main(", 1))
    checkout.build("report", *REQUEST)
    assert recorder.undeclared(checkout.root) == {("measure.pages.show", "SConstruct")}
