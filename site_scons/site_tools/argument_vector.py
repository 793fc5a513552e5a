# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Run programs by argument vectors: no shell, and no substitution of SCons's.

    trained, made = env.FileAt("models/${x}`id`.keras"), env.FileAt("build/#1.npz")       # names are names
    env.Command(made, trained, env.Step("READ", ["python3", "-m", "model.read", trained, "--out", made]))

SCons expands ``$`` in every text that it is given as a path or a command, ``${...}`` by Python's eval, takes a ``#`` at
the front of a path for the top folder, and hands a command to ``sh -c``. So texts that are not of lstmcu's own making
become nodes by ``FileAt`` and ``FolderAt``, which take a path letter by letter, and commands are ``Step``s.

The words of a step are a list, or a function of targets, sources and environment that gives one. A word is a text,
which the program gets as it is, or a node, of which it gets the path. A tuple of words is left out of the step's
signature: what it says makes no difference to what is built.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from SCons.Action import CommandAction
from SCons.Errors import BuildError
from SCons.Executor import Executor
from SCons.Node.FS import Base, Dir, File
from SCons.Script import Environment

Words = Sequence[object]  # texts, nodes, and tuples of these
Given = Callable[[list[File], list[File], Environment], Words]  # by targets, sources, environment

_program = cache(shutil.which)


def _word(word: object) -> str:
    """As a program takes it: no path is an option, nor a file of options (@file)."""
    text = str(word)
    return f"./{text}" if isinstance(word, Base) and text.startswith(("-", "@")) else text


def _flat(words: Words, signed_only: bool = False) -> list[str]:
    flat: list[str] = []
    for word in words:
        flat += ([] if signed_only else _flat(word)) if isinstance(word, tuple) else [_word(word)]
    return flat


def _variables(env: Environment) -> dict[str, str]:
    """The environment of the programs; SCons lets a variable be a list of paths."""
    return {name: os.pathsep.join(map(str, v)) if isinstance(v, list) else str(v) for name, v in env["ENV"].items()}


def _run(argv: Sequence[str], variables: dict[str, str]) -> int:
    """Exit code, as a shell tells it: 128 + the number of the signal that ended the program."""
    code = subprocess.Popen(argv, env=variables).wait()
    return 128 - code if code < 0 else code


class Step(CommandAction):
    """An action that runs one program. With VERBOSE it is shown in full, else as ``[tag] target``."""

    def __init__(self, tag: str, words: Words | Given, about: str | None = None):
        super().__init__("")  # no command line for SCons to expand
        self.tag, self.words, self.about = tag, words, about

    def __str__(self) -> str:
        return f"[{self.tag}]"

    def _given(self, target: list[File], source: list[File], env: Environment) -> Words:
        return self.words(target, source, env) if callable(self.words) else self.words

    def strfunction(
        self,
        target: list[File],
        source: list[File],
        env: Environment,
        executor: Executor | None = None,
        overrides: dict[str, Any] | None = None,
    ) -> str:
        """What is printed of the step."""
        if env.get("VERBOSE"):
            return shlex.join(_flat(self._given(target, source, env)))
        return f"[{self.tag}] {target[0] if self.about is None else self.about}".rstrip()

    def execute(
        self, target: list[File], source: list[File], env: Environment, executor: Executor | None = None
    ) -> int | BuildError:
        """Run it: 0, or the error with its exit code, to which SCons adds the node."""
        if executor is not None:  # of a step that is not shown (scons -s) SCons gives no lists
            target, source = executor.get_all_targets(), executor.get_all_sources()
        argv = _flat(self._given(target, source, env))
        code = _run(argv, _variables(env))
        return BuildError(errstr=f"Error {code}", status=code, action=self, command=argv) if code else 0

    def get_presig(
        self, target: list[File], source: list[File], env: Environment, executor: Executor | None = None
    ) -> bytes:
        """The step's signature: another text, another result."""
        return "\0".join(_flat(self._given(target, source, env), signed_only=True)).encode()

    def get_implicit_deps(
        self, target: list[File], source: list[File], env: Environment, executor: Executor | None = None
    ) -> list[Base]:
        """The program itself."""
        first = _flat(self._given(target, source, env), signed_only=True)[0]
        path = _program(first, path=_variables(env).get("PATH"))
        return [env.fs.File(os.path.abspath(path))] if path else []  # noqa: PTH100 (resolve() would follow links)


def _spawn(shell: str, escape: object, program: str, argv: list[str], variables: dict[str, str]) -> int:
    """In place of SCons's, for the commands that are its own: the words it made, without ``sh -c``."""
    return _run(argv, variables)


def _without_shell(env: Environment) -> None:
    env["SPAWN"], env["ESCAPE"] = _spawn, str


def _literal(path: str | Path) -> str:
    return os.path.join(".", path)  # noqa: PTH118 (Path drops the dot, which keeps a # from the front)


def _file_at(env: Environment, path: str | Path | File) -> File:
    return path if isinstance(path, Base) else env.fs.File(_literal(path))


def _folder_at(env: Environment, path: str | Path | Dir) -> Dir:
    return path if isinstance(path, Base) else env.fs.Dir(_literal(path))


def _step(env: Environment, tag: str, words: Words, about: str | None = None) -> Step:
    return Step(tag, words, about)


def generate(env: Environment) -> None:
    """Add ``FileAt``, ``FolderAt``, ``Step`` and ``WithoutShell``, which an environment of one's own may go without."""
    env.AddMethod(_file_at, "FileAt")
    env.AddMethod(_folder_at, "FolderAt")
    env.AddMethod(_step, "Step")
    env.AddMethod(_without_shell, "WithoutShell")


def exists(env: Environment) -> bool:
    """Always there."""
    return True
