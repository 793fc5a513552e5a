# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The layers of a network, a file each: what every step asks of one stands in its file, see ``base.Layer``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from model.layers.base import Layer


@cache
def every() -> dict[str, type[Layer]]:
    """All kinds of layers by their names, found by looking at this folder."""
    found: dict[str, type[Layer]] = {}
    for module in pkgutil.iter_modules(__path__):
        held = vars(importlib.import_module(f"model.layers.{module.name}")).values()
        found |= {one.kind: one for one in held if isinstance(one, type) and issubclass(one, Layer) and one.kind}
    return found


@cache
def gates() -> frozenset[str]:
    """What the gates of cells are called."""
    return frozenset(gate for layer in every().values() for gate in layer.all_gates)
