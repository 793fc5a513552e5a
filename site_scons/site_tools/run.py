# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Run firmware under QEMU, or natively, and count what it executes; and on a board that a GDB server has.

profiler = env.Profiler("build/profiler")                            # QEMU's plugin
outputs, bench, profile = env.Run(folder, target, elf, card, inputs, profiler, 300)
outputs, bench, profile, board = env.Run(folder, target, elf, card, inputs, profiler, 300, "localhost:3333")
"""

from __future__ import annotations

from made import described
from SCons.Node.FS import File
from SCons.Script import Environment

from target.description import Target


def _profiler(env: Environment, folder: str) -> list[File]:
    source, header = (env.FileAt(f"measure/run/profiler/{name}") for name in ("profiler.c", "plugin_api.h"))
    made = env.FileAt(f"{folder}/profiler.so")
    words = [env["HOSTCC"], "-std=c11", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", made, source]
    return env.Command(made, [source, header], env.Step("HOSTCC", words))


def _run(
    env: Environment, folder: str, target: Target, elf: File, card: File, inputs: File, profiler: list[File],
    timeout: int, gdb: str = "",
) -> list[File]:  # fmt: skip
    targets = [env.FileAt(f"{folder}/{name}") for name in ("outputs.npy", "bench.txt", "profile.txt")]
    words = [f"--target={target.reference}", "--elf", elf, "--model", card, "--inputs", inputs]
    words += ["--profiler", *profiler, "--timeout", str(timeout)]
    words += ["--outputs", targets[0], "--bench", targets[1], "--profile", targets[2]]
    if gdb:
        targets.append(env.FileAt(f"{folder}/board.json"))
        words += [f"--gdb={gdb}", "--board", targets[3]]
    nodes = env.PythonProgram("measure.run", targets, [elf, card, inputs, *profiler], *words, tag="RUN")
    env.Depends(nodes, described(env, target))
    if gdb:  # asked anew each time, as nobody can tell whether it is the same board, and one build after the other
        env.Depends(nodes, env.FileAt("measure/run/in_gdb.py"))
        env.AlwaysBuild(nodes)
        env.NoCache(nodes)
        env.SideEffect(env.FileAt("build/board"), nodes)
    return nodes


def generate(env: Environment) -> None:
    """Add ``Profiler`` and ``Run`` to ``env``."""
    env.AddMethod(_profiler, "Profiler")
    env.AddMethod(_run, "Run")


def exists(env: Environment) -> bool:
    """Always there."""
    return True
