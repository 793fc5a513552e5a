# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``asm`` for ARMv7E-M: int8 layers as assembly of their own, the rest as kernel set ``c``.

A layer's weights are one stream of words in the order of use, and its code is an instance of the macros in
firmware/kernels/asm-armv7em/ for its sizes and scales. What the assembly assumes of the weights is proved here;
a layer for which it cannot be proved falls back, first to one weight a halfword, then to the portable kernels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from model import fixed_point as fp
from model.layouts import c
from model.layouts.common import (
    ONCE_GATES,
    Constants,
    ConstArray,
    ConstStruct,
    dense_parts,
    folded,
    suffix,
)
from model.network import Array, Dense, Lstm, Signal
from model.plan import Op
from model.reference import GATE_LOG2_SCALE, cell_limit, scale_of

TRACES_GATES = False  # gates never lie in memory
PARTS_BY_NUMBER = True  # dense_s8_add takes the number of a part, not the address of its weights
OPTIMIZE = {"size": 0, "balanced": 1, "speed": 2}
IN_PAIRS = {"size": True, "balanced": True, "speed": False}  # one byte of flash a weight, or two

GATE_NAMES = "ifco"
STEP_ROWS, ONCE_ROWS = (0, 1, 2, 3), ONCE_GATES  # gates A B C D of a unit, as lstm_s8.inc pairs them
PAIRS = {4: "P2", 3: "M", 2: "P1", 1: "W1"}  # rows: packing
WORDS = {4: "W4", 3: "W3", 2: "W2", 1: "W1"}
# rows in the order of the registers r4 .. r7, where sums of the rows alone start there
STEP_ORDER, ONCE_ORDER = (1, 0, 3, 2), (1, 0, 2)


class UnprovenError(Exception):
    """The assembly would not be exact for this layer; the message says what cannot be proved."""


@dataclass(frozen=True, eq=False)
class Assembled(Constants):
    """Constants of a layer, its code, and how C declares that code."""

    assembly: str = ""
    declarations: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


# ---- columns and rows to words ----


def column_pairs(count: int) -> list[tuple[int, int]]:
    """Columns that share a word, in the order of ``widen`` in mac_s8.inc; -1: none."""
    pairs = [pair for first in range(0, count - 3, 4) for pair in ((first, first + 2), (first + 1, first + 3))]
    first = count - count % 4
    rest = {0: [], 1: [(first, -1)], 2: [(first, first + 1)], 3: [(first, first + 2), (first + 1, -1)]}
    return pairs + rest[count % 4]


def vector_words(count: int) -> int:
    """Words of a vector of int8 as halfwords."""
    return (count + 1) // 2


def _words(halves: Array) -> Array:
    """(R, I) halfwords to (R, words) int32: two columns a word."""
    padded = np.concatenate([halves, np.zeros((len(halves), 1), halves.dtype)], axis=1)
    low, high = np.array(column_pairs(halves.shape[1])).T
    return np.asarray((padded[:, low] & 0xFFFF) | (padded[:, high] << 16)).astype(np.int32)


def _packed(rows: Array, packing: str, pairs: bool) -> Array:
    """Rows (R, I) of int8 to weight words (words of a vector, words of ``packing``)."""
    wide = rows.astype(np.int64)
    if not pairs:
        return _words(2 * wide).T
    halves = [wide[k] + 256 * wide[k + 1] for k in range(0, len(wide) - 1, 2)]
    halves += [wide[-1]] if len(wide) % 2 else []
    return _words(np.stack(halves)).T


def _sums(bias: Array, packing: str, pairs: bool) -> Array:
    """What the sums of rows (R,) start from, doubled, in the order of the registers r4, r5, r6, r7."""
    wide = 2 * bias.astype(np.int64)
    if not pairs or packing == "W1":
        return wide
    starts = [value for k in range(0, len(wide) - 1, 2) for value in (wide[k] + 256 * wide[k + 1], wide[k])]
    return np.array(starts + ([wide[-1]] if len(wide) % 2 else []))


