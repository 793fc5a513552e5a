# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Compile and link for one target.

    cross = env.Clone(
        tools=["cross"], TARGET_CORE=load_target("cortex-m4"), COMPILER="gcc", OPTIMIZE="balanced",
        OBJECTS="build/cortex-m4/obj",
    )
    lstm = cross.LstmModel("forecast", network=network, kernels="asm-armv7em", folder=folder)       # tool lstmcu
    bench = cross.Bench(folder, lstm.objects, lstm.generated)           # firmware that runs samples
    carried = cross.Carried(folder, lstm.objects, function)        # only what a user's firmware would carry
"""

from __future__ import annotations

from SCons.Script import Dir, Environment, File, Glob, Value

from measure import cmsis_nn, compiler

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")
LEVEL = {"size": "-Os", "balanced": "-O2", "speed": "-O3"}
MODE = ("-std=c99", "-g", "-ffp-contract=off", "-ffunction-sections", "-fdata-sections", "-fno-common")
STACK = 4096  # bytes that the bench reserves and paints


def _object(env: Environment, source, name: str, **settings) -> list:
    nodes = env.Object(f"{name}.o", source, **settings)
    env.Depends(nodes, env["COMPILER_IDENTITY"])
    (words,) = env.Override(settings).subst_list("$CC $CCFLAGS $_CPPINCFLAGS", target=nodes)
    env["COMPILED"].add((str(source), str(nodes[0]), tuple(map(str, words))))
    return nodes


def _kernel_objects(env: Environment, kernels: str) -> tuple[list, list]:
    if kernels != "cmsis-nn":
        return [], []
    found = cmsis_nn.find(env["CMSIS_NN"], env["TARGET_CORE"].name)
    own = env.Clone()
    own.Append(CCFLAGS=["-isystem", str(found.include)])  # not ours to warn about
    nodes = own.FirmwareObjects("kernels/cmsis-nn")
    env.Depends(nodes, [File(str(path)) for path in sorted(found.include.glob("*.h"))])
    return ["#firmware/kernels/cmsis-nn", str(found.include)], [*nodes, File(str(found.library))]


def _bench(env: Environment, folder: str, objects: list, generated: list) -> list:
    target = env["TARGET_CORE"]
    boards = env.Clone()
    boards.Append(CPPPATH=[f"#firmware/boards/{target.board}", "#firmware/boards/common"])
    header = next(node for node in generated if str(node).endswith("_bench.h"))
    quoted = f'-DMODEL_BENCH_H=\\"{header.name}\\"'
    bench = boards.LstmcuObject(
        File("#firmware/bench/bench.c"), f"#{folder}/bench.c",
        CCFLAGS=[*env["CCFLAGS"], quoted], CPPPATH=[*boards["CPPPATH"], f"#{folder}"],
    )  # fmt: skip
    env.Depends(bench, generated[1:3])  # the header's name reaches bench.c by a macro, which no scanner follows
    own = Glob(f"#firmware/boards/{target.board}/*")
    replaced = frozenset(file.name for file in own)  # a board's own file stands in for the common one of its name
    board = [
        *boards.FirmwareObjects("boards/common", replaced), *boards.FirmwareObjects(f"boards/{target.board}"),
    ]  # fmt: skip
    memory = {
        "flash_origin": target.flash.origin, "flash_size": target.flash.size,
        "ram_origin": target.ram.origin, "ram_size": target.ram.size, "stack_size": STACK,
    }  # fmt: skip
    scripts = [file for file in own if file.name == "link.ld"]
    words = [f"-T{script.get_path()}" for script in scripts]
    words += [f"-Wl,--defsym=__{name}={value:#x}" for name, value in memory.items()] if scripts else []
    elf = env.LstmcuProgram(f"#{folder}/{generated[1].name[:-2]}.elf", [*objects, *bench, *board], *words)
    env.Depends(elf, scripts)
    return elf


def _traced(env: Environment, folder: str, generated: list, kernels: str) -> list:
    noting = env.Clone(OBJECTS=f"{env['OBJECTS']}/traced")
    includes = ["#firmware/include", "#firmware/runtime", "#firmware/boards/common"]
    noting.Append(CCFLAGS=["-DLSTMCU_TRACE"], CPPPATH=includes)
    writer = noting.LstmcuObject(File("#firmware/bench/trace.c"), f"#{noting['OBJECTS']}/bench/trace.c")
    return noting.Bench(folder, [*noting.ModelObjects(folder, generated, kernels), *writer], generated)


def _carried(env: Environment, folder: str, objects: list, functions: list[str]) -> list:
    roots = [f"-Wl,-e,{functions[0]}", *(f"-Wl,-u,{name}" for name in functions)]
    return env.LstmcuProgram(f"#{folder}/carried.elf", objects, *roots)


def _program(env: Environment, path: str, objects: list, *words: str) -> list:
    nodes = env.Program(path, objects, LINKFLAGS=[*env["LINKFLAGS"], *words])
    env.Depends(nodes, [*env["COMPILER_IDENTITY"], File("#measure/link.py")])
    return nodes


def generate(env: Environment) -> None:
    """Make ``env`` compile for ``env["TARGET_CORE"]`` with ``env["COMPILER"]``, what models share into ``OBJECTS``."""
    target = env["TARGET_CORE"]
    idle = env.GetOption("clean") or env.GetOption("help")
    found = compiler.unknown() if idle else compiler.find(target, env["COMPILER"])
    for tool in ("gcc", "gnulink", "as", "ar"):
        env.Tool(tool)
    env["CC"] = env["LINK"] = env["AS"] = found.program
    level = LEVEL[env["OPTIMIZE"]]
    env["CCFLAGS"] = [*found.compile, level, *MODE, *WARNINGS]
    env["ASFLAGS"] = [*found.compile, "-g", "-Wa,--fatal-warnings"]
    env["LINKFLAGS"] = list(found.link)
    env["LIBRARIES"] = ["-Wl,--start-group", *map(str, found.libraries), "-Wl,--end-group"]
    env["PROGSUFFIX"] = ""
    # the same bytes wherever the project lies; gcc tells its assembler of the second option only
    env["ANYWHERE"] = [f"-f{kind}-prefix-map={Dir('#').abspath}=." for kind in ("file", "debug")]
    env["CCCOM"] = "$( $CCACHE $) $CC -o $TARGET -c $( $ANYWHERE $) $CCFLAGS $_CPPINCFLAGS $SOURCES"
    env["ASPPCOM"] = "$( $CCACHE $) $CC -o $TARGET -c $( $ANYWHERE $) $ASFLAGS $_CPPINCFLAGS $SOURCES"
    env["REPORTED_FLAGS"] = " ".join([*target.flags, level, *MODE])
    env["LINKCOM"] = "$PYTHON -m measure.link $LINK -o $TARGET $LINKFLAGS $SOURCES $LIBRARIES"
    env["COMPILER_IDENTITY"] = [Value(found.identity), *(File(str(path)) for path in found.libraries)]
    if not env["VERBOSE"]:
        env["CCCOMSTR"], env["ASPPCOMSTR"], env["LINKCOMSTR"] = "[CC] $TARGET", "[AS] $TARGET", "[LINK] $TARGET"
    env.AddMethod(_object, "LstmcuObject")
    env.AddMethod(_program, "LstmcuProgram")
    env.AddMethod(_kernel_objects, "KernelObjects")
    env.AddMethod(_bench, "Bench")
    env.AddMethod(_traced, "Traced")
    env.AddMethod(_carried, "Carried")


def exists(env: Environment) -> bool:
    """Whether the target's compiler is on PATH."""
    return bool(env.WhereIs(f"{env['TARGET_CORE'].gcc.prefix}gcc"))
