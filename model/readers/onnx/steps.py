# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that leave the number of steps open: they run step after step, if no layer needs to know how many there are."""

from __future__ import annotations

from model.layers.activation import Activation
from model.layers.base import Layer
from model.layers.concatenate import Concatenate
from model.layers.conv1d import Conv1d
from model.layers.dense import Dense
from model.layers.embedding import Embedding
from model.layers.layer_norm import LayerNorm
from model.layers.merge import Merge
from model.layers.normalise import Normalise
from model.layers.pad import Cropping
from model.layers.prelu import Prelu
from model.layers.recurrent import Recurrent
from model.layers.reshape import Reshape
from model.readers.onnx.reader import Reader
from model.signal import Signal

SEVERAL = 7  # steps of a first reading, which tells
ALONE = (Activation, Concatenate, Dense, Embedding, LayerNorm, Merge, Normalise, Prelu)  # compute each step by itself


def _works_alone(layer: Layer, source: Signal) -> bool:
    """Whether the newest step of a sequence tells the newest of what a layer gives, beside a state."""
    if isinstance(layer, Conv1d):
        return False
    if isinstance(layer, Recurrent):
        return not layer.go_backwards
    if isinstance(layer, Cropping):
        return layer.right == 0 and layer.output.shape[0] == 1
    if isinstance(layer, Reshape):  # of a single step
        return layer.output.size == source.shape[-1]
    return isinstance(layer, ALONE)


def check(reader: Reader) -> None:
    """Raise ``UserError`` naming a layer of ``SEVERAL`` steps that would be another of one."""
    for node in reader.nodes:
        if not _works_alone(node.layer, reader.signal(node.reads[0])):
            raise reader.refuse(
                None,
                f"leaves the number of its steps open, but layer '{node.layer.name}' ({node.layer.kind}) needs to know "
                "it: export without a dynamic axis for the steps",
            )
