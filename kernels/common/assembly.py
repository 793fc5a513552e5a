# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the assembly kernel sets share: proofs of what the code assumes of the weights, and forms of assembly text.

A layer's weights are one stream of words in the order of use, and its code is an instance of the set's macros for its
format, sizes and scales.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

import numpy as np

from kernels import OPTIMIZE
from kernels.common.constants import Bound, Constants, ConstArray, Kernel
from kernels.common.work import UnprovenError, Work
from model import fixed_point as fp
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.recurrent import Recurrent
from model.signal import Array, Signal

R_co = TypeVar("R_co", bound=Recurrent, covariant=True)

GATE_NAMES = "ifco"
THUMB = """
    .syntax unified
    .thumb
    .cfi_sections .debug_frame
"""


# ---- layers ----


def cell(
    work: Work[R_co],
    symbols: str,
    weights: ConstArray,
    scratch: int,
    notes: Sequence[str] = (),
    words: str = "",
    bound: Bound | None = None,
) -> Constants:
    """Code of the set's macro <kind>_<format>_step (or _once) for a cell that ``symbols`` describe.

    ``weights``: the stream that it reads; ``scratch``: bytes that it works in; ``words``: more arguments of the macro.

    void <name>_step(const void *weights, const int8_t *x, int8_t *hidden, int16_t *cell, int8_t *scratch)
    void <name>_once(const void *weights, const int8_t *x, int8_t *hidden, int8_t *scratch)

    with x and hidden in the format's type, and the cell's inner state, if it has one, in that one's.
    """
    layer, kind, value = work.layer, "once" if work.once else "step", work.layer.format.values.c
    function = f"{work.name}_{kind}"
    inner = f"{layer.inner[1].c} *{layer.inner[0]}, " if layer.inner and not work.once else ""
    arguments = f"const void *weights, const {value} *x, {value} *hidden, {inner}int8_t *scratch"
    return Constants(
        (weights,),
        calls={work.kinds[0]: Kernel(function, weights.name, (("int8", scratch),))},
        assembly=f"{symbols}    {layer.kind}_{layer.suffix}_{kind} {function}{words}\n",
        declarations=(f"void {function}({arguments});",),
        notes=tuple(notes),
        bound=bound,
    )


def dense(
    work: Work[Dense],
    symbols: str,
    weights: ConstArray,
    in_parts: tuple[ConstArray, ConstArray] | None,
    scratch: int,
    notes: Sequence[str] = (),
    words: str = "",
) -> Constants:
    """Code of the set's macro dense_<format>_run; of a Dense in parts of dense_<format>_add and _finish.

    ``in_parts``, of the latter alone: what the sums start from, and the scales that ``_finish`` reads.

    void <name>_run(const void *weights, const int8_t *x, int8_t *y, int8_t *scratch)
    void <name>_add(const void *weights, int32_t part, const int8_t *x, int32_t *sums, int8_t *scratch)
    void <name>_finish(const void *scales, const int32_t *sums, int8_t *y)

    with x, sums and y in the format's types.
    """
    name, needs, macro = work.name, (("int8", scratch),), f"    dense_{work.layer.suffix}"
    value, total = work.layer.format.values.c, work.layer.format.sums.c
    if in_parts is None or work.parts == 1:
        arguments = f"const void *weights, const {value} *x, {value} *y, int8_t *scratch"
        return Constants(
            (weights,),
            calls={"dense": Kernel(f"{name}_run", weights.name, needs)},
            assembly=f"{symbols}{macro}_run {name}_run{words}\n",
            declarations=(f"void {name}_run({arguments});",),
            notes=tuple(notes),
        )
    add = f"const void *weights, int32_t part, const {value} *x, {total} *sums, int8_t *scratch"
    finish = f"const void *scales, const {total} *sums, {value} *y"
    return Constants(
        (weights, *in_parts),
        calls={
            "dense_add": Kernel(f"{name}_add", weights.name, needs),
            "dense_finish": Kernel(f"{name}_finish", in_parts[1].name),
        },
        assembly=f"{symbols}{macro}_add {name}_add{words}\n{macro}_finish {name}_finish\n",
        declarations=(f"void {name}_add({add});", f"void {name}_finish({finish});"),
        notes=tuple(notes),
    )


# ---- proofs ----


def prove_doubled(rows: Array, bias: Array, factors: Iterable[fp.Multiplier] = ()) -> None:
    """Twice every sum, and its left shift, fits 32 bits."""
    left = max([0, *(m.shift for m in factors)])
    largest = int(lower.peak(rows, bias).max()) << left
    if largest >= 1 << 30:
        raise UnprovenError(f"twice a sum can reach {2 * largest} and overflow 32 bits")


def prove_cell(layer: Lstm) -> None:
    """The cell state's scale is one of those the shifts of the cell's update are made for."""
    log2 = lower.cell(layer).log2
    if not -24 <= log2 <= -7:
        raise UnprovenError(f"the cell state's scale is 2^{log2}, outside 2^-24 .. 2^-7")


