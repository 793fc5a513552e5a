# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One layer as a Keras file gives it, before it becomes anything."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from model.errors import UserError
from model.readers.keras.hdf5 import BFLOAT16
from model.readers.keras.settings import Config, function_name, policy_name
from model.signal import Array, Signal


class Source(NamedTuple):
    """One layer as the file gives it: where it stands, its settings, its arrays in Keras's order."""

    where: str  # "forecast.keras: layer 'lstm' (LSTM)", the start of every complaint
    name: str
    config: Config
    arrays: tuple[Array, ...]
    input: Signal
    keras: int = 0  # the version of Keras that wrote the file, 2 or 3; 0: it does not say
    others: tuple[Signal, ...] = ()  # what else a layer reads that reads several

    def refuse(self, what: str) -> UserError:
        """A complaint about this layer."""
        return UserError(f"{self.where}: {what}")

    def function(self, key: str) -> str:
        """A named function, one of those its rule allows."""
        return function_name(self.config.get(key)) or "linear"

    def only(self, count: int) -> None:
        """Refuse more arrays than the layer is known to have."""
        if len(self.arrays) > count:
            raise self.refuse(f"has {len(self.arrays)} weight arrays in the file, of which {count} are known")

    def array(self, index: int, *shape: int) -> Array:
        """Array ``index`` as float32 of exactly this shape, every value finite."""
        if index >= len(self.arrays):
            raise self.refuse(f"weight array {index} is missing from the file")
        array = np.asarray(self.arrays[index])
        if array.dtype == BFLOAT16 and policy_name(self.config.get("dtype")) == "bfloat16":  # half a float32
            array = (array.view("<u2").astype(np.uint32) << 16).view(np.float32)
        if array.dtype.kind != "f":
            raise self.refuse(f"weight array {index} holds {array.dtype}; supported: real numbers")
        if array.shape != shape:
            raise self.refuse(f"weight array {index} has shape {array.shape}, its settings ask for {shape}")
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
        if not np.isfinite(array).all():
            raise self.refuse(f"weight array {index} has values that are not finite")
        return array
