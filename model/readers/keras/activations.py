# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The activation of a Keras layer, as a layer or within the one before it."""

from __future__ import annotations

from model.layers.activation import Activation
from model.layers.base import Layer
from model.readers.keras.source import Source
from model.signal import Signal


def activation(name: str, function: str, output: Signal) -> list[Layer]:
    """A layer of its own, none of a function that changes nothing."""
    return [] if function == "linear" else [Activation(name, function, output)]


def fused(source: Source, output: Signal) -> tuple[str, list[Layer]]:
    """Of a layer with weights: what a clamp at its output does, and the layer that does the rest."""
    function = source.function("activation")
    if function == "relu":
        return function, []
    return "linear", activation(f"{source.name}_{function}", function, output)
