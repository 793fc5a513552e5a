# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps of cells as TensorFlow's converter writes them in integers: every operator by itself, the state in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from model.signal import Array
from tests.oracle.flatbuffer import File, Operator, Tensor, pack

FEATURES, UNITS, OUTPUTS = 3, 5, 2
FIXED = {
    "int8": {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)},
    "int16": {"LOGISTIC": (1 / 32768, 0), "TANH": (1 / 32768, 0)},
}


@dataclass
class Step:
    """A file in the making, of one type."""

    dtype: str
    rng: np.random.Generator
    edges: bool = False  # whether inputs and outputs are float32, as the converter leaves them unless asked
    file: File = field(default_factory=File)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def signal(self, size: int, reach: float, *shape: int, scale: tuple[float, int] | None = None) -> Tensor:
        """A tensor of about -reach to reach; in int8 with a zero point."""
        wide = 128 if self.dtype == "int8" else 32768
        zero = int(self.rng.integers(-20, 21)) if self.dtype == "int8" else 0
        by, zero = scale or (reach * self.rng.uniform(0.8, 1.2) / wide, zero)
        return Tensor((*(shape or (1,)), size), self.dtype, scale=np.float32([by]), zero_point=zero)

    def given(self, size: int, reach: float, *shape: int) -> int:
        """An input of the graph."""
        stored = self.signal(size, reach, *shape)
        self.inputs.append(self.file.tensor(Tensor(stored.shape, "float32") if self.edges else stored))
        return self.file.operator("QUANTIZE", [self.inputs[-1]], stored) if self.edges else self.inputs[-1]

    def packed(self, *outputs: int) -> bytes:
        """The file."""
        put_out = list(outputs)
        if self.edges:
            real = [Tensor(self.file.tensors[number].shape, "float32") for number in outputs]
            put_out = [self.file.operator("DEQUANTIZE", [n], each) for n, each in zip(outputs, real, strict=True)]
        self.outputs = put_out
        return pack(self.file, self.inputs, self.outputs)

    def scale(self, number: int) -> np.float32:
        scale = self.file.tensors[number].scale
        assert scale is not None
        return np.float32(scale[0])

    def size(self, number: int) -> int:
        return self.file.tensors[number].shape[-1]

    def constant(self, values: Array, scale: float, zero: int = 0) -> int:
        number = self.file.constant(values.astype(self.dtype), np.float32([scale]))
        self.file.tensors[number].zero_point = zero
        return number

    def dense(self, x: int, units: int, bias: bool = True, reach: float = 4.0) -> int:
        """A FULLY_CONNECTED with a scale a row."""
        weights = self.rng.integers(-127, 128, (units, self.size(x))).astype(np.int8)
        scales = self.rng.uniform(0.004, 0.01, units).astype(np.float32)
        inputs = [x, self.file.constant(weights, scales), -1]
        if bias:
            real = self.rng.normal(0, 0.3, units)
            wide = "int32" if self.dtype == "int8" else "int64"
            inputs[2] = self.file.constant(
                np.rint(real / (self.scale(x) * scales)).astype(wide), self.scale(x) * scales
            )
        options = {"KeepNumDims": False}
        return self.file.operator(
            "FULLY_CONNECTED", inputs, self.signal(units, reach), "FullyConnectedOptions", **options
        )

    def two(self, code: str, one: int, other: int, reach: float) -> int:
        """ADD, SUB or MUL."""
        size = max(self.size(each) if self.file.tensors[each].shape else 1 for each in (one, other))
        return self.file.operator(code, [one, other], self.signal(size, reach), f"{code.capitalize()}Options")

    def function(self, code: str, x: int) -> int:
        return self.file.operator(code, [x], self.signal(self.size(x), 1, scale=FIXED[self.dtype].get(code)))

    def split(self, x: int, parts: int, by_sizes: bool = False) -> list[int]:
        """SPLIT, or SPLIT_V with the last size left open."""
        whole, axis = self.file.tensors[x], self.file.constant(np.int32(1).reshape(()))
        each = self.size(x) // parts
        made = [
            self.file.tensor(Tensor((1, each), self.dtype, scale=whole.scale, zero_point=whole.zero_point))
            for _ in range(parts)
        ]
        name, inputs = "SPLIT", [axis, x]
        if by_sizes:
            sizes = np.int32([each] * (parts - 1) + [-1])
            name, inputs = "SPLIT_V", [x, self.file.constant(sizes), axis]
        options = "SplitVOptions" if by_sizes else "SplitOptions"
        self.file.operators.append(Operator(name, inputs, made, (options, {"NumSplits": parts})))
        return made

    def unpacked(self, x: int) -> int:
        """The one step of a sequence."""
        whole = self.file.tensors[x]
        made = Tensor((1, whole.shape[-1]), self.dtype, scale=whole.scale, zero_point=whole.zero_point)
        return self.file.operator("UNPACK", [x], made, "UnpackOptions", Num=1, Axis=1)


