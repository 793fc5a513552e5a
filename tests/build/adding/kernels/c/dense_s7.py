# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Dense in int7: weights of 7 bits, two's complement, eight of them in seven bytes (dense_s7.c)."""

from __future__ import annotations

import numpy as np

from kernels.common.constants import Constants, ConstArray, ConstStruct, Kernel, numbers, scale
from kernels.common.work import UnprovenError, Work
from model import lower
from model.layers.dense import Dense
from model.signal import Array


def packed(values: Array) -> Array:
    """Numbers within +-63 one behind the other, from the lowest bit on; 8 bytes more than they need to be read by."""
    bits = (values.reshape(-1, 1).astype(np.int64) >> np.arange(7)) & 1
    return np.append(np.packbits(bits.astype(np.uint8).reshape(-1), bitorder="little"), np.uint8(0)).view(np.int8)


def dense(work: Work[Dense]) -> Constants:
    """Constants of a whole Dense."""
    layer, source, name = work.layer, work.source, work.name
    outputs, inputs = layer.kernel.values.shape
    if work.parts > 1:
        raise UnprovenError("there is no int7 Dense over a sequence that comes step by step")
    starts = lower.folded(layer.bias, layer.kernel.values, source.zero_point).astype(np.int32)
    factors = tuple(map(scale, lower.dense_factors(layer, source)))
    arrays = (
        numbers(f"{name}_kernel", packed(layer.kernel.values), f"({outputs} outputs, {inputs} inputs), 7 bits each"),
        numbers(f"{name}_bias", starts, f"({outputs} outputs), zero point folded in"),
        ConstArray(f"{name}_scale", factors, "lstmcu_scale", "accumulator to output"),
    )
    out = layer.output
    members = (
        (f"{inputs}, {outputs}", "inputs, outputs"),
        *((array.name, "") for array in arrays),
        (f"{out.zero_point}, {lower.lowest(layer)}, {out.high}", "zero point, lowest and highest output"),
    )
    return Constants(
        arrays,
        ConstStruct(f"{name}_layer", "lstmcu_dense_s7", members),
        {"dense": Kernel("lstmcu_dense_s7_run", f"&{name}_layer")},
        declarations=('#include "dense_s7.h"',),
    )
