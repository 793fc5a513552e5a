# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Operators on constants, which exporters leave around layers to work out shapes: done while reading.

Each takes the node and its constants, None where an optional one is left out; sizes are checked before memory is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from model.readers.onnx.file import ELEMENT_LIMIT, TYPES, Node
from model.signal import Array

Constants = Sequence[Array | None]
NAMES = (None, "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", None, "bool", "float32", "float32")


class FoldError(Exception):
    """What no constant can come of."""


def small(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape, if such an array may be made."""
    dims = tuple(int(n) for n in shape)
    if len(dims) > 8 or any(n < 0 for n in dims) or math.prod(dims) > ELEMENT_LIMIT:
        raise FoldError(f"it makes a constant of shape {dims}"[:200])
    return dims


def need(value: Array | None) -> Array:
    """An input that must be there."""
    if value is None:
        raise FoldError("an input is missing")
    return value


def whole(value: Array | None, else_: Sequence[int] | None = None) -> list[int]:
    """A list of whole numbers."""
    if value is None:
        if else_ is None:
            raise FoldError("an input is missing")
        return list(else_)
    if value.size > 64 or not np.issubdtype(value.dtype, np.integer):
        raise FoldError("an input is no short list of whole numbers")
    return [int(n) for n in value.reshape(-1)]


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the first."""
    if not -rank <= axis < rank:
        raise FoldError(f"it has no axis {axis}")
    return axis % rank


def listed(node: Node, name: str, inputs: Constants, index: int) -> list[int] | None:
    """A list that newer opsets give as an input, older ones as an attribute; None where neither does."""
    if len(inputs) > index and inputs[index] is not None:
        return whole(inputs[index])
    value = node.attributes.get(name)
    return None if value is None else [int(n) for n in value]


def slices(node: Node, shape: Sequence[int], inputs: Constants) -> dict[int, range]:
    """What a Slice takes of each axis that it names."""
    starts, ends = listed(node, "starts", inputs, 1), listed(node, "ends", inputs, 2)
    if starts is None or ends is None:
        raise FoldError("it has no starts or ends")
    axes = listed(node, "axes", inputs, 3) or list(range(len(starts)))
    steps = listed(node, "steps", inputs, 4) or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise FoldError("its starts, ends, axes and steps do not fit each other")
    taken = {}
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        number = axis_of(axis, len(shape))
        taken[number] = range(shape[number])[start:end:step]
    return taken


def target_shape(node: Node, shape: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...]:
    """That of a Reshape, its 0 and -1 worked out."""
    keeps = not node.attributes.get("allowzero", 0)
    if len(wanted) > 8 or (keeps and any(n == 0 and at >= len(shape) for at, n in enumerate(wanted))):
        raise FoldError("its shape has too many axes")
    made = [shape[at] if n == 0 and keeps else n for at, n in enumerate(wanted)]
    rest = math.prod(n for n in made if n != -1)
    if made.count(-1) > 1 or any(n < -1 for n in made) or (-1 in made and (rest == 0 or math.prod(shape) % rest)):
        raise FoldError(f"{tuple(shape)} has no such shape as {tuple(wanted)}")
    made = [math.prod(shape) // rest if n == -1 else n for n in made]
    if math.prod(made) != math.prod(shape):
        raise FoldError(f"{tuple(shape)} has no such shape as {tuple(wanted)}")
    return tuple(made)


def squeeze_axes(node: Node, shape: Sequence[int], inputs: Constants) -> list[int]:
    """Those that a Squeeze drops."""
    axes = listed(node, "axes", inputs, 1)
    if axes is None:
        return [axis for axis, length in enumerate(shape) if length == 1]
    return [axis_of(axis, len(shape)) for axis in axes]


def unsqueeze_axes(node: Node, shape: Sequence[int], inputs: Constants) -> list[int]:
    """Those that an Unsqueeze makes, in its result."""
    axes = listed(node, "axes", inputs, 1)
    if axes is None:
        raise FoldError("it names no axes")
    rank = len(shape) + len(axes)
    made = [axis_of(axis, rank) for axis in axes]
    if len(set(made)) != len(made):
        raise FoldError("it names an axis twice")
    return made


def permutation(node: Node, rank: int) -> list[int]:
    """That of a Transpose."""
    order = [int(n) for n in node.attributes.get("perm", range(rank)[::-1])]
    if sorted(order) != list(range(rank)):
        raise FoldError(f"its perm {tuple(order)} is none of {rank} axes")
    return order


def flat_shape(node: Node, shape: Sequence[int]) -> tuple[int, int]:
    """That of a Flatten."""
    axis = int(node.attributes.get("axis", 1))
    at = axis if axis == len(shape) else axis_of(axis, len(shape))
    return math.prod(shape[:at]), math.prod(shape[at:])


def numpy_type(number: int) -> str:
    """What numpy calls a type that ONNX has a number for; real numbers are float32 throughout."""
    name = NAMES[number] if 0 <= number < len(NAMES) else None
    if name is None:
        raise FoldError(f"it makes a constant of type {number}")
    return name


def split_sizes(node: Node, length: int, inputs: Constants) -> list[int]:
    """How long the parts of a Split are."""
    sizes = listed(node, "split", inputs, 1)
    if sizes is None:
        count = int(node.attributes.get("num_outputs", len(node.outputs)))
        if count < 1:
            raise FoldError("it makes no parts")
        each = -(-length // count)
        sizes = [min(each, max(0, length - at * each)) for at in range(count)]
    if sum(sizes) != length or min(sizes) < 0 or len(sizes) != len(node.outputs):
        raise FoldError(f"its parts {tuple(sizes)} are not {length} together")
    return sizes


# ---- the operators ----


def trains(node: Node, inputs: Constants) -> bool:
    """Whether a Dropout drops."""
    return len(inputs) > 2 and inputs[2] is not None and bool(inputs[2].any())


def _dropout(node: Node, inputs: Constants) -> Array:
    if trains(node, inputs):
        raise FoldError("it trains (training_mode); export after model.eval()")
    return need(inputs[0])


def _constant(node: Node, inputs: Constants) -> Array:
    for name, kind in (("value_float", "float32"), ("value_int", "int64"), ("value_floats", "float32")):
        if name in node.attributes:
            return np.asarray(node.attributes[name], kind)
    if "value_ints" in node.attributes:
        return np.asarray(node.attributes["value_ints"], np.int64)
    value = node.attributes.get("value")
    if not isinstance(value, np.ndarray):
        raise FoldError("it holds no tensor of numbers")
    return value


def _of_shape(node: Node, inputs: Constants) -> Array:
    fill = node.attributes.get("value", np.zeros(1, np.float32))
    if not isinstance(fill, np.ndarray) or fill.size != 1:
        raise FoldError("it is filled with no number")
    return np.full(small(whole(inputs[0])), fill.reshape(()), fill.dtype)


def _cast(node: Node, inputs: Constants) -> Array:
    return need(inputs[0]).astype(numpy_type(int(node.attributes.get("to", 0))))


def _gather(node: Node, inputs: Constants) -> Array:
    data, indices = need(inputs[0]), need(inputs[1])
    axis = axis_of(int(node.attributes.get("axis", 0)), data.ndim)
    if not np.issubdtype(indices.dtype, np.integer) or not data.size:
        raise FoldError("its indices are no whole numbers")
    small((*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :]))
    return np.asarray(np.take(data, indices, axis=axis))


def _slice(node: Node, inputs: Constants) -> Array:
    data = need(inputs[0])
    for axis, taken in slices(node, data.shape, inputs).items():
        data = np.take(data, np.array(taken, np.int64), axis=axis)
    return data


def _concat(node: Node, inputs: Constants) -> Array:
    arrays = [need(each) for each in inputs]
    if not arrays or sum(each.size for each in arrays) > ELEMENT_LIMIT:
        raise FoldError("it joins nothing, or too much")
    return np.concatenate(arrays, axis=axis_of(int(node.attributes.get("axis", 0)), arrays[0].ndim))


def _expand(node: Node, inputs: Constants) -> Array:
    data = need(inputs[0])
    shape = small(np.broadcast_shapes(data.shape, small(whole(inputs[1]))))
    return np.array(np.broadcast_to(data, shape))


def _tile(node: Node, inputs: Constants) -> Array:
    data, times = need(inputs[0]), whole(inputs[1])
    small([n * m for n, m in zip(data.shape, times, strict=True)])
    return np.tile(data, times)


def _range(node: Node, inputs: Constants) -> Array:
    start, stop, step = (need(each).reshape(()) for each in inputs)
    count = 0 if step == 0 else math.ceil((float(stop) - float(start)) / float(step))
    if step == 0 or not 0 <= count <= ELEMENT_LIMIT:
        raise FoldError("it makes too many numbers")
    return np.asarray(start + step * np.arange(count), start.dtype)


def _divided(one: Array, other: Array) -> Array:
    """Of whole numbers towards zero."""
    if np.issubdtype(one.dtype, np.integer):
        if not other.all():
            raise FoldError("it divides by 0")
        return np.asarray(np.trunc(one / other)).astype(one.dtype)
    return np.asarray(one / other)


def _all(function: Callable[[Array, Array], Array]) -> Callable[[Node, Constants], Array]:
    def made(node: Node, inputs: Constants) -> Array:
        arrays = [need(each) for each in inputs]
        small(np.broadcast_shapes(*(each.shape for each in arrays)))
        with np.errstate(all="ignore"):
            return np.asarray(reduce(function, arrays))

    return made


def _one(function: Callable[[Array], Array]) -> Callable[[Node, Constants], Array]:
    def made(node: Node, inputs: Constants) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(function(need(inputs[0])))

    return made


def _shape(node: Node, inputs: Constants) -> Array:
    return shape_of(node, need(inputs[0]).shape)


def shape_of(node: Node, shape: Sequence[int]) -> Array:
    """What a Shape gives."""
    start, end = int(node.attributes.get("start", 0)), node.attributes.get("end")
    return np.array(shape[start : None if end is None else int(end)], np.int64)


def _reshape(node: Node, inputs: Constants) -> Array:
    data = need(inputs[0])
    return data.reshape(target_shape(node, data.shape, whole(inputs[1])))


def _squeeze(node: Node, inputs: Constants) -> Array:
    data = need(inputs[0])
    return np.squeeze(data, tuple(squeeze_axes(node, data.shape, inputs)))


def _unsqueeze(node: Node, inputs: Constants) -> Array:
    data = need(inputs[0])
    return np.expand_dims(data, tuple(unsqueeze_axes(node, data.shape, inputs)))


def _transpose(node: Node, inputs: Constants) -> Array:
    data = need(inputs[0])
    return np.transpose(data, permutation(node, data.ndim))


def _flatten(node: Node, inputs: Constants) -> Array:
    data = need(inputs[0])
    return data.reshape(flat_shape(node, data.shape))


def _where(node: Node, inputs: Constants) -> Array:
    condition, one, other = (need(each) for each in inputs)
    small(np.broadcast_shapes(condition.shape, one.shape, other.shape))
    return np.where(condition, one, other)


def _matmul(node: Node, inputs: Constants) -> Array:
    one, other = need(inputs[0]), need(inputs[1])
    if one.ndim > 2 or other.ndim > 2 or not one.ndim or not other.ndim:
        raise FoldError("it multiplies stacks of matrices")
    small((one.shape[0], other.shape[-1]))
    return np.asarray(one @ other)


FOLDED: dict[str, Callable[[Node, Constants], Array]] = {
    "Constant": _constant,
    "ConstantOfShape": _of_shape,
    "Cast": _cast,
    "Gather": _gather,
    "Slice": _slice,
    "Concat": _concat,
    "Expand": _expand,
    "Tile": _tile,
    "Range": _range,
    "Shape": _shape,
    "Size": _one(lambda x: np.array(x.size, np.int64)),
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Flatten": _flatten,
    "Where": _where,
    "Identity": _one(lambda x: x),
    "Dropout": _dropout,
    "Neg": _one(np.negative),
    "Abs": _one(np.abs),
    "Sqrt": _one(np.sqrt),
    "Exp": _one(np.exp),
    "Reciprocal": _one(np.reciprocal),
    "Floor": _one(np.floor),
    "Ceil": _one(np.ceil),
    "Not": _one(np.logical_not),
    "Add": _all(np.add),
    "Sub": _all(np.subtract),
    "Mul": _all(np.multiply),
    "Div": _all(_divided),
    "Pow": _all(np.power),
    "Equal": _all(np.equal),
    "Less": _all(np.less),
    "LessOrEqual": _all(np.less_equal),
    "Greater": _all(np.greater),
    "GreaterOrEqual": _all(np.greater_equal),
    "And": _all(np.logical_and),
    "Or": _all(np.logical_or),
    "MatMul": _matmul,
    "Max": _all(np.maximum),
    "Min": _all(np.minimum),
}
assert set(filter(None, NAMES)) <= {*TYPES.values(), "uint16"}
