# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What is read of an .onnx so far: the layers, and what each name stands for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from model.errors import UserError
from model.layers.base import Layer
from model.layers.concatenate import Concatenate
from model.layers.permute import Permute
from model.layers.reshape import Reshape
from model.network import Node as Placed
from model.readers.onnx import constants as fold
from model.readers.onnx.file import ELEMENT_LIMIT, End, Graph, Node
from model.readers.onnx.states import States
from model.readers.onnx.values import BATCH, Cell, Join, MisfitError, Signals, Source, State, Tensor, Value
from model.signal import Array, Signal, Weights

IDS = ("INT32", "INT64")  # types of inputs that an Embedding reads


class BatchError(UserError):
    """The batch stands where an operator has its steps or features: another axis of the inputs may be it."""


@dataclass
class Reader:
    """The layers read so far."""

    path: Path
    graph: Graph
    batch: int  # 1, or a size that no other axis has
    asked: frozenset[object]  # what an earlier reading of the same file asked of its cells
    wanted: frozenset[str]  # names that lead to an output
    make_cell: Callable[[Reader, Cell | tuple[Cell, ...]], int]  # adds the layer of a cell, or of two side by side
    inputs: list[Signal] = field(default_factory=list)
    nodes: list[Placed] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    recurring: dict[int, Any] = field(default_factory=dict)  # recurrent nodes that were read, by their numbers
    cells: dict[Cell | tuple[Cell, ...], int] = field(default_factory=dict)  # signals of those that are layers
    endless: bool = False  # whether the number of steps is left open
    single: bool = False  # whether it is of single steps that go on from states: each is a sequence of one
    states: States = field(default_factory=States)
    made: dict[tuple[object, ...], int] = field(default_factory=dict)  # signals in another order or shape
    scales: dict[str, Array] = field(default_factory=dict)  # (n,) that constants were dequantised with, by name
    moved: dict[int, int] = field(default_factory=dict)  # what was taken from integers of signals, to be int8
    integers: dict[tuple[tuple[int, ...], bytes], Weights] = field(default_factory=dict)  # of real weights

    # ---- words ----

    def refuse(self, node: Node | None, what: str) -> UserError:
        """A complaint about a node, or the whole file."""
        return UserError(f"{self.path}: {f'{node} ' if node else ''}{what}")

    def note(self, what: str) -> None:
        """What a user should know, once."""
        self.notes += [] if what in self.notes else [what]

    def name(self, kind: str) -> str:
        """A layer's name in Keras's manner: lstm, lstm_1, ..."""
        count = self.names.get(kind, 0)
        self.names[kind] = count + 1
        return f"{kind}_{count}" if count else kind

    # ---- what a node reads ----

    def value(self, name: str, node: Node | None = None) -> Value:
        """What a name stands for."""
        if name not in self.values:
            raise self.refuse(node, f"reads '{name}', which nothing before it writes; the file is damaged")
        return self.values[name]

    def optional(self, node: Node, index: int) -> Value | None:
        """An input of a node; None if it is left out."""
        return self.value(node.input(index), node) if node.input(index) else None

    def signals(self, node: Node, index: int = 0) -> Signals:
        """An input of a node that is computed."""
        value = self.optional(node, index)
        if value is None or isinstance(value, np.ndarray):
            raise self.refuse(node, f"has a constant, or nothing, where lstmcu needs a signal (input {index})")
        return value

    def constant(self, node: Node, index: int, what: str, *shape: int | None) -> Array:
        """A constant input of this shape (None: any length), every number finite."""
        value = self.optional(node, index)
        if value is None or not isinstance(value, np.ndarray):
            state = "is missing" if value is None else "is computed from the inputs"
            raise self.refuse(node, f"{what} {state}; supported: a constant of the file")
        if shape and (
            value.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, value.shape, strict=True))
        ):
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            raise self.refuse(node, f"{what} has shape {value.shape}, ({wanted}) is due")
        if not np.isfinite(value).all():
            raise self.refuse(node, f"{what} has values that are not finite")
        return value

    # ---- signals ----

    def signal(self, number: int) -> Signal:
        """The signal of a number."""
        inputs = len(self.inputs)
        return self.nodes[number - inputs].layer.output if number >= inputs else self.inputs[number]

    def add(self, layer: Layer, *reads: int) -> int:
        """Append a layer; returns the number of its signal."""
        if layer.output.size > ELEMENT_LIMIT:
            raise self.refuse(None, f"a layer gives {layer.output.size} values; supported: {ELEMENT_LIMIT}")
        self.nodes.append(Placed(layer, reads))
        return len(self.inputs) + len(self.nodes) - 1

    def axes(self, node: Node, index: int, rank: int) -> list[int]:
        """Those that newer opsets give as an input, older ones as an attribute; none if neither does."""
        given = [self.constant(node, at, "its axes") if at == index else None for at in range(len(node.inputs))]
        return [fold.axis_of(axis, rank) for axis in fold.listed(node, "axes", given, index) or []]

    def is_ids(self, tensor: Tensor) -> bool:
        """Whether it is an input of whole numbers, as it came."""
        source = tensor.source
        return isinstance(source, int) and source < len(self.inputs) and self.graph.inputs[source].type in IDS

    def is_state(self, end: End) -> bool:
        """Whether an input is a first state."""
        return any(each.input == end.name for each in self.states.starts.values())

    def by_feature(self, node: Node, value: Signals, constant: Array) -> tuple[int, Tensor, Array]:
        """A signal, and what a constant is beside each of its last axis: (F,)."""
        shape = np.broadcast_shapes(value.shape, constant.shape)
        if shape != value.shape:
            raise self.refuse(node, f"joins shapes {value.shape} and {constant.shape}; supported: of the first's shape")
        if not np.isfinite(constant).all():
            raise self.refuse(node, "has a constant that is not finite")
        lengths = (*(1,) * (len(shape) - constant.ndim), *constant.shape)
        along = [axis for axis, length in enumerate(lengths) if length > 1]
        tensor = self.whole(node, value)
        if not along:
            number = self.number(tensor.source)
            features = self.signal(number).shape[-1]
            return number, replace(tensor, source=number), np.full(features, constant.reshape(-1)[0])
        varying = [axis for axis in along if not _same_along(constant, axis - len(shape))]
        if len(varying) > 1:
            raise self.refuse(
                node, f"has a constant of shape {constant.shape}; supported: one number, or one for each feature"
            )
        axis = varying[0] if varying else along[-1]
        number, laid = self.features(node, tensor, axis)
        picked = constant.reshape(lengths)[tuple(slice(None) if at == axis else 0 for at in range(len(shape)))]
        return number, laid, np.broadcast_to(picked, self.signal(number).shape[-1:])

    def put_out(self, value: Signals) -> int:
        """The number of an output's signal: sequences by steps, and of what has more axes the rest as features."""
        tensor = self.whole(None, value)
        every = list(range(len(tensor.axes)))
        if tensor.in_order([every])[0] == tuple(range(len(tensor.sizes))):
            return self.number(tensor.source)
        first = next(axis for axis in every if tensor.without_batch(axis))
        return self.laid(None, tensor, [every[: first + 1], every[first + 1 :]])[0]

    def number(self, source: Source) -> int:
        """The number of a signal; a cell becomes a layer."""
        if isinstance(source, State):
            raise self.refuse(None, f"input '{source.input}' is a first state and read as a signal, too")
        return self._cell(source) if isinstance(source, Cell) else source

    def _cell(self, what: Cell | tuple[Cell, ...]) -> int:
        if what not in self.cells:
            self.cells[what] = self.make_cell(self, what)
        return self.cells[what]

    def shaped(self, number: int, shape: tuple[int, ...]) -> int:
        """A signal in another shape."""
        if self.signal(number).shape == shape:
            return number
        key = ("shape", number, shape)
        if key not in self.made:
            self.made[key] = self.add(Reshape(self.name("reshape"), Signal(shape)), number)
        return self.made[key]

    def _moved(self, node: Node | None, tensor: Tensor, order: tuple[int, ...], shape: tuple[int, ...]) -> int:
        """The signal of a tensor with its atoms in this order."""
        number = self.number(tensor.source)
        first = order[0] if order else 0
        if order != (*range(first, len(order)), *range(first)):
            raise self.refuse(node, "needs axes in an order that takes more than swapping two; export without")
        if first == 0:
            return self.shaped(number, shape)
        rows = math.prod(tensor.sizes[:first])
        columns = math.prod(tensor.sizes[first:])
        key = ("permute", number, rows)
        if key not in self.made:
            flat = self.shaped(number, (rows, columns))
            self.made[key] = self.add(Permute(self.name("permute"), Signal((columns, rows))), flat)
        return self.shaped(self.made[key], shape)

    def laid(self, node: Node | None, value: Signals, groups: Sequence[Sequence[int]]) -> tuple[int, Tensor]:
        """A signal whose axes are these groups of ONNX's, and the tensor that it is."""
        tensor = self.whole(node, value)
        covered = {axis for group in groups for axis in group}
        for axis in range(len(tensor.axes)):
            if axis not in covered and tensor.without_batch(axis):
                raise BatchError(
                    str(self.refuse(node, f"has {tensor.length(axis)} on axis {axis}, which is not the batch"))
                )
        order, shape = tensor.in_order(groups)
        number = self._moved(node, tensor, order, shape)
        places = {atom: at for at, atom in enumerate(order)} | {BATCH: BATCH}
        axes = tuple(tuple(places[atom] for atom in axis) for axis in tensor.axes)
        return number, Tensor(number, tuple(tensor.sizes[atom] for atom in order), axes, tensor.batch)

    def features(self, node: Node, value: Signals, axis: int) -> tuple[int, Tensor]:
        """A signal whose last axis is this one: a sequence of such vectors, or one."""
        tensor = self.whole(node, value)
        if BATCH in tensor.axes[axis]:
            raise BatchError(str(self.refuse(node, f"works along axis {axis}, which is the batch")))
        others = [at for at in range(len(tensor.axes)) if at != axis]
        lead = math.prod(tensor.sizes[atom] for at in others for atom in tensor.without_batch(at))
        shape = self.signal(self.number(tensor.source)).shape
        alone = lead == 1 and shape != (1, tensor.length(axis))
        number, made = self.laid(node, tensor, [[*others, axis]] if alone else [others, [axis]])
        return number, replace(made, source=number)

    def whole(self, node: Node | None, value: Signals) -> Tensor:
        """What is side by side as one signal."""
        if isinstance(value, Tensor):
            return value
        first = value.parts[0]
        if any(BATCH in part.axes[value.axis] for part in value.parts):
            raise BatchError(str(self.refuse(node, "joins signals along the batch")))
        shape = self._shape_of(first)
        # axes that lie in the steps of the signals stay in front, the joined one begins their features
        lead: list[int] = []
        if len(shape) == 2:
            steps = self._leading(first, shape[0])
            lead = steps if value.axis not in steps else []
        tail = [axis for axis in range(len(first.axes)) if axis not in (*lead, value.axis)]
        features = [value.axis, *tail]
        both = self._both(value, lead, features)
        if both is None:
            groups = [lead, features] if lead else [features]
            numbers = [self.laid(node, part, groups)[0] for part in value.parts]
            lengths = [self.signal(number).shape for number in numbers]
            if len({each[:-1] for each in lengths}) != 1:
                raise self.refuse(node, f"joins signals of shapes {', '.join(map(str, lengths))}"[:300])
            output = Signal((*lengths[0][:-1], sum(each[-1] for each in lengths)))
            both = self.add(Concatenate(self.name("concatenate"), output), *numbers)
        return _joined(value, both, lead, tail)

    def _shape_of(self, tensor: Tensor) -> tuple[int, ...]:
        """Of the signal, or what it will be."""
        if isinstance(tensor.source, Cell):
            return (0, 0) if tensor.source.what == "sequence" else (0,)
        return self.signal(self.number(tensor.source)).shape

    def _leading(self, tensor: Tensor, steps: int) -> list[int]:
        """The axes that lie in the first axis of the signal, which may have to be counted."""
        if steps == 0:
            return [axis for axis, atoms in enumerate(tensor.axes) if 0 in atoms and len(tensor.sizes) > 1]
        count, size = 0, 1
        while count < len(tensor.sizes) and size < steps:
            size *= tensor.sizes[count]
            count += 1
        return [axis for axis, atoms in enumerate(tensor.axes) if any(atom in range(count) for atom in atoms)]

    def _both(self, value: Join, lead: list[int], features: list[int]) -> int | None:
        """The signal of a Bidirectional, if that is what is side by side."""
        sources = [part.source for part in value.parts]
        cells = tuple(source for source in sources if isinstance(source, Cell))
        if len(cells) != 2 or len(sources) != 2 or cells[0].node != cells[1].node or cells[0].what != cells[1].what:
            return None
        if (cells[0].direction, cells[1].direction) != (0, 1) or cells[0].what == "cell":
            return None
        straight = all(part.in_order([lead, features])[0] == tuple(range(len(part.sizes))) for part in value.parts)
        return self._cell(cells) if straight else None


