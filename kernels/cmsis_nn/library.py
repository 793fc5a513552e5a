# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a CMSIS-NN that the user built lies: its headers and its library for one core."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from model.errors import UserError
from target import archive, isa
from target.description import Target

LIBRARY, HEADER, TYPES = "libcmsis-nn.a", "arm_nnfunctions.h", "arm_nn_types.h"
CALLED = (  # by cmsis.c
    "arm_lstm_unidirectional_s8",
    "arm_lstm_unidirectional_s16",
    "arm_fully_connected_per_channel_s8",
    "arm_fully_connected_s16",
)


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
    return next((folder for folder in folders if (folder / HEADER).is_file()), None)


def find(prefix: str, target: Target) -> CmsisNn:
    """Headers and library under ``prefix``; a library of one core among several lies in a folder of the target's name.

    UserError when something is missing, or not for this core.
    """
    if not prefix:
        raise UserError(
            "kernels=cmsis-nn needs cmsis_nn=PREFIX: build Arm's CMSIS-NN with its own CMake for this core, and give "
            f"the folder that holds its Include/ and {LIBRARY}"
        )
    root = Path(prefix)
    if not root.is_dir():
        raise UserError(f"cmsis_nn={prefix}: no such folder; give the one that holds Include/ and {LIBRARY}")
    include = _headers(root)
    if include is None:
        raise UserError(f"cmsis_nn={prefix}: no Include/{HEADER} in it, nor in a pack of CMSIS_PACK_ROOT")
    folders = [root / target.name, root, root / "lib", root / "build"]
    library = next((folder / LIBRARY for folder in folders if (folder / LIBRARY).is_file()), None)
    if library is None:
        places = ", ".join(str(folder) for folder in folders)
        raise UserError(f"cmsis_nn={prefix}: no {LIBRARY} in {places}; build it for {target.name}")
    if not (include / TYPES).is_file():
        raise UserError(f"cmsis_nn={prefix}: {include} has no {TYPES}; give CMSIS-NN's whole Include/")
    if "hidden_state" not in (include / TYPES).read_text(encoding="utf-8", errors="replace"):
        raise UserError(
            f"cmsis_nn={prefix}: this CMSIS-NN loses an LSTM's state between calls; take one from June 2026 or later "
            "(its pull request 219)"
        )
    _require(prefix, library, target)
    return CmsisNn(include.resolve(), library.resolve())


def _require(prefix: str, library: Path, target: Target) -> None:
    """The functions that are called are in the library, in code of the target's core."""
    try:
        found = archive.index(library)
        if not found:
            raise UserError(f"{library} has no index of symbols, or is empty: run {target.gcc.prefix}ranlib on it")
        missing = [name for name in CALLED if name not in found]
        if missing:
            raise UserError(f"{library} lacks {', '.join(missing)}: build the whole of CMSIS-NN, LSTM included")
        for offset in dict.fromkeys(found[name] for name in CALLED):
            isa.require(ELFFile(io.BytesIO(archive.member(library, offset))), library, target)
    except ELFError:
        told = f"cmsis_nn={prefix}: {library} holds something else than ELF objects"
        raise UserError(f"{told}: build it for {target.name}, without link-time optimisation") from None
    except UserError as error:
        raise UserError(f"cmsis_nn={prefix}: {error}") from None
