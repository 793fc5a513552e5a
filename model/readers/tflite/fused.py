# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The activation that an operator has within it, on its output as it is stored: an exact clamp of its own."""

from __future__ import annotations

from model.layers.activation import Activation
from model.readers.tflite.file import Operator
from model.readers.tflite.reader import Reader, format_of

NONE, RELU, TANH = 0, 1, 4  # ActivationFunctionType
CLAMPS = {RELU: "relu", 2: "hard_tanh", 3: "relu6"}
NAMES = ("none", "relu", "relu_n1_to_1", "relu6", "tanh", "sign_bit")


def fused(reader: Reader, operator: Operator) -> str:
    """The function's name, linear if there is none."""
    activation = int(operator.options.get("FusedActivationFunction", NONE))
    if activation not in (NONE, *CLAMPS):
        name = NAMES[activation] if activation < len(NAMES) else f"number {activation}"
        raise reader.refuse(f"{operator}: its fused activation is {name}; supported: none, relu, relu6, relu_n1_to_1")
    return CLAMPS.get(activation, "linear")


def own(reader: Reader, operator: Operator) -> str:
    """The part of it that a layer with weights does itself: relu, or nothing."""
    return "relu" if fused(reader, operator) == "relu" else "linear"


def read_fused(reader: Reader, operator: Operator, done: str = "linear") -> None:
    """Append the fused activation of an operator, unless it is none, or ``done``: it changes neither scale nor zero
    point."""
    function = fused(reader, operator)
    if function not in ("linear", done):
        reader.add(Activation(reader.name(function), function, reader.signal, format_of(reader.signal)))
