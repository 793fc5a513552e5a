# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Structs of kernels/c/gates.h: what a unit's gates are made of before their activation, of any cell in any format."""

from __future__ import annotations

from kernels.c.cells import Rows
from kernels.common.constants import ConstArray, ConstStruct
from model.layers.recurrent import Recurrent
from model.signal import Signal

ONCE = "a single step from reset has none"


def _order(layer: Recurrent) -> tuple[str, ...]:
    """The members of the struct that are arrays."""
    matrices, scale = ("kernel", "recurrent"), ("kernel_scale", "recurrent_scale")
    if layer.format.integer:
        bias = ("kernel_bias", "recurrent_bias") if layer.format.zero_points else ("bias",)
        return (*matrices, *bias, *scale)
    hybrid = ("kernel_total", "recurrent_total", "bias", *scale)
    return (*matrices, *(hybrid if layer.format.hybrid else ("bias",)))


def gates(name: str, layer: Recurrent, source: Signal, once: bool) -> tuple[tuple[ConstArray, ...], ConstStruct]:
    """Arrays and the struct ``<name>_layer``, a ``lstmcu_gates_<suffix>``."""
    rows = Rows(name, layer, once)
    arrays, _ = rows.integers(source) if layer.format.integer else rows.reals()
    made = {array.name.removeprefix(f"{name}_"): array.name for array in arrays}
    members = [*rows.sizes, (str(len(rows.gates)), "gates")]
    members += [(made[each], "") if each in made else ("NULL", ONCE) for each in _order(layer)]
    return tuple(arrays), ConstStruct(f"{name}_layer", f"lstmcu_gates_{layer.suffix}", tuple(members))
