# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel sets: the folders of kernels/ that hold a set.toml, found by looking.

Such a folder is all of the set: ``set.toml`` says what it covers and what a core must have for it, ``layout.py`` turns
layers into constants and code, and the kernels are *.inc or *.c. Whatever a set covers besides may stand in files of
its own: ``<part>.toml``, which has ``covers`` alone, and ``<part>.py``, its layout. A layout has

* a function for each kind of layer it covers, ``lstm(work: Work[Lstm]) -> Constants`` and the like, which raises
  ``UnprovenError`` where the kernels would not be exact (see kernels/common/work.py);
* if it writes assembly, ``prologue(optimize, formats) -> str``: what stands before the layers' code, of formats
  by the suffixes of their kernels.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from model import declaration, formats
from model.declaration import did_you_mean
from model.errors import UserError

FOLDER = Path(__file__).resolve().parent
OPTIMIZE = ("size", "balanced", "speed")
FORMATS = formats.suffixes()  # by name: which variant of the kernels computes in it
FALLBACK = "c"  # has kernels for every layer: what no set before it covers, or can prove, it runs
KEYS = ("description", "word", "covers", "isa", "levels", "extends", "library")


@dataclass(frozen=True)
class KernelSet:
    """What kernels/<name>/set.toml says."""

    name: str  # of its folder
    description: str
    word: str  # what kernels= calls it: asm, c, cmsis-nn
    layouts: Mapping[str, str]  # by what it covers, a kind of layer with its format (lstm.s8): the module of its layout
    isa: tuple[str, ...]  # what a core must have, as ``target.features`` spells it; none: any core serves
    levels: tuple[str, ...]  # of OPTIMIZE: those in which its layout does something of their own; none: one for all
    extends: tuple[str, ...]  # other folders of kernels/ that its assembly includes macros from
    library: bool  # code that is not ours runs the layers

    @property
    def assembly(self) -> bool:
        """Whether its layers have code of their own, in <model>_kernels.S."""
        return self.word == "asm"

    @property
    def layout(self) -> ModuleType:
        """kernels/<name>/layout.py."""
        return self._module("layout")

    def level(self, optimize: str) -> str:
        """The level that its layout is asked for: balanced in place of those in which it does not differ."""
        return optimize if optimize in self.levels else "balanced"

    @property
    def covers(self) -> Collection[str]:
        """Kinds of layers with their formats."""
        return self.layouts.keys()

    def covers_format(self, name: str) -> bool:
        """Whether there is a kind of layer that it has kernels for in this format."""
        return any(pair.endswith(f".{name}") for pair in self.covers)

    def function(self, pair: str) -> Callable[..., Any]:
        """What makes the constants and code of a kind of layer in a format that it covers."""
        made: Callable[..., Any] = getattr(self._module(self.layouts[pair]), pair.partition(".")[0])
        return made

    def _module(self, name: str) -> ModuleType:
        # the relative form is none that the build takes for an import of every set: it declares the chosen ones
        return importlib.import_module(f".{self.name}.{name}", __name__)


@cache
def all_sets(folder: Path = FOLDER) -> Mapping[str, KernelSet]:
    """All there are, by name."""
    return {path.parent.name: _read(path) for path in sorted(folder.glob("*/set.toml"))}


def _layouts(folder: Path) -> dict[str, str]:
    """The module of each pair that set.toml, or another .toml beside it, covers."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        of_set = path.name == "set.toml"
        values = declaration.read(path, *KEYS) if of_set else declaration.read(path, "covers")
        for pair in values.texts("covers"):
            kind, dot, layer_format = pair.partition(".")
            if not (kind and dot) or layer_format not in FORMATS.values():
                known = ", ".join(FORMATS.values())
                raise values.wrong("covers", f"has '{pair}'; say layer.format, of the formats {known}")
            if pair in found:
                raise values.wrong("covers", f"has '{pair}', which another .toml of the set covers")
            found[pair] = "layout" if of_set else path.stem
    return found


def _read(path: Path) -> KernelSet:
    values = declaration.read(path, *KEYS)
    found = KernelSet(
        name=path.parent.name,
        description=values.text("description"),
        word=values.text("word"),
        layouts=_layouts(path.parent),
        isa=values.texts("isa", empty=True) if values.has("isa") else (),
        levels=values.texts("levels", empty=True) if values.has("levels") else (),
        extends=values.texts("extends", empty=True) if values.has("extends") else (),
        library=values.flag("library") if values.has("library") else False,
    )
    for level in found.levels:
        if level not in OPTIMIZE:
            raise values.wrong("levels", f"has '{level}'{did_you_mean(level, OPTIMIZE)}")
    folders = [each.name for each in sorted(path.parent.parent.iterdir()) if each.is_dir() and each != path.parent]
    for name in found.extends:
        if name not in folders:
            raise values.wrong("extends", f"has '{name}', no other folder of kernels/{did_you_mean(name, folders)}")
    return found


def named(names: Iterable[str]) -> tuple[KernelSet, ...]:
    """The sets of these names in their order, and the fallback after all others."""
    known = all_sets()
    for name in names:
        if name not in known:
            raise UserError(f"kernels: there is no set '{name}'{did_you_mean(name, known)}")
    return tuple(known[name] for name in dict.fromkeys((*names, FALLBACK)))
