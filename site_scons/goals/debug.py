# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons debug``: stop in a model's function."""

from __future__ import annotations

from made import Build, Made, described
from SCons.Node.FS import File

HELP = "keep the samples that the firmware reads, and print how to stop in the model's function with GDB"
TOOLS = {"gdb-multiarch": ["gdb-multiarch"]}


def make(made: Made) -> None:
    """The commands of each build, printed; in a folder of its own lies what the firmware reads."""
    made.env.Show("debug", [_debug(made, build) for build in made.builds])


def _debug(made: Made, build: Build) -> File:
    env, target = made.env, build.variant.target
    folder = env.FolderAt(f"{build.variant.folder}/debug")
    elf = _whole(build, folder.File(build.elf.name))
    targets = [folder.File(name) for name in ("debug.txt", "inputs.bin")]
    words = [f"--target={target.reference}", "--elf", elf, "--model", build.card, "--inputs", build.inputs]
    words += ["--out", folder]
    nodes = env.PythonProgram("measure.run.debug", targets, [elf, build.card, build.inputs], *words, tag="DEBUG")
    env.Depends(nodes, described(env, target))
    return nodes[0]


def _whole(build: Build, elf: File) -> File:
    """The same objects with nothing left out: a linker leaves the line tables of what it drops at address 0, and GDB
    would take the code that lies there for theirs."""
    linker = build.cross.Clone()
    linker.Append(LINKFLAGS=["-Wl,--no-gc-sections"])
    nodes = linker.LstmcuProgram(elf, build.elf.sources, *build.elf.get_build_env()["PLACES"])
    linker.Depends(nodes, build.elf)
    return nodes[0]