# ---- proofs ----


def _peak(rows: Array, bias: Array) -> Array:
    """Largest magnitude of a sum of int8 inputs, for each row (..., I)."""
    return np.asarray(128 * np.abs(rows.astype(np.int64)).sum(axis=-1) + np.abs(bias.astype(np.int64)))


def prove_doubled(rows: Array, bias: Array, factors: Iterable[fp.Multiplier] = ()) -> None:
    """Twice every sum, and its left shift, fits 32 bits."""
    left = max([0, *(m.shift for m in factors)])
    peak = int(_peak(rows, bias).max()) << left
    if peak >= 1 << 30:
        raise UnprovenError(f"twice a sum can reach {2 * peak} and overflow 32 bits")


def pairs_proved(rows: Array, bias: Array) -> bool:
    """Whether two rows can share a halfword: weights in +-127, twice every sum within 24 bits."""
    return bool(rows.min() >= -127 and _peak(rows, bias).max() < 1 << 22)


def prove_cell(layer: Lstm) -> None:
    """The cell state's scale is one of those the shifts of lstm_s8.inc are made for."""
    log2 = int(np.log2(layer.cell_scale))
    if not -24 <= log2 <= -7:
        raise UnprovenError(f"the cell state's scale is 2^{log2}, outside 2^-24 .. 2^-7")


def output_addend(factor: fp.Multiplier, zero_point: int, peak: int) -> int | None:
    """Half of the last bit plus the zero point before the shift; None where the sum could overflow 32 bits."""
    right = -factor.shift
    addend = (1 << (right - 1)) + (zero_point << right)
    largest = (peak * factor.value >> 31) + 1 + abs(addend) + 1
    return addend if largest < 1 << 31 else None


# ---- text ----


def _set(**symbols: int | str) -> str:
    return "".join(f"    .set {name}, {value}\n" for name, value in symbols.items())


def _factors(which: str, gates: Iterable[int], factors: list[fp.Multiplier]) -> str:
    lines = [(f"{which}_{GATE_NAMES[gate]}", factors[gate]) for gate in gates]
    return "".join(_set(**{f"{name}_m": m.value, f"{name}_s": m.shift}) for name, m in lines)


def _stream(name: str, parts: list[Array], comment: str) -> ConstArray:
    words = np.concatenate([part.reshape(-1) for part in parts])
    return ConstArray(name, words.astype(np.int64).astype(np.int32), "int32_t", comment)


# ---- LSTM ----


def _gate_factors(signal: Signal, weight_scales: Array) -> list[fp.Multiplier]:
    return [fp.multiplier(float(signal.scale) * float(s) / 2.0**GATE_LOG2_SCALE) for s in weight_scales]


def _unit_parts(rows: Array, bias: Array, gates: tuple[int, ...], pairs: bool, order: tuple[int, ...]) -> list[Array]:
    """A unit's share of the stream: starts of the sums, then weights; rows (4, I), bias (4,)."""
    chosen = list(gates) if pairs else [gates[k] for k in order]
    packing = (PAIRS if pairs else WORDS)[len(gates)]
    return [_sums(bias[chosen], packing, pairs), _packed(rows[chosen], packing, pairs)]


