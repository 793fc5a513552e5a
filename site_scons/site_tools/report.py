# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Reports of runs, and files made of reports.

report = cross.Report(folder, target, objects, options, model=card, elf=elf, ...)     # report.json
table = env.Table("build", reports, options)                         # report.txt .md junit.xml, or fails
page = env.Collected("measure.pages.parts", "build/sizes.md", reports, tag="SIZES")
"""

from __future__ import annotations

from commandline.reading import Options
from made import described, metadata
from SCons.Node.FS import File
from SCons.Script import Environment

from target.description import Target


def _report(
    env: Environment, folder: str, target: Target, objects: list[File], options: Options, **inputs: File
) -> list[File]:
    made = env.FileAt(f"{folder}/report.json")
    words: list[object] = [f"--target={target.reference}", "--compiler", env["COMPILER"]]
    words += [f"--flags={env['REPORTED_FLAGS']}", "--out", made, *options.memory]
    words += ["--clock", str(options.clock)] if options.clock else []
    words += ["--period", str(options.period)] if options.period else []
    words += options.energy
    for name, node in inputs.items():
        words += [f"--{name.replace('_', '-')}", node]
    linked = [*objects, *env["LIBRARIES"]]  # a kernel set may bring a library along
    libraries = [path for path in linked if str(path).endswith(".a")]
    words += ["--objects", *(path for path in linked if str(path).endswith(".o")), "--libraries", *libraries]
    nodes = env.PythonProgram("measure.report", [made], list(inputs.values()), *words, tag="REPORT")
    env.Depends(nodes, metadata(env, inputs["samples"]))
    env.Depends(nodes, [*objects, *map(env.FileAt, libraries), *described(env, target)])
    return nodes


def _collected(env: Environment, module: str, path: str, sources: list[File], *words: object, tag: str) -> list[File]:
    """One file made of others, which the program takes last."""
    made = env.FileAt(path)
    return env.PythonProgram(module, [made], sources, *words, "--out", made, *sources, tag=tag)


def _table(env: Environment, folder: str, reports: list[File], options: Options) -> list[File]:
    targets = [env.FileAt(f"{folder}/{name}") for name in ("report.txt", "report.md", "junit.xml")]
    words = ["--out", targets[0], "--markdown", targets[1], "--junit", targets[2], *options.judged]
    nodes = env.PythonProgram("measure.pages.show", targets, reports, *words, *reports, tag="TABLE")
    env.Precious(nodes[1:])  # they tell what failed
    env.Depends(nodes, [env.FileAt(options.budget)] if options.budget else [])
    return nodes


def generate(env: Environment) -> None:
    """Add ``Report``, ``Collected`` and ``Table`` to ``env``."""
    env.AddMethod(_report, "Report")
    env.AddMethod(_collected, "Collected")
    env.AddMethod(_table, "Table")


def exists(env: Environment) -> bool:
    """Always there."""
    return True
