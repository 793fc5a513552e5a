# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""An int8 LSTM of any activations in kernel set ``asm`` for ARMv7E-M: its gates in assembly (gates_s8.inc), then C."""

from __future__ import annotations

from kernels.armv7em.layout import vector_words
from kernels.armv7em.rows import Rows, rows_of
from kernels.c.lstm_functions import update
from kernels.common.assembly import set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.rows import in_bytes, prove_steps
from kernels.common.work import Work
from model import lower
from model.layers.lstm import Lstm
from model.signal import Array

# gates i, f, c, o: A B and C D in pairs, which come as B A, D C; rows alone in the order of r4, r5, r6, r7
IN_PAIRS, ALONE = [1, 0, 3, 2], [0, 1, 2, 3]


def _unit(rows: Rows, unit: int, starts: bool) -> list[Array]:
    """A unit's share of the stream, see gates_s8.inc."""
    order = IN_PAIRS if rows.paired else ALONE
    value, powers, right = rows.scales(ALONE, unit)
    scales = [value, powers]
    if rows.any_shift:
        scales = [in_bytes(right), value[:2], powers[:2], value[2:], powers[2:]]
    return [*([rows.begin(order, unit)] if starts else []), rows.words(order, unit), *scales]


def lstm_functions(work: Work[Lstm]) -> Constants:
    """Constants and code of its step."""
    prove_steps(work, "LSTM of other functions")
    layer, name = work.layer, work.name
    kernel, recurrent = map(rows_of, lower.gate_matrices(layer, work.source))
    hidden_starts = not recurrent.paired  # else the zero point is taken out of the columns
    text = '#include "armv7em/gates_s8.inc"\n' + set_symbols(
        inputs=layer.features,
        units=layer.units,
        input_packing=kernel.packing,
        packing=recurrent.packing,
        hidden_starts=int(hidden_starts),
        hidden_zero=layer.output.zero_point,
        kernel_any=int(kernel.any_shift),
        recurrent_any=int(recurrent.any_shift),
    )
    parts = [
        part
        for unit in range(layer.units)
        for part in (*_unit(kernel, unit, starts=True), *_unit(recurrent, unit, hidden_starts))
    ]
    comment = (
        f"{layer.units} units: starts, rows of i, f, c, o packed as {kernel.packing}, scales; of h {recurrent.packing}"
    )
    words = vector_words(layer.features) + vector_words(layer.units)
    scratch = 4 * words + 3  # 3 to align it
    return update(work, stream(f"{name}_weights", parts, comment), f"{text}    gates_s8 {name}_gates\n", scratch)
