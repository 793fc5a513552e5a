# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A ``Network`` as one .npz file, structure and arrays. The same network gives the same bytes."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from model import formats, layers
from model.files import write_atomically
from model.formats.base import Format
from model.functions import Function
from model.layers.window import Window
from model.network import Network, Node
from model.signal import Array, Signal, Weights

CLASSES: dict[str, Any] = {cls.__name__: cls for cls in (Function, Network, Node, Signal, Weights, Window)}


def _encode(value: Any, arrays: dict[str, Array]) -> Any:
    if isinstance(value, np.ndarray):
        key = f"a{len(arrays)}"
        arrays[key] = value
        return {"array": key}
    if isinstance(value, Format):
        return {"format": value.name}
    if isinstance(value, tuple):
        return [_encode(item, arrays) for item in value]
    if dataclasses.is_dataclass(value):
        fields = {f.name: _encode(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
        return {"class": getattr(value, "kind", type(value).__name__), **fields}
    return value


def _decode(value: Any, arrays: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(item, arrays) for item in value)
    if isinstance(value, dict) and "array" in value:
        return arrays[value["array"]]
    if isinstance(value, dict) and "format" in value and len(value) == 1:
        return formats.named(value["format"])
    if isinstance(value, dict):
        fields = {key: _decode(item, arrays) for key, item in value.items() if key != "class"}
        return (CLASSES | layers.every())[value["class"]](**fields)
    return value


def stored(network: Network) -> bytes:
    """The file of a network."""
    arrays: dict[str, Array] = {}
    structure = json.dumps(_encode(network, arrays), sort_keys=True)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, network=np.array(structure), **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def save(network: Network, path: Path) -> None:
    """Write ``network`` to ``path``, whole or not at all."""
    write_atomically(path, stored(network))


def load(path: Path) -> Network:
    """Read what ``save`` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        network = _decode(json.loads(str(arrays["network"])), arrays)
    assert isinstance(network, Network)
    return network
