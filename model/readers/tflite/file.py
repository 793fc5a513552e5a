# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a .tflite file says, as plain values: its tensors and operators, every count and size checked before use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from model.cells.cell import Cell
from model.errors import UserError
from model.formats import REAL
from model.functions import Function
from model.signal import Array

FILE_LIMIT = 256 << 20  # bytes
COUNT_LIMIT = 10_000  # tensors or operators; a network for a microcontroller has tens
GRAPHS_LIMIT = 65
ENDS_LIMIT = 1024  # inputs or outputs of one operator; as many as there are steps where a sequence is taken apart
ELEMENT_LIMIT = 1 << 24  # elements of one tensor
LATER_FIELDS = 16  # that a table may have been given by later schemas

OPERATOR_NAMES: dict[int, str] = {code: name for name, code in vars(tflite.BuiltinOperator).items() if name.isupper()}
TYPE_NAMES: dict[int, str] = {code: name.lower() for name, code in vars(tflite.TensorType).items() if name.isupper()}

GRAPHS = ("CondSubgraphIndex", "BodySubgraphIndex")
OVER_AXES = ("FusedActivationFunction", "Padding", "StrideH", "StrideW")
CONVOLUTION = (*OVER_AXES, "DilationHFactor", "DilationWFactor")
POOL = ("Pool2DOptions", (*OVER_AXES, "FilterHeight", "FilterWidth"))
# operator: (its options table, the fields that are read); of the others, no value changes what is computed here:
# KeepNumDims and KeepDims say how the output's shape is written, ProjClip is of a projection, which is refused
OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (
        "UnidirectionalSequenceLSTMOptions",
        (
            "FusedActivationFunction",
            "CellClip",
            "TimeMajor",
            "DiagonalRecurrentTensors",
            "AsymmetricQuantizeInputs",
        ),
    ),
    "BIDIRECTIONAL_SEQUENCE_LSTM": (
        "BidirectionalSequenceLSTMOptions",
        ("FusedActivationFunction", "CellClip", "MergeOutputs", "TimeMajor", "AsymmetricQuantizeInputs"),
    ),
    "UNIDIRECTIONAL_SEQUENCE_RNN": (
        "SequenceRNNOptions",
        ("FusedActivationFunction", "TimeMajor", "AsymmetricQuantizeInputs"),
    ),
    "BIDIRECTIONAL_SEQUENCE_RNN": (
        "BidirectionalSequenceRNNOptions",
        ("FusedActivationFunction", "MergeOutputs", "TimeMajor", "AsymmetricQuantizeInputs"),
    ),
    "FULLY_CONNECTED": (
        "FullyConnectedOptions",
        ("FusedActivationFunction", "WeightsFormat", "QuantizedBiasType", "AsymmetricQuantizeInputs", "KeepNumDims"),
    ),
    "CONCATENATION": ("ConcatenationOptions", ("Axis", "FusedActivationFunction")),
    "CONV_2D": ("Conv2DOptions", CONVOLUTION),
    "DEPTHWISE_CONV_2D": ("DepthwiseConv2DOptions", CONVOLUTION),
    **dict.fromkeys(("MAX_POOL_2D", "AVERAGE_POOL_2D"), POOL),
    "ADD": ("AddOptions", ("FusedActivationFunction",)),  # PotScaleInt16 is of other runtimes than tflite-micro
    "SUB": ("SubOptions", ("FusedActivationFunction",)),
    "MUL": ("MulOptions", ("FusedActivationFunction",)),
    "LEAKY_RELU": ("LeakyReluOptions", ("Alpha",)),
    "GELU": ("GeluOptions", ("Approximate",)),
    "MEAN": ("ReducerOptions", ("KeepDims",)),
    "SOFTMAX": ("SoftmaxOptions", ("Beta",)),
    "TRANSPOSE": ("TransposeOptions", ()),
    "SPLIT": ("SplitOptions", ("NumSplits",)),
    "SPLIT_V": ("SplitVOptions", ("NumSplits",)),
    "PACK": ("PackOptions", ("Axis", "ValuesCount")),
    "UNPACK": ("UnpackOptions", ("Axis", "Num")),
    "DIV": ("DivOptions", ("FusedActivationFunction",)),
    "GATHER": ("GatherOptions", ("Axis", "BatchDims")),
    "WHILE": ("WhileOptions", GRAPHS),
    "STRIDED_SLICE": (
        "StridedSliceOptions",
        ("BeginMask", "EndMask", "EllipsisMask", "NewAxisMask", "ShrinkAxisMask", "Offset"),
    ),
}

