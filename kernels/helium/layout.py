# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``asm`` for Armv8.1-M with MVE (Cortex-M55): kernels/helium/.

Weights are one byte each, eight rows at a time: chunks of 16 columns of one row after another, then what is left of
the columns, of two or four rows in 16 bytes where it is short. With optimize=size row after row, each up to a word.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from kernels.common import assembly
from kernels.common.assembly import set_symbols
from kernels.common.constants import Constants, ConstArray, dense_parts
from kernels.common.words import groups
from kernels.common.work import UnprovenError, Work
from model import fixed_point as fp
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.recurrent import Recurrent
from model.signal import Array

SMALL = ("s8",)  # formats that have macros of their own for size
LANES = 16  # bytes of a vector register: columns of a chunk in int8
ROWS = 8  # summed at a time
STEP_GATES, ONCE_GATES = (0, 1, 3, 2), (0, 3, 2)  # the order of work: i, f, o, c
MOST_COLUMNS = 3  # of an input that is multiplied column by column
ALL_ROWS = (1 << ROWS) - 1

# ---- rows and columns to bytes ----


def group(rest: int, chunk: int = LANES) -> int:
    """Columns that a row's last ``rest`` columns take, of a ``chunk`` of them: see mac_integers.inc."""
    return next(width for width in (chunk // 4, chunk // 2, chunk) if rest <= width)


def vector_bytes(size: int) -> int:
    """Scratch that a vector of ``size`` bytes takes, the zeros around its packed rest included."""
    full, rest = divmod(size, LANES)
    return LANES * full + (2 * LANES - group(rest) if rest else 0)


def unit_rows(units: int) -> list[int]:
    """Which of eight units each row belongs to, for the ``units`` first: the even ones, then the odd ones."""
    return [unit for unit in (0, 2, 4, 6, 1, 3, 5, 7) if unit < units]


def packed(rows: Array, chunk: int = LANES) -> bytes:
    """Rows (R <= 8, I) of int8 in the order of use, a ``chunk`` of columns at a time."""
    count, columns = rows.shape
    full, rest = divmod(columns, chunk)
    chunks = rows[:, : chunk * full].reshape(count, full, chunk).transpose(1, 0, 2).tobytes()
    if not rest:
        return chunks
    width = group(rest, chunk)
    each = chunk // width
    padded = np.zeros((-(-count // each) * each, width), np.int8)
    padded[:count, :rest] = rows[:, chunk * full :]
    return chunks + padded.tobytes()


def _single(row: Array) -> bytes:
    """A row of int8 by itself, up to a whole word."""
    return row.tobytes() + bytes(-row.size % 4)


def words(values: Array) -> bytes:
    """Numbers as words of 32 bits."""
    return values.astype("<i4").tobytes()


def stream(name: str, parts: list[bytes], comment: str) -> ConstArray:
    """A layer's weights in the order of use."""
    return ConstArray(name, np.frombuffer(b"".join(parts), "<i4"), "int32_t", comment)


# ---- LSTM ----


def eight(values: Array, rows: int) -> Array:
    """(units, ...) to (8, ...) in the order of the rows, zeros where there is no unit."""
    full = np.zeros((ROWS, *values.shape[1:]), values.dtype)
    full[:rows] = values
    return full[unit_rows(ROWS)]


def blocks(units: int) -> list[slice]:
    """Units that are computed together."""
    return [slice(first, min(first + ROWS, units)) for first in range(0, units, ROWS)]


def left_rows(units: int) -> int:
    """Mask of the rows of the units that are left behind the last eight."""
    left = units % ROWS
    return sum(1 << row for row, unit in enumerate(unit_rows(ROWS)) if unit < left) if left else ALL_ROWS


def block_of(rows: Array, starts: Array, optimize: str, by_column: bool) -> list[bytes]:
    """A gate's share of the stream for up to eight units: rows (U, I), starts of their sums (U,)."""
    units = len(rows)
    if optimize == "size" and not by_column:
        return [words(start) + _single(row) for row, start in zip(rows, starts, strict=True)]
    weights = eight(rows, units).T.tobytes() if by_column else packed(rows[unit_rows(units)])
    return [words(eight(starts, units)), weights]


def by_columns(layer: Recurrent) -> int:
    """Columns of the input, if they are multiplied one by one; else 0."""
    return layer.features if layer.features <= MOST_COLUMNS else 0


def _provable(factor: fp.Multiplier) -> fp.Multiplier:
    if factor.shift > 31:
        raise UnprovenError("a scale is above 2^31")
    return factor


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    name, layer, source, once, optimize = work.name, work.layer, work.source, work.once, work.optimize
    assembly.prove_cell(layer)
    gates = ONCE_GATES if once else STEP_GATES
    columns = by_columns(layer)
    units = layer.units
    matrices = lower.gate_matrices(layer, source, once)
    parts: list[bytes] = []
    for block in blocks(units):
        for gate, matrix in itertools.product(gates, reversed(matrices)):
            by_column = bool(columns) and matrix is matrices[0]
            parts += block_of(matrix.rows[gate, block], matrix.starts[gate, block], optimize, by_column)
    text = "".join(assembly.set_factors(m.which, gates, list(map(_provable, m.factors))) for m in matrices)
    text += set_symbols(
        inputs=layer.features,
        units=units,
        columns=columns,
        left_rows=left_rows(units),
        **assembly.hidden_symbols(layer),
    )
    comment = f"{units} units, eight at a time: starts of the sums and rows of each gate"
    if optimize == "size":
        scratch = 1 if once else units  # C has no array of none
    else:
        scratch = (0 if columns else vector_bytes(layer.features)) + (0 if once else vector_bytes(units)) + 3
    return assembly.cell(work, text, stream(f"{name}_weights", parts, comment), scratch)


# ---- Dense ----


def _row_scales(factors: list[fp.Multiplier], single: bool, uniform: bool, left: bool) -> bytes:
    """Scales of a single row, or of four rows after four rows, as dense_s8.inc reads them."""
    if single:
        signs = [32 << 8 | m.shift if m.shift >= 0 else (m.shift & 0xFF) << 16 | 0xE1 << 8 for m in factors]
        shifts = signs if left else [m.shift for m in factors]
        return words(np.array([(m.value, shift) for m, shift in zip(factors, shifts, strict=True)], np.int64))
    padded = factors + [fp.Multiplier(0, 0)] * (-len(factors) % 4)
    numbers: list[int] = []
    for quad in (padded[k : k + 4] for k in range(0, len(padded), 4)):
        if left:
            numbers += [max(m.shift, 0) for m in quad] + [-31 if m.shift < 0 else 32 for m in quad]
        numbers += [m.value for m in quad] + ([] if uniform else [min(m.shift, 0) for m in quad])
    return words(np.array(numbers, np.int64))


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    name, layer, source, optimize, parts = work.name, work.layer, work.source, work.optimize, work.parts
    values, out = layer.kernel.values, layer.output
    outputs = len(values)
    bias = lower.dense_starts(layer, source)
    factors = [_provable(factor) for factor in lower.dense_factors(layer, source)]
    left = max(m.shift for m in factors) >= 0
    uniform = not left and len({m.shift for m in factors}) == 1
    kernel = dense_parts(layer, work.steps, work.blocks)[0].reshape(parts, outputs, -1)  # (parts, O, I)
    single = optimize == "size"
    order: list[bytes] = []
    for part in range(parts):
        for rows in groups(outputs, 1 if single else ROWS):
            order += [words(bias[rows])] if parts == 1 else []
            order.append((_single if single else packed)(kernel[part, rows]))
            order += [_row_scales(factors[rows], single, uniform, left)] if parts == 1 else []
    array = stream(f"{name}_weights", order, f"({parts} parts), eight rows at a time")
    low = lower.lowest(layer)
    text = set_symbols(
        inputs=kernel.shape[-1],
        outputs=outputs,
        part_bytes=4 * len(array.values) // parts,
        rows_s=factors[0].shift if uniform else 0,
        rows_left=int(left),
        rows_zero=out.zero_point,
        rows_low=low,
    )
    start = ConstArray(f"{name}_bias", bias.astype(np.int32), "int32_t", f"({outputs} outputs)")
    comment = f"({outputs} outputs), four at a time: multipliers, shifts"
    rows_array = stream(f"{name}_scales", [_row_scales(factors, False, uniform, left)], comment)
    scratch = 1 if single else vector_bytes(kernel.shape[-1]) + 3  # none; 3 to align it
    return assembly.dense(work, text, array, (start, rows_array), scratch)


# ---- tables ----


def table(optimize: str) -> tuple[list[int], int]:
    """65536 * sigmoid - 32768 at x = k / 24, as halfwords; and where its differences stand, in bytes from its start."""
    values = fp.SIGMOID_TABLE - 32768
    entries = 257 if optimize == "size" else 385
    longer = np.append(values, np.full(entries - len(values), 32767))
    if optimize != "speed":
        return longer.tolist(), 2
    return np.concatenate([longer[:-1], np.diff(longer)]).tolist(), 2 * 384


def prologue(optimize: str, formats: Iterable[str]) -> str:
    """What stands before the layers' code: options, the formats' macros, and the table of the activations."""
    values, slopes = table(optimize)
    lines = assembly.shared_table("of the activations, see lstm_s8.inc", 4, ".hword", values)
    opening = assembly.opening("helium", optimize)
    return f"""{opening}#define LSTMCU_TABLE LSTMCU_SHARED(table)
#define LSTMCU_SLOPES {slopes}
{assembly.THUMB}{assembly.macros("helium", optimize, formats, SMALL)}
{lines}"""
