# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Run firmware under QEMU and report what it needs.

    profiler = env.Profiler("build/profiler")
    run = env.Run(folder, target, elf, card, inputs, profiler, 300)      # outputs.npy bench.txt profile.txt
    report = env.Report(folder, target, ...)                             # report.json
    env.Table("build/report.txt", reports)                               # written and printed
"""

from __future__ import annotations

from SCons.Script import Action, Environment, File


def _profiler(env: Environment, folder: str) -> list:
    sources = [File("#measure/profiler/profiler.c"), File("#measure/profiler/plugin_api.h")]
    command = [["$HOSTCC", "-std=c11", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", "$TARGET", "$SOURCE"]]
    return env.Command(f"{folder}/profiler.so", sources, [Action(command, "[HOSTCC] $TARGET")])


def _run(env: Environment, folder: str, target, elf: list, card, inputs, profiler: list, timeout: int) -> list:
    words = ["--target", target.name, "--elf", "$SOURCE", "--model", "${SOURCES[1]}", "--inputs", "${SOURCES[2]}"]
    words += ["--profiler", "${SOURCES[3]}", "--timeout", str(timeout)]
    words += ["--outputs", "$TARGET", "--bench", "${TARGETS[1]}", "--profile", "${TARGETS[2]}"]
    targets = [f"{folder}/{name}" for name in ("outputs.npy", "bench.txt", "profile.txt")]
    nodes = env.PythonProgram("measure.run", targets, [*elf, card, inputs, *profiler], *words, tag="RUN")
    env.Depends(nodes, File(f"#toolchains/{target.name}.toml"))
    return nodes


def _report(env: Environment, folder: str, target, **inputs) -> list:
    words = ["--target", target.name, "--flags", env["REPORTED_FLAGS"], "--out", "$TARGET"]
    for name, node in inputs.items():
        words += [f"--{name.replace('_', '-')}", str(node)]
    nodes = env.PythonProgram("measure.report", [f"{folder}/report.json"], list(inputs.values()), *words, tag="REPORT")
    env.Depends(nodes, File(f"#toolchains/{target.name}.toml"))
    return nodes


def _table(env: Environment, path: str, reports: list) -> list:
    return env.PythonProgram("measure.table", [path], reports, "--out", "$TARGET", "$SOURCES", tag="TABLE")


def generate(env: Environment) -> None:
    """Add ``Profiler``, ``Run``, ``Report`` and ``Table`` to ``env``."""
    env.AddMethod(_profiler, "Profiler")
    env.AddMethod(_run, "Run")
    env.AddMethod(_report, "Report")
    env.AddMethod(_table, "Table")


def exists(env: Environment) -> bool:
    """Always there."""
    return True
