# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""int16x8 in kernel set ``asm`` for RISC-V vectors (mac_s16.inc): two rows share a halfword, one byte a weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kernels.common import assembly, wide
from kernels.common.assembly import set_symbols, stream
from kernels.common.constants import Constants
from kernels.common.work import UnprovenError, Work
from kernels.rvv.layout import ONCE_ROWS, STEP_ROWS
from model import fixed_point as fp
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.signal import Array

STRAIGHT = {"size": 1, "balanced": 40, "speed": 128}  # columns of one matrix's code in an LSTM
STRAIGHT_DENSE = {"size": 1, "balanced": 16, "speed": 128}

# ---- pairs of rows ----


def _first(rows: Array) -> Array:
    """The A of all pairs of rows (R, ...)."""
    return rows[: -(-len(rows) // 2)]


def _second(rows: Array) -> Array:
    """The B of all pairs; where R is odd, the first one is the last A, too."""
    return rows[len(rows) // 2 :]


def _packed(rows: Array, twice: bool = True) -> Array:
    """Rows (R, I) of int8 as words, column by column a halfword a pair; not ``twice``: each row counts once."""
    first, second = _first(rows).astype(np.int64), _second(rows).astype(np.int64)
    if not twice and len(rows) % 2:
        second[0] = 0
    pairs = first + 256 * second
    if pairs.min() < -wide.MOST:
        raise UnprovenError("a weight is -128, and the products of pairs of rows could overflow")
    flat = pairs.T.reshape(-1)
    return np.pad(flat, (0, len(flat) % 2)).astype("<i2").view("<i4")


def _starts(bias: Array) -> Array:
    """What the sums of rows (R,) start from."""
    return wide.raw_starts(np.stack([_first(bias), _second(bias)]))


# ---- multipliers ----


def _shared(words: Sequence[fp.Multiplier], largest: int) -> tuple[list[int], dict[str, int]]:
    """Factors of ``wide.high_word`` with shifts in common: multipliers and these, as mac_s16.inc has them.

    ``largest``: of all sums.
    """
    left = max(0, *(word.shift for word in words))
    if largest << left >= 1 << wide.BITS:
        raise UnprovenError(f"a sum can reach {largest}, and overflow 32 bits once it is shifted left by {left}")
    right = min(wide.BITS, *(wide.BITS - word.value.bit_length() + left - word.shift for word in words))
    ups = [word.shift - left + right - (right == 0) for word in words]
    if any(word.value % (1 << max(-up, 0)) for word, up in zip(words, ups, strict=True)):
        raise UnprovenError("the rows' scales are too far apart to share a shift")
    values = [word.value << up if up >= 0 else word.value >> -up for word, up in zip(words, ups, strict=True)]
    return values, {"left": left, "right": right}


# ---- layers ----


def _scales(matrix: lower.GateMatrix, gates: Sequence[int]) -> str:
    """Symbols of a matrix's requantisation."""
    words, largest = wide.gate_factors(matrix), wide.peak(matrix.rows, matrix.starts)
    values, shifts = _shared([words[gate] for gate in gates], largest)
    names = {f"{assembly.GATE_NAMES[gate]}_m": value for gate, value in zip(gates, values, strict=True)}
    return set_symbols(**{f"{matrix.which}_{name}": value for name, value in (names | shifts).items()})


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    layer, once, units, straight = work.layer, work.once, work.layer.units, STRAIGHT[work.optimize]
    assembly.prove_cell(layer)
    gates = list(ONCE_ROWS if once else STEP_ROWS)
    matrices = lower.gate_matrices(layer, work.source, once)
    count = len(gates) * units
    text = "".join(_scales(matrix, gates) for matrix in matrices) + set_symbols(
        inputs=layer.features,
        units=units,
        pairs=-(-count // 2),
        input_turn=wide.turn(layer.features, straight),
        hidden_turn=wide.turn(units, straight),
        **assembly.hidden_symbols(layer),
    )
    parts = [_starts(matrices[0].starts[gates].reshape(-1))]
    parts += [_packed(matrix.rows[gates].reshape(count, -1)) for matrix in matrices]
    order = ", ".join(("input", "forget", "candidate", "output")[gate] for gate in gates)
    array = stream(f"{work.name}_weights", parts, f"starts of the sums, then columns of pairs of rows: {order} gate")
    return assembly.cell(work, text, array, 2 * count + 1)  # 1 to align it


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    held = wide.dense_rows(work)
    values, shifts = _shared([fp.Multiplier(int(factor), 0) for factor in held.factors], 0)
    held = replace(held, factors=np.array(values, np.int64))
    parts, outputs, inputs = held.kernel.shape
    order = [_packed(rows, parts == 1) for rows in held.kernel]
    if parts == 1:
        order = [_starts(held.starts), _first(held.factors), _second(held.factors), *order]
    array = stream(f"{work.name}_weights", order, f"({parts} parts) columns of pairs of {outputs} outputs")
    symbols = {
        "dense_right": shifts["right"],
        "pairs": -(-outputs // 2),
        "input_turn": wide.turn(inputs, STRAIGHT_DENSE[work.optimize]),
    }
    return wide.dense(work, held, array, 1, **symbols)
