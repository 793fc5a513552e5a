# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the sets for Thumb-2 write before their layers' code (thumb2_layers.inc)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from kernels.common import assembly
from model import fixed_point as fp


def _table(optimize: str, line: tuple[int, int], apart: bool) -> tuple[str, list[int], int]:
    """(directive, values, index of the first entry at x = 0); see ``prologue``."""
    if optimize == "size":
        return ".hword", [*(fp.SIGMOID_TABLE - 32768).tolist(), 0], 0
    intercepts, slopes = assembly.signed_lines()
    if not (apart and optimize == "speed"):
        slope, bits = line
        return ".word", (slope * slopes << bits | intercepts).tolist(), 256
    sign = np.where(np.arange(-256, 256) < 0, -1, 0)
    of_sigmoid = np.stack([slopes, 512 * intercepts + 512 + sign], axis=1)[64:448]  # k = -192 .. 191
    of_tanh = np.stack([slopes, 256 * intercepts - (1 << 23) + 128 + sign], axis=1)
    return ".word", np.concatenate([of_sigmoid, of_tanh]).reshape(-1).tolist(), 2 * 192


def prologue(
    kernels: str,
    optimize: str,
    formats: Iterable[str],
    small: Collection[str] = (),
    line: tuple[int, int] = (1, 17),
    apart: bool = False,
) -> str:
    """Options, the formats' macros, and the table of the activations of a set.

    ``small``: formats that have macros of their own for ``size``.

    One table for both has a word an entry: its slope times ``line[0]`` above ``line[1]`` bits of offset. ``apart``: in
    ``speed`` the sigmoid has one, tanh another.
    """
    directive, values, zero = _table(optimize, line, apart)
    size = 2 if directive == ".hword" else 4
    table = assembly.shared_table("the sigmoid's lines; see `activations`", 8, directive, values)
    tanh = f"#define LSTMCU_TANH_OFFSET {8 * (192 + 256)}\n" if apart else ""
    return f"""{assembly.opening(kernels, optimize)}#define LSTMCU_TABLE LSTMCU_SHARED(table) + {size * zero}
{tanh}{assembly.THUMB}{assembly.macros(kernels, optimize, formats, small)}
{table}"""
