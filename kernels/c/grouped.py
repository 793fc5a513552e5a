# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A convolution in groups: the rows of a Dense, each over a part of the window (struct of kernels/c/grouped.h)."""

from __future__ import annotations

from dataclasses import replace

from kernels.c.layout import dense
from kernels.common.constants import Constants, ConstStruct, Kernel
from kernels.common.work import Work
from model.layers.conv1d import Conv1d


def grouped(work: Work[Conv1d]) -> Constants:
    """Constants of a Dense, and of the window that its rows share."""
    layer, made = work.layer, dense(work)
    assert made.struct is not None
    rows = "{" + ", ".join(text for text, _ in made.struct.members) + "}"
    window, groups = layer.window.length, layer.groups
    members = (
        (rows, "the rows, as of a Dense"),
        (f"{window}, {layer.features}, {groups}", "vectors of a window, features, groups"),
    )
    scratch: tuple[tuple[str, int], ...] = ()
    if layer.format.hybrid:
        scratch = ((layer.format.weights.name, window * layer.features),)
    elif layer.format.integer:
        scratch = ((layer.format.bias.name, len(layer.bias)),)
    return replace(
        made,
        struct=ConstStruct(made.struct.name, f"lstmcu_grouped_{layer.suffix}", members),
        calls={"dense": Kernel(f"lstmcu_grouped_{layer.suffix}_run", f"&{made.struct.name}", scratch)},
        declarations=('#include "grouped.h"',),
    )
