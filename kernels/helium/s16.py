# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int16x8 in kernel set ``asm`` for Armv8.1-M with MVE (mac_s16.inc): one byte a weight, widened as it is loaded."""

from __future__ import annotations

import itertools

import numpy as np

from kernels.common import assembly, wide
from kernels.common.assembly import set_symbols
from kernels.common.constants import Constants, ConstArray, dense_parts
from kernels.common.words import groups
from kernels.common.work import Work
from kernels.helium import layout
from kernels.helium.layout import ONCE_GATES, ROWS, STEP_GATES, eight, packed, words
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array

CHUNK = 8  # columns that a vector register holds


def _block(matrix: lower.GateMatrix, gate: int, units: slice, by_column: bool) -> list[bytes]:
    """A gate's share of the stream for up to eight units: what the sums of the input start from, and rows."""
    rows, starts = matrix.rows[gate, units], matrix.starts[gate, units]
    count = len(rows)
    weights = eight(rows, count).T.tobytes() if by_column else packed(rows[layout.unit_rows(count)], CHUNK)
    return [words(eight(starts, count)), weights] if matrix.which == "kernel" else [weights]


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    layer, once, units = work.layer, work.once, work.layer.units
    assembly.prove_cell(layer)
    gates, columns, text = ONCE_GATES if once else STEP_GATES, layout.by_columns(layer), ""
    matrices = lower.gate_matrices(layer, work.source, once)
    for matrix in matrices:
        factors = [
            wide.high_word(factor, wide.peak(values, starts))
            for factor, values, starts in zip(matrix.factors, matrix.rows, matrix.starts, strict=True)
        ]
        text += assembly.set_factors(matrix.which, gates, factors)
    text += set_symbols(
        inputs=layer.features,
        units=units,
        columns=columns,
        left_rows=layout.left_rows(units),
        **assembly.hidden_symbols(layer),
    )
    parts = [
        part
        for block, gate, matrix in itertools.product(layout.blocks(units), gates, reversed(matrices))
        for part in _block(matrix, gate, block, bool(columns) and matrix is matrices[0])
    ]
    comment = f"{units} units, eight at a time: rows of each gate, starts of the input's sums"
    vectors = (0 if columns else layer.features, 0 if once else units)
    scratch = sum(layout.vector_bytes(2 * count) for count in vectors) + 3  # 3 to align it
    return assembly.lstm(work, text, layout.stream(f"{work.name}_weights", parts, comment), scratch)


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    name, layer, parts = work.name, work.layer, work.parts
    outputs, whole = len(layer.bias), parts == 1
    factors = wide.dense_factors(layer, work.source, not whole)
    kernel = dense_parts(layer, work.steps, work.blocks)[0].reshape(parts, outputs, -1)  # (parts, O, I)
    wide.peak(kernel, np.zeros(1, np.int64))
    bias = lower.dense_starts(layer, work.source)
    order: list[bytes] = []
    for part in range(parts):
        for rows in groups(outputs, ROWS):
            order += [words(bias[rows])] if whole else []
            order.append(packed(kernel[part, rows], CHUNK))
            order += [_in_fours(factors[rows])] if whole else []
    array = layout.stream(f"{name}_weights", order, f"({parts} parts), eight rows at a time")
    text = set_symbols(
        inputs=kernel.shape[-1],
        outputs=outputs,
        part_bytes=4 * len(array.values) // parts,
        rows_low=lower.lowest(layer),
    )
    starts = ConstArray(f"{name}_bias", bias.astype(np.int64), "int64_t", f"({outputs} outputs)")
    scales = assembly.stream(f"{name}_scales", [factors], f"({outputs} outputs): factors")
    scratch = layout.vector_bytes(2 * kernel.shape[-1]) + 3  # 3 to align it
    return assembly.dense(work, text, array, (starts, scales), scratch)


def _in_fours(factors: Array) -> bytes:
    """Factors of rows, up to whole registers."""
    return words(np.pad(factors, (0, -len(factors) % 4)))
