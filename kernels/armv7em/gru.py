# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""GRU in kernel set ``asm`` for ARMv7E-M (gru.inc): what all formats assume of it, and int8's stream (gru_s8.inc)."""

from __future__ import annotations

from kernels.armv7em.layout import vector_words
from kernels.armv7em.rows import Rows, rows_of
from kernels.common import assembly, grus
from kernels.common.assembly import output_addend, set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.rows import in_bytes
from kernels.common.work import Work
from model import lower
from model.layers.gru import CANDIDATE, Gru
from model.lower import NO_LIMIT
from model.signal import Array

IN_PAIRS, ALONE = [0, 1, 2], [1, 0, 2]  # gates z, r, h: A B in a pair and C; rows alone in the order of r4, r5, r6


def opening(layer: Gru, **more: int | str) -> str:
    """The macros of its format, which firmware without a GRU does without, and the symbols that they read."""
    sizes = {"inputs": layer.features, "units": layer.units}
    return f'#include "armv7em/gru_{layer.suffix}.inc"\n' + set_symbols(**sizes, **more)


def _unit(rows: Rows, unit: int) -> list[Array]:
    """A unit's share of the stream, see gru_s8.inc."""
    order = IN_PAIRS if rows.paired else ALONE
    begin = rows.begin(order, unit)
    if rows.paired and rows.matrix.which == "recurrent":  # its zero point is taken out of the columns
        begin = 2 * rows.matrix.bias[CANDIDATE:, unit]
    value, powers, right = rows.scales(ALONE, unit)
    return [begin, rows.words(order, unit), value, powers, *([in_bytes(right)] if rows.any_shift else [])]


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of an int8 GRU's step."""
    grus.prove(work)
    layer, name = work.layer, work.name
    kernel, recurrent = map(rows_of, lower.gate_matrices(layer, work.source))
    text = opening(
        layer,
        input_packing=kernel.packing,
        packing=recurrent.packing,
        hidden_starts=int(not recurrent.paired),
        kernel_any=int(kernel.any_shift),
        recurrent_any=int(recurrent.any_shift),
        **grus.kept_symbols(layer),
        hidden_late=int(output_addend(layer.update.shown, layer.output.zero_point, NO_LIMIT) is None),
    )
    parts = [part for unit in range(layer.units) for rows in (kernel, recurrent) for part in _unit(rows, unit)]
    packings = f"{kernel.packing}, scales; the same of h, {recurrent.packing}"
    array = stream(f"{name}_weights", parts, f"{layer.units} units: starts, rows of z, r, h packed as {packings}")
    words = vector_words(layer.features) + vector_words(layer.units)
    return assembly.cell(work, text, array, 4 * words + 3)  # 3 to align it
