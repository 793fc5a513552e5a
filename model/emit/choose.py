# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which kernel set runs each layer: the first of the target's list that covers it and can prove what it assumes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kernels import KernelSet
from kernels.common.constants import Constants, numbers
from kernels.common.work import UnprovenError, Work, coverage
from model.emit.scratch import operations
from model.errors import UserError
from model.layers.base import Layer
from model.network import Network
from model.plan import Plan


@dataclass(frozen=True, eq=False)
class Chosen:
    """A layer's kernel set, and what its layout made for the layer."""

    kernels: KernelSet
    constants: Constants
    suffix: str  # of the kernels' format


def choose(work: Work[Layer], sets: Sequence[KernelSet]) -> Chosen:
    """The first of ``sets`` that will do; where one could not prove its assumptions, a note says why."""
    pair = coverage(work.layer)
    why = ""
    for kernels in sets:
        if pair not in kernels.covers:
            continue
        try:
            made: Constants = kernels.function(pair)(replace(work, optimize=kernels.level(work.optimize)))
        except UnprovenError as error:
            why = why or str(error)
            continue
        notes = (work.note(f"kernel set {kernels.name}", why),) if why else ()
        starts = [
            numbers(start_of(work.name, state), row, f"({len(row)}) the state before the first step")
            for state, row in work.layer.starts().items()
        ]
        return Chosen(
            kernels, replace(made, arrays=(*made.arrays, *starts), notes=(*notes, *made.notes)), work.layer.suffix
        )
    names = ", ".join(kernels.name for kernels in sets)
    raise UserError(f"layer '{work.layer.name}': none of the kernel sets {names} has {pair}")


def symbol(model: str, name: str) -> str:
    """C name of what belongs to a layer: models share a firmware, and a layer's own code is global.

    The capital that ``name`` starts with tells model and layer apart, see ``plan.c_name``.
    """
    return f"{model}_{name}"


def start_of(name: str, state: str) -> str:
    """C name of what a part of a layer's state starts from; ``name``: the layer's, see ``symbol``."""
    return f"{name}_{state}_start"


def choose_all(network: Network, plan: Plan, sets: Sequence[KernelSet], optimize: str) -> dict[str, Chosen]:
    """All layers by their names in C, each once, in the order of use."""
    return {name: choose(work, sets) for name, work in _works(network, plan, optimize).items()}


def _works(network: Network, plan: Plan, optimize: str) -> dict[str, Work[Layer]]:
    """What the plan has each layer do; what moves data is nobody's work."""
    found: dict[str, Work[Layer]] = {}
    for op in operations(plan):
        if op.moves:
            continue
        work = found.get(op.name)
        if work is None:
            steps = op.steps if op.kind == "dense_add" else 1
            name = symbol(network.name, op.name)
            work = Work(name, op.layer, op.source, (), steps, op.blocks, optimize, op.sources)
        found[op.name] = replace(work, kinds=tuple(dict.fromkeys((*work.kinds, op.kind))))
    return found


def code(layers: Iterable[Chosen], optimize: str) -> list[tuple[str, list[str]]]:
    """Of each set that runs layers by code of their own: its prologue, and that code."""
    sets: dict[str, list[Chosen]] = {}
    for layer in layers:
        if layer.constants.assembly:
            sets.setdefault(layer.kernels.name, []).append(layer)
    return [(_prologue(layers, optimize), [layer.constants.assembly for layer in layers]) for layers in sets.values()]


def _prologue(layers: Sequence[Chosen], optimize: str) -> str:
    """What stands before the code of layers that one set runs."""
    kernels, formats = layers[0].kernels, dict.fromkeys(layer.suffix for layer in layers)
    text: str = kernels.layout.prologue(kernels.level(optimize), tuple(formats))
    return text
