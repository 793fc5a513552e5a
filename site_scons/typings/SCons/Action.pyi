# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable
from typing import Any

from SCons.Environment import Environment
from SCons.Errors import BuildError
from SCons.Executor import Executor
from SCons.Node.FS import Base, File

execute_actions: bool
print_actions: bool

class _ActionAction: ...

class CommandAction(_ActionAction):
    def __init__(self, cmd: str) -> None: ...
    def strfunction(
        self,
        target: list[File],
        source: list[File],
        env: Environment,
        executor: Executor | None = None,
        overrides: dict[str, Any] | None = None,
    ) -> str: ...
    def execute(
        self, target: list[File], source: list[File], env: Environment, executor: Executor | None = None
    ) -> int | BuildError: ...
    def get_presig(
        self, target: list[File], source: list[File], env: Environment, executor: Executor | None = None
    ) -> bytes: ...
    def get_implicit_deps(
        self, target: list[File], source: list[File], env: Environment, executor: Executor | None = None
    ) -> list[Base]: ...

def Action(act: Callable[[list[File], list[File], Environment], None], strfunction: str | None) -> _ActionAction: ...
