# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which intermediate values a traced model notes down, in which order, and what the reference says of each.

A traced run writes, for every operation of the plan in the order of execution: the gates of each unit (unless
the layer has assembly of its own), then the results of the operation itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from model.layers.base import Place
from model.network import Network, placed
from model.plan import Op, Plan, executed
from model.signal import Array


@dataclass(frozen=True)
class Record:
    """One stretch of a sample's trace."""

    place: Place
    quantities: tuple[str, ...]  # of each element in turn: gates lie side by side, unit after unit
    dtype: str
    length: int  # elements, all quantities together
    step: int  # in the order of computation


def _records(op: Op, step: int, assembled: Collection[Place]) -> Iterator[Record]:
    names = () if op.place in assembled else op.layer.gates(op)
    if names:
        yield Record(op.place, names, op.layer.gate_type.name, len(names) * op.y.length, step)
    for value, role in op.layer.results(op):
        yield Record(op.place, (role,), value.dtype, value.length, step)


def records(plan: Plan, assembled: Collection[Place] = ()) -> list[Record]:
    """The whole trace of one sample; ``assembled``: LSTMs whose gates never lie in memory."""
    found: list[Record] = []
    for op, step in executed(plan):
        found += [] if op.moves else _records(op, step, assembled)
    return found


Key = tuple[Place, str]  # of which layer, which quantity
Order = dict[tuple[Place, str, int], int]


def order_of_computation(plan: Plan) -> Order:
    """When each (place, quantity, step) is computed, counted from 0."""
    found = [(r.place, quantity, r.step) for r in records(plan) for quantity in r.quantities]
    return {key: position for position, key in enumerate(found)}


def parse(data: bytes, plan: Plan, assembled: Collection[Place], samples: int) -> dict[Key, Array]:
    """{(place, quantity): values (samples, steps, units)} of a trace; ValueError if it has another length."""
    layout = records(plan, assembled)
    fields = np.dtype([(f"r{n}", np.dtype(r.dtype).newbyteorder("<"), (r.length,)) for n, r in enumerate(layout)])
    if len(data) != samples * fields.itemsize:
        raise ValueError(f"{len(data)} bytes of trace, {samples * fields.itemsize} expected")
    rows = np.frombuffer(data, fields)
    pieces: dict[Key, list[Array]] = {}
    for n, record in enumerate(layout):
        values = rows[f"r{n}"]
        for k, quantity in enumerate(record.quantities):
            pieces.setdefault((record.place, quantity), []).append(values[:, k :: len(record.quantities)])
    return {key: np.stack(parts, axis=1) for key, parts in pieces.items()}


class Recorder:
    """The reference's values in the same form; ``observe`` fits ``reference.run``."""

    def __init__(self) -> None:
        self.values: dict[Key, Array] = {}

    def observe(self, place: Place, quantity: str, values: Array) -> None:
        """Keep (samples, steps, units); a vector is a sequence of one step."""
        self.values[place, quantity] = values if values.ndim == 3 else values.reshape(len(values), 1, -1)


def to_real(network: Network, key: Key, values: Array) -> Array:
    """Stored intermediate values as real numbers (float64)."""
    place, quantity = key
    layer, values = dict(placed(network))[place], values.astype(np.float64)
    return values if layer.output.real else layer.real(quantity, values)
