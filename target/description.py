# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A target: one TOML file, checked and frozen. The file's name is the target's; docs/targets.md tells its keys."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from model.errors import UserError

TOOLCHAINS = Path(__file__).resolve().parent.parent / "toolchains"
ARCHITECTURES = ("arm", "riscv", "host")


@dataclass(frozen=True)
class Gcc:
    """GNU tools: programs are ``prefix`` + gcc, objdump …; ``packages`` are Debian's; ``flags`` are for gcc alone."""

    prefix: str
    packages: tuple[str, ...]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clang:
    """The other compiler; it links with lld and with gcc's C library. ``flags`` are for clang alone."""

    program: str
    packages: tuple[str, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Qemu:
    """The emulator: ``cpu`` is None for the machine's own; ``package`` is Debian's."""

    program: str
    machine: str
    package: str
    cpu: str | None = None


@dataclass(frozen=True)
class Region:
    """A range of addresses, in bytes."""

    origin: int
    size: int


@dataclass(frozen=True)
class Target:
    """Everything that differs from target to target."""

    name: str
    file: Path  # the TOML
    description: str
    arch: str  # of ARCHITECTURES: decides the ELF machine and QEMU's flags
    isa: str  # what an ELF's attributes must say, as target.isa spells it; empty on the host
    flags: tuple[str, ...]  # for compiling and linking, with any compiler
    board: str  # firmware/boards/<board>
    kernels: tuple[str, ...]  # best first
    assembly: str  # kernels/<assembly> is this core's kernel set asm; empty: none
    timing: str | None  # measure/cost/timing table; None: instructions only
    gcc: Gcc
    clang: Clang | None  # None: clang cannot serve
    qemu: Qemu | None  # None: the host, or no machine of QEMU's is like it; it is built and not run
    flash: Region  # empty on the host
    ram: Region

    @property
    def reference(self) -> str:
        """What ``load_target`` finds it by: the name of a shipped one, the path of another."""
        return self.name if self.file.parent == TOOLCHAINS else str(self.file)

    def kernel_folder(self, kernels: str) -> str:
        """Folder of kernels/ that holds one of ``self.kernels`` for this core."""
        return f"asm-{self.assembly}" if kernels == "asm" else kernels

    def layout(self, kernels: str) -> str:
        """Name of the weight layout: one of assembly has float layers too on an Arm core with an FPU."""
        floats = kernels == "asm" and self.arch == "arm" and "+fp" in self.isa
        return self.kernel_folder(kernels) + ("-fp" if floats else "")


def target_names(toolchains: Path = TOOLCHAINS) -> list[str]:
    """The names of all targets, sorted."""
    return sorted(path.stem for path in toolchains.glob("*.toml"))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` for the nearest known word, or the whole list when none is near."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; there are: {', '.join(names) or 'none'}"


def load_target(name: str, toolchains: Path = TOOLCHAINS) -> Target:
    """Read ``<toolchains>/<name>.toml``, or the file ``name`` when that ends in .toml.

    UserError for an unknown target or a mistake in its file.
    """
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise UserError(f"toolchain={name}: no such file; docs/your-target.md shows how to write one")
    elif name in target_names(toolchains):
        path = toolchains / f"{name}.toml"
    else:
        raise UserError(f"unknown target '{name}'{did_you_mean(name, target_names(toolchains))}")
    try:
        root = _Table(path, "", tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid TOML: {error}") from None

    root.allow(*KEYS)
    arch = root.text("arch")
    if arch not in ARCHITECTURES:
        raise UserError(f"{path}: arch = '{arch}' is not known{did_you_mean(arch, ARCHITECTURES)}")
    native = arch == "host"
    gcc = root.table("gcc", "prefix", "packages", "flags")
    memory = None if native else root.table("memory", "flash", "ram")
    return Target(
        name=path.stem,
        file=path,
        description=root.text("description"),
        arch=arch,
        isa="" if native else root.text("isa"),
        flags=root.texts("flags"),
        board=root.text("board"),
        kernels=root.texts("kernels"),
        assembly=root.text("assembly") if "asm" in root.texts("kernels") or root.has("assembly") else "",
        timing=root.text("timing") if root.has("timing") else None,
        gcc=Gcc(
            prefix=gcc.text("prefix", empty=native),
            packages=gcc.texts("packages"),
            flags=gcc.texts("flags") if gcc.has("flags") else (),
        ),
        clang=_clang(root.table("clang", "program", "packages", "flags")) if root.has("clang") else None,
        qemu=_qemu(root.table("qemu", "program", "machine", "package", "cpu")) if root.has("qemu") else None,
        flash=memory.region("flash") if memory else Region(0, 0),
        ram=memory.region("ram") if memory else Region(0, 0),
    )


KEYS = (
    "description", "arch", "isa", "flags", "board", "kernels", "assembly", "timing", "gcc", "clang", "qemu", "memory",
)  # fmt: skip


def _clang(table: _Table) -> Clang:
    return Clang(table.text("program"), table.texts("packages"), table.texts("flags"))


def _qemu(table: _Table) -> Qemu:
    return Qemu(
        program=table.text("program"),
        machine=table.text("machine"),
        package=table.text("package"),
        cpu=table.text("cpu") if table.has("cpu") else None,
    )


class _Table:
    """A table of the file whose reads check the type and name the key in full: ``gcc.prefix``."""

    def __init__(self, path: Path, prefix: str, values: dict[str, object]) -> None:
        self.path, self.prefix, self.values = path, prefix, values

    def has(self, key: str) -> bool:
        return key in self.values

    def allow(self, *keys: str) -> None:
        for key in self.values:
            if key not in keys:
                raise UserError(f"{self.path}: unknown key '{self.prefix}{key}'{did_you_mean(key, keys)}")

    def text(self, key: str, *, empty: bool = False) -> str:
        value = self._get(key)
        if not isinstance(value, str) or not (value or empty):
            raise self._wrong(key, 'a text, "…"')
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._get(key)
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, 'a list of texts, ["…"]')
        return tuple(value)

    def table(self, key: str, *allowed: str) -> _Table:
        value = self._get(key)
        if not isinstance(value, dict):
            raise self._wrong(key, f"a table with {', '.join(allowed)}")
        table = _Table(self.path, f"{self.prefix}{key}.", value)
        table.allow(*allowed)
        return table

    def region(self, key: str) -> Region:
        table = self.table(key, "origin", "size")
        region = Region(table._number("origin"), table._number("size"))
        if region.size == 0 or region.origin + region.size > 1 << 32:
            raise self._wrong(key, "a region of at least one byte that ends within 32 bits")
        return region

    def _number(self, key: str) -> int:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._wrong(key, "a number of bytes, 0 or more")
        return value

    def _get(self, key: str) -> object:
        if key not in self.values:
            raise UserError(f"{self.path}: the key '{self.prefix}{key}' is missing")
        return self.values[key]

    def _wrong(self, key: str, wanted: str) -> UserError:
        return UserError(f"{self.path}: '{self.prefix}{key}' must be {wanted}, not {self.values[key]!r}")
