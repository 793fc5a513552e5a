# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a CMSIS-NN that the user built lies: its headers and its library for one core."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from model.errors import UserError

LIBRARY = "libcmsis-nn.a"


@dataclass(frozen=True)
class CmsisNn:
    """A built CMSIS-NN."""

    include: Path  # the folder of arm_nnfunctions.h
    library: Path  # libcmsis-nn.a for the core


def _headers(prefix: Path) -> Path | None:
    packs = os.environ.get("CMSIS_PACK_ROOT")
    folders = [prefix / "Include", prefix / "include", prefix / "include/cmsis-nn"]
    for root in (prefix, Path(packs) if packs else None):  # a pack's folders are named by its versions
        folders += sorted(root.glob("ARM/CMSIS-NN/*/Include"), reverse=True) if root else []
    return next((folder for folder in folders if (folder / "arm_nnfunctions.h").is_file()), None)


def find(prefix: str, target: str) -> CmsisNn:
    """Headers and library under ``prefix``; a library of one core among several lies in a folder named ``target``."""
    if not prefix:
        raise UserError(
            "kernels=cmsis-nn needs cmsis_nn=PREFIX: build Arm's CMSIS-NN with its own CMake for this core, and give "
            f"the folder that holds its Include/ and {LIBRARY}"
        )
    root = Path(prefix)
    include = _headers(root)
    if include is None:
        raise UserError(f"cmsis_nn={prefix}: no Include/arm_nnfunctions.h in it, nor in a pack of CMSIS_PACK_ROOT")
    folders = [root / target, root, root / "lib", root / "build"]
    library = next((folder / LIBRARY for folder in folders if (folder / LIBRARY).is_file()), None)
    if library is None:
        places = ", ".join(str(folder) for folder in folders)
        raise UserError(f"cmsis_nn={prefix}: no {LIBRARY} in {places}; build it for {target}")
    if "hidden_state" not in (include / "arm_nn_types.h").read_text(encoding="utf-8", errors="replace"):
        raise UserError(
            f"cmsis_nn={prefix}: this CMSIS-NN loses an LSTM's state between calls; take one from June 2026 or later "
            "(its pull request 219)"
        )
    return CmsisNn(include.resolve(), library.resolve())
