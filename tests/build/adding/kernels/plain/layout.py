# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``plain``: the kernel of a Dense transposed (lstmcu_plain.h)."""

from __future__ import annotations

import numpy as np

from kernels.common.constants import Constants, ConstArray, ConstStruct, Kernel, numbers, scale
from kernels.common.work import UnprovenError, Work
from model import lower
from model.layers.dense import Dense

OUTPUTS = 64  # sums that the kernel keeps on the stack


def dense(work: Work[Dense]) -> Constants:
    """Constants of a whole Dense of at most OUTPUTS outputs."""
    layer, source, name = work.layer, work.source, work.name
    outputs, inputs = layer.kernel.values.shape
    if work.parts > 1 or outputs > OUTPUTS:
        raise UnprovenError(f"it is for whole layers of at most {OUTPUTS} outputs")
    starts = lower.folded(layer.bias, layer.kernel.values, source.zero_point).astype(np.int32)
    factors = tuple(map(scale, lower.dense_factors(layer, source)))
    arrays = (
        numbers(f"{name}_kernel", layer.kernel.values.T.copy(), f"({inputs} inputs, {outputs} outputs)"),
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
        ConstStruct(f"{name}_layer", "lstmcu_plain_layer", members),
        {"dense": Kernel("lstmcu_plain_dense", f"&{name}_layer")},
        declarations=('#include "lstmcu_plain.h"',),
    )
