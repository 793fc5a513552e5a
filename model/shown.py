# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What people are shown of a layer's name: a line of text, short, and another one for each layer.

Nothing is told apart by it (see ``network.Place``); but a file may call layers alike, or anything at all, and a message
about one of them must say which.
"""

from __future__ import annotations

from dataclasses import replace

from model.layers.base import Layer
from model.network import Network

LONGEST = 48  # characters


def _line(name: str) -> str:
    line = "".join(c if c.isprintable() else "?" for c in name).strip()
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]}...{line[-LONGEST // 4 :]}"


def told_apart(network: Network) -> Network:
    """The network with names fit to be shown: of layers called alike, the second is ``name#2``."""
    taken: set[str] = set()

    def free(name: str, kind: str) -> str:
        base = _line(name) or kind
        shown, count = base, 1
        while shown in taken:
            count += 1
            shown = f"{base}#{count}"
        taken.add(shown)
        return shown

    def named(layer: Layer) -> Layer:
        layer = replace(layer, name=free(layer.name, layer.kind))
        return layer.with_halves(lambda half, part: replace(part, name=free(f"{layer.name}_{half}", layer.kind)))

    return network.but(layers=tuple(map(named, network.layers)))
