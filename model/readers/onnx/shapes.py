# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Operators that only rearrange signals, and those that take a part of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model.layers.embedding import Embedding
from model.layers.pad import Cropping, ZeroPadding
from model.layers.repeat import Repeat
from model.readers.onnx import constants as fold
from model.readers.onnx import values
from model.readers.onnx.file import Node
from model.readers.onnx.layers import dense
from model.readers.onnx.reader import BatchError, Reader
from model.readers.onnx.recurrent import ending
from model.readers.onnx.values import BATCH, Signals, Tensor
from model.signal import Array, Signal, Weights


def _constants(reader: Reader, node: Node, signals: int = 1) -> list[Array | None]:
    """All inputs, those of signals as None."""
    return [
        None if at < signals or not name else reader.constant(node, at, f"input {at}")
        for at, name in enumerate(node.inputs)
    ]


def _transpose(reader: Reader, node: Node) -> Signals:
    value = reader.signals(node)
    return value.transposed(fold.permutation(node, len(value.shape)))


def _squeeze(reader: Reader, node: Node) -> Signals:
    value = reader.signals(node)
    return value.squeezed(fold.squeeze_axes(node, value.shape, _constants(reader, node)))


def _unsqueeze(reader: Reader, node: Node) -> Signals:
    value = reader.signals(node)
    return value.unsqueezed(fold.unsqueeze_axes(node, value.shape, _constants(reader, node)))


def _reshaped(reader: Reader, node: Node, value: Signals, shape: Sequence[int]) -> Signals:
    """Side by side as it is if that goes, else as one signal."""
    try:
        return value.reshaped(shape)
    except values.MisfitError:
        if isinstance(value, Tensor):
            raise
    return reader.whole(node, value).reshaped(shape)


def _reshape(reader: Reader, node: Node) -> Signals:
    value = reader.signals(node)
    wanted = fold.whole(_constants(reader, node)[1] if len(node.inputs) > 1 else None, node.attributes.get("shape"))
    return _reshaped(reader, node, value, fold.target_shape(node, value.shape, wanted))


def _flatten(reader: Reader, node: Node) -> Signals:
    value = reader.signals(node)
    return _reshaped(reader, node, value, fold.flat_shape(node, value.shape))


def _identity(reader: Reader, node: Node) -> Signals:
    return reader.signals(node)


def _dropout(reader: Reader, node: Node) -> Signals:
    if fold.trains(node, _constants(reader, node)):
        raise reader.refuse(node, "trains (training_mode); export after model.eval()")
    return reader.signals(node)


def widened(reader: Reader, node: Node, value: Signals, shape: Sequence[int]) -> Signals:
    """A signal repeated along axes of one: its vector at every step, or its value in every feature."""
    fold.small(shape)
    if len(shape) > len(value.shape):
        value = value.unsqueezed(range(len(shape) - len(value.shape)))
    for axis, (length, wanted) in enumerate(zip(value.shape, shape, strict=True)):
        if length == wanted:
            continue
        tensor = reader.whole(node, value)
        others = [at for at in range(len(shape)) if at != axis]
        if length != 1:
            raise reader.refuse(node, f"repeats shape {value.shape} as {tuple(shape)}; supported: an axis of one")
        if axis == len(shape) - 1:
            value = dense(reader, node, tensor, np.ones((wanted, 1)), np.zeros(wanted))
            continue
        number, laid = reader.laid(node, tensor, [others])
        made = Signal((wanted, reader.signal(number).shape[0]))
        value = values.first_axis(laid, reader.add(Repeat(reader.name("repeat"), made), number), axis, wanted)
    return value


def _expand(reader: Reader, node: Node) -> Signals:
    value = reader.signals(node)
    return widened(
        reader, node, value, np.broadcast_shapes(value.shape, tuple(fold.whole(_constants(reader, node)[1])))
    )


def _tile(reader: Reader, node: Node) -> Signals:
    """Of axes of one only."""
    value = reader.signals(node)
    times = fold.whole(_constants(reader, node)[1])
    shape = [length * count for length, count in zip(value.shape, times, strict=True)]
    if any(count != 1 and length != 1 for length, count in zip(value.shape, times, strict=True)) or min(shape) < 1:
        raise reader.refuse(node, f"repeats shape {value.shape} {tuple(times)} times; supported: an axis of one")
    return widened(reader, node, value, shape)


def _pad(reader: Reader, node: Node) -> Signals:
    """Zeros before and behind the steps of a sequence."""
    tensor, given = reader.whole(node, reader.signals(node)), _constants(reader, node)
    rank = len(tensor.axes)
    pads = fold.listed(node, "pads", given, 1) or []
    axes = [fold.axis_of(axis, rank) for axis in fold.listed(node, "axes", given, 3) or range(rank)]
    fill = given[2] if len(given) > 2 and given[2] is not None else np.asarray(node.attributes.get("value", 0.0))
    ends = {axis: pads[at :: len(axes)] for at, axis in enumerate(axes)}
    padded = {axis: both for axis, both in ends.items() if any(both)}
    if len(pads) != 2 * len(axes) or node.attributes.get("mode", "constant") != "constant" or fill.any():
        raise reader.refuse(node, "pads with other than zeros; supported: mode=constant, value 0")
    if not padded:
        return tensor
    ((axis, (left, right)),) = padded.items() if len(padded) == 1 else ((-1, (-1, -1)),)
    if min(left, right) < 0 or BATCH in tensor.axes[axis]:
        raise reader.refuse(node, f"pads by {tuple(pads)}; supported: zeros before and behind the steps")
    number, laid = reader.laid(node, tensor, [[axis], [at for at in range(rank) if at != axis]])
    steps, features = reader.signal(number).shape
    fold.small((left + steps + right, features))
    layer = ZeroPadding(reader.name("zero_padding"), left, right, Signal((left + steps + right, features)))
    return values.first_axis(laid, reader.add(layer, number), axis, left + steps + right)


