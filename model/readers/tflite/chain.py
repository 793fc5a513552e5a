# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""From a graph of operators to a chain of steps: an operator, an LSTM with what belongs to it, or a pair of LSTMs.

The converter spells "backwards" as REVERSE_V2 before the LSTM, "last step only" as STRIDED_SLICE after it, and
Bidirectional as two such LSTMs over one tensor whose outputs are concatenated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.readers.tflite.file import Graph, Operator, Refuse, Tensor

LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"


@dataclass(frozen=True, eq=False)
class Direction:
    """One LSTM operator and the operators that turn it round or cut it."""

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


class Chain:
    """Walks from the graph's output back to its input."""

    def __init__(self, graph: Graph, refuse: Refuse) -> None:
        self.graph = graph
        self.refuse = refuse
        self.used: set[int] = set()
        self.producers: dict[int, Operator] = {}
        for operator in graph.operators:
            for output in operator.outputs:
                if output in self.producers:
                    raise refuse(f"{operator} and {self.producers[output]} write the same tensor")
                self.producers[output] = operator

    def _producer(self, tensor: int) -> Operator:
        operator = self.producers.get(tensor)
        if operator is None:
            raise self.refuse(f"tensor {tensor} is read but nothing computes it")
        if operator.number in self.used:
            raise self.refuse(f"the graph runs in a circle or branches at {operator}; only a chain is supported")
        if not operator.inputs or len(operator.outputs) != 1:
            raise self.refuse(f"{operator} has {len(operator.inputs)} inputs and {len(operator.outputs)} outputs")
        self.used.add(operator.number)
        return operator

    def _is_reversal(self, operator: Operator) -> bool:
        """Whether it reverses the steps of (1, T, F)."""
        if len(operator.inputs) != 2:
            return False
        axes = integers(self.graph.tensors[operator.inputs[1]])
        rank = len(self.graph.tensors[operator.inputs[0]].shape)
        return rank == 3 and axes in ([1], [-2])

    def _takes_last(self, operator: Operator) -> bool:
        """Whether it cuts the last step (1, H) out of (1, T, H)."""
        shape = self.graph.tensors[operator.inputs[0]].shape
        limits = [integers(self.graph.tensors[n]) for n in operator.inputs[1:]]
        flags = operator.options
        if len(shape) != 3 or len(limits) != 3 or any(limit is None or len(limit) != 3 for limit in limits):
            return False
        if flags.get("EllipsisMask") or flags.get("NewAxisMask") or flags.get("Offset"):
            return False
        begin, end, stride = (list(limit or []) for limit in limits)
        picked: list[range] = []
        for axis, length in enumerate(shape):
            if flags.get("ShrinkAxisMask", 0) >> axis & 1:
                at = 0 if flags.get("BeginMask", 0) >> axis & 1 else begin[axis] + length * (begin[axis] < 0)
                picked.append(range(at, at + 1))
                continue
            first = None if flags.get("BeginMask", 0) >> axis & 1 else begin[axis]
            last = None if flags.get("EndMask", 0) >> axis & 1 else end[axis]
            picked.append(range(length)[first : last : stride[axis] or 1])
        return picked == [range(shape[0]), range(shape[1] - 1, shape[1]), range(shape[2])]

    def _direction(self, operator: Operator) -> Direction:
        """The LSTM at or before this operator."""
        turned = last_only = False
        if operator.name == "STRIDED_SLICE":
            last_only = self._takes_last(operator)
            if not last_only:
                raise self.refuse(f"{operator} does not take the last step of a sequence, the one slice supported")
        elif operator.name == "REVERSE_V2":
            turned = self._is_reversal(operator)
        lstm = operator
        if turned or last_only:
            lstm = self._producer(operator.inputs[0])
        if lstm.name != LSTM:
            raise self.refuse(f"{operator} is supported only next to an LSTM, over its steps")
        source, backwards = lstm.inputs[0], False
        before = self.producers.get(source)
        if before is not None and before.name == "REVERSE_V2":
            if not self._is_reversal(before):
                raise self.refuse(f"{before} does not reverse the steps of a sequence, the one reversal supported")
            source, backwards = self._producer(source).inputs[0], True
            turned_round, straight = (self.graph.tensors[n] for n in (lstm.inputs[0], source))
            if not same_values(turned_round, straight):
                raise self.refuse(f"{before}: its input and output have other scales or types; convert the model again")
        return Direction(lstm, source, backwards, last_only, turned, operator.outputs[0])

    def _pair(self, operator: Operator) -> Pair:
        if len(operator.inputs) != 2:
            raise self.refuse(
                f"{operator} joins {len(operator.inputs)} tensors; only Bidirectional's two are supported"
            )
        forward, backward = (self._direction(self._producer(n)) for n in operator.inputs)
        rank = len(self.graph.tensors[operator.inputs[0]].shape)
        shapes = [
            forward.source == backward.source,
            not forward.backwards and backward.backwards,
            forward.last_only == backward.last_only,
            not forward.turned and backward.turned != backward.last_only,
            operator.options.get("Axis", 0) in (rank - 1, -1),
            operator.options.get("FusedActivationFunction", 0) == 0,
        ]
        if not all(shapes):
            raise self.refuse(
                f"{operator} does not join a forward and a backward LSTM over one tensor, in this order, as "
                "Keras's Bidirectional does"
            )
        return Pair(forward, backward, operator)

    def _step(self, tensor: int) -> tuple[Step, int]:
        """What computes a tensor, and the tensor it reads."""
        operator = self._producer(tensor)
        if operator.name == "CONCATENATION":
            pair = self._pair(operator)
            return pair, pair.forward.source
        if operator.name in (LSTM, "STRIDED_SLICE", "REVERSE_V2"):
            direction = self._direction(operator)
            if direction.turned:
                raise self.refuse(f"{operator} reverses what an LSTM outputs; supported only within Bidirectional")
            return direction, direction.source
        return operator, operator.inputs[0]

    def steps(self) -> list[Step]:
        """The steps from input to output; refuses a graph that is not one chain."""
        steps: list[Step] = []
        at = self.graph.outputs[0]
        while at != self.graph.inputs[0]:
            step, at = self._step(at)
            steps.append(step)
        for operator in self.graph.operators:
            if operator.number not in self.used:
                raise self.refuse(f"{operator} is not on the way from input to output; only a chain is supported")
        return steps[::-1]