COUNTED = {"PACK": "ValuesCount", "SPLIT": "NumSplits", "SPLIT_V": "NumSplits", "UNPACK": "Num"}  # said twice
BIAS_TYPES = (tflite.TensorType.FLOAT32, tflite.TensorType.INT32, tflite.TensorType.INT64)  # the first one says nothing

LIST_RESERVE, LIST_SET, LIST_STACK = "FlexTensorListReserve", "FlexTensorListSetItem", "FlexTensorListStack"
LISTS = (LIST_RESERVE, LIST_SET, LIST_STACK)  # TensorFlow's own operators that a loop may keep its outputs by

Refuse = Callable[[str], UserError]


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor of the file; a constant if it has data."""

    number: int
    name: str
    shape: tuple[int, ...]  # with the batch axis, as in the file
    dtype: str
    data: Array  # bytes of a constant, else empty
    scale: Array  # float32, empty if not quantised
    zero_point: Array  # int64, as many as scales
    axis: int  # that the scales belong to
    variable: bool
    sparse: bool
    fixed: bool  # no axis but the batch is left open
    signature: tuple[int, ...] = ()  # the shape with -1 for what is left open; empty if nothing is

    @property
    def size(self) -> int:
        """Number of elements."""
        product = 1
        for n in self.shape:
            product *= n
        return product


@dataclass(frozen=True, eq=False)
class Norm:
    """What a layer normalisation does with each feature."""

    scale: Array  # (F,) float32
    offset: Array  # (F,) float32
    epsilon: float


@dataclass(frozen=True, eq=False)
class Operator:
    """One operator: tensor numbers in and out, and those options that matter."""

    number: int
    name: str
    inputs: tuple[int, ...]  # -1: absent
    outputs: tuple[int, ...]
    options: dict[str, Any]
    function: Function | None = None  # of what stands for all the operators of a function
    norm: Norm | None = None  # of what stands for all the operators of a layer normalisation
    cell: Cell | None = None  # of what stands for all the operators of a recurrent cell
    last_only: bool = False  # of such: whether it writes its last step alone
    backwards: bool = False  # of such: whether it reads the sequence from its end
    reads_ids: bool = False  # of a table: whether its inputs are ids that come in, and the table
    part: int | None = None  # of what stands for one part of what is split: which

    @property
    def stands_alone(self) -> bool:
        """Whether it is an operator of the file, and stands for no others."""
        several = self.cell is not None or self.norm is not None or self.function is not None
        return not (several or self.reads_ids or self.part is not None)

    @property
    def graphs(self) -> tuple[int, ...]:
        """The numbers of the graphs that a loop runs: its condition and its body."""
        return tuple(int(n) for which, n in self.options.items() if which in GRAPHS)

    def __str__(self) -> str:
        return f"operator {self.number} ({self.name})"


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph of a file, the main one unless said otherwise."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    others: dict[int, Graph] = field(default_factory=dict)  # of the main one, by number: those that its loops run


def _count(length: int, what: str) -> range:
    if length > COUNT_LIMIT:
        raise ValueError(f"it claims {length} {what}")
    return range(length)


def _vector(table: Any, field: str, dtype: str) -> Array:
    """A vector of numbers as a view of the file, empty where the file leaves it out."""
    if not getattr(table, f"{field}Length")():
        return np.empty(0, dtype)
    return np.asarray(getattr(table, f"{field}AsNumpy")(), dtype)


def indices(table: Any, field: str) -> tuple[int, ...]:
    """A short vector of tensor numbers."""
    if getattr(table, f"{field}Length")() > ENDS_LIMIT:
        raise ValueError(f"an operator or graph claims more than {ENDS_LIMIT} {field.lower()}")
    return tuple(_vector(table, field, "int32").tolist())


def _dimensions(table: Any, field: str) -> tuple[int, ...]:
    """A shape of at most eight axes."""
    return tuple(_vector(table, field, "int32")[:8].tolist())


def text_of(raw: bytes | None) -> str:
    """What a file says in words: the beginning, of ASCII."""
    return (raw or b"")[:100].decode("ascii", "replace")


def _operator_name(model: Any, index: int) -> str:
    if index >= model.OperatorCodesLength():
        raise ValueError(f"an operator has code number {index} of {model.OperatorCodesLength()}")
    code = model.OperatorCodes(index)
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())  # files before 2020 have only the second
    if number == tflite.BuiltinOperator.CUSTOM:
        return text_of(code.CustomCode()) or "CUSTOM"
    return OPERATOR_NAMES.get(number, f"operator code {number}")


@cache
def _known_fields(kind: str) -> int:
    return sum(name.startswith(f"{kind}Add") for name in vars(tflite))


def _check_fields(table: Any, kind: str, what: str, refuse: Refuse) -> None:
    """Refuse a table with fields that a later schema than ours has given it."""
    known = _known_fields(kind)
    for number in range(known, known + LATER_FIELDS):
        if table._tab.Offset(4 + 2 * number):
            raise refuse(f"{what}: has field {number} of {kind}, which lstmcu does not know; convert without it")


def _options(operator: Any, name: str, what: str, refuse: Refuse) -> dict[str, Any]:
    own = operator.CustomOptionsLength() and name not in LISTS  # which say what type their elements have
    if own or operator.LargeCustomOptionsSize() or operator.BuiltinOptions2Type():
        raise refuse(f"{what}: has custom options, which lstmcu does not know; convert for the builtin operators")
    if name not in OPTIONS or operator.BuiltinOptions() is None:
        return {}
    kind, fields = OPTIONS[name]
    if operator.BuiltinOptionsType() != getattr(tflite.BuiltinOptions, kind):
        raise ValueError(f"the options of a {name} are not {kind}")
    table = getattr(tflite, kind)()
    source = operator.BuiltinOptions()
    table.Init(source.Bytes, source.Pos)
    _check_fields(table, kind, what, refuse)
    return {field: getattr(table, field)() for field in fields}


def _check_options(operator: Operator, refuse: Refuse) -> None:
    """Refuse options that no value of another field bears out."""
    counted = COUNTED.get(operator.name)
    parts = operator.inputs if operator.name == "PACK" else operator.outputs
    if counted and operator.options.get(counted) != len(parts):
        said = operator.options.get(counted, "none")
        raise refuse(f"{operator}: it has {len(parts)} parts and its options say {said}; the file is damaged")
    if operator.options.get("QuantizedBiasType", 0) not in BIAS_TYPES:
        said = operator.options["QuantizedBiasType"]
        raise refuse(f"{operator}: the type of its bias is said to be number {said}; supported: int32 and int64")


def _operator(model: Any, graph: Any, number: int, refuse: Refuse) -> Operator:
    operator = graph.Operators(number)
    name = _operator_name(model, operator.OpcodeIndex())
    made = Operator(number, name, indices(operator, "Inputs"), indices(operator, "Outputs"), {})
    _check_fields(operator, "Operator", str(made), refuse)
    made = replace(made, options=_options(operator, name, str(made), refuse))
    _check_options(made, refuse)
    return made


def _data(model: Any, index: int) -> Array:
    if index >= model.BuffersLength():
        raise ValueError(f"a tensor has buffer number {index} of {model.BuffersLength()}")
    buffer = model.Buffers(index)
    if buffer.Offset() > 1:
        raise ValueError("it keeps its weights behind the model proper, as only files over 2 GB do")
    return _vector(buffer, "Data", "uint8")


def _tensor(model: Any, graph: Any, number: int, refuse: Refuse) -> Tensor:
    tensor = graph.Tensors(number)
    where = f"tensor {number} '{text_of(tensor.Name())}'"
    _check_fields(tensor, "Tensor", where, refuse)
    quantisation = tensor.Quantization()
    scale, zero_point, axis = np.empty(0, np.float32), np.empty(0, np.int64), 0
    if quantisation is not None:
        scale = _vector(quantisation, "Scale", "float32")
        zero_point = _vector(quantisation, "ZeroPoint", "int64")
        axis = quantisation.QuantizedDimension()
        _check_fields(quantisation, "QuantizationParameters", where, refuse)
        if quantisation.DetailsType():
            raise refuse(f"{where}: is quantised in a way of its own (details); supported: scales and zero points")
        if len(zero_point) != len(scale):
            raise ValueError(f"tensor {number} has {len(scale)} scales and {len(zero_point)} zero points")
    return Tensor(
        number=number,
        name=text_of(tensor.Name()),
        shape=_dimensions(tensor, "Shape"),
        dtype=TYPE_NAMES.get(tensor.Type(), f"type {tensor.Type()}"),
        data=_data(model, tensor.Buffer()),
        scale=scale,
        zero_point=zero_point,
        axis=axis,
        variable=bool(tensor.IsVariable()),
        sparse=tensor.Sparsity() is not None,
        fixed=min(_dimensions(tensor, "ShapeSignature")[1:], default=0) >= 0,
        signature=_dimensions(tensor, "ShapeSignature"),
    )


METADATA = {"min_runtime_version", "CONVERSION_METADATA", "TFLITE_METADATA", "reduced_precision_support"}


def other_metadata(data: bytes) -> list[str]:
    """Names of metadata that are not known to change nothing, as those of TensorFlow's converter do."""
    model = tflite.Model.GetRootAs(data)
    names = [text_of(model.Metadata(n).Name()) for n in range(min(model.MetadataLength(), ENDS_LIMIT))]
    return [name for name in names if name not in METADATA]


