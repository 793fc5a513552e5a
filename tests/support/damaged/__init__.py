# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Model files damaged in every manner that comes to mind, one a seed: a module a reader."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from tests.support.damaged import keras, onnx, tflite, torch, weights_json
from tests.support.damaged.values import Kinds

SECONDS = 10  # of processor time that reading one file may take
KINDS: Kinds = {**keras.KINDS, **tflite.KINDS, **torch.KINDS, **weights_json.KINDS, **onnx.KINDS}


def maker(folder: Path, kind: str) -> Callable[[int], Path]:
    """What makes the damaged file of a kind and seed, in a folder."""
    files, make = KINDS[kind]
    sound = files(folder)
    return lambda seed: make(sound, random.Random(f"{kind} {seed}"))
