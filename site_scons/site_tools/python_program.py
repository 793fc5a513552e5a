# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Run one of the project's Python programs as a build step; needs tool argument_vector.

    env.PythonProgram("model.emit", targets, sources, "--kernels", "c", ...)

    env.Goal("test", "pytest", "-n", "auto")        # a name on the command line that runs a program
    env.Show("report", texts)                       # a name on the command line that prints files

The step depends on the program and on every module of the project it imports, so that an edit of any of them
runs it again, and on nothing else of the project; ``loads`` are those that no import statement names. Arguments are
words as of tool argument_vector: a node stands for its path. A text that may be anything follows its option in one
word, ``f"--dest={dest}"``, lest it pass for an option.
"""

from __future__ import annotations

import pkgutil
import re
import sys
from functools import cache
from pathlib import Path

from SCons.Node.FS import Base, File
from SCons.Script import Action, Environment

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = "|".join(sorted(path.parent.name for path in ROOT.glob("*/__init__.py")))
IMPORT = re.compile(
    rf"^ *(?:import +((?:{PACKAGES})[\w.]*)|from +((?:{PACKAGES})[\w.]*) +import +(\([^)]*\)|.*))", re.MULTILINE
)
FOUND = re.compile(rf'import_module\(f"((?:{PACKAGES})[\w.]*)\.{{')  # whatever module lies in a package


@cache
def _file_of(module: str, root: Path) -> Path | None:
    base = root.joinpath(*module.split(".")) if module else root / "-"
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


@cache
def _imports(path: Path) -> frozenset[str]:
    """Names of the project's modules that a file may import: of ``from model import a``, both model and model.a."""
    names, text = set(), path.read_text(encoding="utf-8")
    for package in FOUND.findall(text):
        folder = str(ROOT.joinpath(*package.split(".")))
        names |= {f"{package}.{module.name}" for module in pkgutil.iter_modules([folder])}
    for whole, package, listed in IMPORT.findall(text):
        names |= {whole or package, *(f"{package}.{name}" for name in re.findall(r"\w+", listed))}
    return frozenset(names)


@cache
def module_files(module: str, root: Path) -> frozenset[Path]:
    """The files of a program and of every module of the project that it imports, directly or not."""
    found: dict[str, Path] = {}
    pending = [module, f"{module}.__main__"]  # the second where the program is a package
    while pending:
        name = pending.pop()
        path = _file_of(name, root)
        if name in found or path is None:
            continue
        found[name] = path
        pending += [name.rpartition(".")[0], *_imports(path)]
    return frozenset(found.values())


def _python_program(
    env: Environment,
    module: str,
    targets: list[File],
    sources: list[File],
    *words: object,
    tag: str = "PY",
    loads: tuple[str, ...] = (),
) -> list[File]:
    command = [env["PYTHON"], "-P", "-m", module, *words]  # -P: nothing in the current folder is a module
    environment = {**env["ENV"], "PYTHONPATH": str(ROOT)}
    nodes = env.Command(targets, sources, env.Step(tag, command), ENV=environment)
    files = {path for each in (module, f"{module}.__main__", *loads) for path in module_files(each, ROOT)}
    env.Depends(nodes, [env.FileAt(path) for path in sorted(files)])
    env.Depends(nodes, env.Value(env["PYTHON_IDENTITY"]))
    return nodes


def _goal(
    env: Environment, name: str, module: str, *words: object, after: tuple[Base, ...] = (), about: str = ""
) -> None:
    step = env.Step(name.upper(), [env["PYTHON"], "-m", module, *words], about)
    env.AlwaysBuild(env.Alias(name, after, step))


def _print(target: list[File], source: list[File], env: Environment) -> None:
    print(*(text.get_text_contents() for text in source), sep="\n")


def _show(env: Environment, name: str, texts: list[File]) -> None:
    env.AlwaysBuild(env.Alias(name, texts, Action(_print, None)))


def generate(env: Environment) -> None:
    """Add ``PythonProgram``, ``Goal`` and ``Show``; PYTHON_IDENTITY stands for the interpreter and its packages."""
    venv = ROOT / ".venv/bin/python"
    env.SetDefault(PYTHON=str(venv) if venv.exists() else sys.executable)
    same = Path(env["PYTHON"]).resolve() == Path(sys.executable).resolve()
    settings = Path(env["PYTHON"]).parents[1] / "pyvenv.cfg"
    env.SetDefault(PYTHON_IDENTITY=settings.read_text() if not same and settings.is_file() else sys.version)
    env.AddMethod(_python_program, "PythonProgram")
    env.AddMethod(_goal, "Goal")
    env.AddMethod(_show, "Show")


def exists(env: Environment) -> bool:
    """Always there."""
    return True
