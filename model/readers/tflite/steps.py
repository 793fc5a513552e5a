# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""From a graph's operators to steps: an operator, an LSTM with what belongs to it, or a pair of LSTMs.

The converter spells "backwards" as REVERSE_V2 before the LSTM, "last step only" as STRIDED_SLICE after it, and
Bidirectional as two such LSTMs over one tensor whose outputs are concatenated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.readers.tflite.file import Graph, Operator, Refuse, Tensor

LSTM, RNN = RECURRENT = ("UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN")
RELABELS = ("RESHAPE", "TRANSPOSE", "EXPAND_DIMS", "SQUEEZE")


@dataclass(frozen=True, eq=False)
class Direction:
    """One operator of a cell, or what stands for one, and the operators that turn it round or cut it."""

    lstm: Operator
    source: int  # tensor that it reads, before any reversal
    backwards: bool
    last_only: bool
    turned: bool  # its outputs are reversed again
    result: int  # tensor that it writes in the end


@dataclass(frozen=True, eq=False)
class Pair:
    """Bidirectional: two directions over one tensor."""

    forward: Direction
    backward: Direction
    concatenation: Operator


Step = Operator | Direction | Pair
INDICES = ("int32", "int64")  # types of shapes, starts and ends


def recurrent(operator: Operator) -> bool:
    """Whether it is a cell over a sequence, or stands for one."""
    return operator.name in RECURRENT or operator.cell is not None


def integers(tensor: Tensor) -> list[int] | None:
    """The values of a small constant of integers, None if it is none."""
    if tensor.dtype not in INDICES or len(tensor.shape) > 1 or not 0 < tensor.size <= 8:
        return None
    if tensor.data.nbytes != tensor.size * np.dtype(tensor.dtype).itemsize:
        return None
    return [int(n) for n in tensor.data.view(tensor.dtype)]


def same_values(one: Tensor, other: Tensor) -> bool:
    """Whether equal stored values of two tensors are equal real values."""
    return one.dtype == other.dtype and all(
        np.array_equal(a, b) for a, b in ((one.scale, other.scale), (one.zero_point, other.zero_point))
    )


def steps_axis(shape: Sequence[int]) -> int | None:
    """Which axis of (1, T, F) or (T, 1, F) is time; None if it is no such shape."""
    if len(shape) != 3 or min(shape) < 1 or 1 not in shape[:2]:
        return None
    return 0 if shape[1] == 1 and shape[0] > 1 else 1


def picked(tensors: Sequence[Tensor], operator: Operator) -> list[range] | None:
    """What a slice takes along each axis; None if it is none that is known."""
    shape = tensors[operator.inputs[0]].shape
    limits = [integers(tensors[n]) for n in operator.inputs[1:]]
    flags = operator.options
    if len(limits) != 3 or any(limit is None or len(limit) != len(shape) for limit in limits):
        return None
    if flags.get("EllipsisMask") or flags.get("NewAxisMask") or flags.get("Offset"):
        return None
    begin, end, stride = (list(limit or []) for limit in limits)
    found: list[range] = []
    for axis, length in enumerate(shape):
        if flags.get("ShrinkAxisMask", 0) >> axis & 1:
            at = 0 if flags.get("BeginMask", 0) >> axis & 1 else begin[axis] + length * (begin[axis] < 0)
            found.append(range(at, at + 1))
            continue
        first = None if flags.get("BeginMask", 0) >> axis & 1 else begin[axis]
        last = None if flags.get("EndMask", 0) >> axis & 1 else end[axis]
        found.append(range(length)[first : last : stride[axis] or 1])
    return found


def taken(graph: Graph, operator: Operator) -> range | None:
    """The steps of a sequence that a slice takes, of each all features; None if it is another slice."""
    shape, found = graph.tensors[operator.inputs[0]].shape, picked(graph.tensors, operator)
    time = steps_axis(shape)
    if time is None or found is None:
        return None
    rest = [part == range(length) for part, length in zip(found, shape, strict=True)]
    return found[time] if rest[1 - time] and rest[2] else None


