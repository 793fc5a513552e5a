# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What stands in files that were damaged or made to do harm, and the folder that they are made in."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "model" / "data"

HOSTILE: list[Any] = [
    None, True, 0, 1, -1, 2, 3, 7, 255, 2**31 - 1, 2**31, 2**32, 2**62, 2**63, -(2**63), 10**40, 0.5, 1e300,
    float("nan"), float("inf"), "", "x", "LSTM", "tanh", "a/b", "../../x", "\0", "\ud800", "é\n\"*/", "9" * 5000, [],
    [[]], [0], [1, 2], [None, 5, 3], [2**31, 2**31], {}, {"class_name": "LSTM", "config": {}},
    {"config": {"config": {}}},
]  # fmt: skip


def damaged_bytes(rng: random.Random, data: bytes) -> bytes:
    """Cut, bits flipped, words set to extremes, parts moved, taken out or added."""
    bad = bytearray(data)
    kind = rng.randrange(7)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        # headers are small and at the ends: places there are as likely as those within the weights
        reach = min(len(bad) - 1, rng.choice((64, 1000, len(bad))))
        at = rng.randrange(reach) if rng.random() < 0.8 else len(bad) - 1 - rng.randrange(reach)
        if kind == 0:
            bad[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            bad[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 2:
            size = rng.choice((4, 8))
            value = rng.choice((0, 1, len(bad), rng.randrange(len(bad)), 2**31 - 1, 2**31, 2**40, 2**63, 2**64 - 1))
            bad[at - at % 4 : at - at % 4 + size] = (value % (1 << 8 * size)).to_bytes(size, "little")
        elif kind == 3:
            source = rng.randrange(len(bad))
            part = bad[source : source + rng.randrange(1, 200)]
            bad[at : at + len(part)] = part
        elif kind == 4 and len(bad) > 100:
            del bad[at : at + rng.randrange(1, 64)]
        elif kind == 5:
            bad[at:at] = rng.randbytes(rng.randrange(1, 64))
    return bytes(bad[: rng.randrange(len(bad))] if kind == 6 else bad)


def damaged_json(rng: random.Random, value: Any) -> Any:
    """A copy with a few of its values replaced, removed, doubled or swapped."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 2, 5))):
        places: list[tuple[Any, Any]] = []
        pending = [value]
        while pending:
            node = pending.pop()
            inner = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
            places += [(node, key) for key, _ in inner]
            pending += [item for _, item in inner if isinstance(item, dict | list)]
        if not places:
            break
        node, key = rng.choice(places)
        action = rng.randrange(5)
        if action == 0:
            del node[key]
        elif action == 1:
            other, place = rng.choice(places)
            node[key] = copy.deepcopy(other[place])
        elif action == 2 and isinstance(node, list):
            node.insert(0, copy.deepcopy(node[key]))
        else:
            node[key] = copy.deepcopy(rng.choice(HOSTILE))
    return value


def dumped(rng: random.Random, value: Any) -> bytes:
    """As text; at times one that is too deep."""
    text = json.dumps(value, ensure_ascii=True).encode()
    if rng.random() < 0.02:
        text = b"[" * 100_000
    return text


class Files:
    """Damaged files of one kind, made in one folder from sound ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, data: bytes) -> Path:
        """One of them."""
        (self.folder / name).write_bytes(data)
        return self.folder / name


# by name: what makes the sound files in a folder, and a damaged one of them
Kinds = dict[str, tuple[type[Files], Callable[[Any, random.Random], Path]]]
