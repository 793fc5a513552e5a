# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a kernel set's layout is asked for: the work of one layer on the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from model.layers.base import Layer
from model.signal import Signal

L_co = TypeVar("L_co", bound=Layer, covariant=True)


class UnprovenError(Exception):
    """The kernels would not be exact for this layer; the message says what cannot be proved."""


@dataclass(frozen=True, eq=False)
class Work(Generic[L_co]):
    """All that the plan has one layer do."""

    name: str  # in C, of its constants and functions
    layer: L_co
    source: Signal  # what it reads, whole
    kinds: tuple[
        str, ...
    ]  # of the plan's operations, as lstm or lstm_once; dense, or dense_add and dense_finish; apply
    steps: int = 1  # of the sequence that it reads step by step, each time another part of its weights
    blocks: int = 1  # parts of each step's weights
    optimize: str = "balanced"
    sources: tuple[Signal, ...] = ()  # all that it reads

    @property
    def once(self) -> bool:
        """A recurrent layer takes a single step from reset, and has no state."""
        return f"{self.layer.kind}_once" in self.kinds

    @property
    def parts(self) -> int:
        """Into how many parts the weights are cut; 1: whole."""
        return self.steps * self.blocks

    def note(self, what: str, why: str) -> str:
        """A sentence for the report about a layer that runs otherwise than it was asked to."""
        return f"layer '{self.layer.name}' runs with {what}: {why}"


def coverage(layer: Layer) -> str:
    """The kernels and format of a layer, which a set must cover; its layout's function is called as the kernels are."""
    return f"{layer.kernels}.{layer.suffix}"
