# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Normalisations, as BatchNormalization, into the weights of a neighbour: once, after reading.

Into the linear Dense before it, else into the layer with weights behind it, over what only changes the shape. The first
of a chain stays: it is folded into the quantisation of the input. What no neighbour can take is a layer of its own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.layers.normalise import Normalise
from model.network import Network


def _reshaped(normalise: Normalise, features: int) -> Normalise | None:
    """The same behind a Reshape to this many features; None if they do not repeat its own."""
    times, rest = divmod(features, len(normalise.scale))
    if rest:
        return None
    return replace(normalise, scale=np.tile(normalise.scale, times), offset=np.tile(normalise.offset, times))


def _into_before(network: Network, index: int, normalise: Normalise) -> Network | None:
    """In the layer before, if nothing else reads that."""
    before = network.writer(network.nodes[index].reads[0])
    if before is None or network.follower(before) != index:
        return None
    made = network.layers[before].giving(normalise)
    return None if made is None else network.with_layer(before, made).without(index)


def _into_behind(network: Network, index: int, normalise: Normalise) -> Network | None:
    """In the layer behind, if nothing else reads what is in between."""
    moved: Normalise | None = normalise
    behind = network.follower(index)
    while behind is not None and moved is not None and network.layers[behind].flat:
        moved = _reshaped(moved, network.layers[behind].output.shape[-1])
        behind = network.follower(behind)
    made = network.layers[behind].absorbing(moved) if behind is not None and moved is not None else None
    if behind is None or made is None:
        return None
    return network.with_layer(behind, made).without(index)


def _without(network: Network, index: int) -> Network | None:
    """The network but for a normalisation that a neighbour takes; None if there is none."""
    normalise, reads = network.layers[index].as_input, network.nodes[index].reads[0]
    if normalise is None or (network.writer(reads) is None and network.readers(reads) == (index,)):
        return None
    return _into_before(network, index, normalise) or _into_behind(network, index, normalise)


def folded(network: Network) -> Network:
    """The same network with as few normalisations as can be."""
    index = 0
    while index < len(network.nodes):
        smaller = _without(network, index)
        network, index = (network, index + 1) if smaller is None else (smaller, index)
    return network


def joined(network: Network) -> Network:
    """The same without layers whose work the one that reads them does as well, as padding before a convolution."""
    for index in reversed(range(len(network.nodes))):
        reader = network.follower(index)
        joined = None if reader is None else network.layers[index].joined(network.layers[reader])
        if reader is not None and joined is not None:
            network = network.with_layer(reader, joined).without(index)
    return network
