# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``asm`` for ARMv6-M (Cortex-M0, M0+): kernels/armv6m/.

Two rows share a word, and one multiplication makes the products of both; after as many columns as are proved not to
overflow 16 bits, the sums of both are taken apart. ``speed`` keeps such words in flash, 2 bytes a weight; ``balanced``
keeps a column of four rows in a word and takes it apart; ``size`` has rows of bytes, one weight at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from kernels.common import assembly
from kernels.common.assembly import output_addend, prove_doubled, set_symbols, stream
from kernels.common.blocks import equal
from kernels.common.constants import Constants, ConstArray, dense_parts
from kernels.common.words import bytes_of, groups
from kernels.common.work import UnprovenError, Work
from model import fixed_point as fp
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.lower import GateMatrix
from model.signal import Array

STEP_GATES, ONCE_GATES = (2, 0, 1, 3), (2, 0, 3)  # rows A B C D of a unit: c, i, f, o
SMALL = ("s8", "s16")  # formats that have macros of their own for size
BLOCKS = (12, 8, 6, 5, 4, 3, 2, 1)  # columns of a block, the best first
UNROLL = {"balanced": 16, "speed": 76}  # columns of a layer, kernel and recurrent kernel, whose code stands straight
MAX_STRAIGHT = 1000  # bytes of a vector's code: a branch over all of a unit's reaches 2 KB
MAX_COLUMNS = 4096
ORDERED_BLOCK = 3  # columns of a block that is worth an order


# ---- proofs ----


def prove_columns(*counts: int) -> None:
    if max(counts) > MAX_COLUMNS:
        raise UnprovenError(f"more than {MAX_COLUMNS} columns or rows")


def sum_bits(rows: Array, bias: Array, factors: Sequence[fp.Multiplier] = ()) -> int:
    """Which of the requantisations, for sums below 2^15, 2^20 or 2^30, can take the sums and their left shifts."""
    left, largest = max([0, *(m.shift for m in factors)]), int(lower.peak(rows, bias).max())
    return 15 if largest < 1 << 15 and left < 15 else 20 if largest < 1 << 20 and left < 9 else 30


# ---- rows to words ----


def _starts(bias: Array, blocks: int, optimize: str) -> Array:
    """What the sums of up to four rows start from: T and B of a pair, or a row alone. Each block adds 2^15 to T."""
    halves = blocks << 15
    words = []
    for k in range(0, len(bias) - 1, 2):
        words += [int(bias[k]) + (int(bias[k + 1]) << 16) - halves, int(bias[k + 1])]
    if len(bias) % 2:
        words.append(int(bias[-1]) - (halves if optimize == "balanced" else 0))
    return np.array([(word + (1 << 31)) % (1 << 32) - (1 << 31) for word in words])


def _packed(rows: Array, n: int, optimize: str) -> Array:
    """Rows (2 .. 4, I) to weight words; see mac_s8.inc."""
    wide = rows.astype(np.int64)
    if optimize == "speed":
        words = [wide[k] + (wide[k + 1] << 16) for k in range(0, len(wide) - 1, 2)]
        return np.stack(words + ([wide[-1]] if len(wide) % 2 else []), axis=1)
    bytes_ = wide + 128  # unsigned
    if len(rows) > 2:
        d = bytes_[3] if len(rows) == 4 else np.full_like(bytes_[0], 128)
        return _signed(bytes_[0] | bytes_[2] << 8 | bytes_[1] << 16 | d << 24)
    pairs = bytes_[0] | bytes_[1] << 16
    words = []
    for first in range(0, len(pairs), n):  # two columns a word, none over the end of a block
        block = pairs[first : first + n]
        block = np.pad(block, (0, len(block) % 2))
        words.append(block[::2] | block[1::2] << 8)
    return _signed(np.concatenate(words))


def _signed(words: Array) -> Array:
    return np.asarray((words + (1 << 31)) % (1 << 32) - (1 << 31))


