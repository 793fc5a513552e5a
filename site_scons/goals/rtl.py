# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons rtl``: modelled cycles against cores that are simulated from their own Verilog."""

from __future__ import annotations

from made import Build, Made, described
from SCons.Node.FS import File

HELP = "modelled cycles against the Ibex and CV32E40P cores' own Verilog"
PACKAGES = "full"
TOOLS = {"c++": ["g++"], "verilator": ["verilator", "make"]}
IMPLIES = {"target": "rv32imc"}
ISA = "rv32imc"


CORES = ("ibex", "cv32e40p")


def make(made: Made) -> None:
    """The cores, once; each build on both of them; a table."""
    cores = [_core(made, core) for core in CORES]
    compared = [_simulated(made, build, cores) for build in made.builds]
    made.env.Show("rtl", made.env.Collected("measure.checks.rtl.listing", "build/rtl.txt", compared, tag="TABLE"))


def _core(made: Made, core: str) -> File:
    env, program = made.env, made.env.FileAt(f"build/rtl/{core}/core")
    sources = [env.FileAt(f"measure/checks/rtl/{name}") for name in (f"{core}.sv", "harness.cpp")]
    words = ["--core", core, "--out", program]
    return env.PythonProgram("measure.checks.rtl.core", [program], sources, *words, tag="VERILATOR")[0]


def _simulated(made: Made, build: Build, cores: list[File]) -> File:
    env, compared = made.env, made.env.FileAt(f"{build.variant.folder}/rtl.json")
    words = [f"--target={build.variant.target.reference}", "--elf", build.elf, "--model", build.card]
    words += ["--inputs", build.inputs, "--profiler", *made.profiler]
    words += ["--timeout", str(made.options.timeout), "--out", compared, *cores]
    sources = [build.elf, build.card, build.inputs, *made.profiler, *cores]
    nodes = env.PythonProgram("measure.checks.rtl.simulate", [compared], sources, *words, tag="RTL")
    env.Depends(nodes, described(env, build.variant.target))
    return nodes[0]
