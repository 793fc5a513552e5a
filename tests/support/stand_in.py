# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for a CMSIS-NN that a user built: tests/support/cmsis_nn/ compiled for one core.

It has the calls that kernel set cmsis-nn makes and computes the same bits, slowly; it shows that everything around
the library works, and nothing about the library.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from kernels.cmsis_nn.library import LIBRARY
from model.fixed_point import SIGMOID_TABLE
from target import compiler
from target.description import Target
from tests.probe import WARNINGS
from tests.support.host import ROOT

SOURCES = ROOT / "tests/support/cmsis_nn"


def objects(folder: Path, target: Target) -> list[Path]:
    """Its object files for ``target``, in ``folder``."""
    folder.mkdir(parents=True)
    table = f"static const unsigned short stand_in_table[256] = {{{', '.join(map(str, SIGMOID_TABLE))}}};\n"
    (folder / "sigmoid_table.h").write_text(table)
    found = compiler.find(target, "gcc")
    warnings = [word for word in WARNINGS if word != "-Wconversion"]
    words = [found.program, *found.compile, "-std=c99", "-O2", "-ffunction-sections", *warnings]
    made = []
    for source in sorted(SOURCES.glob("*.c")):
        made.append(folder / f"{source.stem}.o")
        call(*words, f"-I{SOURCES}", f"-I{folder}", "-c", source, "-o", made[-1])
    return made


def call(*words: str | Path) -> None:
    """Run a program; its complaints become the test's."""
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def build(prefix: Path, targets: Sequence[Target]) -> Path:
    """A prefix with headers, and a library for each target in a folder of its name."""
    (prefix / "Include").mkdir(parents=True)
    for header in ("arm_nn_types.h", "arm_nnfunctions.h"):
        shutil.copy(SOURCES / header, prefix / "Include")
    for target in targets:
        made = objects(prefix / target.name, target)
        call(f"{target.gcc.prefix}ar", "rcsD", prefix / target.name / LIBRARY, *made)
    return prefix
