# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The operators of a .tflite, one by one, as layers: types, shapes and scales checked before they are used."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model.formats import types
from model.layers.activation import Activation
from model.layers.base import Layer, Place
from model.layers.bidirectional import Bidirectional
from model.layers.convert import Convert
from model.layers.dense import Dense
from model.layers.embedding import Embedding
from model.layers.layer_norm import LayerNorm
from model.layers.lstm import CELL_LOG2, Lstm
from model.layers.recurrent import Recurrent
from model.readers.tflite import convolutions, joins
from model.readers.tflite.file import Norm, Operator, Tensor
from model.readers.tflite.functions import FUNCTIONS, function_of
from model.readers.tflite.fused import TANH, own, read_fused
from model.readers.tflite.reader import INSTEAD, Reader, bias_types, format_of
from model.readers.tflite.steps import LSTM, Direction, Pair, Step, integers
from model.signal import Signal, Weights

FIXED = ("sigmoid", "tanh", "softmax")  # the scale of whose outputs TFLite says
AS_THEY_ARE = "only sequences in the order (batch, steps, features) are supported; convert with time_major=False"
NARROW_BIAS = 2  # QuantizedBiasType: int32, of a Dense without bias whose sums are else wider
# input scales below which tflite-micro's own constants overflow (sigmoid, tanh), or it ends the program
FINEST_INPUT = {"sigmoid": 2.0**-28, "tanh": 2.0**-28, "softmax": float(np.nextafter(np.float32(2.0**-26), 1))}

WITHOUT = {
    range(9, 12): "peephole connections",
    range(16, 18): "a projection",
    range(20, 24): "layer normalisation",
}


def _state(reader: Reader, operator: Operator, index: int, units: int) -> Tensor:
    tensor = reader.tensor(operator, index)
    if tensor is None or not tensor.variable or tensor.size != units:
        raise reader.refuse(f"{operator}: its state is not a variable of {units} values; convert with stateful=False")
    if tensor.data.any():  # a conversion to float16 writes zeros into it before each run
        raise reader.refuse(f"{operator}: its state does not start from zeros; convert without an initial state")
    if tensor.number in reader.states:
        raise reader.refuse(f"{operator}: it shares its state with another; give each LSTM a state of its own")
    reader.states.add(tensor.number)
    return tensor


def _cell_scale(reader: Reader, operator: Operator, cell: Tensor) -> float:
    signal = reader.signal_of(cell)
    if signal.stored is not types.INT16 or math.frexp(signal.scale)[0] != 0.5:
        found = f"{signal.dtype} at scale {signal.scale}"
        raise reader.refuse(f"{operator}: the cell state is {found}; only int16 at a power of two is supported")
    return signal.scale


def _check_lstm(reader: Reader, operator: Operator) -> None:
    if operator.options.get("FusedActivationFunction") != TANH:
        raise reader.refuse(f"{operator}: its activation is not tanh; train the LSTM with activation='tanh'")
    if operator.options.get("TimeMajor"):
        raise reader.refuse(f"{operator}: it is time-major; convert with time_major=False")
    if operator.options.get("DiagonalRecurrentTensors"):
        raise reader.refuse(f"{operator}: diagonal recurrent weights are not supported")
    if reader.tensor(operator, 1) is None:
        raise reader.refuse(f"{operator}: coupled input and forget gates are not supported; train a plain LSTM")
    for indices, what in WITHOUT.items():
        if any(reader.tensor(operator, index) is not None for index in indices):
            raise reader.refuse(f"{operator}: {what} is not supported; train a plain LSTM")


def _cell(reader: Reader, direction: Direction, name: str) -> Recurrent:
    """The cell that an operator is, or stands for."""
    cell, shape = direction.lstm.cell, reader.signal.shape
    if cell is None:
        return _lstm(reader, direction, name)
    if len(shape) != 2 or shape[1] != cell.features or not reader.signal.real:
        raise reader.refuse(f"{direction.lstm}: it reads shape {shape}, and steps of {cell.features} features were due")
    if cell.in_part:
        reader.note(
            f"{direction.lstm}: of its weights some are int8 and some float32, as small ones are left alone; here all "
            "are read as float32, outputs differ a little"
        )
    elif cell.scales is not None:
        reader.note_of_inputs(direction.lstm)
    return cell.layer(name, shape[0], not direction.last_only, direction.backwards)


