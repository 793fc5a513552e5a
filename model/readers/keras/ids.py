# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Keras's Embedding, and what an input is that it reads: ids (T,), here a sequence of T steps of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from model.errors import UserError
from model.layers.base import Layer
from model.layers.embedding import Embedding
from model.readers.keras.checks import described
from model.readers.keras.graph import Drawn
from model.readers.keras.settings import FLOATS, policy_name
from model.readers.keras.source import Source
from model.signal import Signal, Weights

KIND = "Embedding"


def check_reads(drawn: Drawn, path: Path) -> None:
    """Refuse an Embedding of what is no input, or of one that others read, and an input of whole numbers without."""
    inputs = len(drawn.inputs)
    for step in drawn.steps:
        if step.spec["class_name"] == KIND and step.reads[0] >= inputs:
            raise UserError(f"{path}: {described(step.spec)}: reads another layer; supported: an input of the model")
    for number, spec in enumerate(drawn.inputs):
        kinds = {step.spec["class_name"]: step.spec for step in drawn.steps if number in step.reads}
        if KIND in kinds and (len(kinds) > 1 or number in drawn.outputs):
            raise UserError(
                f"{path}: {described(kinds[KIND])}: reads an input that is read otherwise, too; give each its own input"
            )
        policy = policy_name(spec["config"].get("dtype"))
        if KIND not in kinds and policy not in FLOATS:
            raise UserError(
                f"{path}: {described(spec)}: dtype={policy} is supported of an input that an Embedding reads; make it "
                "float32"
            )


def as_sequence(drawn: Drawn, number: int, signal: Signal, path: Path) -> Signal:
    """Input ``number`` as the layers here read it."""
    embedding = next((s.spec for s in drawn.steps if s.spec["class_name"] == KIND and number in s.reads), None)
    if embedding is None:
        return signal
    if len(signal.shape) != 1:
        raise UserError(
            f"{path}: {described(embedding)}: reads ids of shape {signal.shape}; supported: (steps,), an id a step"
        )
    return Signal((*signal.shape, 1))


def _embedding(source: Source) -> list[Layer]:
    count, width = int(source.config["input_dim"]), int(source.config["output_dim"])
    table = source.array(0, count, width)
    source.only(1)
    return [Embedding(source.name, Weights(table), Signal((source.input.shape[0], width)))]


LAYERS: dict[str, Callable[[Source], list[Layer]]] = {KIND: _embedding}
