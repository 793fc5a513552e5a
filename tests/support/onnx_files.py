# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX files as the tests make and run them: by onnxruntime, and by what lstmcu reads of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from model import readers, reference
from model.network import Network
from model.signal import Array

DATA = Path(__file__).parents[1] / "model/data/onnx"
EVERY = tuple(sorted(path.stem for path in DATA.glob("*.onnx")))
WINDOWS = 3
OPEN = "batch"
X = {"x": (5, OPEN, 3)}  # steps, batch, features
RANDOM = np.random.default_rng(2)
LSTM = helper.make_node("LSTM", ["x", "W", "R", "B"], ["y", "h"], hidden_size=4)


def graph(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int | str]],
    outputs: Sequence[str],
    constants: Mapping[str, Array],
    opset: int = 18,
    **more: Any,
) -> Path:
    """Write a model of these nodes; inputs by their shapes, outputs of any."""
    made = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, **more), path)
    return path


def weights(operator: str, features: int, units: int, directions: int = 1, seed: int = 1) -> dict[str, Array]:
    """W, R and B of a recurrent node."""
    random, gates = np.random.default_rng(seed), {"LSTM": 4, "GRU": 3, "RNN": 1}[operator]
    shapes = {
        "W": (directions, gates * units, features),
        "R": (directions, gates * units, units),
        "B": (directions, 2 * gates * units),
    }
    return {name: random.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


def whole(*numbers: int) -> Array:
    return np.array(numbers, np.int64)


def drawn(*shape: int) -> Array:
    return RANDOM.normal(0, 0.7, shape).astype(np.float32)


def behind(path: Path, *nodes: onnx.NodeProto, opset: int = 18, **constants: Array) -> Path:
    """Nodes behind an LSTM that gives every step as ``s`` (batch, 5, 4); the last one writes ``z``."""
    ordered = helper.make_node("Transpose", ["q"], ["s"], perm=[1, 0, 2])
    newer = opset >= 13  # where axes are an input
    more: dict[str, Any] = {} if newer else {"axes": [1]}
    squeezed = helper.make_node("Squeeze", ["y", "one"] if newer else ["y"], ["q"], **more)
    held = {**weights("LSTM", 3, 4), **({"one": whole(1)} if newer else {}), **constants}
    return graph(path, [LSTM, squeezed, ordered, *nodes], X, ["z"], held, opset)


def session(path: Path) -> onnxruntime.InferenceSession:
    """That of onnxruntime."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.log_severity_level = 4
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


def batch_axis(shape: Sequence[int | str]) -> int | None:
    """The axis that is open, else the first of one."""
    fitting = [axis for axis, length in enumerate(shape) if isinstance(length, str)]
    return next(iter([*fitting, *(axis for axis, length in enumerate(shape) if length == 1)]), None)


def fed(path: Path, states: Sequence[str] = (), ids: int = 9, seed: int = 1) -> dict[str, Array]:
    """Random windows for every input; ``states`` start from zeros."""
    random, given = np.random.default_rng(seed), {}
    for each in session(path).get_inputs():
        shape = [WINDOWS if isinstance(length, str) else length for length in each.shape]
        if "int" in each.type:
            given[each.name] = random.integers(0, ids, shape)
        else:
            given[each.name] = random.normal(0, 1, shape).astype(np.float32) * (each.name not in states)
    return given


def samples(path: Path, given: Mapping[str, Array], network: Network, states: Sequence[str] = ()) -> Array:
    """The same as a network takes them, one sample a row."""
    parts = []
    ends = [each for each in session(path).get_inputs() if each.name not in states]
    for each, signal in zip(ends, network.inputs, strict=True):
        axis = batch_axis(each.shape)
        rows = given[each.name][np.newaxis] if axis is None else np.moveaxis(given[each.name], axis, 0)
        parts.append(rows.reshape(len(rows), *signal.shape).astype(np.float32))
    return network.given.packed(parts)


def by_rows(values: Array, count: int) -> Array:
    """An output (..., N, ...) as (N, ...)."""
    axis = next((axis for axis, length in enumerate(values.shape) if length == count), None)
    return (values[np.newaxis] if axis is None else np.moveaxis(values, axis, 0)).reshape(count, -1)


def going_on(path: Path, network: Network, windows: Array) -> Array:
    """What onnxruntime puts out of window after window (N, ...), handed back what the network says are its states."""
    runs, (first,) = session(path), network.input_names
    shapes = {each.name: [1 if isinstance(n, str) else n for n in each.shape] for each in runs.get_inputs()}
    pairs = dict(re.findall(r"input '(.*?)' and output '(.*?)' are the state", "\n".join(network.notes)))
    given = {name: np.zeros(shapes[name], np.float32) for name in pairs}
    assert shapes.keys() == {first, *pairs}
    due = []
    for window in windows:
        made = runs.run(None, {first: window.reshape(shapes[first]), **given})
        outputs = {each.name: value for each, value in zip(runs.get_outputs(), made, strict=True)}
        due.append(np.concatenate([outputs[name].reshape(-1) for name in network.output_names]))
        given = {name: outputs[following] for name, following in pairs.items()}
    return np.array(due)


def compared(path: Path, states: Sequence[str] = (), dropped: int = 0) -> tuple[Network, float]:
    """A file as it is read, and how far its outputs are from onnxruntime's; the last ``dropped`` are not put out."""
    network = readers.read(path)
    given = fed(path, states)
    due = session(path).run(None, given)
    inputs = samples(path, given, network, states)
    ours = network.made.parts(reference.run(network, inputs))
    assert len(ours) == len(due) - dropped
    count = len(inputs)
    return network, max(
        float(np.abs(y.reshape(count, -1) - by_rows(z, count)).max()) for y, z in zip(ours, due, strict=False)
    )
