# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Damaged models in JSON."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np

from tests.support import json_files
from tests.support.damaged.values import Files, Kinds, damaged_bytes, damaged_json, dumped


class WeightsJson(Files):
    """Of all its formats."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        numbers = np.random.default_rng(0)
        self.documents = [
            json_files.amplifier(numbers, 3, in_skip=1, in_gain=1.5, out_gain=-3, metadata={"samplerate": "48000"}),
            json_files.every_type(),
            json_files.guitarml(numbers, units=3),
            json_files.nam(numbers, units=3, layers=2, metadata={"name": "amp"}, sample_rate=48_000),
            json_files.guitarml(numbers, "GRU", inputs=2, units=3, layers=2),
            json_files.smartamp(numbers),
        ]

    def json_values(self, rng: random.Random) -> Path:
        """A .json of RTNeural, GuitarML or others that says something else."""
        return self.write("m.json", dumped(rng, damaged_json(rng, rng.choice(self.documents))))

    def json_bytes(self, rng: random.Random) -> Path:
        """A damaged .json, or one whose keys stand there twice, or that is as deep or as long as can be."""
        text = json.dumps(rng.choice(self.documents)).encode()
        kind = rng.randrange(20)
        if kind == 0:
            text = text.replace(b'"weights"', b'"shape"') if b'"layers"' in text else text.replace(b"_hh_", b"_ih_")
        elif kind == 1:
            at = rng.choice([place for place, byte in enumerate(text) if byte == ord("[")])
            text = text[:at] + b"[" * rng.choice((10, 900, 50_000)) + text[at:]
        elif kind == 2:
            at = rng.choice([place for place, byte in enumerate(text) if byte == ord(".")])
            text = text[:at] + rng.choice((b"9" * 5000, b"e999", b"e-999", b"e39", b"e30")) + text[at:]
        else:
            text = damaged_bytes(rng, text)
        return self.write("m.json", text)


KINDS: Kinds = {
    "json-values": (WeightsJson, WeightsJson.json_values),
    "json-bytes": (WeightsJson, WeightsJson.json_bytes),
}
