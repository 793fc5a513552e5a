# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A trained model as something to link with, in this build and in anybody's.

    env = Environment(tools=["default", "lstmcu"], toolpath=["lstmcu/site_scons/site_tools"])
    forecast = env.LstmModel("forecast", model="my.keras", samples="my.npz")
    env.Program("firmware", ["main.c", forecast], CPPPATH=forecast.include)      # main.c includes forecast.h

``env`` says for which core, by which compiler and with which flags. ``forecast`` is the list of one library, with its
``objects`` (the model's own first), ``generated`` files and ``include`` folders. It is made again when the trained
model, its samples or anything of lstmcu that has a part in it changes. ``kernels=`` names kernel sets, folders of
kernels/, as "c" or "vfp,armv7em" or a list: each layer runs on the first that can; ``quant=``, ``optimize=`` and
``state=`` are as on the command line. Python runs as ``env["PYTHON"]``, lstmcu's own .venv unless you say otherwise.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import runpy
import subprocess
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from SCons.Errors import UserError
from SCons.Node.FS import Base
from SCons.Node.FS import Dir as Folder
from SCons.Node.FS import File as FileNode
from SCons.Script import Copy, Environment, File

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
NAMES = runpy.run_path(str(ROOT / "model/names.py"))

Given = str | Base | None  # a file, as a user's SConstruct says it


class Lstm(list[FileNode]):
    """The library in a list, as SCons takes it, and what it is made of."""

    objects: list[FileNode]
    generated: list[FileNode]
    include: list[Folder]


def _require_plain(folder: Folder) -> None:
    """The environment's own commands compile, which go through SCons's substitution and a shell."""
    found = re.search(r"[^\w @%+=,./~^!#-]", str(folder))
    if found:
        raise UserError(f"lstmcu: SCons cannot compile in the folder {folder}, for its {found[0]!r}: rename or move it")


def _firmware(env: Environment, *folders: str) -> list[Folder]:
    return [env.FolderAt(ROOT / folder) for folder in folders]


def _object(env: Environment, source: FileNode, name: str, **settings: Any) -> list[FileNode]:
    """One object as ``env`` compiles; the core's flags, which are in CCFLAGS, are for assembly as well."""
    flags = [*env.Split(settings.pop("CCFLAGS", env.get("CCFLAGS", []))), "-ffp-contract=off"]
    return env.Object(env.FileAt(f"{name}.o"), source, CCFLAGS=flags, ASPPFLAGS="$ASFLAGS $CCFLAGS", **settings)


def _firmware_objects(env: Environment, folder: str, without: frozenset[str] = frozenset()) -> list[FileNode]:
    """Objects of every C and assembly file in a folder of the project, built once for all that share OBJECTS.

    But for stub.S, by which the tests call a kernel set.
    """
    nodes = []
    for path in sorted((ROOT / folder).glob("*.[cS]")):
        name = f"{env['OBJECTS']}/{folder}/{path.name}"
        made = env.FileAt(f"{name}.o")
        if path.name not in {"stub.S", *without}:
            nodes += [made] if made.has_builder() else env.LstmcuObject(env.FileAt(path), name)
    return nodes


def _sets() -> dict[str, dict[str, Any]]:
    """Of every folder of kernels/ that is a kernel set, what its set.toml says."""
    found = sorted(ROOT.glob("kernels/*/set.toml"))
    return {path.parent.name: tomllib.loads(path.read_text(encoding="utf-8")) for path in found}


def _chosen(kernels: str | Iterable[str]) -> tuple[str, ...]:
    """Names of the sets that ``kernels=`` lists, and c, which every other leaves something to."""
    listed = kernels.replace(",", " ").split() if isinstance(kernels, str) else kernels
    return tuple(dict.fromkeys((*listed, "c")))


def _kernel_objects(env: Environment, name: str) -> tuple[list[Folder], list[FileNode]]:
    """Folders that the C of a model includes from, and objects of the set's own C."""
    folder = f"kernels/{name}"
    return [env.FolderAt(ROOT / folder)], env.FirmwareObjects(folder)


def _model_objects(
    env: Environment, folder: str, generated: list[FileNode], kernels: tuple[str, ...]
) -> list[FileNode]:
    runtime, primitives, sets = env.Clone(), env.Clone(), env["KERNEL_SETS"]
    runtime.Append(CPPPATH=_firmware(env, "firmware/include", "firmware/runtime"))
    primitives.Append(CPPPATH=_firmware(env, "firmware/include", "firmware/runtime", "kernels/c"))
    with_c = [name for name in kernels if any((ROOT / "kernels" / name).glob("*.c"))]
    parts = [primitives.KernelObjects(name) for name in with_c]
    include = [folder for folders, _ in parts for folder in folders]
    path = [*dict.fromkeys((*primitives["CPPPATH"], env.FolderAt(folder), *include))]
    model = env.LstmcuObject(generated[0], f"{folder}/{generated[0].name}", CPPPATH=path)
    extended = dict.fromkeys(f"kernels/{other}" for name in kernels for other in sets[name].get("extends", ()))
    for source in generated:
        if source.name.endswith(".S"):
            macros = _firmware(env, "firmware/include", "kernels", *extended)
            model += env.LstmcuObject(source, f"{folder}/{source.name}", CPPPATH=macros)
    objects = [node for _, nodes in parts for node in nodes]
    return [*model, *runtime.FirmwareObjects("firmware/runtime"), *objects]


@cache
def _endings(python: str) -> dict[str, Any]:
    """What names of files tell, by ``model.endings``; a program says it, as `model` may be a module of the user's."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [python, "-P", "-m", "model.endings"]
    said = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    return dict(json.loads(said))


def _network(
    env: Environment, name: str, folder: str, model: Given, samples: Given, quant: str, state: str
) -> list[FileNode]:
    if not model:
        raise UserError(f"LstmModel('{name}') needs model=, the file of a trained model")
    file, endings = File(model), _endings(env["PYTHON"])
    path = Path(file.abspath)
    companions = [path.with_suffix(ending) for ending in endings["companions"].get(path.suffix.lower(), ())]
    trained = env.Trained(folder, file, companions)
    beside = (env.FileAt(path.with_suffix(ending)) for ending in endings["samples"])
    chosen = File(samples) if samples else next((node for node in beside if node.exists()), None)
    if chosen is None and path.suffix.lower() not in endings["quantised"]:
        raise UserError(f"LstmModel('{name}'): there is no {path.stem}.npz beside {model}; give samples=")
    chosen = chosen or env.RandomSamples(folder, trained)[0]  # nothing to calibrate
    return env.Network(folder, trained, chosen, quant, state)


def _lstm_model(
    env: Environment, name: str, model: Given = None, samples: Given = None, quant: str = "int8",
    kernels: str | Iterable[str] = "c", optimize: str = "balanced", state: str = "window", folder: str = "",
    network: list[FileNode] | None = None,
) -> Lstm:  # fmt: skip
    """``network``: instead of model, samples and quant, what env.Network gave."""
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        raise UserError(f"LstmModel('{name}'): the name becomes a C identifier; use letters, digits and _")
    if why := NAMES["taken"](name):
        raise UserError(f"LstmModel('{name}'): {why}; call it '{NAMES['c_identifier'](name)}'")
    kernels = _chosen(kernels)
    known = [each for each, says in env["KERNEL_SETS"].items() if not says.get("library") or "TARGET_CORE" in env]
    for chosen in kernels:
        if chosen not in known:
            raise UserError(f"LstmModel('{name}'): kernels='{chosen}' is none of {', '.join(known)}")
    if "StaticLibrary" not in env["BUILDERS"]:
        env.Tool("default")  # the host's compiler; tools=["lstmcu"] alone brings none
    folder = env.Dir(folder or f"lstmcu/{name}").abspath
    if "TARGET_CORE" not in env:  # whose commands are argument vectors
        _require_plain(env.FolderAt(folder))
    own = env if env.get("OBJECTS") else env.Clone(OBJECTS=f"{folder}/obj")
    network = network or _network(own, name, folder, model, samples, quant, state)
    generated = own.ModelSource(folder, network, kernels, state, name, optimize)
    objects = own.ModelObjects(folder, generated, kernels)
    file = own.subst(f"${{LIBPREFIX}}lstmcu_{name}$LIBSUFFIX")
    library = Lstm(own.StaticLibrary(own.FileAt(f"{folder}/{file}"), objects))
    library.objects, library.generated, library.include = objects, generated, [own.FolderAt(f"{folder}/include")]
    if "TARGET_CORE" not in env:  # nothing but this header is for the user's include path
        env.Command(own.FileAt(f"{folder}/include/{name}.h"), generated[1], Copy("$TARGET", "$SOURCE"))
    return library


def generate(env: Environment) -> None:
    """Add ``LstmModel``, and of its steps ``ModelObjects``, ``FirmwareObjects`` and ``LstmcuObject``."""
    if not (ROOT / ".venv").exists() and importlib.util.find_spec("numpy") is None:
        raise UserError(f"lstmcu in {ROOT} has no Python packages yet: run ./scons -h there once")
    here = [env.fs.Dir(str(Path(__file__).parent))]
    for tool in ("argument_vector", "python_program", "trained_model"):
        env.Tool(tool, toolpath=here)
    _require_plain(env.FolderAt(FIRMWARE))
    env["KERNEL_SETS"] = _sets()
    env.AddMethod(_object, "LstmcuObject")
    env.AddMethod(_firmware_objects, "FirmwareObjects")
    env.AddMethod(_kernel_objects, "KernelObjects")  # tool cross knows libraries too
    env.AddMethod(_model_objects, "ModelObjects")
    env.AddMethod(_lstm_model, "LstmModel")


def exists(env: Environment) -> bool:
    """Always there."""
    return True