def row_stream(bias: Array | None, rows: Array, n: int, optimize: str) -> list[Array]:
    """Starts of the sums, unless there is no bias, and the weights of 1 .. 4 rows (R, I)."""
    if len(rows) == 1:
        rows = np.concatenate([rows, np.zeros_like(rows)])
        bias = None if bias is None else np.append(bias, 0)
    starts = [] if bias is None else [_starts(bias, -(-rows.shape[1] // n), optimize)]
    return [*starts, _packed(rows, n, optimize)]


def _paired(rows: Array, gates: list[int]) -> Array:
    """Those rows (4, H, I) that share words, as (R, I)."""
    chosen = rows[gates if len(gates) == 4 else gates[:2]]
    return np.asarray(chosen.reshape(-1, rows.shape[-1]))


def unroll_of(columns: list[tuple[int, int]], optimize: str) -> int:
    """Columns up to which code stands straight; of each matrix of a layer its columns and those of a block."""
    total = sum(count for count, _ in columns)
    largest = max(-(-count // n) * (16 * n + 20 if optimize == "balanced" else 11 * n + 14) for count, n in columns)
    return total if total <= UNROLL[optimize] and largest <= MAX_STRAIGHT else BLOCKS[0]


def vector_bytes(count: int, n: int, optimize: str) -> int:
    """Bytes of a vector as words, in blocks of ``n`` columns."""
    return 4 * (count + (-(-count // n) if optimize == "balanced" else 0))


# ---- LSTM ----


def hidden_symbols(factor: fp.Multiplier, zero: int) -> dict[str, int]:
    """Symbols of the hidden state's scale."""
    if factor.value == 1 << 30:  # a power of two: both roundings in one shift of 1 more bit
        right = 1 - factor.shift
        late = (1 << 30) + abs((1 << (right - 1)) + 1 + (zero << right)) >= 1 << 31
        addend = (1 << (right - 1)) + 1 + (0 if late else zero << right)
    else:
        early = output_addend(factor, zero, 1 << 30)
        late = early is None
        addend = 1 << (-factor.shift - 1) if early is None else early
    return {
        "hidden_m": factor.value,
        "hidden_s": factor.shift,
        "hidden_zero": zero,
        "hidden_addend": addend,
        "hidden_late": int(late),
    }


def _matrices(work: Work[Lstm]) -> list[GateMatrix]:
    """The kernel and, unless once, the recurrent kernel; all sums proved to fit."""
    layer = work.layer
    assembly.prove_cell(layer)
    prove_columns(layer.features, layer.units)
    matrices = lower.gate_matrices(layer, work.source, work.once)
    for matrix in matrices:
        for gate in ONCE_GATES if work.once else STEP_GATES:
            prove_doubled(matrix.rows[gate], matrix.starts[gate], [matrix.factors[gate]])
    return matrices


def small_lstm(work: Work[Lstm], matrices: list[GateMatrix], biased: int, text: str) -> Constants:
    """For ``size``: all biases, then all rows, unit after unit; each gate's kernel, then recurrent kernel.

    ``biased``: how many of the matrices have a bias; ``text``: symbols that describe the layer.
    """
    name, layer, once = work.name, work.layer, work.once
    gates = list(ONCE_GATES if once else STEP_GATES)
    starts = np.stack([matrix.starts[gates].T for matrix in matrices[:biased]], axis=2)  # (H, gates, biased)
    rows = np.concatenate([matrix.rows[gates].transpose(1, 0, 2) for matrix in matrices], axis=2)  # (H, gates, F + H)
    comment = f"{layer.units} units: biases, then rows, of {gates_of(once)}"
    array = stream(f"{name}_weights", [starts, bytes_of(rows)], comment)
    value = layer.format.values.bytes
    scratch = 1 if once else value * (layer.units + 1) - 1  # the hidden state while the new one is made, aligned
    return assembly.cell(work, text + set_symbols(bias_bytes=4 * starts.size), array, scratch)


def gates_of(once: bool) -> str:
    return "candidate, input, output gate" if once else "candidate, input, forget, output gate"


def lstm_symbols(layer: Lstm) -> str:
    return set_symbols(
        inputs=layer.features,
        units=layer.units,
        cell_log2=lower.cell(layer).log2,
        cell_limit=lower.cell(layer).limit,
        **hidden_symbols(assembly.hidden_factor(layer), layer.output.zero_point),
    )


def lstm(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    name, layer, once, optimize = work.name, work.layer, work.once, work.optimize
    gates, matrices = list(ONCE_GATES if once else STEP_GATES), _matrices(work)
    text, scratch, parts, notes = lstm_symbols(layer), 3, [], []  # 3 bytes to align the vectors
    if optimize == "size":
        text += "".join(assembly.set_factors(matrix.which, gates, matrix.factors) for matrix in matrices)
        return small_lstm(work, matrices, len(matrices), text)
    orders: list[int] = []
    for matrix in matrices:
        which, rows, factors = matrix.which, matrix.rows, matrix.factors
        bits = sum_bits(rows[gates], matrix.starts[gates], [factors[gate] for gate in gates])
        if bits == 30:
            notes.append(work.note("a slower requantisation", f"a sum of its {which} can reach 2^20"))
        cut = equal(_paired(rows, gates), BLOCKS, ORDERED_BLOCK)
        text += assembly.set_factors(which, gates, factors)
        ordered = int(bool(cut.order))
        text += set_symbols(**{f"{which}_n": cut.length, f"{which}_ordered": ordered, f"{which}_bits": bits})
        scratch += vector_bytes(rows.shape[-1], cut.length, optimize)
        parts.append((cut.ordered(rows), matrix.starts, cut.length))
        orders += cut.order
    words = [
        part
        for unit in range(layer.units)
        for values, starts, n in parts
        for part in row_stream(starts[gates, unit], values[gates, unit], n, optimize)
    ]
    weights_bytes = 4 * sum(part.size for part in words)
    words.append(bytes_of(np.array(orders)))
    array = stream(f"{name}_weights", words, f"{layer.units} units: starts of the sums and rows of {gates_of(once)}")
    unroll = unroll_of([(rows.shape[-1], n) for rows, _, n in parts], optimize)
    text += set_symbols(weights_bytes=weights_bytes, unroll=unroll)
    return assembly.cell(work, text, array, scratch, notes)


# ---- Dense ----


def _row_scales(layer: Dense, factors: list[fp.Multiplier], peaks: list[int]) -> Array:
    """(O, 3) multiplier, addend, and shift | zero point added after it << 8 | lowest output << 16."""
    out = layer.output
    low = lower.lowest(layer)
    rows = []
    for factor, largest in zip(factors, peaks, strict=True):
        early = output_addend(factor, out.zero_point, largest)
        zero = out.zero_point if early is None else 0
        half = 1 << (-factor.shift - 1)
        rows.append((factor.value, half if early is None else early, -factor.shift | (zero & 255) << 8 | low << 16))
    return np.array(rows, np.int64)


def dense(work: Work[Dense]) -> Constants:
    """Constants and code of a Dense, whole or in parts."""
    name, layer, source, optimize, parts = work.name, work.layer, work.source, work.optimize, work.parts
    values, outputs = layer.kernel.values, len(layer.bias)
    bias = lower.dense_starts(layer, source)
    prove_doubled(values, bias)
    factors = assembly.dense_factors(layer, source)
    kernel = dense_parts(layer, work.steps, work.blocks)[0].reshape(parts, outputs, -1)  # (parts, O, I)
    prove_columns(kernel.shape[-1], outputs)
    text = set_symbols(inputs=kernel.shape[-1], outputs=outputs)
    if optimize == "size":
        (array, of_rows), more, scratch = _small_dense(name, layer, kernel, bias, factors)
    else:
        scales = _row_scales(layer, factors, lower.peak(values, bias).tolist())
        (array, of_rows), more, scratch = _dense_in_fours(name, kernel, bias, scales, optimize)
    starts = ConstArray(f"{name}_bias", bias.astype(np.int32), "int32_t", f"({outputs} outputs), zero point folded in")
    return assembly.dense(work, text + more, array, (starts, of_rows), scratch)


Arrays = tuple[ConstArray, ConstArray]  # the weights and, for a Dense in parts, the scales


def _small_dense(
    name: str, layer: Dense, kernel: Array, bias: Array, factors: list[fp.Multiplier]
) -> tuple[Arrays, str, int]:
    """For ``size``: biases and scales, then rows of bytes; in parts only the rows."""
    parts, outputs, columns = kernel.shape
    out = layer.output
    scales = np.array([(m.value, -m.shift, 1 << (-m.shift - 1)) for m in factors], np.int64)
    words = [bias, scales, bytes_of(kernel)] if parts == 1 else [bytes_of(kernel)]
    array = stream(f"{name}_weights", words, f"({parts} parts, {outputs} rows)")
    low = lower.lowest(layer)
    text = set_symbols(part_bytes=outputs * columns, output_zero=out.zero_point, output_low=low)
    return (array, _scales_array(name, scales)), text, 1


def _scales_array(name: str, scales: Array) -> ConstArray:
    return stream(f"{name}_scales", [scales], f"({len(scales)} outputs): multiplier, shift, addend")


def _dense_in_fours(name: str, kernel: Array, bias: Array, scales: Array, optimize: str) -> tuple[Arrays, str, int]:
    """Four rows at a time with their biases and scales; in parts only the rows."""
    parts, outputs, columns = kernel.shape
    paired = [row for row in range(outputs) if outputs % 4 != 3 or row < outputs - 1]
    cut = equal(kernel[:, paired].reshape(-1, columns), BLOCKS, ORDERED_BLOCK)
    kernel, n = cut.ordered(kernel), cut.length
    words: list[Array] = []
    for part in range(parts):
        for rows in groups(outputs):
            words += row_stream(bias[rows] if parts == 1 else None, kernel[part, rows], n, optimize)
            words += [scales[rows]] if parts == 1 else []
    weights_bytes = 4 * sum(part.size for part in words)
    array = stream(f"{name}_weights", [*words, bytes_of(np.array(cut.order))], f"({parts} parts) four rows at a time")
    text = set_symbols(
        columns_n=n,
        columns_ordered=int(bool(cut.order)),
        part_bytes=weights_bytes // parts,
        weights_bytes=weights_bytes,
        unroll=unroll_of([(columns, n)], optimize),
    )
    return (array, _scales_array(name, scales)), text, vector_bytes(columns, n, optimize) + 3  # 3 to align it


# ---- tables ----


def gate_lines() -> Array:
    """(512,) slope << 18 | (x > 0) << 17 | offset of the sigmoid's lines, for a falling x; see cell.inc.

    The offset is that of x + 192 entries, modulo 2^17, with half of the last bit of the result.
    """
    intercepts, slopes = assembly.signed_lines()
    positive = np.arange(-256, 256) >= 0
    return np.asarray(slopes << 18 | positive << 17 | (intercepts + 1 - 192 * slopes) % (1 << 17))[::-1]


def _table(optimize: str) -> tuple[str, list[int], int]:
    """(directive, values, bytes from its begin to what the code takes as its address)."""
    if optimize == "size":
        return ".hword", [*(fp.SIGMOID_TABLE - 32768).tolist(), 0], 0
    return ".word", gate_lines().tolist(), 4 * (256 + 192)


def prologue(optimize: str, formats: Iterable[str]) -> str:
    """What stands before the layers' code: options, the formats' macros, and the table of the activations."""
    directive, values, start = _table(optimize)
    comment = "the sigmoid; see `activations` in cell.inc, `interpolate` in size_integers.inc"
    table = assembly.shared_table(comment, 4, directive, values)
    opening = assembly.opening("armv6m", optimize)
    return f"""{opening}#define LSTMCU_TABLE LSTMCU_SHARED(table) + {start}
{assembly.THUMB}{assembly.macros("armv6m", optimize, formats, SMALL)}
{table}"""
