# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""GRU: structs of kernels/c/gru.h."""

from __future__ import annotations

from dataclasses import replace

from kernels.c.cells import Rows
from kernels.common.constants import Constants, ConstArray, Kernel, Member, numbers, scale
from kernels.common.work import Work
from model.layers.gru import CANDIDATE, Gru


def _calls(rows: Rows, layer: Gru) -> dict[str, Kernel]:
    if rows.once or layer.reset_after:
        return rows.calls()
    units = layer.units  # r * hidden; z and r of all units, before their activation
    return rows.calls("step_before", ((layer.output.dtype, units), (layer.format.gates.name, CANDIDATE * units)))


def _share(name: str, layer: Gru) -> ConstArray:
    """What a hidden state of 0 gives to the candidate."""
    start, comment = layer.candidate_bias, f"({layer.units} units): the hidden state's share of the candidate"
    if layer.format.integer:
        start, comment = layer.share_at_reset.astype(layer.format.gates.name), f"{comment}, Q3.12"
    return numbers(f"{name}_share", start, comment)


def _update(layer: Gru, once: bool) -> list[Member]:
    """The integers from gates to the hidden state."""
    made = layer.update
    members = [(scale(made.added), "(1 - z) * candidate to what is kept")]
    if layer.inner:
        faded = [] if once else [(scale(made.faded), "r * what is kept to the hidden state")]
        members += [*faded, (scale(made.shown), "what is kept to the hidden state")]
        members.append((str(layer.output.zero_point), "zero point of the hidden state"))
    return members


def gru(work: Work[Gru]) -> Constants:
    """Constants of a GRU's step, or of its only one from reset."""
    layer, rows = work.layer, Rows(work.name, work.layer, work.once)
    integer = layer.format.integer
    arrays, members = rows.integers(work.source) if integer else rows.reals()
    if work.once:
        arrays.append(_share(work.name, layer))
    elif not layer.format.zero_points:  # where there are any, it is folded into another array
        bias = layer.candidate_bias.astype(layer.format.bias.name)
        arrays.append(numbers(f"{work.name}_recurrent_bias", bias, f"({layer.units} units): of the candidate"))
    made = rows.struct(_calls(rows, layer), arrays, *members, *(_update(layer, work.once) if integer else ()))
    return replace(made, declarations=('#include "gru.h"',))
