# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Comparing value by value: the first difference is named, wherever in the network it lies."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.checkout import Checkout, Shared

MODEL = ("target=cortex-m4", "model=exercises", "quant=int8", "kernels=c")
FOLDER = "build/cortex-m4/exercises/int8-c"
KERNEL = "kernels/c/lstm_s8.c"
GATE = "            gate[g] = lstmcu_saturate16(from_input + from_hidden);\n"
NEXT = "        const int32_t value = lstmcu_cell_step(&layer->cell, gate, &cell[unit]);\n"


@pytest.fixture
def checkout(built: Shared, tmp_path: Path) -> Checkout:
    return built.copy(tmp_path / "checkout", *MODEL)


def first_difference(checkout: Checkout, old: str, new: str) -> str:
    """What compare says once a kernel computes something else."""
    path = checkout.root / KERNEL
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    checkout.build("compare", *MODEL)
    lines = (checkout.root / FOLDER / "compare.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith("First difference"))


def test_a_sound_kernel_agrees_everywhere(checkout: Checkout) -> None:
    checkout.build("compare", *MODEL)
    text = (checkout.root / FOLDER / "compare.txt").read_text()
    assert "Every intermediate value agrees" in text
    document = json.loads((checkout.root / FOLDER / "compare.json").read_text())
    seen = {(row["layer"], row["quantity"]) for row in document["quantities"]}
    assert {("lstm", key) for key in ("i", "f", "c", "o", "cell", "hidden")} <= seen
    assert all(row["mismatches"] == 0 and row["count"] > 0 for row in document["quantities"])
    assert (checkout.root / FOLDER / "compare.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (GATE, GATE + "            if (g == 1 && unit == 3) { gate[g] = (int16_t)(gate[g] ^ 1); }\n",
         "gate f, sample 0, step 0, unit 3"),
        (NEXT, NEXT + "        if (unit == 5) { cell[unit] = (int16_t)(cell[unit] ^ 1); }\n",
         "cell, sample 0, step 0, unit 5"),
    ],
    ids=["gate", "cell"],
)  # fmt: skip
def test_the_first_difference_is_named(checkout: Checkout, old: str, new: str, where: str) -> None:
    said = first_difference(checkout, old, new)
    found = re.fullmatch(rf"First difference: layer lstm, {where}: device (-?\d+), reference (-?\d+)\.", said)
    assert found, said
    assert int(found[1]) == int(found[2]) ^ 1
