# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What SConstruct makes of a command line, for goals to go on from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from commandline.cases import Case, Variant
from commandline.reading import Options
from SCons.Environment import Environment
from SCons.Node.FS import File

from kernels import FOLDER as SETS
from target.description import Target


def metadata(env: Environment, samples: File) -> list[File]:
    """What the values mean, where the samples' maker says it."""
    path = Path(samples.abspath).with_suffix(".json")
    return [env.FileAt(path)] if path.is_file() else []


def described(env: Environment, target: Target) -> list[File]:
    """What a step reads of a target: its own file, and what the kernel sets say that it may list."""
    return [env.FileAt(path) for path in (target.file, *sorted(SETS.glob("*/*.toml")))]


@dataclass(frozen=True, eq=False)
class Build:
    """One build: what was asked for, and the nodes of all that is made on the way from a trained model to a report."""

    case: Case
    variant: Variant
    cross: Environment  # compiles for the target
    trained: list[File]  # trained.npz, real-valued or as it came
    samples: File  # real values
    network: list[File]  # network.npz, quantised
    inputs: File  # .npy, as the device takes them
    ideal: File  # .npy: what the trained model says
    generated: list[File]  # C, header, header of the bench, assembly, model.json
    objects: list[File]  # of the user's firmware, the model's own first
    elf: File  # the bench, which runs the samples
    outputs: File  # .npy: what the device says
    profile: File  # exact, of every instruction
    report: File

    @property
    def card(self) -> File:
        """model.json: what the generated C is called and holds."""
        return self.generated[-1]


@dataclass(frozen=True, eq=False)
class Made:
    """All builds of a command line."""

    env: Environment
    options: Options
    builds: list[Build]
    profiler: list[File]  # QEMU's plugin
    table: list[File]  # report.txt, .md, junit.xml; fails if a check of a build failed

    @property
    def reports(self) -> list[File]:
        """report.json of each build."""
        return [build.report for build in self.builds]
