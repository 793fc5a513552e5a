# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Compile and link for one target.

cross = env.Clone(
    tools=["cross"], TARGET_CORE=load_target("cortex-m4"), COMPILER="gcc", OPTIMIZE="balanced",
    OBJECTS=env.FolderAt("build/cortex-m4/obj"),
)
lstm = cross.LstmModel("forecast", network=network, kernels=("armv7em",), folder=folder)        # tool lstmcu
bench = cross.Bench(folder, lstm.objects, lstm.generated)           # firmware that runs samples
carried = cross.Carried(folder, lstm.objects, function)        # only what a user's firmware would carry
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from SCons.Node.FS import Dir as Folder
from SCons.Node.FS import File
from SCons.Script import Dir, Environment, Value

from target import compiler

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")
LEVEL = {"size": "-Os", "balanced": "-O2", "speed": "-O3"}
MODE = ("-std=c99", "-g", "-ffp-contract=off", "-ffunction-sections", "-fdata-sections", "-fno-common")
FIRMWARE = Path("firmware")  # of the top folder
HERE = "/proc/self/cwd"  # by this name a compiler knows the folder it runs in: a path may hold the = of an option
STACK = 4096  # bytes that the bench reserves and paints


def _compile_words(flags: str) -> Callable[[list[File], list[File], Environment], list[object]]:
    """What compiles a source with the words of ``env[flags]``."""

    def words(target: list[File], source: list[File], env: Environment) -> list[object]:
        include = tuple(f"-I{folder}" for folder in env["CPPPATH"])
        return [
            tuple(env["CCACHE"]), env["CC"], "-o", target[0], "-c",
            tuple(env["ANYWHERE"]), *env[flags], *env["MACROS"], include, *source,
        ]  # fmt: skip

    return words


def _link_words(target: list[File], source: list[File], env: Environment) -> list[object]:
    return [
        env["PYTHON"], "-m", "target.link", env["LINK"], "-o", target[0],
        *env["LINKFLAGS"], *env["PLACES"], *source, *env["LIBRARIES"],
    ]  # fmt: skip


def _object(env: Environment, source: File, name: str, **settings: object) -> list[File]:
    made = env.FileAt(f"{name}.o")
    env.Object(made, source, **settings)
    env.Depends(made, env["COMPILER_IDENTITY"])
    own = env.Override(settings)
    flags = own["ASFLAGS" if source.name.endswith(".S") else "CCFLAGS"]
    include = [f"-I{folder}" for folder in own["CPPPATH"]]
    words = (env["CC"], *flags, *own["MACROS"], *include, "-c", str(source), "-o", str(made))
    env["COMPILED"].add((str(source), str(made), words))
    return [made]


def _firmware_folders(env: Environment, *names: str) -> list[Folder]:
    return [env.FolderAt(FIRMWARE / name) for name in names]


def _kernel_objects(env: Environment, name: str) -> tuple[list[Folder], list[File]]:
    """As of tool lstmcu, and the library of a set that calls one."""
    folder = f"kernels/{name}"
    if not env["KERNEL_SETS"][name].get("library"):
        return [env.FolderAt(folder)], env.FirmwareObjects(folder)
    from kernels.cmsis_nn import library as cmsis_nn  # slow to import, hence only here

    found = cmsis_nn.find(str(env["CMSIS_NN"]), env["TARGET_CORE"])
    own = env.Clone()
    own.Append(CCFLAGS=["-isystem", str(found.include)])  # not ours to warn about
    nodes = own.FirmwareObjects(folder)
    env.Depends(nodes, [env.FileAt(path) for path in sorted(found.include.glob("*.h"))])
    return [env.FolderAt(folder), env.FolderAt(found.include)], [*nodes, env.FileAt(found.library)]