def operator_names(data: bytes, number: int = 0) -> list[str]:
    """The names of a graph's operators, in order."""
    model = tflite.Model.GetRootAs(data)
    graph = model.Subgraphs(number)
    return [
        _operator_name(model, graph.Operators(n).OpcodeIndex()) for n in _count(graph.OperatorsLength(), "operators")
    ]


def _real_constants(graph: Graph) -> Graph:
    """The graph with its float16 weights as float32 constants, as DEQUANTIZE makes of them whenever it is run."""
    tensors, operators = list(graph.tensors), []
    computed = {number for operator in graph.operators for number in operator.outputs}
    for operator in graph.operators:
        source = operator.inputs[0] if len(operator.inputs) == 1 else -1
        constant = source >= 0 and source not in computed and not tensors[source].sparse
        half = constant and tensors[source].dtype == "float16"
        if operator.name != "DEQUANTIZE" or not half or len(operator.outputs) != 1:
            operators.append(operator)
            continue
        values, target = tensors[source], tensors[operator.outputs[0]]
        if target.dtype != REAL or target.shape != values.shape or values.data.nbytes != 2 * values.size:
            raise ValueError(f"{operator} does not make float32 of float16 weights")
        wide = np.frombuffer(values.data.tobytes(), "<f2").astype("<f4")
        tensors[target.number] = replace(target, data=np.frombuffer(wide.tobytes(), np.uint8))
    return replace(graph, tensors=tuple(tensors), operators=tuple(operators))


