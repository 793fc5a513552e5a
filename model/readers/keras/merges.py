# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Keras layers that read several others."""

from __future__ import annotations

from collections.abc import Callable

from model.layers.base import Layer
from model.layers.concatenate import Concatenate
from model.layers.merge import FUNCTIONS, Merge
from model.readers.keras.source import Source
from model.signal import Signal


def merge(function: str) -> Callable[[Source], list[Layer]]:
    """What merges two signals of one shape by one of ``FUNCTIONS``."""

    def read(source: Source) -> list[Layer]:
        shapes = [signal.shape for signal in (source.input, *source.others)]
        if len(shapes) != 2:
            raise source.refuse(f"reads {len(shapes)} layers; supported: two")
        if shapes[0] != shapes[1]:
            raise source.refuse(f"reads shapes {shapes[0]} and {shapes[1]}; supported: one shape for both")
        return [Merge(source.name, function, Signal(shapes[0]))]

    return read


def concatenate(source: Source) -> list[Layer]:
    """Along the last axis."""
    shape, axis = source.input.shape, source.config["axis"]
    if axis not in (-1, len(shape)):
        raise source.refuse(f"axis={axis} of shape {shape} is not supported; supported: -1, the features")
    for other in source.others:
        if other.shape[:-1] != shape[:-1]:
            raise source.refuse(f"reads shapes {shape} and {other.shape}; supported: shapes with the same steps")
    width = sum(each.shape[-1] for each in (source.input, *source.others))
    return [Concatenate(source.name, Signal((*shape[:-1], width)))]


READ: dict[str, Callable[[Source], list[Layer]]] = {
    **{function.capitalize(): merge(function) for function in FUNCTIONS},
    "Concatenate": concatenate,
}
