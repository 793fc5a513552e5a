# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Weight layouts: one module per kernel set, each with

* ``lstm(name, layer, source, once, optimize) -> Constants``: ``once``: a single step from reset;
* ``dense(name, layer, source, steps, blocks, optimize) -> Constants``: whole, or as ``steps * blocks`` parts;
* those of assembly also ``prologue(optimize) -> str``: what stands before the layers' code.
"""

from __future__ import annotations

from typing import Any

from kernels.armv6m import layout as armv6m
from kernels.armv7em import layout as armv7em
from kernels.armv7m import layout as armv7m
from kernels.c import layout as c
from kernels.cmsis_nn import layout as cmsis_nn
from kernels.helium import layout as helium
from kernels.rv32im import layout as rv32im
from kernels.rvv import layout as rvv
from kernels.vfp.layout import WithFloats

OPTIMIZE = ("size", "balanced", "speed")
SETS: dict[str, Any] = {  # by folder of kernels/; -fp: on a core with an FPU
    "c": c,
    "asm-armv6m": armv6m,
    "asm-armv7em": armv7em,
    "asm-armv7em-fp": WithFloats(armv7em),
    "asm-armv7m": armv7m,
    "asm-helium": helium,
    "asm-helium-fp": WithFloats(helium),
    "asm-rv32im": rv32im,
    "asm-rvv": rvv,
    "cmsis-nn": cmsis_nn,
}
