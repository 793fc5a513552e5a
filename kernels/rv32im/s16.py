# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int16x8 in kernel set ``asm`` for RV32IM (mac_s16.inc): a product a weight, one byte a weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kernels.common import assembly, wide
from kernels.common.assembly import set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.words import bytes_of, groups
from kernels.common.work import UnprovenError, Work
from kernels.rv32im.layout import ONCE_ROWS, STEP_ROWS
from model import fixed_point as fp
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array

STRAIGHT = {"size": 1, "balanced": 20, "speed": 28}  # columns of one matrix's code in an LSTM
DENSE_STRAIGHT = {"size": 1, "balanced": 8, "speed": 24}
SPARE = 1 << 17  # more than is added to a product's high word before it is shifted


def _raised(rows: int, optimize: str) -> bool:
    """Whether so many rows are summed raw, as mac_s16.inc has them."""
    return rows == wide.ROWS and optimize != "size"


def _packed(rows: Array, optimize: str) -> Array:
    """Rows (R, I) of int8 as bytes, column by column."""
    return wide.raised(rows) if _raised(len(rows), optimize) else bytes_of(rows.T)


def _starts(bias: Array, optimize: str) -> Array:
    """What the sums of rows (R,) start from."""
    return wide.raw_starts(bias) if _raised(len(bias), optimize) else bias.astype(np.int64)


def _factor(factor: fp.Multiplier, rows: Array, starts: Array) -> tuple[fp.Multiplier, int]:
    """What `requantise` takes, and 1 if what it makes of a sum cannot leave 16 bits."""
    largest = wide.peak(rows, starts)
    word = wide.high_word(factor, largest)
    reached = ((largest << max(word.shift, 0)) * word.value) >> 31
    if reached + SPARE >= 1 << 31:
        raise UnprovenError(f"twice a rounded product can reach {reached} and overflow 32 bits")
    return word, int((reached >> 1 + max(-word.shift, 0)) + 1 < 1 << 15)


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    name, layer, once, optimize = work.name, work.layer, work.once, work.optimize
    assembly.prove_cell(layer)
    if assembly.hidden_factor(layer).shift < -30:
        raise UnprovenError(f"the hidden state's scale is {layer.output.scale:g}")
    gates, text = ONCE_ROWS if once else STEP_ROWS, ""
    matrices = lower.gate_matrices(layer, work.source, once)
    for matrix in matrices:
        found = [_factor(*each) for each in zip(matrix.factors, matrix.rows, matrix.starts, strict=True)]
        safe = {f"{matrix.which}_{assembly.GATE_NAMES[gate]}_safe": found[gate][1] for gate in gates}
        text += assembly.set_factors(matrix.which, gates, [word for word, _ in found]) + set_symbols(**safe)
    text += set_symbols(
        inputs=layer.features,
        units=layer.units,
        input_turn=wide.turn(layer.features, STRAIGHT[optimize]),
        hidden_turn=wide.turn(layer.units, STRAIGHT[optimize]),
        **assembly.hidden_symbols(layer),
    )
    chosen = [-1] * (once and optimize == "size") + list(gates)  # size has four rows, here the first of zeros
    array = stream(f"{name}_weights", _units(matrices, chosen, optimize), _comment(layer.units, once))
    return assembly.cell(work, text, array, 1 if once else 2 * layer.units + 1)  # 1 to align it


def _comment(units: int, once: bool) -> str:
    what = "input, output gate, candidate" if once else "forget, input, output gate, candidate"
    return f"{units} units: starts of the sums and rows of {what}, column by column"


def _units(matrices: Sequence[lower.GateMatrix], gates: Sequence[int], optimize: str) -> list[Array]:
    """The stream of an LSTM; gate -1: a row of zeros."""
    starts = _with_zeros(matrices[0].starts)
    rows = [_with_zeros(matrix.rows) for matrix in matrices]
    chosen = list(gates)
    return [
        part
        for unit in range(starts.shape[1])
        for part in (
            _starts(starts[chosen, unit], optimize),
            *(_packed(values[chosen, unit], optimize) for values in rows),
        )
    ]


def _with_zeros(gates: Array) -> Array:
    return np.concatenate([gates, np.zeros_like(gates[:1])])


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    held, optimize = wide.dense_rows(work), work.optimize
    held = replace(held, factors=2 * held.factors)
    order: list[Array] = []
    parts, outputs, inputs = held.kernel.shape
    for part in range(parts):
        for rows in groups(outputs):
            spare = -(rows.stop - rows.start) % wide.ROWS if optimize == "size" else 0  # rows of zeros
            order += [_starts(np.pad(held.starts[rows], (0, spare)), optimize)] if parts == 1 else []
            order.append(_packed(np.pad(held.kernel[part, rows], ((0, spare), (0, 0))), optimize))
            order += [held.factors[rows]] if parts == 1 else []
    array = stream(f"{work.name}_weights", order, f"({parts} parts) four rows at a time, column by column")
    return wide.dense(work, held, array, 1, input_turn=wide.turn(inputs, DENSE_STRAIGHT[optimize]))
