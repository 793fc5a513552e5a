# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The operators of a .tflite, one by one, as layers: types, shapes and scales checked before they are used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model.layers.activation import Activation
from model.layers.convert import Convert
from model.layers.dense import Dense
from model.layers.embedding import Embedding
from model.layers.layer_norm import LayerNorm
from model.readers.tflite import convolutions, joins
from model.readers.tflite.both import BOTH
from model.readers.tflite.file import Norm, Operator
from model.readers.tflite.functions import FUNCTIONS, function_of
from model.readers.tflite.fused import own, read_fused
from model.readers.tflite.parts import read_part
from model.readers.tflite.reader import INSTEAD, Reader, bias_types, format_of
from model.readers.tflite.recurrent import read_direction, read_pair
from model.readers.tflite.steps import RECURRENT, Direction, Pair, Step, integers
from model.signal import Signal, Weights

FIXED = ("sigmoid", "tanh", "softmax")  # the scale of whose outputs TFLite says
AS_THEY_ARE = "only sequences in the order (batch, steps, features) are supported; convert with time_major=False"
NARROW_BIAS = 2  # QuantizedBiasType: int32, of a Dense without bias whose sums are else wider
# input scales below which tflite-micro's own constants overflow (sigmoid, tanh), or it ends the program
FINEST_INPUT = {"sigmoid": 2.0**-28, "tanh": 2.0**-28, "softmax": float(np.nextafter(np.float32(2.0**-26), 1))}


def _read_dense(reader: Reader, operator: Operator) -> None:
    if operator.options.get("WeightsFormat"):
        raise reader.refuse(f"{operator}: its weights are shuffled; convert for the default target")
    function = own(reader, operator)
    matrix = reader.tensor(operator, 1)
    if matrix is None or len(matrix.shape) != 2 or min(matrix.shape) < 1:
        raise reader.refuse(f"{operator}: its weights are not a matrix")
    units, columns = matrix.shape
    rows, rest = divmod(reader.signal.size, columns)
    if rest:
        raise reader.refuse(f"{operator}: its {columns} columns do not divide the {reader.signal.size} input values")
    reader.shaped(*((rows, columns) if rows > 1 else (columns,)))
    source = reader.signal
    weights = reader.weights(operator, 1, "its weight matrix", units, columns, rows=units)
    narrow = operator.options.get("QuantizedBiasType") == NARROW_BIAS
    bias = np.zeros(units, bias_types(source)[-1 if narrow else 0])
    if reader.tensor(operator, 2) is not None:
        scale = 1.0 if weights.scale is None else source.scale * weights.scale
        bias = reader.bias(operator, 2, "its bias", scale, units)
    output = reader.signal_of(reader.graph.tensors[operator.outputs[0]])
    if output.dtype != source.dtype or output.size != rows * units:
        raise reader.refuse(f"{operator}: its output is {output.shape} {output.dtype}; {rows} by {units} was due")
    shape = (*source.shape[:-1], units)
    output, format = replace(output, shape=shape), format_of(source, weights)
    reader.add(Dense(reader.name("dense"), weights, bias, function, output, format))
    read_fused(reader, operator, done=function)


def _read_activation(reader: Reader, operator: Operator) -> None:
    applied = operator.function or function_of(operator, reader.refuse)
    function = applied.name
    output = reader.signal_of(reader.graph.tensors[operator.outputs[0]])
    if output.dtype != reader.signal.dtype or output.size != reader.signal.size:
        raise reader.refuse(
            f"{operator}: it reads {reader.signal.dtype} and writes {output.dtype}; both must be the same"
        )
    if function == "softmax":
        if operator.options.get("Beta") != 1.0:
            raise reader.refuse(f"{operator}: its beta is {operator.options.get('Beta')}; supported: 1")
        if reader.signal.shape[-1] != output.shape[-1]:
            reader.shaped(*output.shape)
    format = format_of(output)
    alike = (reader.signal.scale, reader.signal.zero_point) == (output.scale, output.zero_point)
    if format.integer and operator.name == "RELU6" and not alike:
        raise reader.refuse(
            f"{operator}: its input and output have other scales, which tflite-micro takes as one; train with relu, or "
            "give the Keras file instead"
        )
    if format.integer:
        due = format.bounded(applied, output.shape) if function in FIXED else None
        if due is not None and (due.scale, due.zero_point) != (output.scale, output.zero_point):
            found = f"scale {output.scale}, zero point {output.zero_point}"
            raise reader.refuse(f"{operator}: its output has {found}; TFLite asks for {due.scale} and {due.zero_point}")
        if format.zero_points and reader.signal.scale < FINEST_INPUT.get(function, 0.0):
            found = f"its input has scale {reader.signal.scale:.3g}, too fine to tell its values apart"
            raise reader.refuse(f"{operator}: {found}; convert again with calibration windows that differ")
    output = replace(output, shape=reader.signal.shape)
    reader.add(Activation(reader.name(function), function, output, format, applied.parameters))


