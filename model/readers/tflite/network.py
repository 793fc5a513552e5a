# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite files (.tflite): float, dynamic range, int8 and int16x8 conversions with a fused LSTM.

Scales are kept as the float32 numbers in the file, so that the reference and the device compute what tflite-micro
computes from the same file, bit for bit.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from model import formats, limits
from model.errors import UserError
from model.fold import joined
from model.formats.base import Format
from model.formats.float32 import FORMAT as FLOAT32
from model.network import Network, check_ends
from model.readers.tflite.both import without_both
from model.readers.tflite.elementwise import with_functions
from model.readers.tflite.file import (
    LISTS,
    Graph,
    Operator,
    Refuse,
    Tensor,
    load,
    operator_names,
    other_metadata,
    parse,
)
from model.readers.tflite.ids import with_ids
from model.readers.tflite.layers import SUPPORTED, read_step
from model.readers.tflite.loops import LOOP, without_loops
from model.readers.tflite.norms import ARITHMETIC, without_norms
from model.readers.tflite.parts import step_of, with_parts
from model.readers.tflite.reader import Reader, signal_of
from model.readers.tflite.rules import RULES
from model.readers.tflite.shapes import settled
from model.readers.tflite.signatures import main_graph
from model.readers.tflite.steps import RECURRENT, Steps, recurrent
from model.readers.tflite.unrolled import without_unrolled
from model.signal import Signal

WEIGHTED = (*RECURRENT, "FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D")
WAYS_OUT = {
    "LSTM": "the old form of a fused LSTM; convert again with TensorFlow 2, or give the Keras file instead",
    "CALL_ONCE": "it fills variables, as stateful=True has them; convert with stateful=False, or give the Keras file",
    "VAR_HANDLE": "it reads variables; convert the trained model again with constant weights, or give the Keras file",
}
WITHIN = (LOOP, *LISTS, *RULES, *ARITHMETIC, "CAST")  # what may belong to something that is taken apart


def _check_names(names: Iterable[str], supported: tuple[str, ...], refuse: Refuse) -> None:
    for name in (*WAYS_OUT, *names):  # of several, the one that explains the others
        if name in names and name not in supported:
            apart = "it is part of nothing that is recognised, as an LSTM in parts is; give the Keras file instead"
            usual = apart if name in WITHIN else f"supported: {', '.join(SUPPORTED)}"
            way_out = WAYS_OUT.get(name, usual)
            raise refuse(f"operator {name} is not supported: {way_out}")


def _weights(graph: Graph, operator: Operator) -> Tensor | None:
    """The weights of an operator that has any, the first of them; all are of one type."""
    numbers = [n for n in operator.inputs[1:] if n >= 0] if operator.name in WEIGHTED else []
    return graph.tensors[numbers[0]] if numbers else None


def _format(graph: Graph, refuse: Refuse) -> Format:
    """What the operators with weights have in common."""
    found: set[Format] = set()
    for operator in graph.operators:
        weights = _weights(graph, operator)
        if operator.cell is not None:
            found.add(operator.cell.format)
        elif weights is not None and operator.outputs:
            values = graph.tensors[operator.outputs[0]].dtype
            found.add(formats.computing(values, weights.dtype) or formats.computing(values) or FLOAT32)
    if not any(format.integer for format in found):  # the converter leaves small matrices alone
        found = {format for format in found if format.hybrid} or found
    if len(found) != 1:
        names = sorted(format.name for format in found)
        raise refuse(f"it mixes {' and '.join(names)} layers; convert all of it to one of them")
    return found.pop()


def _refuse(path: Path) -> Refuse:
    return lambda what: UserError(f"{path}: {what}")


def _input(tensor: Tensor, ids: bool, refuse: Refuse) -> Signal:
    """How an input is stored; ids are a sequence of one feature."""
    signal = Signal((tensor.shape[1], 1)) if ids and tensor.fixed else signal_of(tensor, refuse)
    if len(tensor.shape) < 2 or tensor.shape[0] != 1:
        raise refuse(f"its input has shape {tensor.shape}; convert with a batch size of 1")
    return signal


