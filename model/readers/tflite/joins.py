# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Operators on two signals or more, and on a signal and a constant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model.formats import types
from model.layers.concatenate import Concatenate
from model.layers.merge import Merge
from model.layers.normalise import Normalise
from model.layers.prelu import Prelu
from model.layers.with_constant import WithConstant
from model.readers.tflite.file import Operator, Tensor
from model.readers.tflite.fused import fused, read_fused
from model.readers.tflite.reader import INSTEAD, Reader, format_of
from model.signal import Array, Signal

FUNCTIONS = {"ADD": "add", "SUB": "subtract", "MUL": "multiply", "MAXIMUM": "maximum", "MINIMUM": "minimum"}
COMPARED = ("maximum", "minimum")  # stored values as they are, whatever their scales


def _same_steps(one: Signal, other: Signal) -> bool:
    return (one.dtype, one.scale, one.zero_point) == (other.dtype, other.scale, other.zero_point)


def _check_types(reader: Reader, operator: Operator, sources: tuple[Signal, ...], output: Signal) -> None:
    """tflite-micro takes stored values of a maximum and of a concatenation as they are."""
    dtypes = {signal.dtype for signal in (*sources, output)}
    if len(dtypes) > 1:
        raise reader.refuse(f"{operator}: it reads and writes {' and '.join(sorted(dtypes))}; all must be of one type")
    as_they_are = FUNCTIONS.get(operator.name) in (*COMPARED, None)
    if as_they_are and not all(_same_steps(source, output) for source in sources):
        raise reader.refuse(f"{operator}: it joins tensors of different scales; TFLite asks for one")


def _join(reader: Reader, tensors: tuple[int, ...], shape: Callable[[Signal], tuple[int, ...]]) -> list[int]:
    """The numbers of signals, each as ``shape`` has it."""
    numbers = []
    for tensor in tensors:
        reader.begin(tensor)
        reader.shaped(*shape(reader.signal))
        numbers.append(reader.at)
    return numbers


def _constant(
    reader: Reader, operator: Operator, tensor: Tensor, dtypes: tuple[str, ...], output: Signal
) -> tuple[Array, Signal]:
    """Its stored values (F,), and what they are stored as."""
    index = operator.inputs.index(tensor.number)
    values = reader.array(operator, index, "its constant", dtypes, *tensor.shape)
    if values.size not in (1, output.shape[-1]) or max((*tensor.shape, 1)) != values.size:
        raise reader.refuse(
            f"{operator}: its constant has shape {tensor.shape}; supported: one number, or one for each of the "
            f"{output.shape[-1]} features"
        )
    held = reader.signal_of(tensor)
    return np.array(np.broadcast_to(values.reshape(-1), output.shape[-1])), replace(held, shape=output.shape[-1:])


def _read_normalise(reader: Reader, operator: Operator, tensor: Tensor, output: Signal) -> None:
    """A factor or an offset of real values."""
    function = FUNCTIONS[operator.name]
    if function in COMPARED:
        raise reader.refuse(f"{operator}: it compares with a constant; supported in int8 and int16x8 alone")
    values, _ = _constant(reader, operator, tensor, (reader.signal.dtype,), output)
    plain = np.ones_like(values), np.zeros_like(values)
    scale, offset = {
        "multiply": (values, plain[1]),
        "add": (plain[0], values),
        "subtract": (plain[0], -values),
    }[function]
    reader.add(Normalise(reader.name("normalise"), scale, offset, output))
    read_fused(reader, operator)


def _read_with_constant(reader: Reader, operator: Operator, which: int) -> None:
    """``which`` of both operands is the constant."""
    function, tensor = FUNCTIONS[operator.name], reader.graph.tensors[operator.inputs[which]]
    reader.begin(operator.inputs[1 - which])
    if which == 0 and function == "subtract" and reader.signal.real:
        raise reader.refuse(f"{operator}: it takes a signal from a constant; negate the weights before it instead")
    output = reader.signal_of(reader.graph.tensors[operator.outputs[0]])
    if reader.signal.size != output.size:
        raise reader.refuse(f"{operator}: it reads {reader.signal.size} values and writes {output.size}; {INSTEAD}")
    reader.shaped(*output.shape)
    if reader.signal.real:
        _read_normalise(reader, operator, tensor, output)
        return
    values, held = _constant(reader, operator, tensor, (reader.signal.dtype,), output)
    _check_types(reader, operator, (reader.signal, held), output)
    named = reader.name(function), function, values, held, output, format_of(output)
    reader.add(WithConstant(*named, first=which == 0))
    read_fused(reader, operator)


def read_merge(reader: Reader, operator: Operator) -> None:
    """Of two signals of one shape, or of one and a constant."""
    if len(operator.inputs) != 2:
        raise reader.refuse(f"{operator} has {len(operator.inputs)} inputs; it must have two")
    for which, number in enumerate(operator.inputs):
        if number not in reader.numbers and reader.graph.tensors[number].data.size:
            _read_with_constant(reader, operator, which)
            return
    output = reader.signal_of(reader.graph.tensors[operator.outputs[0]])
    shapes = [reader.graph.tensors[number].shape for number in operator.inputs]
    one, other = _join(reader, operator.inputs, lambda signal: output.shape if signal.size == output.size else ())
    if shapes[0] != shapes[1]:
        raise reader.refuse(f"{operator}: it reads shapes {shapes[0]} and {shapes[1]}; supported: two of one shape")
    function = FUNCTIONS[operator.name]
    _check_types(reader, operator, (reader.at_number(one), reader.at_number(other)), output)
    reader.at = one
    reader.add(Merge(reader.name(function), function, output, format_of(output)), other)
    read_fused(reader, operator)


def read_concatenation(reader: Reader, operator: Operator) -> None:
    """Along the last axis."""
    tensors = [reader.graph.tensors[number] for number in operator.inputs]
    rank = len(tensors[0].shape)
    if operator.options.get("Axis", 0) not in (rank - 1, -1):
        raise reader.refuse(f"{operator}: it joins along axis {operator.options.get('Axis', 0)}; supported: the last")
    if fused(reader, operator) != "linear":
        raise reader.refuse(f"{operator}: it has a fused activation; tflite-micro runs none")
    output = reader.signal_of(reader.graph.tensors[operator.outputs[0]])
    numbers = _join(reader, operator.inputs, lambda signal: (*output.shape[:-1], signal.shape[-1]))
    sources = tuple(map(reader.at_number, numbers))
    if sum(source.shape[-1] for source in sources) != output.shape[-1]:
        raise reader.refuse(f"{operator}: its parts do not make up its output of shape {output.shape}")
    _check_types(reader, operator, sources, output)
    reader.at = numbers[0]
    reader.add(Concatenate(reader.name("concatenate"), output), *numbers[1:])


def read_prelu(reader: Reader, operator: Operator) -> None:
    """A slope for each feature."""
    output, tensor = reader.signal_of(reader.graph.tensors[operator.outputs[0]]), reader.tensor(operator, 1)
    if tensor is None or output.size != reader.signal.size or output.dtype != reader.signal.dtype:
        raise reader.refuse(f"{operator}: it has no slopes, or another output than input")
    reader.shaped(*output.shape)
    of = (output.dtype if output.real else types.INT8.name,)
    alpha, held = _constant(reader, operator, tensor, of, output)
    reader.add(Prelu(reader.name("prelu"), alpha, held, output))


READERS = {"PRELU": read_prelu, **dict.fromkeys(FUNCTIONS, read_merge), "CONCATENATION": read_concatenation}
