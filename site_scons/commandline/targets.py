# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""target=, toolchain=, compiler= and kernels=: what to build for, and what of it can be built here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from commandline.names import check_stem, choices, listed
from kernels import FORMATS, all_sets
from model.errors import UserError
from model.formats import DEFAULT
from target import compiler
from target.description import Target, load_target, target_names

FOLDERS_OF_BUILD = ("models", "profiler", "bench", "rtl", "convert")  # beside those of targets


def read(given: Mapping[str, str], named: bool, root: Path) -> tuple[Target, ...]:
    """Those of target= and toolchain=; the default target only if neither is given."""
    files = listed(given["toolchain"], root)
    if files and not all(file.endswith(".toml") for file in files):
        raise UserError(f"toolchain={given['toolchain']}: give the path of a .toml; shipped targets go into target=")
    names = choices("target", given["target"], target_names()) if named or not files else ()
    for file in files:
        check_stem("toolchain", Path(file))
        if Path(file).stem in FOLDERS_OF_BUILD:
            raise UserError(f"toolchain={file}: build/{Path(file).stem}/ is not a target's; rename the file")
    found = tuple(load_target(str(name)) for name in (*names, *files))
    if len({target.name for target in found}) < len(found):
        raise UserError(f"toolchain={given['toolchain']}: a target of this name is there already; rename the file")
    return found


def read_kernels(given: Mapping[str, str], targets: Sequence[Target]) -> str:
    """The value of kernels=; ``all`` is without CMSIS-NN unless there is one."""
    known = sorted({word for target in targets for word in target.words})
    wanted = given["kernels"]
    if wanted == "all":
        wanted = ",".join(name for name in known if name != "cmsis-nn" or given["cmsis_nn"])
    elif wanted:
        choices("kernels", wanted, known)
    if "cmsis-nn" in wanted.split(","):
        from kernels.cmsis_nn import library as cmsis_nn  # slow to import, hence only here

        for target in targets:
            if "cmsis-nn" in target.words:
                cmsis_nn.find(given["cmsis_nn"], target)
    return wanted


def kernel_sets(wanted: str, target: Target, quantisation: str = DEFAULT) -> tuple[str, ...]:
    """The words of kernels= to build for one target: of those wanted, or its best, those with kernels for it."""
    able = [all_sets()[name] for name in target.kernels if all_sets()[name].covers_format(FORMATS[quantisation])]
    useful = tuple(dict.fromkeys(each.word for each in able))
    if "," in wanted:
        return tuple(word for word in useful if word in wanted.split(","))
    return tuple(word for word in target.words if word == wanted) if wanted else useful[:1]


def missing_tools(target: Target, chosen: str = "gcc") -> list[str]:
    """Programs of a target that are not on PATH."""
    programs = {compiler.program(target, "gcc"), compiler.program(target, chosen)}
    programs |= {target.qemu.program} if target.qemu else set()
    return sorted(name for name in programs if shutil.which(name) is None)


def able(asked: Sequence[Target], given: str, chosen: str, kernels: str) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """Those that can be built here, and of target=all, ``given``, a sentence for each of the others."""
    ready, skipped = [], []
    for target in asked:
        reason = _unable(target, chosen, kernels)
        if reason and given != "all":
            raise UserError(f"target={target.name} {reason}")
        if reason:
            skipped.append(f"{target.name} {reason}")
        else:
            ready.append(target)
    return tuple(ready), tuple(skipped)


def _unable(target: Target, chosen: str, kernels: str) -> str:
    """Why a target cannot be built as asked, as the end of a sentence; empty when it can."""
    if chosen == "clang" and target.clang is None:
        return f"is built with gcc only: {target.file} has no [clang] table"
    if not kernel_sets(kernels, target):
        return f"has no kernel set {kernels}; it has {', '.join(target.words)}"
    packages = [*target.gcc.packages, *(target.clang.packages if chosen == "clang" and target.clang else ())]
    packages += [target.qemu.package] if target.qemu else []
    install = f"install with: sudo apt-get install {' '.join(packages)}"
    missing = missing_tools(target, chosen)
    if missing:
        return f"needs {' and '.join(missing)}, not found in PATH={os.environ.get('PATH', '')}; {install}"
    try:
        compiler.find(target, chosen)
    except UserError as error:
        return f"needs more: {error}; {install}"
    return ""