class Steps:
    """Finds which operators are one step, and sees to it that each reads what was computed before."""

    def __init__(self, graph: Graph, refuse: Refuse) -> None:
        self.graph = graph
        self.refuse = refuse
        self.used: set[int] = set()  # operators that belong to the step of another
        self.producers: dict[int, Operator] = {}
        for operator in graph.operators:
            for output in operator.outputs:
                if output in self.producers:
                    raise refuse(f"{operator} and {self.producers[output]} write the same tensor")
                self.producers[output] = operator
        self.read_by: dict[int, list[Operator]] = {}
        for operator in graph.operators:
            for number in dict.fromkeys(operator.inputs):
                self.read_by.setdefault(number, []).append(operator)

    def _readers(self, tensor: int) -> list[Operator]:
        """The operators that read a tensor."""
        return self.read_by.get(tensor, [])

    def _follower(self, operator: Operator) -> Operator | None:
        """The operator that reads what this one writes, if nobody else does."""
        readers = self._readers(operator.outputs[0])
        return readers[0] if len(readers) == 1 and operator.outputs[0] not in self.graph.outputs else None

    # ---- in order ----

    def _check_order(self) -> None:
        """Every operator reads inputs of the graph, constants, variables, and what operators before it wrote."""
        known = set(self.graph.inputs)
        for operator in self.graph.operators:
            if not operator.inputs or len(operator.outputs) != 1:
                found = f"{len(operator.inputs)} inputs and {len(operator.outputs)} outputs"
                raise self.refuse(f"{operator} has {found}")
            for number in operator.inputs:
                if number in self.producers and number not in known:
                    raise self.refuse(f"the graph runs in a circle or out of order at {operator}")
            known.update(operator.outputs)
        for number in self.graph.outputs:
            if number not in known:
                raise self.refuse(f"tensor {number} is put out but nothing computes it")
        for operator in self.graph.operators:
            result = operator.outputs[0]
            if result not in self.graph.outputs and not self._readers(result):
                raise self.refuse(f"{operator} is not on the way from input to output: nothing reads what it writes")

    # ---- LSTMs ----

    def _is_reversal(self, operator: Operator) -> bool:
        """Whether it reverses the steps of (1, T, F)."""
        if operator.name != "REVERSE_V2" or len(operator.inputs) != 2:
            return False
        axes = integers(self.graph.tensors[operator.inputs[1]])
        time = steps_axis(self.graph.tensors[operator.inputs[0]].shape)
        return time is not None and axes in ([time], [time - 3])

    def _takes_last(self, operator: Operator) -> bool:
        """Whether it cuts the last step (1, H) out of a sequence."""
        shape, steps = self.graph.tensors[operator.inputs[0]].shape, taken(self.graph, operator)
        time = steps_axis(shape)
        return steps is not None and time is not None and list(steps) == [shape[time] - 1]

    def _relabels(self, operator: Operator) -> bool:
        """Whether it lets the steps of a sequence run along the other axis, and moves nothing."""
        before, behind = (self.graph.tensors[n].shape for n in (operator.inputs[0], operator.outputs[0]))
        axes = steps_axis(before), steps_axis(behind)
        if operator.name not in RELABELS or axes[0] is None or axes[1] is None:
            return False
        return (before[axes[0]], before[2]) == (behind[axes[1]], behind[2])

    def _direction(self, lstm: Operator) -> Direction:
        """An LSTM with the operators that turn it round or cut it."""
        source, backwards = lstm.inputs[0], lstm.backwards
        before = self.producers.get(source)
        if before is not None and before.name == "REVERSE_V2":
            if not self._is_reversal(before):
                raise self.refuse(f"{before} does not reverse the steps of a sequence, the one reversal supported")
            self.used.add(before.number)
            source, backwards = before.inputs[0], not backwards
            turned_round, straight = (self.graph.tensors[n] for n in (lstm.inputs[0], source))
            if not same_values(turned_round, straight):
                raise self.refuse(f"{before}: its input and output have other scales or types; convert the model again")
        result, after = lstm.outputs[0], self._follower(lstm)
        if lstm.cell is not None and after is not None and self._relabels(after):
            self.used.add(after.number)
            result, after = after.outputs[0], self._follower(after)
        turned = after is not None and self._is_reversal(after)
        last_only = after is not None and after.name == "STRIDED_SLICE" and self._takes_last(after)
        if after is None or not (turned or last_only):
            return Direction(lstm, source, backwards, lstm.last_only, False, result)
        self.used.add(after.number)
        return Direction(lstm, source, backwards, last_only or lstm.last_only, turned, after.outputs[0])

    def _pair(self, operator: Operator, directions: dict[int, Direction]) -> Pair | None:
        """A concatenation as Keras's Bidirectional, if it is one; ``directions`` by the tensors they write."""
        if operator.name != "CONCATENATION" or len(operator.inputs) != 2:
            return None
        forward, backward = (directions.get(number) for number in operator.inputs)
        if forward is None or backward is None:
            return None
        rank = len(self.graph.tensors[operator.inputs[0]].shape)
        due = [
            forward.source == backward.source,
            not forward.backwards and backward.backwards,
            forward.last_only == backward.last_only,
            not forward.turned and backward.turned != backward.last_only,
            operator.options.get("Axis", 0) in (rank - 1, -1),
            operator.options.get("FusedActivationFunction", 0) == 0,
            all(self._readers(number) == [operator] for number in operator.inputs),
            not set(operator.inputs) & set(self.graph.outputs),
        ]
        return Pair(forward, backward, operator) if all(due) else None

    def steps(self) -> list[Step]:
        """The steps, each after those whose results it reads."""
        self._check_order()
        directions = {one.result: one for one in map(self._direction, self._recurrent())}
        pairs = {one.number: self._pair(one, directions) for one in self._named("CONCATENATION")}
        paired = {id(one) for pair in pairs.values() if pair for one in (pair.forward, pair.backward)}
        for direction in directions.values():
            if direction.turned and id(direction) not in paired:
                after = self.producers[direction.result]
                raise self.refuse(f"{after} reverses what an LSTM outputs; supported only within Bidirectional")
        by_lstm = {direction.lstm.number: direction for direction in directions.values()}
        steps: list[Step] = []
        for operator in self.graph.operators:
            own = by_lstm.get(operator.number)
            if operator.number in self.used or (own and id(own) in paired):
                continue
            if operator.name == "REVERSE_V2":
                raise self.refuse(f"{operator} is supported only next to an LSTM, over its steps")
            steps.append(pairs.get(operator.number) or own or operator)
        return steps

    def _recurrent(self) -> list[Operator]:
        return [operator for operator in self.graph.operators if recurrent(operator)]

    def _named(self, name: str) -> list[Operator]:
        return [operator for operator in self.graph.operators if operator.name == name]
