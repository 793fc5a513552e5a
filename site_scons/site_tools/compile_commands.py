# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""compile_commands.json for editors, written only when a command changes (SCons's own tool writes it always).

env.CompileCommands("compile_commands.json")
"""

from __future__ import annotations

import json
from pathlib import Path

from SCons.Node.FS import File
from SCons.Script import Action, Dir, Environment


def _write(target: list[File], source: list[File], env: Environment) -> None:
    from model.files import write_atomically  # slow to import, hence only here

    write_atomically(Path(str(target[0])), source[0].get_text_contents())


def _compile_commands(env: Environment, path: str) -> list[File]:
    directory = Dir("#").abspath
    rows = [
        {"directory": directory, "file": source, "output": output, "arguments": words}
        for source, output, words in sorted(env["COMPILED"])
    ]
    text = env.Value(json.dumps(rows, indent=1) + "\n")
    return env.Command(path, text, Action(_write, "[DB] $TARGET"))


def generate(env: Environment) -> None:
    """Add ``CompileCommands`` to ``env``."""
    env.AddMethod(_compile_commands, "CompileCommands")


def exists(env: Environment) -> bool:
    """Always there."""
    return True
