# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How data flows through a Keras model: the calls of its layers, each after those that make what it reads.

Models within the model are taken apart, and a layer that is called several times stands there as often.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from model.errors import UserError
from model.readers.keras.checks import described, is_model, layers_of
from model.readers.keras.settings import CALL, JOINS, PAIRWISE, Config, check_value, shown

STEP_LIMIT = 4096  # calls of layers; models within models can ask for any number of them


class Tensor(NamedTuple):
    """One output of one call of a layer."""

    layer: str
    call: int
    output: int


class Call(NamedTuple):
    """One call of a layer: its positional arguments, or what Keras 2 took as its inputs, and those given by name."""

    inputs: tuple[Any, ...]
    named: Config


class Step(NamedTuple):
    """One call of a layer that is no model."""

    spec: Config
    reads: tuple[int, ...]  # numbers of signals: the model's inputs come first, then what each step writes


class Drawn(NamedTuple):
    """A model as one graph of layers."""

    inputs: tuple[Config, ...]  # the InputLayers, or the first layer of a Sequential model without one
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]


def _tensor(node: Any) -> Tensor | None:
    """What a part of a call refers to, in Keras 3's form or Keras 2's; None if it is no tensor."""
    if isinstance(node, dict) and node.get("class_name") == "__keras_tensor__":
        node = node["config"]["keras_history"]
    if isinstance(node, list) and len(node) in (3, 4) and isinstance(node[0], str):
        name, call, output = node[:3]
        if type(call) is int and type(output) is int:
            return Tensor(name, call, output)
    return None


def _tensors(structure: Any) -> list[Tensor]:
    """What a model's input_layers or output_layers name: a list as it is, a dict in the order of its keys."""
    tensor = _tensor(structure)
    if tensor:
        return [tensor]
    inner = [structure[key] for key in sorted(structure)] if isinstance(structure, dict) else structure
    return [tensor for item in inner for tensor in _tensors(item)] if isinstance(structure, dict | list) else []


def _calls(spec: Config) -> list[Call]:
    """The calls of a layer, each with its inputs."""
    calls = []
    for node in spec["inbound_nodes"]:
        if isinstance(node, dict):  # Keras 3
            calls.append(Call(tuple(node.get("args", [])), dict(node.get("kwargs", {}))))
            continue
        tensors = [node] if _tensor(node) else node
        named: Config = {}
        for tensor in tensors:
            named.update(tensor[3] if len(tensor) == 4 else {})
        calls.append(Call(tuple(tensors), named))
    return calls


def _reads(spec: Config, call: Call, where: str) -> list[Tensor]:
    """The tensors that a call of a layer reads; anything else that it is given is refused by its name."""
    inputs, named = list(call.inputs), dict(call.named)
    inputs += [named.pop(key) for key in ("inputs", "sequences") if key in named]
    for key, value in named.items():
        if key not in CALL:
            raise UserError(f"{where}: is called with {key}={shown(value)}, which is not supported; call it without")
        check_value(key, value, CALL[key], f"{where}: in its call")
    several = is_model(spec) or spec["class_name"] in JOINS
    flat = [item for value in inputs for item in (value if several and not _tensor(value) else [value])]
    read = [tensor for tensor in map(_tensor, flat) if tensor]
    others = [value for value in flat if _tensor(value) is None and value is not None]
    if others or not read:
        raise UserError(
            f"{where}: reads {shown(others[0]) if others else 'nothing'}; supported: what other layers give"
        )
    if len(read) > 1 and not several:
        raise UserError(f"{where}: reads {len(read)} layers; supported: one")
    return read


@dataclass
class _Functional:
    """The calls of the layers of one Functional model, and the tensors between them."""

    model: Config
    where: str
    layers: dict[str, Config] = field(default_factory=dict)
    calls: list[tuple[Tensor, list[Tensor]]] = field(default_factory=list)  # its first output, and what it reads
    firsts: dict[str, int] = field(default_factory=dict)  # the number of a layer's first call, if it is not 0

    def __post_init__(self) -> None:
        """Read the calls, in the order of the file."""
        listed = layers_of(self.model)
        self.layers = {layer["config"]["name"]: layer for layer in listed}
        if len(self.layers) != len(listed):
            raise UserError(
                f"{self.where}: two of its layers have one name; give each a name of its own and save it again"
            )
        for name, layer in self.layers.items():
            where = f"{self.where}: {described(layer)}"
            for number, call in enumerate(() if layer["class_name"] == "InputLayer" else _calls(layer)):
                self.calls.append((Tensor(name, number, 0), _reads(layer, call, where)))
        self._count_from()

    def _count_from(self) -> None:
        """Keras 2 counts a model's calls from 1: the first made the model itself."""
        of_models: dict[str, set[int]] = {name: set() for name, layer in self.layers.items() if is_model(layer)}
        for tensor in (*self.ends("output"), *(tensor for _, reads in self.calls for tensor in reads)):
            of_models.get(tensor.layer, set()).add(tensor.call)
        for name, numbers in of_models.items():
            of_keras_3 = any(isinstance(node, dict) for node in self.layers[name]["inbound_nodes"])
            self.firsts[name] = int(not of_keras_3 and 0 not in numbers)

    def ends(self, what: str) -> list[Tensor]:
        """The model's inputs or outputs."""
        return _tensors(self.model["config"].get(f"{what}_layers"))

    def counted(self, tensor: Tensor) -> Tensor:
        """With the calls of its layer counted from 0."""
        return tensor._replace(call=tensor.call - self.firsts.get(tensor.layer, 0))

    def inputs(self) -> list[str]:
        """The names of its InputLayers, in the order in which it takes its inputs."""
        named = self.ends("input")
        there = [name for name, layer in self.layers.items() if layer["class_name"] == "InputLayer"]
        if sorted(named) != sorted(Tensor(name, 0, 0) for name in there):
            says = " and ".join(f"'{tensor.layer}'" for tensor in named) or "nothing"
            inputs = " and ".join(f"'{name}'" for name in there) or "none"
            raise UserError(f"{self.where}: its input_layers name {says}, but its inputs are {inputs}; save it again")
        return [tensor.layer for tensor in named]