def _same_along(constant: Array, axis: int) -> bool:
    """Whether a constant is the same all along an axis, counted from the last."""
    return bool((constant == np.take(constant, [0], axis=axis)).all())


def _joined(value: Join, number: int, lead: Iterable[int], tail: Iterable[int]) -> Tensor:
    """The tensor of a signal whose features are the joined axis, and in it the tail."""
    first, shape = value.parts[0], value.shape
    sizes: list[int] = []
    axes: dict[int, tuple[int, ...]] = {}
    batch = [BATCH in axis for axis in first.axes]
    for axis in (*lead, value.axis, *tail):
        length = shape[axis] // first.batch if batch[axis] else shape[axis]
        own: tuple[int, ...] = ()
        if length > 1:
            own = (len(sizes),)
            sizes.append(length)
        if batch[axis]:
            own = (BATCH, *own) if first.axes[axis][0] == BATCH else (*own, BATCH)
        axes[axis] = own
    every = tuple(axes.get(axis, first.axes[axis]) for axis in range(len(shape)))
    return Tensor(number, tuple(sizes), every, first.batch)


def unfit(reader: Reader, node: Node, error: MisfitError) -> UserError:
    """The complaint that a misfit is."""
    return reader.refuse(node, f"moves elements about: {error}; supported: axes that are joined, parted or swapped")
