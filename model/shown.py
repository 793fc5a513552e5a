# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What people are shown of a layer's name: a line of text, short, and another one for each layer.

Nothing is told apart by it (see ``network.Place``); but a file may call layers alike, or anything at all, and a message
about one of them must say which.
"""

from __future__ import annotations

from dataclasses import replace

from model.network import Bidirectional, Layer, Network

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
        kind = type(layer).__name__.lower()
        layer = replace(layer, name=free(layer.name, kind))
        if isinstance(layer, Bidirectional):
            forward, backward = (
                replace(half, name=free(f"{layer.name}_{which}", kind))
                for which, half in (("forward", layer.forward), ("backward", layer.backward))
            )
            return replace(layer, forward=forward, backward=backward)
        return layer

    return replace(network, layers=tuple(map(named, network.layers)))
