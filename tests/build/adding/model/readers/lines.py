# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A network as lines of text, a layer each: ``lines of 3 inputs``, then ``dense 2 inputs: ...`` or ``absolute``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from model.layers.absolute import Absolute

from model.errors import UserError
from model.formats.float32 import FORMAT as FLOAT32
from model.kinds import Kind
from model.layers.base import Layer
from model.layers.dense import Dense
from model.network import Network, chained
from model.signal import Signal, Weights


def _layer(words: list[str], name: str, inputs: int) -> Layer:
    if words == ["absolute"]:
        return Absolute(name, Signal((inputs,)))
    if words[0] != "dense":
        raise UserError(f"{name}: '{words[0]}' is no layer; there are: dense, absolute")
    rows = np.array(words[1:], np.float32).reshape(-1, inputs + 1)  # a bias, then its weights
    return Dense(name, Weights(rows[:, 1:].copy()), rows[:, 0].copy(), "linear", Signal((len(rows),)))


def _read(path: Path, name: str, sha256: str) -> Network:
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    inputs = int(first.split()[2])
    layers: list[Layer] = []
    for number, line in enumerate(rest):
        wide = layers[-1].output.size if layers else inputs
        layers.append(_layer(line.split(), f"line {number + 2}", wide))
    return chained(name, path.name, sha256, FLOAT32.name, Signal((inputs,)), layers)


KIND = Kind(name="lines", endings=(".lines",), begins=lambda start: start.startswith(b"lines of "), read=_read)
