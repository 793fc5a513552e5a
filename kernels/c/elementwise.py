# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Constants and arguments of functions on vectors: ``function(x, y, count, arguments...)`` of elementwise.h."""

from __future__ import annotations

import numpy as np

from kernels.common.constants import SUFFIXES, Constants, ConstArray, Kernel, float_literal, numbers
from kernels.common.work import Work
from model import fixed_point as fp
from model import integer_activations as integer
from model.network import Activation, Convert, Normalise


def _applied(function: str, *arguments: object, arrays: tuple[ConstArray, ...] = ()) -> Constants:
    """``arguments`` may name the ``arrays``."""
    return Constants(arrays, calls={"apply": Kernel(function, "", arguments=tuple(map(str, arguments)))})


def activation(work: Work[Activation]) -> Constants:
    """Constants of a function of each element, or of softmax."""
    name, layer, source = work.name, work.layer, work.source
    kind, function = SUFFIXES[layer.output.dtype], f"lstmcu_{layer.function}_{SUFFIXES[layer.output.dtype]}"
    if kind == "f32":
        return _applied(function)
    if layer.function == "softmax":
        factor = integer.softmax8_multiplier(source) if kind == "s8" else integer.softmax16_multiplier(source)
        return _applied(function, factor.value, factor.shift)
    if kind == "s8":
        table = integer.table8(layer.function, source, layer.output).astype(np.int8)
        array = numbers(f"{name}_table", table, f"{layer.function} of every stored value, from -128")
        return _applied("lstmcu_look_up_s8", array.name, arrays=(array,))
    if layer.function == "relu":
        factor = integer.relu_multiplier(source, layer.output)
        return _applied(function, factor.value, factor.shift)
    slope = integer.slope16(layer.function, source.scale)
    return _applied(function, slope.value, slope.shift)


def convert(work: Work[Convert]) -> Constants:
    """Constants of the same real values in another type, scale or zero point."""
    source, out = work.source, work.layer.output
    if source.dtype == "float32":
        return _applied(f"lstmcu_quantise_{SUFFIXES[out.dtype]}", float_literal(out.scale), out.zero_point)
    if out.dtype == "float32":
        return _applied(f"lstmcu_dequantise_{SUFFIXES[source.dtype]}", float_literal(source.scale), source.zero_point)
    factor = fp.multiplier(float(source.scale) / float(out.scale))
    pair = f"{SUFFIXES[source.dtype]}_{SUFFIXES[out.dtype]}" if source.dtype != out.dtype else SUFFIXES[out.dtype]
    return _applied(f"lstmcu_rescale_{pair}", source.zero_point, factor.value, factor.shift, out.zero_point)


def normalise(work: Work[Normalise]) -> Constants:
    """Constants of a scale and an offset for each feature."""
    name, layer = work.name, work.layer
    count = f"({len(layer.scale)} features)"
    arrays = (numbers(f"{name}_scale", layer.scale, count), numbers(f"{name}_offset", layer.offset, count))
    return _applied("lstmcu_normalise_f32", *(array.name for array in arrays), arrays=arrays)