def hidden_factor(layer: Lstm) -> fp.Multiplier:
    """What brings o * tanh(c), Q0.30, to the hidden state's scale: a right shift."""
    factor = lower.cell(layer).hidden
    if factor.shift >= 0:
        raise UnprovenError(f"the hidden state's scale is {layer.output.scale:g}")
    return factor


def dense_factors(layer: Dense, source: Signal) -> list[fp.Multiplier]:
    """What brings each row's sum to the output's scale: right shifts."""
    factors = lower.dense_factors(layer, source)
    if max(m.shift for m in factors) >= 0:
        raise UnprovenError("a row's scale is above 1/2")
    return factors


def hidden_symbols(layer: Lstm) -> dict[str, int]:
    """Symbols of the cell's scale and limit, and of the hidden state's scale and zero point."""
    cell, hidden = lower.cell(layer), hidden_factor(layer)
    return {
        "cell_log2": cell.log2,
        "cell_limit": cell.limit,
        "hidden_m": hidden.value,
        "hidden_s": hidden.shift,
        "hidden_zero": layer.output.zero_point,
    }


def output_addend(factor: fp.Multiplier, zero_point: int, largest: int) -> int | None:
    """Half of the last bit plus the zero point before the shift; None where a sum up to ``largest`` could overflow."""
    right = -factor.shift
    addend = (1 << (right - 1)) + (zero_point << right)
    total = (largest * factor.value >> 31) + 1 + abs(addend) + 1
    return addend if total < 1 << 31 else None


# ---- text ----


def set_symbols(**symbols: int | str) -> str:
    """Assembler symbols that describe a layer to the macros."""
    return "".join(f"    .set {name}, {value}\n" for name, value in symbols.items())


def set_factors(which: str, gates: Iterable[int], factors: list[fp.Multiplier]) -> str:
    """``<which>_<gate>_m`` and ``_s`` of each gate: multiplier and shift."""
    lines = [(f"{which}_{GATE_NAMES[gate]}", factors[gate]) for gate in gates]
    return "".join(set_symbols(**{f"{name}_m": m.value, f"{name}_s": m.shift}) for name, m in lines)


def stream(name: str, parts: list[Array], comment: str) -> ConstArray:
    """Words in the order of use, as one array."""
    words = np.concatenate([part.reshape(-1) for part in parts])
    return ConstArray(name, words.astype(np.int64).astype(np.int32), "int32_t", comment)


def directives(directive: str, values: list[int], width: int = 12) -> str:
    """Lines of data: ``.word 1, 2, 3``."""
    lines = [values[k : k + width] for k in range(0, len(values), width)]
    return "".join(f"    {directive} {', '.join(map(str, line))}\n" for line in lines)


def opening(kernels: str, optimize: str) -> str:
    """The first lines of a set's code: what its macros are made for, and what its shared symbols are called.

    Layers of every model share them, models of other levels, sets and versions have their own.
    """
    return f"""#include "lstmcu_version.h"
#define LSTMCU_OPTIMIZE {OPTIMIZE.index(optimize)} /* {optimize} */
#define LSTMCU_SHARED(name) LSTMCU_SYMBOL({kernels}_{optimize}_##name)
"""


def macros(kernels: str, optimize: str, formats: Iterable[str], small: Collection[str] = ()) -> str:
    """Lines that include the formats' macros, dense_<format>.inc; in size size_<format>.inc of those in ``small``."""
    files = {format: "size" if optimize == "size" and format in small else "dense" for format in formats}
    return "".join(f'#include "{kernels}/{file}_{format}.inc"\n' for format, file in files.items())


def shared_table(comment: str, alignment: int, directive: str, values: list[int]) -> str:
    """The set's table of the activations, once in a firmware."""
    name = "LSTMCU_SHARED(table)"
    return f"""/* {comment} */
    .section .rodata.{name}, "aG", %progbits, {name}, comdat
    .balign {alignment}
    .weak {name}
    .type {name}, %object
{name}:
{directives(directive, values)}    .size {name}, . - {name}
"""


# ---- tables of the activations ----


def chords() -> tuple[Array, Array]:
    """Intercept at 0 and slope of the sigmoid's chords, k = 0 .. 254."""
    slopes = np.diff(fp.SIGMOID_TABLE)
    return fp.SIGMOID_TABLE[:-1] - np.arange(255) * slopes, slopes


def signed_lines() -> tuple[Array, Array]:
    """(intercept B, slope D) for a signed index k = -256 .. 255: 65536 sigmoid(v) = B + v D in units of an entry."""
    intercepts, slopes = chords()
    upper = np.append(intercepts, 65535), np.append(slopes, 0)  # the last entry holds for ever
    return np.concatenate([65536 - upper[0][::-1], upper[0]]), np.concatenate([upper[1][::-1], upper[1]])
