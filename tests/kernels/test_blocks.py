# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Blocks of columns (kernels/common/blocks.py): whatever the inputs are, the sums of a block fit 16 bits."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from kernels.common.blocks import Block, equal, few, in_order
from kernels.common.work import UnprovenError
from model.signal import Array

KINDS = ("trained", "normal", "uniform", "extreme")
DOWN = tuple(range(16, 0, -1))


def weights(kind: str, random: np.random.Generator, rows: int, columns: int) -> Array:
    """int8 weights of one kind: mostly small ones with a few large, evenly spread, or at the ends."""
    size = rows, columns
    if kind == "extreme":
        return random.choice(np.array([-128, -127, -64, -1, 0, 1, 64, 127], np.int8), size)
    made = random.normal(0, 12 if kind == "trained" else 30, size)
    if kind == "trained":
        made = np.where(random.random(size) < 0.03, 5 * made, made)
    return np.clip(np.round(random.uniform(-127, 127, size) if kind == "uniform" else made), -127, 127).astype(np.int8)


def matrices(kind: str) -> Iterator[Array]:
    """Matrices of the sizes that layers have."""
    random = np.random.default_rng(KINDS.index(kind))
    for rows, columns in ((1, 1), (2, 2), (3, 7), (8, 16), (16, 33), (40, 12), (64, 32), (128, 24), (4, 300)):
        yield weights(kind, random, rows, columns)


def worst_sums(rows: Array, block: Block) -> tuple[Array, Array]:
    """Largest and smallest sum of each row over a block: each weight meets the input that is worst for it."""
    products = np.stack([-128 * rows[:, list(block)].astype(int), 127 * rows[:, list(block)].astype(int)])
    return products.max(axis=0).sum(axis=1), products.min(axis=0).sum(axis=1)


def assert_proved(rows: Array, blocks: list[Block], start: Array | int = 0) -> None:
    """Every column lies in one block, and no block's sums leave 16 bits; those of the first start from ``start``."""
    assert sorted(column for block in blocks for column in block) == list(range(rows.shape[1]))
    for number, block in enumerate(blocks):
        largest, smallest = worst_sums(rows, block)
        begin = start if number == 0 else 0
        assert (largest + begin).max() <= 32767
        assert (smallest + begin).min() >= -32768


def fewest(rows: Array) -> int:
    """No fewer blocks can hold the sums of all columns."""
    largest, smallest = worst_sums(rows, tuple(range(rows.shape[1])))
    return max(-(-int(largest.max()) // 32767), -(-int(-smallest.min()) // 32768), 1)


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_of_one_length_cannot_overflow(kind: str) -> None:
    for rows in matrices(kind):
        ordered, standing = equal(rows, DOWN), in_order(rows, DOWN)
        assert_proved(rows, ordered.columns())
        assert_proved(rows, standing.columns())
        assert standing.order == ()
        assert fewest(rows) <= ordered.blocks <= standing.blocks
        assert [len(block) for block in ordered.columns()[:-1]] == [ordered.length] * (ordered.blocks - 1)
        np.testing.assert_array_equal(ordered.ordered(rows), rows[:, [c for block in ordered.columns() for c in block]])


@pytest.mark.parametrize("kind", KINDS)
def test_few_blocks_cannot_overflow(kind: str) -> None:
    random = np.random.default_rng(9)
    for rows in matrices(kind):
        start = random.integers(-32768, 32768, len(rows))
        short, long, begun = few(rows, 16), few(rows), few(rows, start=start)
        assert_proved(rows, short)
        assert_proved(rows, long)
        assert_proved(rows, begun, start)
        assert max(map(len, short)) <= 16
        assert fewest(rows) <= len(long) <= len(short) <= equal(rows, DOWN).blocks
        assert len(begun) <= len(long) + 1


def test_columns_are_ordered_where_that_makes_longer_blocks() -> None:
    rows = np.array([[120, 120, 9, 8, 7, 6]], np.int8)
    assert in_order(rows, (3, 2, 1)).length == 3
    rows = np.array([[120, 120, 120, 9, 8, 7]], np.int8)
    found = equal(rows, (2, 1))
    assert (found.length, found.order) == (2, ())
    rows = np.array([[120, 120, 9, 100, 8, 7]], np.int8)
    assert in_order(rows, (3, 2, 1)).length == 3
    rows = np.array([[120, 120, 100, 9, 8, 7]], np.int8)
    found = equal(rows, (3, 2, 1))
    assert found.length == 3
    assert found.order != ()
    assert equal(rows, (3, 2, 1), least=4).length == 2


def test_the_last_column_that_fits_is_taken() -> None:
    assert in_order(np.array([[127, 127, 1, 1]], np.int8), (4, 2)).length == 4  # -128 * 256 = -2^15
    assert in_order(np.array([[-127, -127, -1, -1]], np.int8), (4, 2)).length == 2  # 2^15 is one too many
    with pytest.raises(UnprovenError, match="2 columns"):
        equal(np.array([[-128, -128]], np.int8), (2,))


def test_the_same_weights_have_the_same_blocks() -> None:
    rows = weights("normal", np.random.default_rng(2), 32, 40)
    assert equal(rows, DOWN) == equal(rows.copy(), DOWN)
    assert few(rows) == few(rows.copy())


@pytest.mark.parametrize("kind", ["normal", "extreme"])
def test_a_search_in_a_large_matrix_ends(kind: str) -> None:
    rows = weights(kind, np.random.default_rng(3), 1024, 256)
    begin = time.process_time()
    blocks = few(rows, 16)
    assert time.process_time() - begin < 60
    assert_proved(rows, blocks)
    begin = time.process_time()
    found = equal(rows, DOWN)
    assert time.process_time() - begin < 120
    assert_proved(rows, found.columns())
