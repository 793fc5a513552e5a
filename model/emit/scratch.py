# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the state struct holds what: a plan's fields, and its short-lived vectors, which share memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from model.formats import types
from model.plan import Loop, Op, Plan, Step, Value, When, inside

Needs = Callable[[Op], Sequence[tuple[str, int]]]  # (type, elements) of what an operation needs while it runs
Lives = dict[str, tuple[int, int]]  # numbers of the first and last operation that needs a vector
SIZES = {"int8_t": 1, "int16_t": 2, "int32_t": 4, "float": 4, "int64_t": 8}
ROLE_COMMENTS = {
    "hidden": "hidden state",
    "cell": "cell state",
    "memory": "hidden state, in the bits that it is kept in",
    "sums": "running sums over the window",
    "sequence": "a whole sequence, read in another order than it is made",
    "ring": "the last vectors, each in two slots",
    "window": "slot where it starts, vectors until it is complete, slot and phase of the next vector",
    "count": "windows so far",
}


@dataclass(frozen=True)
class Scratch:
    """Where each short-lived vector lies in the state's scratch arrays, by name; sizes in elements by type."""

    offsets: dict[str, int]
    sizes: dict[str, int]

    @property
    def bytes(self) -> int:
        """Of the state, that hold nothing from one call to the next."""
        return sum(np.dtype(dtype).itemsize * size for dtype, size in self.sizes.items())


def operations(plan: Plan) -> list[Op]:
    """All, in the order of the code, each once: padding has a window's body done in several places."""
    return list(dict.fromkeys(op for item in plan.work for op in inside((item,))))


def _loops(plan: Plan) -> list[tuple[int, int]]:
    """Places of the first and last operation of each loop, among all as they stand in the code."""
    found, at = [], 0
    for item in plan.work:
        count = len(list(inside((item,))))
        if isinstance(item, Loop):
            found.append((at, at + count - 1))
        at += count
    return found


def _waiting(work: Sequence[Step | Loop]) -> set[str]:
    """The vectors that are written whenever a window is complete."""
    found: set[str] = set()
    for item in work:
        if isinstance(item, When):
            found |= {op.y.base for op in inside(item.body)}
        elif isinstance(item, Loop):
            found |= _waiting(item.body)
    return found


def needed(op: Op, index: int, needs: Needs) -> list[Value]:
    """What operation number ``index`` needs only while it runs."""
    return [Value(f"#{index}.{number}", dtype, length) for number, (dtype, length) in enumerate(needs(op))]


def allocate(plan: Plan, needs: Needs) -> Scratch:
    """First-fit placement of short-lived vectors: two share memory unless both are needed in one operation."""
    lengths: dict[str, tuple[str, int]] = {value.base: (value.dtype, value.length) for value in plan.temporaries}
    lives: Lives = {}
    numbers = {op: number for number, op in enumerate(operations(plan))}
    for index, op in enumerate(inside(plan.work)):
        extra = needed(op, numbers[op], needs)
        lengths |= {value.base: (value.dtype, value.length) for value in extra}
        for value in (*op.values, *extra):
            if value.base.startswith("#"):
                first, _ = lives.get(value.base, (index, index))
                lives[value.base] = (first, index)
    waiting = _waiting(plan.work)
    for first, last in _loops(plan):  # what a loop reads from before it must last to its end
        for name, (made, read) in lives.items():
            if made < first <= read <= last:
                lives[name] = (made, last)
            # after the last window steps may come that do all but what waits for the next
            if first <= made <= last < read and name in waiting:
                lives[name] = (first, read)
    return _placed(lives, lengths)


def _placed(lives: Lives, lengths: dict[str, tuple[str, int]]) -> Scratch:
    """Each vector of its (type, elements) at the first place that is free while it lives."""
    offsets: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for name, (first, last) in sorted(lives.items(), key=lambda item: (item[1], item[0])):
        dtype, length = lengths[name]
        taken = sorted(
            (offsets[other], offsets[other] + lengths[other][1])
            for other in offsets
            if lengths[other][0] == dtype and lives[other][0] <= last and first <= lives[other][1]
        )
        offset = 0
        for low, high in taken:
            if offset + length <= low:
                break
            offset = max(offset, high)
        offsets[name] = offset
        sizes[dtype] = max(sizes.get(dtype, 0), offset + length)
    return Scratch(offsets, sizes)


def fields(plan: Plan, scratch: Scratch) -> list[tuple[str, str, int, str]]:
    """(C type, name, elements, comment) of the state struct, widest alignment first."""
    rows = [(types.named(f.dtype).c, f.name, f.length, ROLE_COMMENTS[f.role]) for f in plan.fields]
    for dtype, size in scratch.sizes.items():
        stored = types.named(dtype)
        rows.append((stored.c, f"scratch_{stored.suffix}", size, "between two calls of the runtime only"))
    return sorted(rows, key=lambda row: -SIZES[row[0]])
