# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The functions that operators of a .tflite apply to each element."""

from __future__ import annotations

import math

from model.functions import Function, named
from model.readers.tflite.file import Operator, Refuse

FUNCTIONS = {
    "RELU": "relu",
    "RELU6": "relu6",
    "RELU_N1_TO_1": "hard_tanh",
    "LEAKY_RELU": "leaky_relu",
    "ELU": "elu",
    "HARD_SWISH": "hard_swish",
    "GELU": "gelu",
    "EXP": "exponential",
    "LOGISTIC": "sigmoid",
    "TANH": "tanh",
    "SOFTMAX": "softmax",
}


def function_of(operator: Operator, refuse: Refuse) -> Function:
    """What an operator applies, with its parameters."""
    name = FUNCTIONS[operator.name]
    if operator.options.get("Approximate"):
        return named(f"{name}_tanh")
    if "Alpha" not in operator.options:
        return named(name)
    alpha = float(operator.options["Alpha"])
    if not 0 <= alpha < math.inf:
        raise refuse(f"{operator}: its alpha is {alpha}; supported: 0 and more")
    return named(name, alpha)