def _assembled_lstm(name: str, layer: Lstm, source: Signal, once: bool, optimize: str) -> Assembled:
    prove_cell(layer)
    gates, order = (ONCE_ROWS, ONCE_ORDER) if once else (STEP_ROWS, STEP_ORDER)
    matrices = [("kernel", layer.kernel, layer.bias, source)]
    if not once:
        matrices.append(("recurrent", layer.recurrent, np.zeros_like(layer.bias), layer.output))
    pairs, text, halves = IN_PAIRS[optimize], "", []
    for which, weights, bias, signal in matrices:
        starts = folded(bias.astype(np.int64), weights.values, signal.zero_point)
        factors = _gate_factors(signal, scale_of(weights))
        for gate in gates:
            prove_doubled(weights.values[gate], starts[gate], [factors[gate]])
        pairs = pairs and pairs_proved(weights.values[list(gates)], starts[list(gates)])
        text += _factors(which, gates, factors)
        halves.append((weights.values, starts))
    packing = (PAIRS if pairs else WORDS)[len(gates)]
    hidden = fp.multiplier(2.0**-30 / float(layer.output.scale))
    if hidden.shift >= 0:
        raise UnprovenError(f"the hidden state's scale is {layer.output.scale:g}")
    addend = output_addend(hidden, layer.output.zero_point, 1 << 30)
    text += _set(
        inputs=layer.features,
        units=layer.units,
        packing=packing,
        cell_log2=int(np.log2(layer.cell_scale)),
        cell_limit=cell_limit(layer),
        hidden_m=hidden.value,
        hidden_s=hidden.shift,
        hidden_zero=layer.output.zero_point,
        hidden_late=int(addend is None),
    )
    kind = "once" if once else "step"
    parts = [
        part
        for unit in range(layer.units)
        for values, starts in halves
        for part in _unit_parts(values[:, unit], starts[:, unit], gates, pairs, order)
    ]
    what = "input, candidate, output gate" if once else "each gate"
    comment = f"{layer.units} units: starts of the sums and rows of {what}, packed as {packing}"
    array = _stream(f"{name}_weights", parts, comment)
    function = f"{name}_{kind}"
    arguments = "const void *weights, const int8_t *x, int8_t *hidden, "
    arguments += "int8_t *scratch" if once else "int16_t *cell, int8_t *scratch"
    ctype = "lstmcu_lstm_once_s8" if once else "lstmcu_lstm_s8"
    struct = ConstStruct(f"{name}_layer", ctype, ((function, ""), (array.name, "")))
    notes = () if pairs == IN_PAIRS[optimize] else (_note(layer, "one weight a halfword"),)
    return Assembled(
        (array,), struct, f"{text}    lstm_s8_{kind} {function}\n", (f"void {function}({arguments});",), notes
    )


def _note(layer: Lstm | Dense, what: str, why: str = "pairs of rows could overflow") -> str:
    return f"layer '{layer.name}' runs with {what}: {why}"


def _portable(name: str, made: Constants, functions: tuple[str, ...], ctype: str, note: str) -> Assembled:
    """A layer of kernel set ``c``, behind the functions of this set."""
    assert made.struct is not None
    text = "{" + ", ".join(member for member, _ in made.struct.members) + "}"
    own = ConstArray(f"{name}_portable", (text,), made.struct.ctype.replace("lstmcu_", "lstmcu_portable_"), note)
    members = tuple((member, "") for function in functions for member in (function, own.name))
    return Assembled((*made.arrays, own), ConstStruct(f"{name}_layer", ctype, members), notes=(note,))


def lstm(name: str, layer: Lstm, source: Signal, once: bool, optimize: str = "balanced") -> Constants:
    """Constants of an LSTM that reads ``source``; ``once``: of its only step from reset."""
    if suffix(layer) != "s8":
        return c.lstm(name, layer, source, once)
    try:
        return _assembled_lstm(name, layer, source, once, optimize)
    except UnprovenError as why:
        made = c.lstm(name, layer, source, once)
        kind, ctype = ("once", "lstmcu_lstm_once_s8") if once else ("step", "lstmcu_lstm_s8")
        note = _note(layer, "the portable kernels", str(why))
        return _portable(name, made, (f"lstmcu_portable_{kind}",), ctype, note)


# ---- Dense ----


def _row_scales(factors: list[fp.Multiplier], addends: list[int], uniform: bool) -> Array:
    """(O, 3) multiplier, addend, shift; (O, 2) where all rows have one shift."""
    rows = [(m.value, addend, -m.shift) for m, addend in zip(factors, addends, strict=True)]
    return np.array(rows, np.int64)[:, : 2 if uniform else 3]


def _groups(outputs: int) -> list[slice]:
    return [slice(first, min(first + 4, outputs)) for first in range(0, outputs, 4)]