def _bench(env: Environment, folder: str, objects: list[File], generated: list[File]) -> list[File]:
    """Its object lies in a folder of its own, as ``carried.elf`` does: a model may be called the same."""
    target, made = env["TARGET_CORE"], env.FolderAt(folder)
    boards = env.Clone()
    boards.Append(CPPPATH=_firmware_folders(env, f"boards/{target.board}", "boards/common"))
    header = generated[2]  # behind the C and the user's header, whatever the model is called
    bench = boards.LstmcuObject(
        env.FileAt(FIRMWARE / "bench/bench.c"), f"{folder}/bench/bench.c",
        MACROS=[f'-DMODEL_BENCH_H="{header.name}"'], CPPPATH=[*boards["CPPPATH"], made],
    )  # fmt: skip
    env.Depends(bench, generated[1:3])  # the header's name reaches bench.c by a macro, which no scanner follows
    own = sorted((FIRMWARE / "boards" / target.board).iterdir())
    replaced = frozenset(path.name for path in own)  # a board's own file stands in for the common one of its name
    board = [
        *boards.FirmwareObjects("firmware/boards/common", replaced),
        *boards.FirmwareObjects(f"firmware/boards/{target.board}"),
    ]  # fmt: skip
    memory = {
        "flash_origin": target.flash.origin, "flash_size": target.flash.size,
        "ram_origin": target.ram.origin, "ram_size": target.ram.size, "stack_size": STACK,
    }  # fmt: skip
    scripts = [env.FileAt(path) for path in own if path.name == "link.ld"]
    words = [f"-T{script}" for script in scripts]
    words += [f"-Wl,--defsym=__{name}={value:#x}" for name, value in memory.items()] if scripts else []
    elf = env.LstmcuProgram(made.File(f"{generated[1].name[:-2]}.elf"), [*objects, *bench, *board], *words)
    env.Depends(elf, scripts)
    return elf


def _traced(env: Environment, folder: str, generated: list[File], kernels: str) -> list[File]:
    noting = env.Clone(OBJECTS=env["OBJECTS"].Dir("traced"))
    noting.Append(CCFLAGS=["-DLSTMCU_TRACE"])
    if "TRACE_WRITER" not in env:  # one for all models
        path = _firmware_folders(env, "include", "runtime", "boards/common")
        source, made = env.FileAt(FIRMWARE / "bench/trace.c"), f"{noting['OBJECTS']}/bench/trace.c"
        env["TRACE_WRITER"] = noting.LstmcuObject(source, made, CPPPATH=path)
    return noting.Bench(folder, [*noting.ModelObjects(folder, generated, kernels), *env["TRACE_WRITER"]], generated)


def _carried(env: Environment, folder: str, objects: list[File], functions: list[str]) -> list[File]:
    roots = [f"-Wl,-e,{functions[0]}", *(f"-Wl,-u,{name}" for name in functions)]
    return env.LstmcuProgram(env.FileAt(f"{folder}/carried/carried.elf"), objects, *roots)


def _program(env: Environment, made: File, objects: list[File], *places: str) -> list[File]:
    nodes = env.Program(made, objects, PLACES=places)
    env.Depends(nodes, [*env["COMPILER_IDENTITY"], env.FileAt("target/link.py")])
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
    env["MACROS"], env["PLACES"] = [], []  # a source's own, a program's own
    env["LIBRARIES"] = ["-Wl,--start-group", *map(str, found.libraries), "-Wl,--end-group"]
    env["PROGSUFFIX"] = ""
    if target.arch == "host":
        env["CCACHE"] = []  # what runs outside of QEMU is compiled here, not fetched from where others write
    # the same bytes wherever the project lies; gcc tells its assembler of the second option only
    here = HERE if Path(HERE).exists() else Dir("#").abspath
    env["ENV"] = {**env["ENV"], "PWD": here}
    env["ANYWHERE"] = [f"-f{kind}-prefix-map={here}=." for kind in ("file", "debug")]
    env["CCCOM"] = env.Step("CC", _compile_words("CCFLAGS"))
    env["ASPPCOM"] = env.Step("AS", _compile_words("ASFLAGS"))
    env["LINKCOM"] = env.Step("LINK", _link_words)
    env.WithoutShell()
    env["REPORTED_FLAGS"] = " ".join([*target.flags, level, *MODE])
    env["COMPILER_IDENTITY"] = [Value(found.identity), *(env.FileAt(path) for path in found.libraries)]
    env.AddMethod(_object, "LstmcuObject")
    env.AddMethod(_program, "LstmcuProgram")
    env.AddMethod(_kernel_objects, "KernelObjects")
    env.AddMethod(_bench, "Bench")
    env.AddMethod(_traced, "Traced")
    env.AddMethod(_carried, "Carried")


def exists(env: Environment) -> bool:
    """Whether the target's compiler is on PATH."""
    return bool(env.WhereIs(f"{env['TARGET_CORE'].gcc.prefix}gcc"))
