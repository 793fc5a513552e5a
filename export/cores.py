# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One folder for several cores: what is equal is there once, and of what is not the compiler's macros choose.

A file that differs stands in a folder of each core, and its own place includes one of them. So build systems compile
what they compile of a folder for one core, and no file is left empty.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.sources import INCLUDE, INCLUDED, PRIVATE, placed
from kernels import FORMATS, named
from model.errors import UserError
from target.description import Target
from target.features import features

COMPILED = (".c", ".S")

# What a kernel set asks of a core (target/features.py), as compilers say it: the macros of Arm's C Language Extensions
# and of RISC-V's. Of vectors no macro tells, as hand-written code turns them on by itself.
M_PROFILE = ("defined(__ARM_ARCH_PROFILE)", "(__ARM_ARCH_PROFILE == 'M')")
MACROS: dict[str, tuple[str, ...]] = {
    "armv6-m": M_PROFILE,
    "armv7-m": (*M_PROFILE, "(__ARM_ARCH_ISA_THUMB >= 2)"),
    "armv7e-m": (*M_PROFILE, "defined(__ARM_FEATURE_DSP)"),
    "armv8.1-m.main": (*M_PROFILE, "defined(__ARM_FEATURE_MVE)"),
    "mve": ("defined(__ARM_FEATURE_MVE)",),
    "mve.fp": ("defined(__ARM_FEATURE_MVE)", "(__ARM_FEATURE_MVE & 2)"),
    "fp": ("defined(__ARM_FP)",),
    "rv32": ("defined(__riscv_xlen)", "(__riscv_xlen == 32)"),
    "rv64": ("defined(__riscv_xlen)", "(__riscv_xlen == 64)"),
    "m": ("defined(__riscv_mul)",),
}


@dataclass(frozen=True)
class Core:
    """A target, what its code needs of a core, and its files: name to text, as ``sources.with_headers`` has them."""

    target: Target
    condition: str  # of the preprocessor; empty: any core will do
    texts: Mapping[str, str]

    @property
    def folder(self) -> str:
        """What its own files lie in; letters, digits and _, whatever the target is called."""
        return re.sub(r"[^A-Za-z0-9]+", "_", self.target.name).strip("_") or "core"


def condition(target: Target, word: str, quantisation: str, mixed: bool) -> str:
    """What a compiler says where it compiles for a core that the kernel sets of ``kernels=word`` can run on.

    ``mixed``: some layers are not in the format that the model is quantised in.
    """
    sets = [each for each in named(target.kernels_of(word)) if mixed or each.covers_format(FORMATS[quantisation])]
    needed = dict.fromkeys(need for each in sets for need in each.isa)
    for need in needed:
        if need not in MACROS:
            raise UserError(
                f"target={target.name}: no macro of a compiler tells its '{need}', so that it cannot share a folder "
                "with other cores; export it alone, or with kernels=c"
            )
    return " && ".join(dict.fromkeys(term for need in MACROS if need in needed for term in MACROS[need]))


def _distinct(cores: Sequence[Core]) -> list[Core]:
    """Those whose files differ, the one that asks most of a core first."""
    found: list[Core] = []
    for core in sorted(cores, key=lambda core: -len(features(core.target.isa))):
        same = next((other for other in found if other.texts == core.texts), None)
        if same is None:
            found.append(core)
    for core in found:
        for other in found[found.index(core) + 1 :]:
            if core.condition == other.condition:
                raise UserError(
                    f"target={core.target.name},{other.target.name}: no macro of a compiler tells these two apart, "
                    "and their files differ; export one of them, or each into a folder of its own"
                )
            if core.folder == other.folder:
                raise UserError(f"target={core.target.name},{other.target.name}: rename one, both become {core.folder}")
    return found


def _apart(cores: Sequence[Core], public: Collection[str]) -> set[str]:
    """Files that differ from core to core, and those that include one: it is found beside them.

    Assembly that a core has none of is not for it either; C that only some link with is for all, and left out unused.
    """
    names = {name for core in cores for name in core.texts}
    texts = {name: [core.texts.get(name) for core in cores] for name in names}
    found = {
        name for name in names if len({*texts[name]} - {None}) > 1 or (name.endswith(".S") and None in texts[name])
    }
    while True:
        more = {
            name
            for core in cores
            for name, text in core.texts.items()
            if name not in found and any(used in found and used not in public for _, used, _ in INCLUDE.findall(text))
        }
        if not more:
            return found
        found |= more


def _chooser(about: str, cores: Sequence[Core], name: str, start: str) -> str:
    """What includes the file ``name`` of the core that it is compiled for; ``start``: the way there."""
    inner = f"{name}.inc" if Path(name).suffix in COMPILED else name
    lines = [f"/* {about} This file is yours: use it as you like. */"]
    for number, core in enumerate(cores):
        lines.append(f"#{'elif' if number else 'if'} {core.condition or '1 /* any other core */'}")
        if name in core.texts:
            lines.append(f'#include "{start}{core.folder}/{inner}"')
    words = ", ".join(core.folder for core in cores)
    if cores[-1].condition:
        lines += ["#else", f'#error "{name} is exported for {words}: this core is none that can run it"']
    return "\n".join([*lines, "#endif", ""])


def merged(name: str, cores: Sequence[Core], public: Collection[str]) -> dict[str, str]:
    """The files of an export called ``name`` in its folders, for all ``cores``; ``public``: headers for users."""
    distinct = _distinct(cores)
    if len(distinct) == 1:
        return placed(distinct[0].texts, public)
    apart = _apart(distinct, public)
    files: dict[str, str] = {}
    for core in distinct:
        for file, text in core.texts.items():
            place = _place(core, file, apart, public)

            def rewritten(found: re.Match[str], core: Core = core, place: str = place) -> str:
                used = found[2]
                if used not in core.texts:
                    return found[0]
                to = f"{INCLUDED}/{used}" if used in public else _place(core, used, apart, public)
                return f"{found[1]}{posixpath.relpath(to, posixpath.dirname(place))}{found[3]}"

            files[place] = INCLUDE.sub(rewritten, text)
    about = f"{name}: one folder for {', '.join(core.folder for core in distinct)}."
    for file in sorted(apart):
        if file in public:
            files[f"{INCLUDED}/{file}"] = _chooser(about, distinct, file, f"../{PRIVATE}/")
        elif Path(file).suffix in COMPILED:
            files[f"{PRIVATE}/{file}"] = _chooser(about, distinct, file, "")
    for file in public:
        files[f"src/{file}"] = f'#include "../{INCLUDED}/{file}"\n'
    return dict(sorted(files.items()))


def _place(core: Core, file: str, apart: Collection[str], public: Collection[str]) -> str:
    if file in apart:
        return f"{PRIVATE}/{core.folder}/{file}{'.inc' if Path(file).suffix in COMPILED else ''}"
    return f"{INCLUDED}/{file}" if file in public else f"{PRIVATE}/{file}"