def _read_transpose(reader: Reader, operator: Operator) -> None:
    """One that moves nothing: axes of more than one element keep their order."""
    order, tensor = reader.tensor(operator, 1), reader.graph.tensors[operator.inputs[0]]
    axes = None if order is None else integers(order)
    if axes is None or sorted(axes) != list(range(len(tensor.shape))):
        raise reader.refuse(f"{operator}: the order of its axes is not stored in the file; the file is damaged")
    long = [axis for axis in axes if tensor.shape[axis] > 1]
    if long != sorted(long):
        raise reader.refuse(f"{operator}: it puts {tensor.shape} in the order {axes}; {AS_THEY_ARE}")
    _read_reshape(reader, operator)


def _read_reshape(reader: Reader, operator: Operator) -> None:
    reader.relabel(reader.signal_of(reader.graph.tensors[operator.outputs[0]]))


def _read_convert(reader: Reader, operator: Operator) -> None:
    output = reader.signal_of(reader.graph.tensors[operator.outputs[0]])
    if output.size != reader.signal.size:
        raise reader.refuse(f"{operator}: it reads {reader.signal.size} values and writes {output.size}; {INSTEAD}")
    kind = "dequantise" if output.real else "quantise"
    reader.add(Convert(reader.name(kind), replace(output, shape=reader.signal.shape)))


def _read_norm(reader: Reader, operator: Operator, norm: Norm) -> None:
    features = len(norm.scale)
    rows, rest = divmod(reader.signal.size, features)
    if rest or not reader.signal.real:
        raise reader.refuse(f"{operator}: it normalises {features} features of shape {reader.signal.shape}")
    reader.shaped(*((rows, features) if rows > 1 else (features,)))
    layer = LayerNorm(reader.name("layer_norm"), norm.scale, norm.offset, norm.epsilon, reader.signal)
    reader.add(layer)


def _read_table(reader: Reader, operator: Operator) -> None:
    """Rows of a table by ids: an Embedding."""
    table = reader.tensor(operator, 1)
    assert table is not None, "the table was looked at before"
    rows = reader.array(operator, 1, "its table", (reader.signal.dtype,), *table.shape)
    output = Signal((reader.signal.shape[0], table.shape[1]))
    reader.add(Embedding(reader.name("embedding"), Weights(rows), output))


READERS: dict[str, Callable[[Reader, Operator], None]] = {
    "FULLY_CONNECTED": _read_dense,
    **dict.fromkeys(FUNCTIONS, _read_activation),
    **convolutions.READERS,
    **dict.fromkeys(("RESHAPE", "EXPAND_DIMS", "SQUEEZE"), _read_reshape),
    "TRANSPOSE": _read_transpose,
    "QUANTIZE": _read_convert,
    "DEQUANTIZE": _read_convert,
    **joins.READERS,
}
SUPPORTED = (*RECURRENT, *BOTH, *READERS, "REVERSE_V2")


def read_step(reader: Reader, step: Step) -> None:
    """Append the layers of one step."""
    if isinstance(step, Pair):
        reader.begin(step.forward.source)
        read_pair(reader, step)
        reader.end(step.concatenation.outputs[0])
    elif isinstance(step, Direction):
        reader.begin(step.source)
        read_direction(reader, step)
        reader.end(step.result)
    elif step.norm is not None:
        reader.begin(step.inputs[0])
        _read_norm(reader, step, step.norm)
        reader.end(step.outputs[0])
    elif step.function is not None:
        reader.begin(step.inputs[0])
        _read_activation(reader, step)
        reader.end(step.outputs[0])
    elif step.part is not None:
        reader.begin(step.inputs[0])
        read_part(reader, step, step.part)
        reader.end(step.outputs[0])
    elif step.reads_ids:
        reader.begin(step.inputs[0])
        _read_table(reader, step)
        reader.end(step.outputs[0])
    else:
        constant_first = step.name in joins.FUNCTIONS and step.inputs[0] not in reader.numbers
        reader.begin(step.inputs[-1 if constant_first else 0])
        READERS[step.name](reader, step)
        reader.end(step.outputs[0])