def _assembled_dense(name: str, layer: Dense, source: Signal, steps: int, blocks: int, optimize: str) -> Assembled:
    values, out = layer.kernel.values, layer.output
    outputs = len(values)
    bias = folded(layer.bias.astype(np.int64), values, source.zero_point)
    prove_doubled(values, bias)
    factors = [fp.multiplier(float(source.scale) * float(s) / float(out.scale)) for s in scale_of(layer.kernel)]
    if max(m.shift for m in factors) >= 0:
        raise UnprovenError("a row's scale is above 1/2")
    peaks = _peak(values, bias).tolist()
    early = [output_addend(m, out.zero_point, peak) for m, peak in zip(factors, peaks, strict=True)]
    late = any(addend is None for addend in early)
    addends = [1 << (-m.shift - 1) for m in factors] if late else [addend or 0 for addend in early]
    uniform = len({m.shift for m in factors}) == 1
    scales = _row_scales(factors, addends, uniform)
    parts = steps * blocks
    kernel = dense_parts(layer, steps, blocks)[0].reshape(parts, outputs, -1)  # (parts, O, I)
    starts = bias if parts == 1 else np.zeros(outputs, np.int64)
    pairs = IN_PAIRS[optimize] and pairs_proved(kernel, np.broadcast_to(starts, (parts, outputs)))
    packings = PAIRS if pairs else WORDS
    stream: list[Array] = []
    for part in range(parts):
        for rows in _groups(outputs):
            packing = packings[rows.stop - rows.start]
            stream += [_sums(starts[rows], packing, pairs)] if parts == 1 else []
            stream.append(_packed(kernel[part, rows], packing, pairs))
            stream += [scales[rows]] if parts == 1 else []
    array = _stream(f"{name}_weights", stream, f"({parts} parts) four rows at a time, packed as {packings[4]}")
    low = max(out.low, out.zero_point) if layer.activation == "relu" else out.low
    text = _set(
        inputs=kernel.shape[-1],
        outputs=outputs,
        packing=packings[4],
        rest_packing=packings[outputs % 4 or 4],
        part_bytes=4 * len(array.values) // parts,
        rows_s=factors[0].shift if uniform else 0,
        rows_zero=out.zero_point if late else 0,
        rows_low=low,
    )
    notes = () if pairs == IN_PAIRS[optimize] else (_note(layer, "one weight a halfword"),)
    arguments = "const int8_t *x, int8_t *y, int8_t *scratch"
    if parts == 1:
        struct = ConstStruct(f"{name}_layer", "lstmcu_dense_s8", ((f"{name}_run", ""), (array.name, "")))
        declaration = f"void {name}_run(const void *weights, {arguments});"
        return Assembled((array,), struct, f"{text}    dense_s8_run {name}_run\n", (declaration,), notes)
    twice = ConstArray(f"{name}_bias", (2 * bias).astype(np.int32), "int32_t", f"({outputs} outputs), doubled")
    rows_array = _stream(f"{name}_scales", [scales], f"({outputs} outputs): multiplier, addend, shift")
    members = ((f"{name}_add", ""), (array.name, ""), (f"{name}_finish", ""), (rows_array.name, ""))
    declarations = (
        f"void {name}_add(const void *weights, int32_t part, const int8_t *x, int32_t *sums, int8_t *scratch);",
        f"void {name}_finish(const void *scales, const int32_t *sums, int8_t *y);",
    )
    code = f"{text}    dense_s8_add {name}_add\n    dense_s8_finish {name}_finish\n"
    struct = ConstStruct(f"{name}_layer", "lstmcu_dense_parts_s8", members)
    return Assembled((array, twice, rows_array), struct, code, declarations, notes)


