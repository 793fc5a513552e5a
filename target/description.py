# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A target: one TOML file, checked and frozen. The file's name is the target's; docs/targets.md tells its keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kernels import all_sets, named
from model import declaration
from model.declaration import Table, did_you_mean
from model.errors import UserError
from target.features import features

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
    kernels: tuple[str, ...]  # sets of kernels/, best first: each layer runs on the first that can
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

    @property
    def words(self) -> tuple[str, ...]:
        """What ``kernels=`` may say of this target, best first."""
        return tuple(dict.fromkeys(all_sets()[name].word for name in self.kernels))

    def sets(self, word: str) -> tuple[str, ...]:
        """The kernel sets that a word chooses, in order; the fallback is the last one."""
        return tuple(kernels.name for kernels in named(self.kernels_of(word)))

    def kernels_of(self, word: str) -> tuple[str, ...]:
        """Those of its kernel sets that ``kernels=`` calls so."""
        return tuple(name for name in self.kernels if all_sets()[name].word == word)


def target_names(toolchains: Path = TOOLCHAINS) -> list[str]:
    """The names of all targets, sorted."""
    return sorted(path.stem for path in toolchains.glob("*.toml"))


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
    root = declaration.read(path, *KEYS)
    arch = root.text("arch")
    if arch not in ARCHITECTURES:
        raise UserError(f"{path}: arch = '{arch}' is not known{did_you_mean(arch, ARCHITECTURES)}")
    native = arch == "host"
    isa = "" if native else root.text("isa")
    gcc = root.table("gcc", "prefix", "packages", "flags")
    memory = None if native else root.table("memory", "flash", "ram")
    return Target(
        name=path.stem,
        file=path,
        description=root.text("description"),
        arch=arch,
        isa=isa,
        flags=root.texts("flags"),
        board=root.text("board"),
        kernels=_kernels(root, isa),
        timing=root.text("timing") if root.has("timing") else None,
        gcc=Gcc(
            prefix=gcc.text("prefix", empty=native),
            packages=gcc.texts("packages"),
            flags=gcc.texts("flags") if gcc.has("flags") else (),
        ),
        clang=_clang(root.table("clang", "program", "packages", "flags")) if root.has("clang") else None,
        qemu=_qemu(root.table("qemu", "program", "machine", "package", "cpu")) if root.has("qemu") else None,
        flash=_region(memory, "flash") if memory else Region(0, 0),
        ram=_region(memory, "ram") if memory else Region(0, 0),
    )


KEYS = (
    "description", "arch", "isa", "flags", "board", "kernels", "timing", "gcc", "clang", "qemu", "memory",
)  # fmt: skip


def _kernels(root: Table, isa: str) -> tuple[str, ...]:
    """The sets that the file lists, each of which the core can run."""
    has, known = features(isa), all_sets()
    names = root.texts("kernels")
    for name in names:
        if name not in known:
            raise root.wrong("kernels", f"has '{name}', no set of kernels/{did_you_mean(name, known)}")
        if lacking := [feature for feature in known[name].isa if feature not in has]:
            needs = f"needs {', '.join(lacking)}, and isa = '{isa}' has not"
            raise root.wrong("kernels", f"has '{name}', which {needs}: take it out")
    return names


def _region(memory: Table, key: str) -> Region:
    table = memory.table(key, "origin", "size")
    region = Region(table.number("origin"), table.number("size"))
    if region.size == 0 or region.origin + region.size > 1 << 32:
        raise memory.wrong(key, f"must be a region of at least one byte that ends within 32 bits, not {table.values}")
    return region


def _clang(table: Table) -> Clang:
    return Clang(table.text("program"), table.texts("packages"), table.texts("flags"))


def _qemu(table: Table) -> Qemu:
    return Qemu(
        program=table.text("program"),
        machine=table.text("machine"),
        package=table.text("package"),
        cpu=table.text("cpu") if table.has("cpu") else None,
    )
