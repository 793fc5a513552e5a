# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A .tflite file in the making: tensors and operators in lists, packed by the schema package's builders."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite

from model.signal import Array

TYPES = {
    "float32": tflite.TensorType.FLOAT32,
    "int32": tflite.TensorType.INT32,
    "int64": tflite.TensorType.INT64,
    "int8": tflite.TensorType.INT8,
    "float16": tflite.TensorType.FLOAT16,
    "int16": tflite.TensorType.INT16,
}


@dataclass
class Tensor:
    """One tensor: a constant if it has data."""

    shape: tuple[int, ...]
    dtype: str
    data: bytes = b""
    scale: Array | None = None
    zero_point: int = 0
    variable: bool = False
    axis: int = 0  # that the scales belong to


@dataclass
class Operator:
    """One operator: its code by name, tensor numbers (-1: absent) and options as (table, fields)."""

    code: str
    inputs: list[int]
    outputs: list[int]
    options: tuple[str, dict[str, Any]]
    intermediates: list[int] = field(default_factory=list)


@dataclass
class File:
    """The one subgraph of a model."""

    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)

    def tensor(self, tensor: Tensor) -> int:
        """Add a tensor; returns its number."""
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def constant(self, array: Array, scale: Array | None = None) -> int:
        """Add a constant; returns its tensor's number."""
        return self.tensor(Tensor(array.shape, array.dtype.name, array.tobytes(), scale))

    def operator(self, code: str, inputs: list[int], output: Tensor, options: str = "", **fields: Any) -> int:
        """Add an operator and its output tensor; returns the tensor's number."""
        number = self.tensor(output)
        self.operators.append(Operator(code, inputs, [number], (options, fields)))
        return number


def _table(builder: flatbuffers.Builder, name: str, **fields: Any) -> int:
    """Pack a table; vectors and strings among the fields must have been packed before."""
    getattr(tflite, f"{name}Start")(builder)
    for key, value in fields.items():
        getattr(tflite, f"{name}Add{key}")(builder, value)
    return int(getattr(tflite, f"{name}End")(builder))


def _offsets(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _numbers(builder: flatbuffers.Builder, values: Any, dtype: str) -> int:
    return int(builder.CreateNumpyVector(np.asarray(values, dtype)))


def _buffer(builder: flatbuffers.Builder, data: bytes) -> int:
    if not data:
        return _table(builder, "Buffer")
    builder.Prep(16, len(data))  # the schema asks for this alignment
    return _table(builder, "Buffer", Data=builder.CreateByteVector(data))


def _tensor(builder: flatbuffers.Builder, number: int, tensor: Tensor) -> int:
    quantised: dict[str, int] = {}
    if tensor.scale is not None:
        scale = _numbers(builder, tensor.scale, "<f4")
        zero_point = _numbers(builder, [tensor.zero_point] * len(tensor.scale), "<i8")
        fields = {"Scale": scale, "ZeroPoint": zero_point, "QuantizedDimension": tensor.axis}
        quantised["Quantization"] = _table(builder, "QuantizationParameters", **fields)
    return _table(
        builder,
        "Tensor",
        Shape=_numbers(builder, tensor.shape, "<i4"),
        Name=builder.CreateString(f"t{number}"),
        Type=TYPES[tensor.dtype],
        Buffer=number + 1 if tensor.data else 0,  # buffer 0 is the empty one
        IsVariable=tensor.variable,
        **quantised,
    )


def _operator(builder: flatbuffers.Builder, operator: Operator, codes: list[str]) -> int:
    name, fields = operator.options
    extra = {}
    if name:
        extra["BuiltinOptions"] = _table(builder, name, **fields)
        extra["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, name)
    return _table(
        builder,
        "Operator",
        OpcodeIndex=codes.index(operator.code),
        Inputs=_numbers(builder, operator.inputs, "<i4"),
        Outputs=_numbers(builder, operator.outputs, "<i4"),
        Intermediates=_numbers(builder, operator.intermediates, "<i4"),
        **extra,
    )


def pack(file: File, inputs: list[int], outputs: list[int]) -> bytes:
    """The bytes of a .tflite whose subgraph reads and writes these tensors."""
    builder = flatbuffers.Builder(1 << 16)
    codes = sorted({operator.code for operator in file.operators})
    subgraph = _table(
        builder,
        "SubGraph",
        Tensors=_offsets(builder, [_tensor(builder, n, tensor) for n, tensor in enumerate(file.tensors)]),
        Inputs=_numbers(builder, inputs, "<i4"),
        Outputs=_numbers(builder, outputs, "<i4"),
        Operators=_offsets(builder, [_operator(builder, operator, codes) for operator in file.operators]),
    )
    numbers = [getattr(tflite.BuiltinOperator, code) for code in codes]
    model = _table(
        builder,
        "Model",
        Version=3,
        OperatorCodes=_offsets(
            builder,
            [_table(builder, "OperatorCode", DeprecatedBuiltinCode=n, BuiltinCode=n, Version=1) for n in numbers],
        ),
        Subgraphs=_offsets(builder, [subgraph]),
        Buffers=_offsets(builder, [_buffer(builder, data) for data in (b"", *(t.data for t in file.tensors))]),
    )
    builder.Finish(model, b"TFL3")
    return bytes(builder.Output())
