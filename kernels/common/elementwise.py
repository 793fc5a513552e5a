# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Constants and arguments of functions on vectors (firmware/runtime/elementwise.h), the same for every kernel set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.common.constants import SUFFIXES, ConstArray, float_literal, numbers
from model import fixed_point as fp
from model import integer_activations as integer
from model.network import Activation, Convert, Layer, Normalise, Signal


@dataclass(frozen=True, eq=False)
class Call:
    """``function(x, y, count, arguments...)`` and the arrays its arguments name."""

    function: str
    arguments: tuple[str, ...] = ()
    arrays: tuple[ConstArray, ...] = ()


def _activation(name: str, layer: Activation, source: Signal) -> Call:
    kind, function = SUFFIXES[layer.output.dtype], f"lstmcu_{layer.function}_{SUFFIXES[layer.output.dtype]}"
    if kind == "f32":
        return Call(function)
    if layer.function == "softmax":
        factor = integer.softmax8_multiplier(source) if kind == "s8" else integer.softmax16_multiplier(source)
        return Call(function, (f"{factor.value}", f"{factor.shift}"))
    if kind == "s8":
        table = integer.table8(layer.function, source, layer.output).astype(np.int8)
        array = numbers(f"{name}_table", table, f"{layer.function} of every stored value, from -128")
        return Call("lstmcu_look_up_s8", (array.name,), (array,))
    if layer.function == "relu":
        factor = integer.relu_multiplier(source, layer.output)
        return Call(function, (f"{factor.value}", f"{factor.shift}"))
    slope = integer.slope16(layer.function, source.scale)
    return Call(function, (f"{slope.value}", f"{slope.shift}"))


def _convert(layer: Convert, source: Signal) -> Call:
    out = layer.output
    if source.dtype == "float32":
        return Call(f"lstmcu_quantise_{SUFFIXES[out.dtype]}", (float_literal(out.scale), str(out.zero_point)))
    if out.dtype == "float32":
        arguments = (float_literal(source.scale), str(source.zero_point))
        return Call(f"lstmcu_dequantise_{SUFFIXES[source.dtype]}", arguments)
    factor = fp.multiplier(float(source.scale) / float(out.scale))
    pair = f"{SUFFIXES[source.dtype]}_{SUFFIXES[out.dtype]}" if source.dtype != out.dtype else SUFFIXES[out.dtype]
    values = (source.zero_point, factor.value, factor.shift, out.zero_point)
    return Call(f"lstmcu_rescale_{pair}", tuple(map(str, values)))


def call(name: str, layer: Layer, source: Signal) -> Call:
    """The call that computes an Activation, Convert or Normalise reading ``source``."""
    if isinstance(layer, Normalise):
        count = f"({len(layer.scale)} features)"
        arrays = (numbers(f"{name}_scale", layer.scale, count), numbers(f"{name}_offset", layer.offset, count))
        return Call("lstmcu_normalise_f32", tuple(array.name for array in arrays), arrays)
    if isinstance(layer, Convert):
        return _convert(layer, source)
    assert isinstance(layer, Activation)
    return _activation(name, layer, source)
