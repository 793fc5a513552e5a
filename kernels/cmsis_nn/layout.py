# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set ``cmsis-nn``: the structs that Arm's library reads (kernels/cmsis_nn/lstmcu_cmsis.h).

The library adds the two products of a gate and saturates their sum only, where the definition saturates each; it
does the same with the two products of the cell. Where weights or scales let that matter, the layer is not its.
"""

from __future__ import annotations

import numpy as np

from kernels.common.constants import Constants, ConstArray, ConstStruct, Kernel, Member, numbers
from kernels.common.work import UnprovenError, Work
from model import fixed_point as fp
from model import lower
from model.layers.dense import Dense
from model.layers.lstm import GATES, Lstm
from model.signal import Array

HEADER = ('#include "lstmcu_cmsis.h"',)
FUNCTIONS = {"i": "ARM_SIGMOID", "f": "ARM_SIGMOID", "c": "ARM_TANH", "o": "ARM_SIGMOID"}
MOST_BYTES = 4  # of sums that the library requantises with a scale a row
ORDER = (1, 0, 2, 3)  # forget, input, cell, output gate: the library's order of ours


def _prove_recurrent(factors: list[fp.Multiplier], largest: Array) -> None:
    """No recurrent product, requantised, leaves Q3.12's 16 bits: then saturating the sum alone is the same.

    ``largest`` (4, H): of each row's sum.
    """
    for gate, factor, sums in zip(GATES, factors, largest, strict=True):
        if _requantised(factor, int(sums.max())) > 32766:
            raise UnprovenError(f"gate {gate} may need its recurrent product saturated, the library saturates the sum")


def _requantised(factor: fp.Multiplier, largest: int) -> float:
    return largest * factor.value * 2.0 ** (factor.shift - 31)


def _prove_narrow(factors: list[fp.Multiplier], largest: Array) -> None:
    """Sums (rows, ...) fit the library's 32 bits, before and after they are requantised with one more bit."""
    for factor, sums in zip(factors, largest, strict=True):
        bound = int(np.max(sums))
        if max(bound << max(0, factor.shift), 2 * _requantised(factor, bound)) >= 1 << 31:
            raise UnprovenError(f"a sum can reach {bound}, too much for the library's 32 bits")


def _gate(name: str, gate: str, factors: list[fp.Multiplier]) -> Member:
    kernel, *recurrent = factors
    first = f"{kernel.value}, {kernel.shift}, {name}_kernel_{gate}, {name}_kernel_bias_{gate}"
    own = f"{name}_recurrent_{gate}, {name}_recurrent_bias_{gate}"
    second = f"{recurrent[0].value}, {recurrent[0].shift}, {own}" if recurrent else "0, 0, 0, 0"
    return "{" + f"{first}, {second}, 0, {FUNCTIONS[gate]}" + "}", f"gate {gate}: scale, weights, bias, twice"


def lstm(work: Work[Lstm]) -> Constants:
    """Constants of an LSTM's step, or of its only one from reset."""
    name, layer, source, once = work.name, work.layer, work.source, work.once
    format, cell, units = layer.format, lower.cell(layer), layer.units
    log2 = cell.log2
    if log2 < -15:
        raise UnprovenError(f"the cell state's scale is 2^{log2}, below 2^-15")
    matrices = lower.gate_matrices(layer, source, once)
    for matrix in matrices:
        sums = lower.peak(matrix.rows, matrix.starts, -format.values.low)
        _prove_narrow(matrix.factors, sums)
        if matrix is not matrices[0]:
            _prove_recurrent(matrix.factors, sums)
    arrays: list[ConstArray] = []
    for number, gate in enumerate(GATES):
        for matrix, shape in zip(matrices, ("(units, inputs)", "(units, units)"), strict=False):
            starts = matrix.starts[number].astype(format.bias.name)
            arrays.append(numbers(f"{name}_{matrix.which}_{gate}", matrix.rows[number], shape))
            arrays.append(numbers(f"{name}_{matrix.which}_bias_{gate}", starts, "(units)"))
    kept, added, hidden, limit = cell.kept, cell.added, cell.hidden, cell.limit
    if limit == 0:
        raise UnprovenError("a cell state clipped to 0 is none to the library")
    clip = limit if limit < lower.NO_LIMIT else 0
    members: list[Member] = [
        ("1, 1, 1", "time major, one batch, one step"),
        (f"{layer.features}, {units}", "inputs, units"),
        ("0", "the input's zero point is in the biases"),
        (f"{kept.value}, {kept.shift}, {added.value}, {added.shift}", "forget and input gate to the cell's scale"),
        (f"{clip}, {log2}", "clip of the cell state, 0: none; log2 of its scale"),
        (f"{hidden.value}, {hidden.shift}, {layer.output.zero_point}", "hidden state"),
    ]
    members += [_gate(name, GATES[g], [matrix.factors[g] for matrix in matrices]) for g in ORDER]
    struct = ConstStruct(f"{name}_layer", "cmsis_nn_lstm_params", tuple(members))
    scratch: tuple[tuple[str, int], ...] = ((format.cell.name, 3 * units),)
    if not once and format.values is not format.cell:  # the new hidden state has a type of its own
        scratch = ((format.cell.name, 2 * units), (format.values.name, units))
    call = Kernel(f"lstmcu_cmsis_lstm_{layer.suffix}_{'once' if once else 'step'}", f"&{name}_layer", scratch)
    return Constants(tuple(arrays), struct, {"lstm_once" if once else "lstm": call}, declarations=HEADER)


def dense(work: Work[Dense]) -> Constants:
    """Constants of a Dense, which the library takes whole."""
    name, layer, source = work.name, work.layer, work.source
    format, out, outputs = layer.format, layer.output, len(layer.bias)
    if work.parts > 1:
        raise UnprovenError("the library has no Dense over a sequence that comes step by step")
    factors = lower.dense_factors(layer, source)
    one_scale = format.sums.bytes > MOST_BYTES
    if one_scale and len(set(factors)) > 1:
        raise UnprovenError(f"the library has one scale for all rows in {format.name}")
    bias = lower.dense_starts(layer, source)
    _prove_narrow(factors, lower.peak(layer.kernel.values, bias, -format.values.low))
    starts = bias.astype(format.bias.name)
    shown = factors[:1] if one_scale else factors
    arrays = (
        numbers(f"{name}_kernel", layer.kernel.values, f"({outputs} outputs, {layer.kernel.values.shape[1]} inputs)"),
        numbers(f"{name}_bias", starts, f"({outputs} outputs), zero point folded in"),
        numbers(f"{name}_multiplier", np.array([m.value for m in shown], np.int32), "accumulator to output"),
        numbers(f"{name}_shift", np.array([m.shift for m in shown], np.int32), "accumulator to output"),
    )
    low = lower.lowest(layer)
    members: tuple[Member, ...] = (
        (f"{layer.kernel.values.shape[1]}, {outputs}", "inputs, outputs"),
        *((array.name, "") for array in arrays),
        (str(out.zero_point), "zero point of the output"),
        (f"{low}, {out.high}", "its range"),
    )
    struct = ConstStruct(f"{name}_layer", "lstmcu_cmsis_dense", members)
    calls = {"dense": Kernel(f"lstmcu_cmsis_dense_{layer.suffix}_run", f"&{name}_layer")}
    return Constants(arrays, struct, calls, declarations=HEADER)
