# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A step of a cell that stands in integers, in parts: its operators are computed one by one, as tflite-micro does.

What it keeps from step to step comes in and goes out, each in scales of its own: whoever calls it hands it on. What a
file says between its operators is its own arithmetic, and no layer of ours would give the same bits.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from model.errors import UserError
from model.formats import REAL, types
from model.layers.pad import Cropping
from model.readers.tflite.file import Graph, Operator, Refuse, Tensor
from model.readers.tflite.reader import VALUES, Reader
from model.readers.tflite.rules import symbols_of
from model.readers.tflite.state import pairs_of, told
from model.readers.tflite.steps import integers, same_values, steps_axis
from model.readers.tflite.unrolled import Unrolled

STORED = ("int8", "int16", "int32", "int64")  # types of what stands for real values
SPLITS = ("SPLIT", "SPLIT_V", "UNPACK")
NOTE = (
    "its cell came in parts, in integers: each operator is computed as tflite-micro does, bit for bit; its state comes "
    "in and goes out, and your code hands it on, from one scale to the other"
)


def _in_integers(tensor: Tensor) -> bool:
    return tensor.dtype in VALUES and not types.named(tensor.dtype).real and not tensor.data.size


def _lengths(graph: Graph, operator: Operator) -> list[int] | None:
    """How many elements each output has, one part behind the other of what it splits; None if it does not do that."""
    count = len(operator.outputs)
    source = graph.tensors[operator.inputs[operator.name == "SPLIT"]]
    shape = source.shape
    if operator.name == "UNPACK":
        axis, time = operator.options.get("Axis", 0), steps_axis(shape)
        along = axis + 3 * (axis < 0)
        whole = time is not None and (along == time or (shape[:2] == (1, 1) and along < 2))
        return [shape[2]] * count if whole and source.size == count * shape[2] else None
    if not shape or source.size != shape[-1]:
        return None
    at = graph.tensors[operator.inputs[0 if operator.name == "SPLIT" else 2]]
    if integers(at) not in ([len(shape) - 1], [-1]):
        return None
    if operator.name == "SPLIT":
        return [source.size // count] * count if source.size % count == 0 else None
    sizes = integers(graph.tensors[operator.inputs[1]])
    if sizes is None or sizes.count(-1) > 1:
        return None
    left = source.size - sum(n for n in sizes if n >= 0)
    return [left if n == -1 else n for n in sizes]


def _apart(graph: Graph, operator: Operator, refuse: Refuse) -> list[Operator]:
    """An operator for each part that it makes."""
    at = int(operator.name == "SPLIT")
    source = graph.tensors[operator.inputs[at]]
    if not _in_integers(source):
        return [operator]
    lengths = _lengths(graph, operator) if min(operator.inputs) >= 0 else None
    if not lengths or len(lengths) != len(operator.outputs) or sum(lengths) != source.size or len(set(lengths)) > 1:
        raise refuse(
            f"{operator}: it does not split a vector, or its steps, into equal parts, which alone is supported"
        )
    for number, length in zip(operator.outputs, lengths, strict=True):
        part = graph.tensors[number]
        if not same_values(part, source) or part.size != length:
            raise refuse(f"{operator}: a part has another scale, type or size than what it splits; the file is damaged")
    made = [
        replace(operator, inputs=(source.number,), outputs=(number,), part=part)
        for part, number in enumerate(operator.outputs)
    ]
    read = {number for each in graph.operators for number in each.inputs} | set(graph.outputs)
    return [each for each in made if each.outputs[0] in read]


def with_parts(graph: Graph, refuse: Refuse) -> Graph:
    """The graph with an operator for each part of what is split, of integers."""
    found = [_apart(graph, each, refuse) if each.name in SPLITS else [each] for each in graph.operators]
    return replace(graph, operators=tuple(one for several in found for one in several))


def read_part(reader: Reader, operator: Operator, part: int) -> None:
    """A part of a vector, or a step of a sequence that was taken apart."""
    length = reader.graph.tensors[operator.outputs[0]].size
    count = reader.signal.size // length
    reader.shaped(count, length)
    if count > 1:
        output = replace(reader.signal, shape=(1, length))
        reader.add(Cropping(reader.name("cropping1d"), part, count - 1 - part, output))
    reader.relabel(reader.signal_of(reader.graph.tensors[operator.outputs[0]]))


def step_of(graph: Graph, refuse: Refuse) -> str:
    """What to tell of a graph that is one step of a cell in integers; nothing of one that is none.

    Raises what ``refuse`` makes of several steps: each would hold all weights once more.
    """
    products = [each for each in graph.operators if each.name == "FULLY_CONNECTED"]
    if not products or not all(_in_integers(graph.tensors[each.inputs[0]]) for each in products):
        return ""
    uses = Counter(number for each in products for number in each.inputs[1:2])
    shared = [number for number, count in uses.items() if count > 1]
    if shared:
        raise refuse(
            f"operators of {uses[shared[0]]} steps read one matrix, tensor {shared[0]}: of a cell in parts in integers "
            "one step is read, whose state comes in and goes out: convert that, or give the Keras file instead"
        )
    given, made = (
        Counter(graph.tensors[number].size for number in dict.fromkeys(numbers))
        for numbers in (graph.inputs, graph.outputs)
    )
    kept = sum((given & made).values())
    if min(len(graph.inputs), len(graph.outputs)) < 2 or kept < len(graph.inputs) - 1:
        return ""
    pairs = _pairs(graph, refuse)
    return f"{NOTE}: {told(graph, pairs)}" if pairs else NOTE


def _in_numbers(tensor: Tensor) -> Tensor:
    """The same as the real values that it stands for."""
    if tensor.dtype not in STORED or len(tensor.scale) not in (1, *tensor.shape[:1]):
        return tensor
    if not tensor.data.size:
        return replace(tensor, dtype=REAL)
    stored = tensor.data.view(tensor.dtype).reshape(tensor.shape or (1,)).astype(np.float64)
    by = (-1, *[1] * (stored.ndim - 1))
    values = ((stored - tensor.zero_point.reshape(by)) * tensor.scale.reshape(by)).astype(np.float32)
    return replace(tensor, dtype=REAL, data=np.frombuffer(values.tobytes(), np.uint8))


def _pairs(graph: Graph, refuse: Refuse) -> dict[int, int]:
    """Which inputs are the state of a cell, and which outputs its next values; none if it is none that is known."""
    named = {"QUANTIZE": "RESHAPE", "DEQUANTIZE": "RESHAPE"}
    operators = tuple(replace(each, name=named.get(each.name, each.name)) for each in graph.operators)
    real = replace(graph, operators=operators, tensors=tuple(map(_in_numbers, graph.tensors)))
    try:
        unrolled = Unrolled(real, symbols_of(real, refuse), refuse)
        return pairs_of(real, unrolled.symbols, list(unrolled.chains.values()), refuse)
    except UserError:
        return {}
