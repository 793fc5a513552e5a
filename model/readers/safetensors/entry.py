# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One [[layer]] of the .toml with the tensors that it reads, and the layers read so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from model.errors import UserError
from model.layers.base import Layer
from model.signal import Array, Signal


@dataclass
class Reader:
    """The layers read so far, and what the next one will read."""

    path: Path
    tensors: dict[str, Array]
    signal: Signal
    layers: list[Layer] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    channels_first: bool = False  # whether PyTorch had (N, channels, steps) last, as its convolutions do

    def add(self, layer: Layer) -> None:
        """Append a layer."""
        self.layers.append(layer)
        self.signal = layer.output


@dataclass
class Entry:
    """One [[layer]] of the .toml."""

    reader: Reader
    where: str  # "model.toml: layer 2 (lstm)", the start of every complaint
    name: str
    settings: dict[str, Any]

    def refuse(self, what: str) -> UserError:
        """A complaint about this layer."""
        return UserError(f"{self.where}: {what}")

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        """A setting, removed, of this type."""
        value = self.settings.pop(key, default)
        if type(value) is not kind:
            raise self.refuse(f"needs {key} = a {kind.__name__}, got {value!r}"[:300])
        return value

    def choice(self, key: str, supported: tuple[str, ...], default: str | None = None) -> str:
        """A named setting, checked against what is supported."""
        value = self.take(key, str, default)
        if value not in supported:
            raise self.refuse(f"{key} = {value!r} is not supported; supported: {', '.join(supported)}"[:300])
        return str(value)

    def count(self, key: str, default: int | None = None) -> int:
        """A setting that is a whole number above 0."""
        value = self.take(key, int, default)
        if value < 1:
            raise self.refuse(f"needs {key} = a whole number above 0, got {value}")
        return int(value)

    def share(self, key: str, default: float) -> float:
        """A setting that is a number above 0 and up to 1."""
        value = self.take(key, float, default)
        if not 0.0 < value <= 1.0:
            raise self.refuse(f"needs {key} = a number above 0 and up to 1, got {value}")
        return float(value)

    def prefix(self) -> str:
        """What the names of a layer's tensors start with."""
        module = self.take("weights", str)
        return f"{module}." if module else ""

    def has(self, tensor: str) -> bool:
        """Whether the file holds a tensor."""
        return tensor in self.reader.tensors

    def tensor(self, name: str, *shape: int | None) -> Array:
        """A tensor of this shape (None: any length), every value finite."""
        if not self.has(name):
            held = ", ".join(sorted(self.reader.tensors)[:12])
            raise self.refuse(f"{self.reader.path.name} holds no tensor '{name}'; it holds {held}"[:600])
        array = self.reader.tensors[name]
        if array.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, array.shape, strict=True)):
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            raise self.refuse(f"tensor '{name}' has shape {array.shape}, ({wanted}) is due")
        if not np.isfinite(array).all():
            raise self.refuse(f"tensor '{name}' has values that are not finite")
        self.reader.used.add(name)
        return array

    def optional(self, name: str, length: int, else_: float) -> Array:
        """A tensor (length,), or that many equal numbers where the file has none."""
        return self.tensor(name, length) if self.has(name) else np.full(length, else_, np.float32)

    def sequence(self) -> tuple[int, int]:
        """Steps and features of what it reads."""
        if len(self.reader.signal.shape) != 2:
            raise self.refuse(f"needs a sequence (steps, features) as input, got shape {self.reader.signal.shape}")
        steps, features = self.reader.signal.shape
        return steps, features
