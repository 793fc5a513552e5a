# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The recurrent operators of a .tflite as layers, one direction or both."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model.formats import REAL, types
from model.functions import named
from model.layers.base import Layer, Place
from model.layers.bidirectional import Bidirectional
from model.layers.lstm import CELL_LOG2, Lstm
from model.layers.recurrent import Recurrent
from model.layers.simple_rnn import SimpleRnn
from model.readers.tflite.file import Operator, Tensor
from model.readers.tflite.fused import CLAMPS, NONE, TANH
from model.readers.tflite.reader import INSTEAD, Reader, format_of
from model.readers.tflite.steps import LSTM, RNN, Direction, Pair
from model.signal import Signal, Weights

# what SequenceRNNOptions may ask for
FUNCTIONS: dict[int, str] = {NONE: "linear", **CLAMPS, TANH: "tanh"}
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
        return READERS[direction.lstm.name](reader, direction, name)
    if len(shape) != 2 or shape[1] != cell.features or not reader.signal.real:
        raise reader.refuse(f"{direction.lstm}: it reads shape {shape}, and steps of {cell.features} features were due")
    if cell.in_part:
        reader.note(
            f"{direction.lstm}: of its weights some are int8 and some float32, as small ones are left alone; here all "
            "are read as float32, outputs differ a little"
        )
    elif cell.scales is not None:
        reader.note_of_inputs(direction.lstm)
    single = reader.one_step and shape[0] == 1  # then the last step is all of them
    return cell.layer(name, shape[0], single or not direction.last_only, direction.backwards)


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


def _simple_rnn(reader: Reader, direction: Direction, name: str) -> SimpleRnn:
    operator, source = direction.lstm, reader.signal
    function = FUNCTIONS.get(operator.options.get("FusedActivationFunction", NONE))
    if function is None:
        raise reader.refuse(f"{operator}: its activation is none of {', '.join(FUNCTIONS.values())}; {INSTEAD}")
    if operator.options.get("TimeMajor"):
        raise reader.refuse(f"{operator}: it is time-major; convert with time_major=False")
    first = reader.tensor(operator, 2)
    units = first.shape[0] if first is not None and first.shape else 0
    if len(source.shape) != 2 or units < 1 or not source.real:
        found = f"shape {source.shape} of {source.dtype} and has {units} units"
        raise reader.refuse(f"{operator}: it reads {found}; supported: sequences of {REAL}; {INSTEAD}")
    matrices = [
        reader.weights(operator, 1, "its input weights", units, source.shape[1]),
        reader.weights(operator, 2, "its recurrent weights", units, units),
    ]
    kernel, recurrent = (
        Weights(each.values[np.newaxis], None if each.scale is None else np.full((1, units), each.scale[0]))
        for each in matrices
    )
    if (kernel.scale is None) != (recurrent.scale is None):
        raise reader.refuse(f"{operator}: some of its weights are float32 and some int8")
    _state(reader, operator, 4, units)
    return SimpleRnn(
        name=name,
        kernel=kernel,
        recurrent=recurrent,
        bias=reader.bias(operator, 3, "its bias", 1.0, units)[np.newaxis],
        return_sequences=not direction.last_only,
        go_backwards=direction.backwards,
        output=Signal((units,) if direction.last_only else (source.shape[0], units)),
        format=format_of(source, kernel),
        activation=named(function),
    )


READERS: dict[str, Callable[[Reader, Direction, str], Recurrent]] = {LSTM: _lstm, RNN: _simple_rnn}
KINDS = {LSTM: Lstm.kind, RNN: SimpleRnn.kind}


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


def read_direction(reader: Reader, direction: Direction) -> None:
    _as_sequence(reader, direction)
    cell = direction.lstm.cell
    layer = _cell(reader, direction, reader.name(KINDS[direction.lstm.name] if cell is None else cell.kind))
    reader.add(layer)
    written = replace(reader.signal_of(reader.graph.tensors[direction.result]), shape=layer.output.shape)
    _relabelled(reader, layer, written)
    reader.relabel(written)


def read_pair(reader: Reader, pair: Pair) -> None:
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
