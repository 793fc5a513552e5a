# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Weight layouts: one module per kernel set, each with

* ``lstm(name, layer, source, once, optimize) -> Constants``: ``once``: a single step from reset;
* ``dense(name, layer, source, steps, blocks, optimize) -> Constants``: whole, or as ``steps * blocks`` parts;
* those of assembly also ``prologue(optimize) -> str``: what stands before the layers' code.
"""

from __future__ import annotations

from types import ModuleType

from model.layouts import asm_armv6m, asm_armv7em, asm_armv7m, c, cmsis_nn

OPTIMIZE = ("size", "balanced", "speed")
SETS: dict[str, ModuleType] = {  # by folder of firmware/kernels/
    "c": c,
    "asm-armv6m": asm_armv6m,
    "asm-armv7em": asm_armv7em,
    "asm-armv7m": asm_armv7m,
    "cmsis-nn": cmsis_nn,
}