def _graph(model: Any, number: int, refuse: Refuse) -> Graph:
    """One graph, weights of float16 as float32."""
    graph = model.Subgraphs(number)
    _check_fields(graph, "SubGraph", "its graph", refuse)
    tensors = tuple(_tensor(model, graph, n, refuse) for n in _count(graph.TensorsLength(), "tensors"))
    operators = tuple(_operator(model, graph, n, refuse) for n in _count(graph.OperatorsLength(), "operators"))
    for operator in operators:
        if any(not -1 <= n < len(tensors) for n in (*operator.inputs, *operator.outputs)):
            raise ValueError(f"{operator} names a tensor that does not exist")
    inputs, outputs = indices(graph, "Inputs"), indices(graph, "Outputs")
    if any(not 0 <= n < len(tensors) for n in (*inputs, *outputs)):
        raise ValueError("the graph names a tensor that does not exist")
    return _real_constants(Graph(tensors, operators, inputs, outputs))


def parse(data: bytes, main: int, alone: bool, refuse: Refuse) -> Graph:
    """The main graph, of this number; where it is not ``alone`` the others are those that it runs. Raises
    ``ValueError`` and the like for damage, and what ``refuse`` makes for what is not supported."""
    model = tflite.Model.GetRootAs(data)
    _check_fields(model, "Model", "the model", refuse)
    count = model.SubgraphsLength()
    if count > GRAPHS_LIMIT:
        raise refuse(f"it has {count} graphs; supported: {GRAPHS_LIMIT}, two for each loop")
    graphs: dict[int, Graph] = {}
    due = [main, *(range(count) if alone else ())]
    while due:
        number = due.pop()
        if number in graphs or not 0 <= number < count:
            continue
        graphs[number] = _graph(model, number, refuse)
        due += [each for operator in graphs[number].operators for each in operator.graphs]
    whole = graphs.pop(main)
    return replace(whole, others=graphs)


def load(path: Path) -> bytes:
    """The file's bytes, if it can be a .tflite at all."""
    size = path.stat().st_size
    if size > FILE_LIMIT:
        raise UserError(f"{path}: has {size} bytes; no more than {FILE_LIMIT} are read")
    data = path.read_bytes()
    if len(data) < 8 or data[4:8] != b"TFL3":
        raise UserError(f"{path}: is not a TensorFlow Lite file: it does not start as one; convert the model again")
    return data
