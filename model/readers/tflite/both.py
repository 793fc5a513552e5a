# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The operators of older converters that run both directions at once, as the one-directional operators they stand for.

Inputs are those of TensorFlow Lite's bidirectional_sequence_lstm.cc and bidirectional_sequence_rnn.cc. Each writes the
backward outputs in the order of the sequence, beside the forward ones if the outputs are merged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from model.formats import REAL
from model.readers.tflite.file import Graph, Operator, Refuse, Tensor
from model.readers.tflite.steps import LSTM, RNN


@dataclass(frozen=True)
class Layout:
    """Which inputs of the operator are which of the one-directional one; the first is the sequence in both."""

    one: str  # the one-directional operator
    forward: tuple[int, ...]
    backward: tuple[int, ...]
    auxiliary: range  # of another sequence that is read as well


LAYOUTS = {
    "BIDIRECTIONAL_SEQUENCE_LSTM": Layout(LSTM, (*range(1, 18), 35, 36), (*range(18, 35), 37, 38), range(39, 48)),
    "BIDIRECTIONAL_SEQUENCE_RNN": Layout(RNN, tuple(range(1, 5)), tuple(range(5, 9)), range(9, 12)),
}
BOTH = tuple(LAYOUTS)
RECURRENT_WEIGHTS = {LSTM: 5, RNN: 2}  # the input of a one-directional operator that has a row a unit


class _Parting:
    """A graph in the making, whose operators of both directions are taken apart."""

    def __init__(self, graph: Graph, refuse: Refuse) -> None:
        self.tensors = list(graph.tensors)
        self.last = max((operator.number for operator in graph.operators), default=0)  # operator's number
        self.refuse = refuse

    def _tensor(self, like: Tensor, shape: tuple[int, ...], data: bytes = b"") -> int:
        number = len(self.tensors)
        made = replace(like, number=number, shape=shape, data=np.frombuffer(data, np.uint8), variable=False)
        self.tensors.append(made)
        return number

    def _operator(self, name: str, inputs: tuple[int, ...], output: int, **options: int) -> Operator:
        self.last += 1
        return Operator(self.last, name, inputs, (output,), dict(options))

    def _reversed(self, source: int, output: int | None = None) -> Operator:
        steps = self.tensors[source]
        axis = replace(steps, dtype="int32", name="the axis of the steps")
        number = self._tensor(axis, (1,), np.array([1], np.int32).tobytes())
        into = self._tensor(steps, steps.shape) if output is None else output
        return self._operator("REVERSE_V2", (source, number), into)

    def parts(self, operator: Operator) -> list[Operator]:
        """The operators that stand for one, in order."""
        layout, merged = LAYOUTS[operator.name], bool(operator.options.get("MergeOutputs"))
        inputs = (*operator.inputs, *[-1] * layout.auxiliary.stop)
        if any(inputs[index] >= 0 for index in layout.auxiliary):
            raise self.refuse(f"{operator}: it reads an auxiliary sequence, which is not supported; train without one")
        if len(operator.outputs) != 2 - merged or inputs[0] < 0 or len(self.tensors[inputs[0]].shape) != 3:
            raise self.refuse(
                f"{operator}: it has {len(operator.outputs)} outputs, or no sequence; the file is damaged"
            )
        source = self.tensors[inputs[0]]
        if source.dtype != REAL:
            raise self.refuse(f"{operator}: it reads {source.dtype}; supported: {REAL}; give the Keras file instead")
        turned = self._reversed(source.number)
        sides = [
            self._side(operator, layout, (reads, *(inputs[index] for index in indices)))
            for reads, indices in ((source.number, layout.forward), (turned.outputs[0], layout.backward))
        ]
        if not merged:
            forward = replace(sides[0], outputs=operator.outputs[:1])
            return [forward, turned, sides[1], self._reversed(sides[1].outputs[0], operator.outputs[1])]
        back = self._reversed(sides[1].outputs[0])
        ends = (sides[0].outputs[0], back.outputs[0])
        join = self._operator("CONCATENATION", ends, operator.outputs[0], Axis=2, FusedActivationFunction=0)
        return [sides[0], turned, sides[1], back, join]

    def _side(self, operator: Operator, layout: Layout, inputs: tuple[int, ...]) -> Operator:
        """One direction, which writes a tensor of its own."""
        weights = inputs[RECURRENT_WEIGHTS[layout.one]]
        rows = self.tensors[weights].shape[:1] if weights >= 0 else (0,)
        source = self.tensors[inputs[0]]
        output = self._tensor(source, (*source.shape[:2], *rows))
        return self._operator(layout.one, inputs, output, **operator.options)


def without_both(graph: Graph, refuse: Refuse) -> Graph:
    """The graph with each operator of both directions as two of one, and what turns the second one round."""
    parting = _Parting(graph, refuse)
    operators: list[Operator] = []
    for operator in graph.operators:
        operators += parting.parts(operator) if operator.name in LAYOUTS else [operator]
    return replace(graph, tensors=tuple(parting.tensors), operators=tuple(operators))
