# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""GRU in kernel set ``asm`` for ARMv7E-M (gru.inc): what all formats assume of it, and int8's stream (gru_s8.inc)."""

from __future__ import annotations

import numpy as np

from kernels.armv7em.layout import PAIRS, WORDS, packed, pairs_proved, sums, vector_words
from kernels.common import assembly, grus
from kernels.common.assembly import output_addend, set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.work import UnprovenError, Work
from model import lower
from model.layers.gru import CANDIDATE, Gru
from model.lower import NO_LIMIT, GateMatrix
from model.signal import Array

IN_PAIRS, ALONE = [0, 1, 2], [1, 0, 2]  # gates z, r, h: A B in a pair and C; rows alone in the order of r4, r5, r6
LEAST = 2  # bits of a right shift that is done by a multiplication
MOST_LEFT = 7  # bits by which a weight of 8, doubled, can be shifted left in 16


def opening(layer: Gru, **more: int | str) -> str:
    """The macros of its format, which firmware without a GRU does without, and the symbols that they read."""
    sizes = {"inputs": layer.features, "units": layer.units}
    return f'#include "armv7em/gru_{layer.suffix}.inc"\n' + set_symbols(**sizes, **more)


def _constants(matrix: GateMatrix, unit: int, any_shift: bool) -> Array:
    """What brings a unit's sums to Q3.12, in the order of r4, r5, r6; see gru_s8.inc."""
    values, right = matrix.by_row.value[ALONE, unit], np.maximum(-matrix.by_row.shift[ALONE, unit], 0)
    if not any_shift:
        return np.concatenate([values, 1 << (32 - np.maximum(right, LEAST))])  # a factor of 0 has no shift
    return np.concatenate([values, (1 << right) >> 1, (right << np.array([0, 8, 16])).sum(keepdims=True)])


def gru(work: Work[Gru]) -> Constants:
    """Constants and code of an int8 GRU's step."""
    grus.prove(work)
    layer, name = work.layer, work.name
    made, chosen, each = {}, [], []
    for matrix in lower.gate_matrices(layer, work.source):
        left = np.maximum(matrix.by_row.shift, 0)  # (3, H)
        rows, starts = matrix.rows.astype(np.int64) << left[..., np.newaxis], matrix.starts << left
        assembly.prove_doubled(rows, starts)
        if left.max() > MOST_LEFT:
            raise UnprovenError(f"a row's scale is 2^{left.max()}")
        paired = not left.any() and pairs_proved(rows, starts)
        any_shift = grus.any_shift(matrix, LEAST)
        made[f"{matrix.which}_any"] = int(any_shift)
        chosen.append((PAIRS if paired else WORDS)[len(IN_PAIRS)])
        order = IN_PAIRS if paired else ALONE
        folded = paired and matrix.which == "recurrent"  # its zero point is taken out of the columns
        each.append(
            [
                [
                    2 * matrix.bias[CANDIDATE:, unit] if folded else sums(starts[order, unit], paired),
                    packed(rows[order, unit], paired),
                    _constants(matrix, unit, any_shift),
                ]
                for unit in range(layer.units)
            ]
        )
    text = opening(
        layer,
        input_packing=chosen[0],
        packing=chosen[1],
        hidden_starts=int(chosen[1] == WORDS[len(IN_PAIRS)]),
        **made,
        **grus.kept_symbols(layer),
        hidden_late=int(output_addend(layer.update.shown, layer.output.zero_point, NO_LIMIT) is None),
    )
    parts = [part for unit in zip(*each, strict=True) for of_matrix in unit for part in of_matrix]
    comment = f"{layer.units} units: starts, rows of z, r, h packed as {chosen[0]}, scales; the same for h, {chosen[1]}"
    array = stream(f"{name}_weights", parts, comment)
    words = vector_words(layer.features) + vector_words(layer.units)
    return assembly.cell(work, text, array, 4 * words + 3)  # 3 to align it