def _lstm(reader: Reader, direction: Direction, name: str) -> Lstm:
    operator, source = direction.lstm, reader.signal
    _check_lstm(reader, operator)
    first = reader.tensor(operator, 5)
    units = first.shape[0] if first is not None and first.shape else 0
    if len(source.shape) != 2 or units < 1:
        raise reader.refuse(f"{operator}: it reads shape {source.shape} and has {units} units; the file is damaged")
    steps, features = source.shape

    def gates(start: int, what: str, columns: int) -> Weights:
        parts = [reader.weights(operator, start + g, f"{what} {g}", units, columns) for g in range(4)]
        scales = [part.scale for part in parts if part.scale is not None]
        if len(scales) not in (0, 4):
            raise reader.refuse(f"{operator}: some of its weights are float32 and some int8")
        return Weights(np.stack([part.values for part in parts]), np.concatenate(scales) if scales else None)

    kernel, recurrent = gates(1, "input weight", features), gates(5, "recurrent weight", units)
    if (kernel.scale is None) != (recurrent.scale is None):
        raise reader.refuse(f"{operator}: some of its weights are float32 and some int8")
    hidden = reader.signal_of(_state(reader, operator, 18, units))
    if hidden.dtype != source.dtype:
        raise reader.refuse(f"{operator}: it reads {source.dtype} but its hidden state is {hidden.dtype}")
    cell, cell_scale = _state(reader, operator, 19, units), 0.0
    if not hidden.real:
        cell_scale = _cell_scale(reader, operator, cell)
    scales = [1.0] * 4 if kernel.scale is None else [source.scale * float(scale) for scale in kernel.scale]
    bias = np.stack([reader.bias(operator, 12 + g, f"bias {g}", scales[g], units) for g in range(4)])
    clip = float(operator.options.get("CellClip", 0.0))
    if not 0 <= clip < math.inf:
        raise reader.refuse(f"{operator}: its cell clip is {clip}; it must be 0 (none) or more")
    output = reader.graph.tensors[operator.outputs[0]]
    if output.shape != (1, steps, units):
        raise reader.refuse(f"{operator}: its output has shape {output.shape}, not {(1, steps, units)}")
    shape = (units,) if direction.last_only else (steps, units)
    layer = Lstm(
        name=name,
        kernel=kernel,
        recurrent=recurrent,
        bias=bias,
        return_sequences=not direction.last_only,
        go_backwards=direction.backwards,
        cell_clip=clip,
        output=replace(hidden, shape=shape),
        cell_scale=cell_scale,
        format=format_of(source, kernel),
    )
    return layer if hidden.real else _settled(reader, layer)


def _settled(reader: Reader, layer: Lstm) -> Lstm:
    """An LSTM that never says anything gets a cell scale that the device can hold, in place of a tiny one."""
    if not layer.is_silent(reader.signal):
        return layer
    reader.notes.append(
        f"{layer.name}: its weights are too small for its inputs' range, so that its hidden state is always 0; outputs "
        "equal tflite-micro's; scale the inputs, or convert with the windows the model was trained on"
    )
    return replace(layer, cell_scale=max(layer.cell_scale, 2.0 ** CELL_LOG2[0]))


def _relabelled(reader: Reader, layer: Layer, signal: Signal) -> None:
    """Note a conversion whose LSTM output is read at another scale than it was written."""
    for _, lstm in layer.parts(Place(0)):
        if (lstm.output.scale, lstm.output.zero_point) != (signal.scale, signal.zero_point):
            written = f"scale {lstm.output.scale:.6g}, zero point {lstm.output.zero_point}"
            reader.notes.append(
                f"{lstm.name}: the hidden state is written at {written} but read at scale {signal.scale:.6g}, zero "
                f"point {signal.zero_point}, an error of the converter that costs accuracy; outputs equal "
                "tflite-micro's; quantising the Keras file instead avoids it"
            )


def _as_sequence(reader: Reader, direction: Direction) -> None:
    """A sequence of one step may come as a vector, from a Dense before it."""
    shape = reader.graph.tensors[direction.source].shape
    if len(shape) == 3 and shape[0] == 1 and reader.signal.shape == shape[2:]:
        reader.shaped(*shape[1:])


def _read_lstm(reader: Reader, direction: Direction) -> None:
    _as_sequence(reader, direction)
    cell = direction.lstm.cell
    layer = _cell(reader, direction, reader.name("lstm" if cell is None else cell.kind))
    reader.add(layer)
    written = replace(reader.signal_of(reader.graph.tensors[direction.result]), shape=layer.output.shape)
    _relabelled(reader, layer, written)
    reader.relabel(written)


def _read_pair(reader: Reader, pair: Pair) -> None:
    _as_sequence(reader, pair.forward)
    name = reader.name("bidirectional")
    forward = _cell(reader, pair.forward, f"{name}_forward")
    backward = _cell(reader, pair.backward, f"{name}_backward")
    output = reader.signal_of(reader.graph.tensors[pair.concatenation.outputs[0]])
    for number in pair.concatenation.inputs:
        part = reader.signal_of(reader.graph.tensors[number])
        if (part.scale, part.zero_point) != (output.scale, output.zero_point):
            raise reader.refuse(f"{pair.concatenation}: it joins tensors of different scales; TFLite asks for one")
    shape = (*forward.output.shape[:-1], forward.units + backward.units)
    if output.dtype != forward.output.dtype or output.size != math.prod(shape):
        raise reader.refuse(f"{pair.concatenation}: its output is {output.shape} {output.dtype}, not {shape}")
    layer = Bidirectional(name, forward, backward, replace(output, shape=shape))
    _relabelled(reader, layer, output)
    reader.add(layer)


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
SUPPORTED = (LSTM, *READERS, "REVERSE_V2")


def read_step(reader: Reader, step: Step) -> None:
    """Append the layers of one step."""
    if isinstance(step, Pair):
        reader.begin(step.forward.source)
        _read_pair(reader, step)
        reader.end(step.concatenation.outputs[0])
    elif isinstance(step, Direction):
        reader.begin(step.source)
        _read_lstm(reader, step)
        reader.end(step.result)
    elif step.norm is not None:
        reader.begin(step.inputs[0])
        _read_norm(reader, step, step.norm)
        reader.end(step.outputs[0])
    elif step.function is not None:
        reader.begin(step.inputs[0])
        _read_activation(reader, step)
        reader.end(step.outputs[0])
    elif step.reads_ids:
        reader.begin(step.inputs[0])
        _read_table(reader, step)
        reader.end(step.outputs[0])
    else:
        reader.begin(step.inputs[0])
        READERS[step.name](reader, step)
        reader.end(step.outputs[0])
