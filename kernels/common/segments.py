# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which columns of a matrix may share a segment, where the sums of two rows share the halves of a word.

The columns of a sum may come in any order. A segment is a set of columns for which the sum of each row stays within
16 bits, whatever the int8 inputs are; fewer segments are faster, so that large weights go with small ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.signal import Array

Segment = tuple[int, ...]  # columns
LIMIT = (1 << 15) - 1
LONGEST = 16
SWAPS = 200  # to make before an attempt is given up
ATTEMPTS, SMALL = 32, 1 << 14  # to find as few segments as these, and up to which size of a matrix


def loads(rows: Array) -> Array:
    """(2 R, I): what a column can add to the magnitude of each row's sum, upwards and downwards, for rows (…, I)."""
    wide = rows.reshape(-1, rows.shape[-1]).astype(np.int64)
    return np.concatenate([np.maximum(127 * wide, -128 * wide), np.maximum(128 * wide, -127 * wide)])


def _excess(sums: Array) -> Array:
    return np.asarray(np.maximum(sums - LIMIT, 0).sum(axis=0))


def _dealt(load: Array, rooms: Sequence[int]) -> list[Segment] | None:
    """All columns in segments of ``rooms`` columns at most; None where none are found that keep the limit."""
    count = load.shape[1]
    if load.sum(axis=1).max() > LIMIT * len(rooms):
        return None
    heaviest, random = np.argsort(-load.sum(axis=0), kind="stable"), np.random.default_rng(0)
    for attempt in range(ATTEMPTS if load.size <= SMALL else 1):
        shift = random.uniform(0, 2 * attempt, count) if attempt else np.zeros(count)
        where = _tried(load, rooms, heaviest[np.argsort(np.arange(count) + shift, kind="stable")])
        if where is not None:
            return [tuple(np.flatnonzero(where == k).tolist()) for k in range(len(rooms)) if (where == k).any()]
    return None


def _tried(load: Array, rooms: Sequence[int], columns: Array) -> Array | None:
    """The segment of each column, taken in the order of ``columns``, then exchanged; None where a sum is too large."""
    room, where = np.array(rooms), np.empty(load.shape[1], np.int64)
    sums = np.zeros((len(load), len(rooms)), np.int64)
    for column in columns:
        after = sums + load[:, column, None]
        cost = _excess(after) * 1e6 + after.max(axis=0)
        chosen = int(np.argmin(np.where(room > 0, cost, np.inf)))
        where[column], sums[:, chosen] = chosen, after[:, chosen]
        room[chosen] -= 1
    for _ in range(SWAPS):
        excess = _excess(sums)
        if not excess.any():
            return where
        if not _swap(load, where, sums, excess):
            return None
    return None


def _swap(load: Array, where: Array, sums: Array, excess: Array) -> bool:
    """Exchange a column of the worst segment with that of another which lowers the excess most."""
    worst = int(np.argmax(excess))
    others = np.flatnonzero(where != worst)
    homes, best = where[others], (0, -1, -1)
    for column in np.flatnonzero(where == worst).tolist():
        without = sums[:, worst] - load[:, column]
        here = _excess(without[:, None] + load[:, others])
        there = _excess(sums[:, homes] - load[:, others] + load[:, column, None])
        gain = excess[worst] + excess[homes] - here - there
        most = int(np.argmax(gain)) if len(gain) else -1
        if most >= 0 and gain[most] > best[0]:
            best = (int(gain[most]), column, int(others[most]))
    gained, column, other = best
    if not gained:
        return False
    home = int(where[other])
    moved = load[:, other] - load[:, column]
    sums[:, worst] += moved
    sums[:, home] -= moved
    where[column], where[other] = home, worst
    return True


def few(rows: Array) -> list[Segment]:
    """As few segments as are found."""
    load = loads(rows)
    count = load.shape[1]
    lowest = max(-(-int(load.sum(axis=1).max()) // LIMIT), -(-count // LONGEST), 1)
    found = (_dealt(load, [LONGEST] * segments) for segments in range(lowest, count))
    return next((dealt for dealt in found if dealt), [(column,) for column in range(count)])


def even(rows: Array) -> list[Segment]:
    """As few segments as are found, all of one length but the last, which may be shorter."""
    load = loads(rows)
    count = load.shape[1]
    for length in range(min(LONGEST, count), 1, -1):
        whole, left = divmod(count, length)
        if dealt := _dealt(load, [length] * whole + [left] * bool(left)):
            return dealt
    return [(column,) for column in range(count)]


def in_order(rows: Array) -> list[Segment]:
    """As ``even``, the columns in the order they have."""
    sums = np.pad(np.cumsum(loads(rows), axis=1), ((0, 0), (1, 0)))
    count = rows.shape[-1]
    for length in range(min(LONGEST, count), 0, -1):
        edges = np.array([*range(0, count, length), count])
        if length == 1 or np.diff(sums[:, edges], axis=1).max() <= LIMIT:
            break
    return [tuple(range(first, min(first + length, count))) for first in range(0, count, length)]
