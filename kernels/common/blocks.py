# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which columns of a matrix may share a block, in which the sums of its rows stay within 16 bits.

Two rows share a word, or a row has 16-bit sums, for a block of columns: one whose sums fit 16 bits whatever the int8
inputs are. The columns of a sum may come in any order, and fewer blocks are faster: large weights go with small ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kernels.common.work import UnprovenError
from model.signal import Array

Block = tuple[int, ...]  # columns
HIGHEST, LOWEST = (1 << 15) - 1, -(1 << 15)
ORDERED = 256  # columns whose order fits bytes
DEALS, EXCHANGES = 16, 256  # most deals of the columns to so many blocks, and exchanges between them after each
BARRED, STALE = 20, 60  # for so many exchanges one is not undone; after so many in vain the first deals are given up
HOPELESS = 1 << 13  # what sums may have too much after a deal, for another deal to be tried
WORK, CALL = 150_000_000, 5000  # sums looked at before so few blocks are given up: seconds; a look costs CALL more


@dataclass(frozen=True)
class Cut:
    """Columns in blocks of ``length``, the last one shorter; in an order of their own or (empty) as they stand."""

    count: int
    length: int
    order: Block = ()

    @property
    def blocks(self) -> int:
        """How many there are."""
        return -(-self.count // self.length)

    def ordered(self, rows: Array) -> Array:
        """Rows (..., I) in the order of the columns."""
        return np.asarray(rows[..., list(self.order)]) if self.order else rows

    def columns(self) -> list[Block]:
        """Block after block."""
        order = self.order or tuple(range(self.count))
        return [order[first : first + self.length] for first in range(0, self.count, self.length)]


class _Loads:
    """What each column adds to each sum (S, I): to the largest sums of the rows, then to the smallest ones, negated."""

    def __init__(self, rows: Array, start: Array | None = None) -> None:
        wide = rows.reshape(-1, rows.shape[-1]).astype(np.int32)
        each = np.concatenate([np.maximum(127 * wide, -128 * wide), np.maximum(128 * wide, -127 * wide)])
        limits = np.repeat(np.array([HIGHEST, -LOWEST], np.int32), len(wide))
        begin = np.zeros(len(wide), np.int32) if start is None else start.astype(np.int32)
        self.each, self.limits = each, limits[:, None]
        self.first = np.concatenate([begin, -begin])  # what the sums of the first block start from
        self.largest = each.max(axis=1)  # of any column
        self.heaviest = np.argsort(-each.sum(axis=0), kind="stable")  # columns, that one first
        self.count = wide.shape[1]

    def excess(self, sums: Array) -> Array:
        """By how much sums (S, N) leave 16 bits, of all rows together."""
        return np.asarray(np.maximum(sums - self.limits, 0).sum(axis=0))

    def fit(self, length: int) -> bool:
        """Whether the columns fit as they stand, ``length`` to a block."""
        return not self.excess(np.add.reduceat(self.each, np.arange(0, self.count, length), axis=1)).any()

    def least(self) -> int:
        """No fewer blocks than these can hold all columns."""
        return int((-(-(self.each.sum(axis=1) + self.first) // self.limits[:, 0])).max(initial=1))


def _filled(loads: _Loads, longest: int) -> list[Block]:
    """Blocks one after the other, each as full as it gets: the largest column, then those that leave the most room."""
    left, made, sums = loads.heaviest.tolist(), [], loads.first
    while left:
        block: list[int] = []
        while left and len(block) < longest:
            grown = sums[:, None] + loads.each[:, left]
            usable = np.flatnonzero(loads.excess(grown) == 0)
            if not len(usable):
                break
            chosen = grown[:, usable].max(axis=0).argmin() if block else 0
            block.append(left.pop(int(usable[chosen])))
            sums = sums + loads.each[:, block[-1]]
        made.append(tuple(block))
        sums = np.zeros_like(sums)
    return made


def _dealt(loads: _Loads, rooms: Array, columns: Array) -> Array:
    """The block of each column, the columns taken one by one to where their sums stay the most even."""
    where, room = np.zeros(loads.count, np.int64), rooms.copy()
    sums = np.zeros((len(loads.each), len(rooms)))
    sums[:, 0] = loads.first
    for column in columns.tolist():
        grown = sums + loads.each[:, column, None]
        uneven = ((grown / -LOWEST) ** 8).sum(axis=0)
        chosen = int(np.where(room > 0, uneven, np.inf).argmin())
        where[column], sums[:, chosen] = chosen, grown[:, chosen]
        room[chosen] -= 1
    return where


class _Exchange:
    """Columns change blocks, one with another or alone to a free place, until all sums fit."""

    def __init__(self, loads: _Loads, rooms: Array, where: Array) -> None:
        self.loads, self.rooms, self.where = loads, rooms, where
        blocks = np.arange(len(rooms))
        self.home = np.append(where, blocks)  # of the columns, then of a free place in each block
        self.every = np.pad(loads.each, ((0, 0), (0, len(rooms))))
        self.sums = np.stack([loads.each[:, where == block].sum(axis=1) for block in blocks], axis=1)
        self.sums[:, 0] += loads.first
        self.barred = np.zeros((loads.count, len(self.home)), np.int64)  # until which turn
        self.lowest = np.inf  # excess so far

    def run(self, random: np.random.Generator, work: int, patience: int) -> int:
        """What is left of ``work``; ``lowest`` is 0 where all sums fit."""
        progress = 0
        for turn in range(EXCHANGES):
            excess = self.loads.excess(self.sums)
            if excess.sum() < self.lowest:
                self.lowest, progress = float(excess.sum()), turn
            if not self.lowest or turn - progress > patience or work < 0:
                break
            full = int(random.choice(np.flatnonzero(excess)))
            column, other, looked = self._best(full, excess, turn)
            work -= looked
            if other < 0:
                break
            self._swap(full, column, other, turn + BARRED)
        return work

    def _best(self, full: int, excess: Array, turn: int) -> tuple[int, int, int]:
        """The column of block ``full`` and what to exchange it with (-1: nothing), and how many sums were looked at."""
        free = (np.bincount(self.where, minlength=len(self.rooms)) < self.rooms) & (np.arange(len(self.rooms)) != full)
        others, mine = np.flatnonzero(np.append(self.where != full, free)), np.flatnonzero(self.where == full)
        home = self.home[others]
        near = self.sums.max(axis=1) + self.loads.largest > self.loads.limits[:, 0]  # the others fit after any exchange
        each, limits = self.every[near], self.loads.limits[near]
        here, there = self.sums[near, full, None] - limits, self.sums[np.ix_(near, home)] - limits
        best = np.inf, 0, -1
        for column in mine.tolist():
            gained = each[:, others] - each[:, column, None]
            change = np.maximum(here + gained, 0).sum(axis=0) + np.maximum(there - gained, 0).sum(axis=0) - excess[home]
            change = np.where(self.barred[column, others] > turn, np.inf, change)
            if change.min(initial=np.inf) < best[0]:
                best = float(change.min()), column, int(others[change.argmin()])
        return best[1], best[2], (there.size + CALL) * len(mine)

    def _swap(self, full: int, column: int, other: int, until: int) -> None:
        home = int(self.home[other])
        gained = self.every[:, other] - self.every[:, column]
        self.sums[:, full] += gained
        self.sums[:, home] -= gained
        self.where[column] = self.home[column] = home
        self.barred[column, other] = until
        if other < self.loads.count:
            self.where[other] = self.home[other] = full
            self.barred[other, column] = until


def _found(loads: _Loads, rooms: Sequence[int], stand: bool = False) -> list[Block] | None:
    """All columns in blocks of at most ``rooms`` columns; ``stand``: begin with the columns as they stand."""
    if loads.least() > len(rooms):
        return None
    room, random, order, work = np.array(rooms), np.random.default_rng(len(rooms)), loads.heaviest, WORK
    for deal in range(-stand, DEALS):
        if deal > 0:
            shifted = np.arange(loads.count) + random.uniform(0, 2 * deal, loads.count)
            order = loads.heaviest[np.argsort(shifted, kind="stable")]
        where = _dealt(loads, room, order) if deal >= 0 else np.repeat(np.arange(len(rooms)), room)
        exchange = _Exchange(loads, room, where)
        work = exchange.run(random, work, STALE if deal else EXCHANGES)
        if not exchange.lowest:
            return [tuple(np.flatnonzero(where == block).tolist()) for block in range(len(rooms))]
        if work < 0 or (deal >= 0 and exchange.lowest > HOPELESS):
            break
    return None


def in_order(rows: Array, lengths: Iterable[int]) -> Cut:
    """The first of ``lengths``, the last of them 1, in which the columns of rows (..., I) fit as they stand."""
    loads = _Loads(rows)
    return Cut(loads.count, next(length for length in lengths if loads.fit(length)))


def equal(rows: Array, lengths: Sequence[int], least: int = 2) -> Cut:
    """The first of ``lengths`` in which the columns of rows (..., I) fit, as they stand or, from ``least``, ordered."""
    loads = _Loads(rows)
    count = loads.count
    for length in lengths:
        if loads.fit(length):
            return Cut(count, length)
        if least <= length < count <= ORDERED:
            rest = [count % length] if count % length else []
            if found := _found(loads, [length] * (count // length) + rest, stand=True):
                return Cut(count, length, tuple(column for block in found for column in block))
    raise UnprovenError(f"sums of {lengths[-1]} columns could overflow 16 bits")


def few(rows: Array, longest: int | None = None, start: Array | None = None) -> list[Block]:
    """Columns of rows (..., I) in as few blocks as are found; those of the first start from ``start`` (R,)."""
    loads = _Loads(rows, start)
    most = longest or loads.count
    made = _filled(loads, most)
    least = max(loads.least(), -(-loads.count // most))
    while len(made) > least and (fewer := _found(loads, [most] * (len(made) - 1))):
        made = fewer
    return [made[0], *(block for block in made[1:] if block)]
