# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A target's compiler: how it is called to compile and to link, and what tells it from another one.

gcc compiles and links by itself. clang compiles with the C library's headers of the target's gcc, and links
with lld against the C library and libgcc of that gcc; so a target's gcc is needed for both.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model.errors import UserError
from target.description import Target

COMPILERS = ("gcc", "clang")
LINK = ("-Wl,--gc-sections", "-Wl,--fatal-warnings")


@dataclass(frozen=True)
class Compiler:
    """``program compile -c …`` compiles, ``program link … libraries`` links."""

    program: str
    compile: tuple[str, ...]
    link: tuple[str, ...]
    libraries: tuple[Path, ...]  # C library and libgcc of the target's gcc; none on the host, which has its own
    identity: str  # version and configuration: another text, another compiler


def program(target: Target, name: str) -> str:
    """The driver to look for on PATH. UserError when the target's file has no such compiler."""
    if name == "gcc":
        return f"{target.gcc.prefix}gcc"
    if target.clang is None:
        raise UserError(f"compiler=clang: {target.file} has no [clang] table; {target.name} is built with gcc only")
    return target.clang.program


def find(target: Target, name: str) -> Compiler:
    """Ask the installed compiler. Its programs must be on PATH."""
    gcc, driver = program(target, "gcc"), program(target, name)
    gcc_flags = (*target.flags, *target.gcc.flags)
    if target.arch == "host":
        return Compiler(driver, gcc_flags, (*target.flags, *LINK), (), _version(driver))
    libraries = tuple(_library(_library_folders(gcc, gcc_flags), file) for file in (_libc(target), "libgcc.a"))
    identity = "\n".join((_version(driver), *map(str, libraries)))
    bare = (*LINK, "-nostdlib")
    if name == "gcc":
        return Compiler(driver, gcc_flags, (*target.flags, *bare), libraries, identity)
    assert target.clang is not None
    if _linker(driver) == "ld.lld":  # it knows no path to it
        raise UserError(f"{driver} links with lld, and there is no ld.lld beside it or on PATH")
    flags = (*target.flags, *target.clang.flags)
    headers = tuple(word for folder in _include_folders(gcc, gcc_flags) for word in ("-isystem", folder))
    return Compiler(driver, (*flags, *headers), (*flags, "-fuse-ld=lld", *bare), libraries, identity)


def unknown() -> Compiler:
    """Stands for a compiler that nobody is going to call, and that may not be there."""
    return Compiler("", (), (), (), "")


def version(target: Target, name: str) -> str:
    """First line of ``--version``, for people."""
    done = subprocess.run([program(target, name), "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def _libc(target: Target) -> str:
    return "libc_nano.a" if "--specs=nano.specs" in target.gcc.flags else "libc.a"


def _say(command: tuple[str, ...]) -> str:
    """What a driver prints, on both streams."""
    run = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if run.returncode != 0:
        raise UserError(f"{command[0]} does not accept the target's flags: {run.stderr.strip().splitlines()[0]}")
    return run.stdout + run.stderr


@cache
def _version(driver: str) -> str:
    """Version and configuration, multilibs included (gcc's)."""
    return _say((driver, "-v"))


@cache
def _linker(driver: str) -> str:
    """Where clang finds lld."""
    return _say((driver, "-print-prog-name=ld.lld")).strip()


@cache
def _library_folders(gcc: str, flags: tuple[str, ...]) -> tuple[Path, ...]:
    """Where gcc looks for libraries, given the target's flags: its multilib."""
    text = _say((gcc, *flags, "-###", "-nostartfiles", "-o", "a.out", "-x", "c", "/dev/null"))
    link = next(line for line in reversed(text.splitlines()) if "collect2" in line)
    return tuple(Path(word[2:]) for word in link.replace('"', "").split() if word.startswith("-L"))


def _library(folders: tuple[Path, ...], name: str) -> Path:
    found = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if found is None:
        where = ", ".join(map(str, folders))
        raise UserError(f"the library {name} was not found in {where}: install the target's packages")
    return found.resolve()


@cache
def _include_folders(gcc: str, flags: tuple[str, ...]) -> tuple[str, ...]:
    """The C library's headers; the compiler's own are clang's own."""
    text = _say((gcc, *flags, "-E", "-v", "-x", "c", "/dev/null"))
    listed = text.partition("#include <...> search starts here:")[2].partition("End of search list.")[0]
    folders = [str(Path(line.strip()).resolve()) for line in listed.splitlines() if line.strip()]
    return tuple(folder for folder in folders if "/lib/gcc/" not in folder)
