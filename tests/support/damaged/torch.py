# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Damaged .safetensors files, with a .toml and without."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from tests.support import json_files, safetensors_files
from tests.support.damaged.values import DATA, Files, Kinds, damaged_bytes, damaged_json, dumped


class Torch(Files):
    """Tensors and what is said of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        state = json_files.guitarml(np.random.default_rng(0), units=3, layers=2)["state_dict"]
        tensors = {name: np.array(each, np.float32) for name, each in state.items()}
        self.untold = safetensors_files.write(folder / "a.safetensors", tensors).read_bytes()

    def torch_bytes(self, rng: random.Random) -> Path:
        """A damaged .safetensors, or a damaged .toml beside it."""
        name = rng.choice(("torch_both", "torch_every"))
        tensors, toml = ((DATA / f"{name}{ending}").read_bytes() for ending in (".safetensors", ".toml"))
        if rng.random() < 0.7:
            tensors = damaged_bytes(rng, tensors)
        else:
            toml = damaged_bytes(rng, toml)
        return self._torch(tensors, toml)

    def torch_header(self, rng: random.Random) -> Path:
        """A .safetensors whose header says something else."""
        name = rng.choice(("torch_both", "torch_every"))
        tensors, toml = ((DATA / f"{name}{ending}").read_bytes() for ending in (".safetensors", ".toml"))
        length = int.from_bytes(tensors[:8], "little")
        header = dumped(rng, damaged_json(rng, json.loads(tensors[8 : 8 + length])))
        return self._torch(len(header).to_bytes(8, "little") + header + tensors[8 + length :], toml)

    def torch_untold(self, rng: random.Random) -> Path:
        """A .safetensors without a .toml, of other names and shapes than one LSTM and a Linear."""
        length = int.from_bytes(self.untold[:8], "little")
        header = (
            damaged_json(rng, json.loads(self.untold[8 : 8 + length])) if rng.random() < 0.6 else self._renamed(rng)
        )
        text = dumped(rng, header)
        return self.write("untold.safetensors", len(text).to_bytes(8, "little") + text + self.untold[8 + length :])

    def _renamed(self, rng: random.Random) -> dict[str, Any]:
        """Tensors under names of others, of other modules, and in other shapes of as many elements."""
        length = int.from_bytes(self.untold[:8], "little")
        header = json.loads(self.untold[8 : 8 + length])
        renamed = {}
        for name, entry in header.items():
            module, _, own = name.rpartition(".")
            if rng.random() < 0.3:
                module = rng.choice(("rnn", "fc", "a.b", "", "x" * 2000, "\ud800", 'é\n"', "fc2"))
            if rng.random() < 0.2:
                own = rng.choice(("weight", "bias", "weight_hh_l0", "weight_ih_l1", "running_mean", "weight_hr_l0", ""))
            if rng.random() < 0.2 and isinstance(entry, dict) and "shape" in entry:
                entry["shape"] = rng.choice(
                    (entry["shape"][::-1], [1, *entry["shape"]], [int(np.prod(entry["shape"]))])
                )
            renamed[f"{module}.{own}"] = entry
        return renamed

    def _torch(self, tensors: bytes, toml: bytes) -> Path:
        self.write("m.toml", toml)
        return self.write("m.safetensors", tensors)


KINDS: Kinds = {
    "torch-bytes": (Torch, Torch.torch_bytes),
    "torch-header": (Torch, Torch.torch_header),
    "torch-untold": (Torch, Torch.torch_untold),
}
