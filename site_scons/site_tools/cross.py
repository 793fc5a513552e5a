# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Compile and link for one target.

    cross = env.Clone(tools=["cross"], TARGET_CORE=load_target("cortex-m4"), BUILD="build/cortex-m4")
    objects = cross.ModelObjects(folder, generated, "c")      # the model with the runtime and kernels it needs
    bench = cross.Bench(folder, objects, generated)           # firmware that runs samples
    carried = cross.Carried(folder, objects, function)        # only what a user's firmware would carry
"""

from __future__ import annotations

import subprocess

from SCons.Script import Environment, File, Glob

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")
MODE = ("-std=c99", "-O2", "-g", "-ffunction-sections", "-fdata-sections", "-fno-common")
STACK = 4096  # bytes that the bench reserves and paints


def _identity(gcc: str) -> str:
    """What the compiler says of itself: version, configuration, multilibs, libc's specs."""
    run = subprocess.run([gcc, "-v", "-print-multi-lib"], capture_output=True, text=True, check=True)
    return run.stdout + run.stderr


def _object(env: Environment, source, name: str, **settings) -> list:
    nodes = env.Object(f"{name}.o", source, **settings)
    env.Depends(nodes, env["COMPILER_IDENTITY"])
    env["COMPILED"].append((str(source), str(nodes[0]), env.subst("$CC $CCFLAGS $_CPPINCFLAGS")))
    return nodes


def _shared(env: Environment, folder: str) -> list:
    """Objects of every C and assembly file in a folder of firmware/, built once a target."""
    nodes = []
    for source in Glob(f"#firmware/{folder}/*.[cS]"):
        nodes += env.LstmcuObject(source, f"#{env['BUILD']}/obj/{folder}/{source.name}")
    return nodes


def _model_objects(env: Environment, folder: str, generated: list, kernels: str) -> list:
    local = env.Clone()
    local.Append(CPPPATH=["#firmware/include", "#firmware/runtime", f"#firmware/kernels/{kernels}"])
    model = local.LstmcuObject(generated[0], f"#{folder}/{generated[0].name}", CPPPATH=[*local["CPPPATH"], f"#{folder}"])
    return [*model, *_shared(local, "runtime"), *_shared(local, f"kernels/{kernels}")]


def _bench(env: Environment, folder: str, objects: list, generated: list) -> list:
    local = env.Clone()
    local.Append(CPPPATH=["#firmware/boards/common", f"#{folder}"])
    header = next(node for node in generated if str(node).endswith("_bench.h"))
    quoted = f'-DMODEL_BENCH_H=\\"{header.name}\\"'
    bench = local.LstmcuObject(
        File("#firmware/bench/bench.c"), f"#{folder}/bench.c", CCFLAGS=[*local["CCFLAGS"], quoted]
    )
    env.Depends(bench, generated[1:3])  # the header's name reaches bench.c by a macro, which no scanner follows
    target = env["TARGET_CORE"]
    board = [*_shared(local, "boards/common"), *_shared(local, f"boards/{target.board}")]
    script = File(f"#firmware/boards/{target.board}/link.ld")
    memory = {
        "flash_origin": target.flash.origin, "flash_size": target.flash.size,
        "ram_origin": target.ram.origin, "ram_size": target.ram.size, "stack_size": STACK,
    }
    symbols = [f"-Wl,--defsym=__{name}={value:#x}" for name, value in memory.items()]
    elf = local.Program(
        f"#{folder}/{generated[1].name[:-2]}.elf", [*objects, *bench, *board],
        LINKFLAGS=[*local["LINKFLAGS"], f"-Wl,-T,{script.get_path()}", *symbols],
    )
    env.Depends(elf, script)
    return elf


def _carried(env: Environment, folder: str, objects: list, functions: list[str]) -> list:
    roots = [f"-Wl,-e,{functions[0]}", *(f"-Wl,-u,{name}" for name in functions)]
    return env.Program(f"#{folder}/carried.elf", objects, LINKFLAGS=[*env["LINKFLAGS"], *roots])


def generate(env: Environment) -> None:
    """Make ``env`` compile for ``env["TARGET_CORE"]`` into ``env["BUILD"]``."""
    target = env["TARGET_CORE"]
    gcc = f"{target.gcc.prefix}gcc"
    for tool in ("gcc", "gnulink", "as"):
        env.Tool(tool)
    env["CC"] = env["LINK"] = env["AS"] = gcc
    env["CCFLAGS"] = [*target.flags, *MODE, *WARNINGS]
    env["ASFLAGS"] = [*target.flags, "-g"]
    env["LINKFLAGS"] = [*target.flags, "--specs=nano.specs", "-nostartfiles", "-Wl,--gc-sections", "-Wl,--fatal-warnings"]
    env["PROGSUFFIX"] = ""
    env["CCCOM"] = "$CC -o $TARGET -c $CCFLAGS $_CPPINCFLAGS $SOURCES"
    env["REPORTED_FLAGS"] = " ".join([*target.flags, *MODE])
    env["LINKCOM"] = f"$PYTHON -m measure.link {target.name} $LINK -o $TARGET $LINKFLAGS $SOURCES"
    env["COMPILER_IDENTITY"] = env.Value(_identity(gcc))
    if not env["VERBOSE"]:
        env["CCCOMSTR"], env["ASPPCOMSTR"], env["LINKCOMSTR"] = "[CC] $TARGET", "[AS] $TARGET", "[LINK] $TARGET"
    env.AddMethod(_object, "LstmcuObject")
    env.AddMethod(_model_objects, "ModelObjects")
    env.AddMethod(_bench, "Bench")
    env.AddMethod(_carried, "Carried")


def exists(env: Environment) -> bool:
    """Whether the target's compiler is on PATH."""
    return bool(env.WhereIs(f"{env['TARGET_CORE'].gcc.prefix}gcc"))