def lstm(step: Step) -> bytes:
    """Its bias by itself; the cell state goes out first."""
    x, h, c = step.given(FEATURES, 3, 1, 1), step.given(UNITS, 1), step.given(UNITS, 2)
    both = [step.dense(each, 4 * UNITS, bias=False) for each in (step.unpacked(x), h)]
    bias = step.constant(step.rng.integers(-100, 100, 4 * UNITS), 0.01, 7 if step.dtype == "int8" else 0)
    total = step.two("ADD", step.two("ADD", *both, 6), bias, 6)
    i, f, g, o = step.split(total, 4)
    i, f, g, o = (step.function("TANH" if each == g else "LOGISTIC", each) for each in (i, f, g, o))
    new = step.two("ADD", step.two("MUL", f, c, 2), step.two("MUL", i, g, 1), 2)
    hidden = step.two("MUL", o, step.function("TANH", new), 1)
    return step.packed(new, step.dense(hidden, OUTPUTS), hidden)


def gru(step: Step) -> bytes:
    """With both biases, and 1 - z."""
    x, h = step.given(FEATURES, 3, 1), step.given(UNITS, 1)
    kernel = step.split(step.dense(x, 3 * UNITS), 3)
    recurrent = step.split(step.dense(h, 3 * UNITS), 3, by_sizes=True)
    z, r = (step.function("LOGISTIC", step.two("ADD", kernel[n], recurrent[n], 6)) for n in range(2))
    n = step.function("TANH", step.two("ADD", kernel[2], step.two("MUL", r, recurrent[2], 4), 6))
    low, high = (-128, 127) if step.dtype == "int8" else (0, 32767)
    one = step.file.constant(np.array(high, step.dtype), np.float32([1 / (high - low)]))
    step.file.tensors[one].zero_point = low
    rest = step.two("SUB", one, z, 1)
    new = step.two("ADD", step.two("MUL", z, h, 1), step.two("MUL", rest, n, 1), 1)
    return step.packed(step.dense(new, OUTPUTS), new)


def rnn(step: Step) -> bytes:
    """A SimpleRNN of relu, fused into its sum."""
    x, h = step.given(FEATURES, 3, 1), step.given(UNITS, 4)
    total = step.two("ADD", step.dense(x, UNITS), step.dense(h, UNITS), 4)
    step.file.operators[-1].options[1]["FusedActivationFunction"] = 1
    return step.packed(step.dense(total, OUTPUTS), total)


MADE: dict[str, Callable[[Step], bytes]] = {"lstm": lstm, "gru": gru, "rnn": rnn}


def made(cell: str, dtype: str, seed: int = 0, edges: bool = False) -> bytes:
    """The .tflite of a cell's step, of numbers drawn."""
    return MADE[cell](Step(dtype, np.random.default_rng(seed), edges))