def _shape(reader: Reader, node: Node) -> Array:
    return fold.shape_of(node, reader.signals(node).shape)


# ---- parts ----


def part(reader: Reader, node: Node, value: Signals, axis: int, start: int, stop: int) -> Signals:
    """What lies from one place of an axis to another."""
    length = value.shape[axis]
    if (start, stop) == (0, length):
        return value
    if not 0 <= start < stop <= length:
        raise reader.refuse(node, f"takes {start} to {stop} of an axis of {length}: nothing, or the file is damaged")
    if not isinstance(value, Tensor) and value.axis == axis:
        taken = value.taken(start, stop)
        if taken is not None:
            return taken
    if isinstance(value, Tensor) and stop == start + 1:
        last = ending(reader, value, axis, start)
        if last is not None:
            return last
    tensor = reader.whole(node, value)
    if BATCH in tensor.axes[axis]:
        raise BatchError(str(reader.refuse(node, f"takes a part of axis {axis}, which is the batch")))
    others = [at for at in range(len(tensor.axes)) if at != axis]
    number, laid = reader.laid(node, tensor, [[axis], others])
    rest = reader.signal(number).shape[1]
    layer = Cropping(reader.name("slice"), start, length - stop, Signal((stop - start, rest)))
    number = reader.add(layer, number)
    if stop == start + 1:
        number = reader.shaped(number, (rest,))
    return values.first_axis(laid, number, axis, stop - start)


def _slice(reader: Reader, node: Node) -> Signals:
    value = reader.signals(node)
    for axis, taken in fold.slices(node, value.shape, _constants(reader, node)).items():
        if len(taken) != 1 and taken.step != 1:
            raise reader.refuse(node, f"takes every {taken.step} of axis {axis}; supported: steps of 1")
        value = part(reader, node, value, axis, taken.start, taken.start + len(taken))
    return value


def _gather(reader: Reader, node: Node) -> Signals:
    """One place of an axis, or some in a row; or rows of a table."""
    table = reader.optional(node, 0)
    if isinstance(table, np.ndarray):
        return _embedding(reader, node)
    value, indices = reader.signals(node), reader.constant(node, 1, "its indices")
    axis = fold.axis_of(int(node.attributes.get("axis", 0)), len(value.shape))
    if indices.ndim > 1 or not indices.size or not np.issubdtype(indices.dtype, np.integer):
        raise reader.refuse(node, f"gathers {indices.shape} of axis {axis}; supported: one place, or some in a row")
    places = [fold.axis_of(int(n), value.shape[axis]) for n in indices.reshape(-1)]
    if places != list(range(places[0], places[0] + len(places))):
        raise reader.refuse(node, f"gathers axis {axis} in another order; supported: places in a row")
    found = part(reader, node, value, axis, places[0], places[-1] + 1)
    return found if indices.ndim else found.squeezed([axis])


def _embedding(reader: Reader, node: Node) -> Signals:
    table = reader.constant(node, 0, "its table", None, None).astype(np.float32)
    tensor = reader.whole(node, reader.signals(node, 1))
    if node.attributes.get("axis", 0) != 0 or not reader.is_ids(tensor):
        raise reader.refuse(node, "looks up rows of a table by what is no input; supported: an input of ids")
    axes = range(len(tensor.axes))
    number, laid = reader.laid(node, tensor, [list(axes), []])
    output = Signal((reader.signal(number).shape[0], table.shape[1]))
    number = reader.add(Embedding(reader.name("embedding"), Weights(table), output), number)
    return values.with_last(laid.unsqueezed([len(laid.axes)]), number, len(laid.axes), table.shape[1])


def _split(reader: Reader, node: Node) -> None:
    value = reader.signals(node)
    axis = fold.axis_of(int(node.attributes.get("axis", 0)), len(value.shape))
    sizes = fold.split_sizes(node, value.shape[axis], _constants(reader, node))
    at = 0
    for name, size in zip(node.outputs, sizes, strict=True):
        if name in reader.wanted:
            reader.values[name] = part(reader, node, value, axis, at, at + size)
        at += size


def _concat(reader: Reader, node: Node) -> Signals:
    parts = [reader.signals(node, at) for at in range(len(node.inputs))]
    if not parts:
        raise reader.refuse(node, "joins nothing; the file is damaged")
    rank = len(parts[0].shape)
    axis = fold.axis_of(int(node.attributes.get("axis", 0)), rank)
    shapes = {(*each.shape[:axis], *each.shape[axis + 1 :]) for each in parts}
    if len(shapes) != 1 or any(len(each.shape) != rank for each in parts):
        raise reader.refuse(node, f"joins shapes {', '.join(str(each.shape) for each in parts)}"[:300])
    try:
        return values.joined(axis, parts)
    except values.MisfitError:
        return values.joined(axis, [reader.whole(node, each) for each in parts])


READERS: dict[str, Callable[[Reader, Node], Signals | Array | None]] = {
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Identity": _identity,
    "Dropout": _dropout,
    "Expand": _expand,
    "Tile": _tile,
    "Pad": _pad,
    "Shape": _shape,
    "Slice": _slice,
    "Gather": _gather,
    "Split": _split,
    "Concat": _concat,
}
