# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Layers that join signals: functions and structs of kernels/c/merge.h, ``function(x, more..., y, count, struct)``."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from kernels.c.elementwise import call
from kernels.common.constants import Constants, ConstStruct, Kernel, Member, numbers, scale, scales
from kernels.common.work import Work
from model.layers.concatenate import Concatenate
from model.layers.merge import Merge
from model.layers.merge_halves import MergeHalves
from model.layers.with_constant import WithConstant
from model.lower import rescale

INCLUDE = ('#include "merge.h"',)
SUMS = ("add", "subtract", "average")


def _function(layer: Merge, what: str) -> str:
    return f"lstmcu_{what}_{layer.suffix}"


def _members(work: Work[Merge]) -> tuple[str, list[Member]]:
    """The name of the function and struct, and what the struct holds."""
    layer, (one, other) = work.layer, work.sources
    zeros = (f"{{{one.zero_point}, {other.zero_point}}}", "zero points of both")
    zero = (str(layer.output.zero_point), "zero point of the output")
    if layer.adds:
        made = layer.sum(work.sources)
        factors = (scales(list(made.factors)), "of both, shifted left, to twice the coarser scale")
        shift = (str(made.shift), "left, before")
        return "sum", [
            zeros,
            zero,
            shift,
            (str(made.sign), "of the second"),
            factors,
            (scale(made.sum), "to the output"),
        ]
    if layer.function == "multiply":
        return "product", [zeros, zero, (scale(layer.product(work.sources)), "to the output")]
    factors = (scales([rescale(source, layer.output) for source in work.sources]), "of both to the output")
    return layer.function, [zeros, zero, factors]


def merge(work: Work[Merge]) -> Constants:
    """What a function of two vectors is told."""
    layer = work.layer
    if not layer.format.integer:
        return Constants((), calls={"apply": Kernel(_function(layer, layer.function), "")}, declarations=INCLUDE)
    what, members = _members(work)
    kind = what if what in ("sum", "product") else "pair"
    struct = ConstStruct(f"{work.name}_layer", f"lstmcu_{kind}", tuple(members))
    kernel = Kernel(_function(layer, what), "", arguments=(f"&{work.name}_layer",))
    return Constants((), struct, {"apply": kernel}, declarations=INCLUDE)


def with_constant(work: Work[WithConstant]) -> Constants:
    """The same of a vector and a constant one."""
    layer = work.layer
    made = merge(replace(cast("Work[Merge]", work), layer=layer.merge, sources=layer.both(work.source, layer.held)))
    constant = numbers(f"{work.name}_constant", layer.constant, f"({layer.constant.size} features)")
    before, behind = ((constant.name,), ()) if layer.first else ((), (constant.name,))
    calls = {kind: replace(kernel, before=before, beside=behind) for kind, kernel in made.calls.items()}
    return replace(made, arrays=(constant,), calls=calls)


def merge_halves(work: Work[MergeHalves]) -> Constants:
    """The same of both halves of a vector."""
    return merge(replace(cast("Work[Merge]", work), layer=work.layer.merge, sources=(work.source, work.source)))


def concatenate(work: Work[Concatenate]) -> Constants:
    """The conversions of those signals that are in other steps than the output."""
    calls = {}
    for number, source in enumerate(work.sources):
        convert = work.layer.converted(source)
        if convert is not None:
            calls[f"part{number}"] = call(convert.lowered(source))
    return Constants((), calls=calls)