def dense(
    name: str, layer: Dense, source: Signal, steps: int = 1, blocks: int = 1, optimize: str = "balanced"
) -> Constants:
    """Constants of a Dense that reads ``source``, whole or as ``steps * blocks`` parts of a flattened sequence."""
    if suffix(layer) != "s8":
        return c.dense(name, layer, source, steps, blocks)
    try:
        return _assembled_dense(name, layer, source, steps, blocks, optimize)
    except UnprovenError as why:
        made = c.dense(name, layer, source, steps, blocks)
        whole = steps * blocks == 1
        functions = ("lstmcu_portable_run",) if whole else ("lstmcu_portable_add", "lstmcu_portable_finish")
        ctype = "lstmcu_dense_s8" if whole else "lstmcu_dense_parts_s8"
        return _portable(name, made, functions, ctype, _note(layer, "the portable kernels", str(why)))


def scratch(op: Op) -> tuple[tuple[str, int], ...]:
    """(type, elements) of each scratch array that ``op`` takes as its last arguments."""
    if not isinstance(op.layer, Lstm | Dense) or suffix(op.layer) != "s8":
        return c.scratch(op)
    if op.kind not in ("lstm", "lstm_once", "dense", "dense_add"):
        return ()
    words = vector_words(op.x.length) + (vector_words(op.y.length) if op.kind == "lstm" else 0)
    return (("int8", 4 * words + 3),)  # 3 to align it


# ---- tables ----


def _chords() -> tuple[Array, Array]:
    """Intercept at 0 and slope of the sigmoid's chords, k = 0 .. 254."""
    slopes = np.diff(fp.SIGMOID_TABLE)
    return fp.SIGMOID_TABLE[:-1] - np.arange(255) * slopes, slopes


def signed_lines() -> tuple[Array, Array]:
    """(intercept B, slope D) for a signed index k = -256 .. 255: 65536 sigmoid(v) = B + v D in units of an entry."""
    intercepts, slopes = _chords()
    upper = np.append(intercepts, 65535), np.append(slopes, 0)  # the last entry holds for ever
    return np.concatenate([65536 - upper[0][::-1], upper[0]]), np.concatenate([upper[1][::-1], upper[1]])


def _table(optimize: str) -> tuple[str, list[int], int]:
    """(directive, values, index of the first entry at x = 0)."""
    if optimize == "size":
        return ".hword", [*(fp.SIGMOID_TABLE - 32768).tolist(), 0], 0
    intercepts, slopes = signed_lines()
    if optimize == "balanced":
        return ".word", (slopes << 17 | intercepts).tolist(), 256
    sign = np.where(np.arange(-256, 256) < 0, -1, 0)
    sigmoid = np.stack([3 * slopes, 512 * intercepts + 512 + sign], axis=1)[64:448]  # k = -192 .. 191
    tanh = 256 * np.stack([slopes, 256 * intercepts - (1 << 23) + 128 + sign], axis=1)
    return ".word", np.concatenate([sigmoid, tanh]).reshape(-1).tolist(), 2 * 192


def _wrapped(directive: str, values: list[int], width: int = 12) -> str:
    lines = [values[k : k + width] for k in range(0, len(values), width)]
    return "".join(f"    {directive} {', '.join(map(str, line))}\n" for line in lines)


def prologue(optimize: str = "balanced") -> str:
    """What stands before the layers' code: options, the macros, and the table of the activations."""
    directive, values, zero = _table(optimize)
    size = 2 if directive == ".hword" else 4
    table = f"lstmcu_table_{optimize}"
    return f"""#define LSTMCU_OPTIMIZE {OPTIMIZE[optimize]} /* {optimize} */
#define LSTMCU_TABLE {table} + {size * zero}
#define LSTMCU_TANH_OFFSET {8 * (192 + 256)}

    .syntax unified
    .thumb
    .cfi_sections .debug_frame
#include "dense_s8.inc"

/* the sigmoid's lines; see `activations` in lstm_s8.inc */
    .section .rodata.{table}, "aG", %progbits, {table}, comdat
    .balign 8
    .weak {table}
    .type {table}, %object
{table}:
{_wrapped(directive, values)}    .size {table}, . - {table}
"""
