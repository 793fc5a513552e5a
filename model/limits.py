# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the integer arithmetic of firmware/ can hold: scales and sizes beyond it are refused, layer by layer.

Every kernel set relies on these bounds. They come from the weights, biases and zero points themselves, and from what
the layers before can give: no input whatever makes a number leave the bits it has, where TensorFlow Lite Micro would
go on with a wrong one.
"""

from __future__ import annotations

import numpy as np

from model import spans
from model.errors import UserError
from model.network import Network
from model.spans import BeyondError

WAY_OUT = "scale its values towards 1, or use quant=float32"
WAY_OUT_QUANTISED = "give the Keras file instead, or convert without quantisation and use quant=float32"


def check(network: Network, where: str = "") -> None:
    """Raise ``UserError`` naming the first layer that the device's integers cannot hold, and a way out."""
    way_out = WAY_OUT_QUANTISED if network.came_quantised else WAY_OUT
    spans_of = [spans.whole(signal) for signal in network.inputs]
    for index, node in enumerate(network.nodes):
        found = []
        for _, part in node.layer.parts(network.place(index)):
            try:
                found.append(part.span_of(network.sources(index), [spans_of[number] for number in node.reads]))
            except BeyondError as why:
                raise UserError(f"{where}layer '{part.name}': {why}; {way_out}") from None
        spans_of.append((np.min([low.min() for low, _ in found]), np.max([high.max() for _, high in found])))
