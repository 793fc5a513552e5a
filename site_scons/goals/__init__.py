# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The goals of a command line: a module each, found by looking. ``scons bench-docs`` is bench_docs.py.

A goal says of itself, in literals, which the launcher reads before there is a .venv to run anything in:

    HELP      what ``scons -h`` says of it; every goal has one
    PACKAGES  the Python packages it needs: light, plots or full, of requirements/
    TOOLS     programs that it runs itself, each with the Debian packages that bring it
    BUILDS    False if it needs nothing that SConstruct builds
    IMPLIES   options, and what they are unless the command line says otherwise
    FIXED     what to do instead of saying otherwise than IMPLIES, if that would write half a page
    ISA       the only instruction set that it is for
    WRITES    files besides its nodes that ``scons -c`` removes
    LIKE      the goal whose words hold where it has none of its own

and in functions, of which every goal has the first:

    make(made)             its nodes, from what SConstruct has made (made.py)
    cases(given)           what is built instead of model=: models, each with quantisation and state
    wanted(case, variant)  whether one of the builds that were asked for is of any use to it
    before(env, options)   nodes of what models and samples of its own are made from
    check(options)         raises UserError for options that it cannot be with

Standard library only, and little of it: the launcher imports this file.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable
from typing import Any

FOLDER = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120 (pathlib would cost the launcher more than its work)
WORDS = ("HELP", "PACKAGES", "TOOLS", "BUILDS", "IMPLIES", "FIXED", "ISA", "WRITES", "LIKE")


class Goal:
    """What a goal says of itself. Without any words it is a file to build, or nothing but the default."""

    def __init__(self, name: str = "", said: dict[str, Any] | None = None) -> None:
        told = said or {}
        self.name = name
        self.help: str = told.get("HELP", "")
        self.packages: str = told.get("PACKAGES", "light")
        self.tools: dict[str, list[str]] = told.get("TOOLS", {})
        self.builds: bool = told.get("BUILDS", True)
        self.implies: dict[str, str] = told.get("IMPLIES", {})
        self.fixed: str = told.get("FIXED", "")
        self.isa: str = told.get("ISA", "")
        self.writes: list[str] = told.get("WRITES", [])

    @property
    def uses_targets(self) -> bool:
        """Whether it needs the compilers and emulators of targets: to build, or to let others build."""
        return self.builds or "target" in self.implies

    def function(self, name: str) -> Callable[..., Any] | None:
        """One of its functions, if it has it."""
        from importlib import import_module  # the launcher calls none

        found: Callable[..., Any] | None = getattr(import_module(f"goals.{_module(self.name)}"), name, None)
        return found

    def call(self, name: str, *arguments: object) -> None:
        """One of its functions, if it has it."""
        function = self.function(name)
        if function:
            function(*arguments)


def _module(name: str) -> str:
    return name.replace("-", "_")


def names() -> list[str]:
    """Of all goals."""
    modules = (file.removesuffix(".py") for file in os.listdir(FOLDER) if file.endswith(".py"))  # noqa: PTH208
    return sorted(name.replace("_", "-") for name in modules if not name.startswith("_"))


def _said(name: str) -> dict[str, Any]:
    """The words of a goal, read without running anything."""
    with open(os.path.join(FOLDER, f"{_module(name)}.py"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
        tree = ast.parse(file.read())
    said = {}
    for line in tree.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and line.targets[0].id in WORDS:
            said[line.targets[0].id] = ast.literal_eval(line.value)
    return {**_said(said["LIKE"]), **said} if "LIKE" in said else said


def read(name: str) -> Goal:
    """The goal of a name; of another word, which may be a file of the build, what holds for all that is built."""
    return Goal(name, _said(name)) if name in names() else Goal()


def asked(words: Iterable[str]) -> list[Goal]:
    """The goals among the words of a command line."""
    known = names()
    return [read(word) for word in dict.fromkeys(map(str, words)) if word in known]
