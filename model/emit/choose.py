# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which kernel set runs each layer: the first of the target's list that covers it and can prove what it assumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kernels import KernelSet
from kernels.common.constants import Constants
from kernels.common.work import UnprovenError, Work, coverage
from model.errors import UserError
from model.layers.base import Layer


@dataclass(frozen=True, eq=False)
class Chosen:
    """A layer's kernel set, and what its layout made for the layer."""

    kernels: KernelSet
    constants: Constants


def choose(work: Work[Layer], sets: Sequence[KernelSet]) -> Chosen:
    """The first of ``sets`` that will do; where one could not prove its assumptions, a note says why."""
    kind, layer_format = coverage(work.layer)
    why = ""
    for kernels in sets:
        if f"{kind}.{layer_format}" not in kernels.covers:
            continue
        level = work.optimize if work.optimize in kernels.levels else "balanced"
        try:
            made: Constants = getattr(kernels.layout, kind)(replace(work, optimize=level))
        except UnprovenError as error:
            why = why or str(error)
            continue
        notes = (work.note(f"kernel set {kernels.name}", why),) if why else ()
        return Chosen(kernels, replace(made, notes=(*notes, *made.notes)))
    names = ", ".join(kernels.name for kernels in sets)
    raise UserError(f"layer '{work.layer.name}': none of the kernel sets {names} has {kind}.{layer_format}")
