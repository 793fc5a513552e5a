# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Weight layouts: one module per kernel set, each with

* ``lstm(name, layer, source, once) -> Constants`` and ``dense(name, layer, source, steps, blocks) -> Constants``;
* ``scratch(op) -> ((type, elements), ...)``: the scratch arrays a call takes as its last arguments.
"""

from __future__ import annotations

from types import ModuleType

from model.layouts import c

SETS: dict[str, ModuleType] = {"c": c}
