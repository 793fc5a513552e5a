# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Weight layouts: one module per kernel set, each with

* ``lstm(name, layer, source, once, optimize) -> Constants``: ``once``: a single step from reset;
* ``dense(name, layer, source, steps, blocks, optimize) -> Constants``: whole, or as ``steps * blocks`` parts;
* those of assembly also ``prologue(optimize) -> str``: what stands before the layers' code.
"""

from __future__ import annotations

from typing import Any

from model.layouts import asm_armv6m, asm_armv7em, asm_armv7m, asm_helium, asm_rv32im, asm_rvv, c, cmsis_nn
from model.layouts.vfp import WithFloats

OPTIMIZE = ("size", "balanced", "speed")
SETS: dict[str, Any] = {  # by folder of firmware/kernels/; -fp: on a core with an FPU
    "c": c,
    "asm-armv6m": asm_armv6m,
    "asm-armv7em": asm_armv7em,
    "asm-armv7em-fp": WithFloats(asm_armv7em),
    "asm-armv7m": asm_armv7m,
    "asm-helium": asm_helium,
    "asm-helium-fp": WithFloats(asm_helium),
    "asm-rv32im": asm_rv32im,
    "asm-rvv": asm_rvv,
    "cmsis-nn": cmsis_nn,
}