def _graph(data: bytes, path: Path, refuse: Refuse) -> tuple[Graph, frozenset[int], tuple[str, ...]]:
    """The graph of operators that are read, each cell that was taken apart as one; its inputs that are ids, and what to
    tell of it."""
    main, several = main_graph(data, path, refuse)
    _check_names(operator_names(data, main), (*SUPPORTED, *WITHIN), refuse)
    whole, ids = with_ids(settled(parse(data, main, not several, refuse), refuse))
    for number in whole.inputs:
        _input(whole.tensors[number], number in ids, refuse)
    graph, notes = without_loops(without_both(whole, refuse), refuse)
    loops, others = (
        sum(each.name == LOOP for each in whole.operators),
        sum(bool(each.operators) for each in whole.others.values()),
    )
    if others != 2 * loops:
        raise refuse(f"it has {others + 1} graphs, and its {loops} loops run two each; convert one function alone")
    graph = without_norms(graph, refuse)
    if any(each.stands_alone and each.name not in SUPPORTED for each in graph.operators):
        graph, told = without_unrolled(graph, refuse)
        notes += told
    if any(each.stands_alone and each.name not in SUPPORTED for each in graph.operators):
        graph = with_functions(graph, refuse)
    graph = with_parts(graph, refuse)
    _check_names([each.name for each in graph.operators if each.stands_alone], SUPPORTED, refuse)
    if not any(map(recurrent, graph.operators)):
        if step := step_of(whole, refuse):
            return graph, ids, (*notes, step)
        raise refuse("holds no LSTM, GRU or SimpleRNN; lstmcu builds recurrent networks")
    return graph, ids, notes


def _read(path: Path, name: str, sha256: str, data: bytes) -> Network:
    refuse = _refuse(path)
    graph, ids, told = _graph(data, path, refuse)
    steps = Steps(graph, refuse).steps()
    single = all(graph.tensors[number].size == graph.tensors[number].shape[-1] for number in graph.inputs)
    reader = Reader(path, graph, notes=list(told), one_step=bool(told) and single)
    for number in graph.inputs:
        reader.numbers[number] = len(reader.inputs)
        reader.inputs.append(reader.stepped(_input(graph.tensors[number], number in ids, refuse)))
    for metadata in other_metadata(data):
        reader.notes.append(f"the file's metadata '{metadata}' is not read: what it asks for is not done")
    for step in steps:
        read_step(reader, step)
    for tensor in graph.tensors:
        if tensor.variable and tensor.number not in reader.states:
            raise refuse(f"tensor {tensor.number} '{tensor.name}' is a variable, and no LSTM's state; convert it again")
    outputs = []
    for number in graph.outputs:
        reader.begin(number)
        reader.relabel(replace(reader.signal, shape=signal_of(graph.tensors[number], refuse).shape))
        outputs.append(reader.at)
    format, nodes, notes = _format(graph, refuse), tuple(reader.nodes), tuple(reader.notes)
    inputs, quantised = tuple(reader.inputs), format != FLOAT32
    network = Network(name, path.name, sha256, format.name, inputs, nodes, tuple(outputs), notes, quantised)
    network = joined(network)
    check_ends(network, f"{path}: ")
    limits.check(network, f"{path}: ")
    return network


@contextmanager
def _damaged(path: Path) -> Iterator[None]:
    """What a damaged file raises becomes a sentence."""
    try:
        yield
    except (struct.error, ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError) as error:
        raise UserError(f"{path}: the file is damaged: {error}; convert the model again") from None


def quantised(path: Path) -> str:
    """The quantisation that a file came in, by the types of its tensors alone; raises as ``read`` does."""
    data, refuse = load(path), _refuse(path)
    with _damaged(path):
        return _format(_graph(data, path, refuse)[0], refuse).name


def read(path: Path, name: str, sha256: str) -> Network:
    """Read a .tflite; raises ``UserError`` naming file and operator for what is damaged or unsupported."""
    data = load(path)
    with _damaged(path):
        return _read(path, name, sha256, data)