@dataclass
class _Drawing:
    """The graph of a model, as one model after the other is taken apart."""

    path: Path
    inputs: int
    steps: list[Step] = field(default_factory=list)

    def call(self, spec: Config, reads: list[int]) -> list[int]:
        """What a call of a layer or model gives."""
        if is_model(spec):
            return self.model(spec, reads, f"{self.path}: {described(spec)}")
        if spec["class_name"] in PAIRWISE and len(reads) > 2:
            reads = [*self.call(spec, reads[:-1]), reads[-1]]
        if len(self.steps) == STEP_LIMIT:
            raise UserError(f"{self.path}: calls its layers more than {STEP_LIMIT} times; give a smaller model")
        self.steps.append(Step(spec, tuple(reads)))
        return [self.inputs + len(self.steps) - 1]

    def model(self, model: Config, reads: list[int], where: str) -> list[int]:
        """What a model gives that reads these signals."""
        return (self._sequential if model["class_name"] == "Sequential" else self._functional)(model, reads, where)

    def _sequential(self, model: Config, reads: list[int], where: str) -> list[int]:
        for number, layer in enumerate(layers_of(model)):
            told = f"{where}: {described(layer)}"
            if len(reads) != 1:
                raise UserError(f"{told}: reads {len(reads)} signals; supported in a Sequential model: one")
            if layer["class_name"] != "InputLayer":
                reads = self.call(layer, reads)
            elif number:
                raise UserError(f"{told}: stands behind other layers; supported: as the first")
        return reads

    def _functional(self, model: Config, reads: list[int], where: str) -> list[int]:
        graph = _Functional(model, where)
        names = graph.inputs()
        if len(names) != len(reads):
            raise UserError(f"{where}: is called with {len(reads)} signals, but has {len(names)} inputs")
        signals = {Tensor(name, 0, 0): number for name, number in zip(names, reads, strict=True)}
        waiting: dict[Tensor, list[int]] = {}
        missing = []  # of each call: how many of the tensors it reads are not there yet
        for number, (_, tensors) in enumerate(graph.calls):
            needed = set(map(graph.counted, tensors))
            missing.append(len(needed))
            for tensor in needed:
                waiting.setdefault(tensor, []).append(number)
        ready: list[int] = []
        arrived = list(signals)
        while ready or arrived:
            for tensor in arrived:
                for number in waiting.get(tensor, ()):
                    missing[number] -= 1
                    if not missing[number]:
                        heapq.heappush(ready, number)
            arrived = []
            if ready:  # the first in the file's order of those that can be
                made, tensors = graph.calls[heapq.heappop(ready)]
                given = self.call(graph.layers[made.layer], [signals[graph.counted(tensor)] for tensor in tensors])
                arrived = [made._replace(output=output) for output in range(len(given))]
                signals |= zip(arrived, given, strict=True)
        return self._outputs(graph, signals, set(waiting), missing)

    def _outputs(
        self, graph: _Functional, signals: dict[Tensor, int], read: set[Tensor], missing: list[int]
    ) -> list[int]:
        """What the model gives, if all that it says leads there."""
        outputs = [graph.counted(tensor) for tensor in graph.ends("output")]
        for tensor in (*read, *outputs):
            if tensor not in signals and tensor._replace(output=0) in signals:
                what = (
                    f"{described(graph.layers[tensor.layer])}: its output {tensor.output} is read or put out, a state"
                )
                raise UserError(f"{graph.where}: {what}; supported: the first one; save the model without states")
        for (made, _), count in zip(graph.calls, missing, strict=True):
            if count:
                what = f"{described(graph.layers[made.layer])}: reads what no layer before it gives"
                raise UserError(f"{graph.where}: {what}; supported: graphs of layers, each output of which is read")
        if not outputs or not set(outputs) <= set(signals):
            says = " and ".join(f"'{tensor.layer}'" for tensor in outputs) or "nothing"
            raise UserError(
                f"{graph.where}: its output_layers name {says}, which is no output of its layers; save it again"
            )
        for made, _ in graph.calls:
            if not any(tensor[:2] == made[:2] for tensor in (*read, *outputs)):
                what = f"{described(graph.layers[made.layer])}: nothing reads it, and it is no output of the model"
                raise UserError(f"{graph.where}: {what}; save the model without it")
        return [signals[tensor] for tensor in outputs]


def draw(model: Config, path: Path) -> Drawn:
    """The graph of a model that has been checked."""
    layers = layers_of(model)
    inputs = layers[:1]
    if model["class_name"] != "Sequential":
        graph = _Functional(model, str(path))
        inputs = [graph.layers[name] for name in graph.inputs()]
    drawing = _Drawing(path, len(inputs))
    outputs = drawing.model(model, list(range(len(inputs))), str(path))
    return Drawn(tuple(inputs), tuple(drawing.steps), tuple(outputs))
