# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Structs of kernels/c/gates.h: what a unit's gates are made of before their activation, of any cell in any format."""

from __future__ import annotations

from kernels.c.cells import Rows, totals
from kernels.common.constants import ConstArray, ConstStruct, by_unit, float_literal, numbers, scale
from model import lower
from model.layers.lstm import Lstm
from model.signal import Signal, scale_of

Arrays = dict[str, ConstArray]  # by the member of the struct
ONCE = "a single step from reset has none"


def _integers(name: str, layer: Lstm, source: Signal, rows: Rows, once: bool) -> Arrays:
    matrices, bias = lower.gate_matrices(layer, source, once), layer.format.bias.name
    made: Arrays = {}
    if layer.format.zero_points:
        for each in matrices:
            starts = by_unit(each.starts, rows.gates).astype(bias)
            made[f"{each.which}_bias"] = numbers(
                f"{name}_{each.which}_bias", starts, f"({rows.rows}), zero point folded in"
            )
    else:
        made["bias"] = numbers(f"{name}_bias", rows.bias.astype(bias), f"({rows.rows})")
    for each in matrices:
        factors = tuple(scale(each.factors[g]) for g in rows.gates)
        called = f"{name}_{each.which}_scale"
        made[f"{each.which}_scale"] = ConstArray(called, factors, "lstmcu_scale", "accumulator to each gate's scale")
    return made


def _reals(name: str, layer: Lstm, rows: Rows) -> Arrays:
    bias = numbers(f"{name}_bias", rows.bias, f"({rows.rows})")
    if not layer.format.hybrid:
        return {"bias": bias}
    held = {"kernel": rows.kernel} if rows.recurrent is None else {"kernel": rows.kernel, "recurrent": rows.recurrent}
    made: Arrays = {f"{which}_total": totals(name, which, values, rows.rows) for which, values in held.items()}
    made["bias"] = bias
    for which, weights in (("kernel", layer.kernel), ("recurrent", layer.recurrent)):
        if which in held:
            scales = tuple(float_literal(scale_of(weights)[g]) for g in rows.gates)
            made[f"{which}_scale"] = ConstArray(f"{name}_{which}_scale", scales, "float", "of each gate's weights")
    return made


def _order(layer: Lstm) -> tuple[str, ...]:
    """The members of the struct, after the matrices."""
    if layer.format.integer:
        bias = ("kernel_bias", "recurrent_bias") if layer.format.zero_points else ("bias",)
        return (*bias, "kernel_scale", "recurrent_scale")
    hybrid = ("kernel_total", "recurrent_total", "bias", "kernel_scale", "recurrent_scale")
    return hybrid if layer.format.hybrid else ("bias",)


def gates(name: str, layer: Lstm, source: Signal, once: bool) -> tuple[tuple[ConstArray, ...], ConstStruct]:
    """Arrays and the struct ``<name>_layer``, a ``lstmcu_gates_<suffix>``."""
    rows = Rows(name, layer, once)
    made = dict(zip(("kernel", "recurrent"), rows.matrices, strict=False))
    made |= _integers(name, layer, source, rows, once) if layer.format.integer else _reals(name, layer, rows)
    members = [*rows.sizes, (str(len(rows.gates)), "gates")]
    for each in ("kernel", "recurrent", *_order(layer)):
        members.append((made[each].name, "") if each in made else ("NULL", ONCE))
    return tuple(made.values()), ConstStruct(f"{name}_layer", f"lstmcu_gates_{layer.suffix}", tuple(members))
