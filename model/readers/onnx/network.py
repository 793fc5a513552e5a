# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX files (.onnx): the graph, node by node, as layers on signals.

Nothing in a file says which axis is the batch, so each that can be it is tried, and a recurrent node or a convolution
says which is. A file is read twice: what is asked of a cell, every step or the last one, is known after the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from model import limits
from model.errors import NoModelError, UserError
from model.escape import visible
from model.fold import folded, joined
from model.formats import REAL
from model.layers.base import Place
from model.network import ENDLESS, Network, check_ends
from model.network import Node as Placed
from model.readers.onnx import joins, layers, quantised, shapes, states, steps, values
from model.readers.onnx.constants import FOLDED, FoldError
from model.readers.onnx.file import ELEMENT_LIMIT, End, Graph, Node, load
from model.readers.onnx.flat import over_time
from model.readers.onnx.loops import LoopError, without_loops
from model.readers.onnx.older import OlderError, as_newer
from model.readers.onnx.patterns import gathered
from model.readers.onnx.reader import BatchError, Reader
from model.readers.onnx.recurrent import GATES, make_cell, read_recurrent
from model.readers.onnx.rows import with_rows
from model.readers.onnx.states import is_hidden
from model.readers.onnx.unrolled import UntoldError, is_taken_apart, without_unrolled
from model.readers.onnx.values import MisfitError, Value
from model.signal import Signal
from model.store import stored

# samples where the file leaves it open: primes that no other axis is likely to be of, and fewer where cells are
# unrolled. What is read may not depend on them.
OPEN, OTHERS = ((1013, 2), (1019, 3))
SIZES = (OPEN[0], OTHERS[0])
READERS: dict[str, Callable[[Reader, Node], Value | None]] = {
    **dict.fromkeys(GATES, read_recurrent),
    **shapes.READERS,
    **layers.READERS,
    **joins.READERS,
    **quantised.READERS,
}
NONE = "holds no LSTM, GRU or RNN; lstmcu builds recurrent networks"
APART = (
    " (PyTorch's newer exporter takes an nn.RNN apart, and lstmcu finds one again that starts from zeros and reads a "
    "whole sequence: torch.onnx.export(..., dynamo=False) keeps every one whole)"
)
IN_LOOPS = (
    " (its loops are no layers that start from zeros and read a whole sequence, without a mask: give the .keras file)"
)
QUANTISED = ("DynamicQuantizeLinear", "QLinearMatMul", "QLinearConv", "MatMulInteger", "ConvInteger")
KERAS = "of Keras give the .keras file; of PyTorch export an nn.LSTM, nn.GRU or nn.RNN"
INNER = {  # operators that hold graphs of their own
    "Loop": f"a loop in a loop: {KERAS}",
    "Scan": f"a loop: {KERAS}",
    "If": "a branch: export with fixed shapes, and what is behind the condition alone",
}
WAYS_OUT = {
    **INNER,
    "LogSoftmax": "put out the Softmax, or what is before it",
    **dict.fromkeys(("GatherElements", "GatherND"), "it picks steps by lengths: export for whole sequences"),
    "Erf": "supported: in a gelu",
    **dict.fromkeys(
        QUANTISED,
        "part of a quantised file that computes in another way: quantise by QuantFormat.QDQ, "
        "or give the model from before, quant=int8 quantises",
    ),
}


# ---- the batch ----


def _axis(end: End, wanted: int | None, batch: int) -> int | None:
    """The axis of an input that is the batch: ``wanted`` if that can be it; None if it has none."""
    shape = end.shape or ()
    fitting = [
        axis for axis, length in enumerate(shape) if (isinstance(length, str) if batch in SIZES else length == batch)
    ]
    return None if wanted is None else wanted if wanted in fitting else next(iter(fitting), None)


def _size(end: End, wanted: int | None) -> int | None:
    """How many samples a first input says there are; None where it leaves that open."""
    shape = end.shape or ()
    at = 1 if wanted is None or wanted >= len(shape) else shape[wanted]
    return at if isinstance(at, int) else None


def _with_cells(graph: Graph, wanted: int | None, opened: tuple[int, int] = OPEN) -> Graph:
    """The graph with cells that were unrolled as operators, and states as rows; an axis for the batch."""
    size = _size(graph.inputs[0], wanted)
    axes = {end.name: _axis(end, wanted, size or opened[0]) for end in graph.inputs}
    samples = size or opened[1]
    return with_rows(without_unrolled(graph, samples, axes), samples, axes)


# ---- one reading ----

Read = tuple[Reader, dict[str, int]]  # and the numbers of the outputs by their names


def _is_step(end: End, axis: int | None) -> bool:
    """Whether an input is a vector, or a sequence of one, beside its batch."""
    kept = [length for at, length in enumerate(end.shape or ()) if at != axis]
    return len(kept) == 1 or kept[:1] == [1]


def _open_inputs(reader: Reader, wanted: int | None, count: int) -> None:
    """A signal for each input, though it be a first state; ``count`` steps where the file leaves them open."""
    firsts = states.of_inputs(reader.graph)
    sequences = [end for end in reader.graph.inputs if end.name not in firsts]
    reader.single = bool(firsts) and all(_is_step(end, _axis(end, wanted, reader.batch)) for end in sequences)
    for end in reader.graph.inputs:
        if end.shape is None:
            raise reader.refuse(None, f"input '{end.name}' has no shape; export with fixed steps and features")
        axis = _axis(end, wanted, reader.batch)
        kept = [length for at, length in enumerate(end.shape) if at != axis]
        left = [length for length in kept if isinstance(length, str)]
        if len(left) > 1 or (left and (len(kept) < 2 or kept[0] != left[0])):
            raise BatchError(
                f"{reader.path}: input '{end.name}' leaves its axis '{left[0]}' open; fix it: python -m "
                f"onnxruntime.tools.make_dynamic_shape_fixed --dim_param {left[0]} --dim_value 32 model.onnx fixed.onnx"
            )
        if left and reader.batch not in (1, *SIZES):
            raise BatchError(
                f"{reader.path}: input '{end.name}' has a fixed batch of {reader.batch} and an open number of steps; "
                "supported: a batch of 1, or an open one"
            )
        reader.endless |= bool(left)
        lengths = [length if isinstance(length, int) else count for length in kept]
        lead = lengths[:1] if len(lengths) > 1 else [1] * reader.single
        signal = Signal((*lead, int(np.prod(lengths[len(lengths) > 1 :]))))
        if signal.size > ELEMENT_LIMIT:
            raise reader.refuse(None, f"input '{end.name}' has shape {end.shape}; supported: {ELEMENT_LIMIT} elements")
        state = states.rows(end, reader.batch, axis) if end.name in firsts else None
        tensor = values.of_signal(len(reader.inputs), lengths, reader.batch, axis)
        reader.values[end.name] = tensor if state is None else state
        reader.inputs.append(signal)


def _read_node(reader: Reader, node: Node) -> None:
    given = [reader.value(name, node) if name else None for name in node.inputs]
    arrays = [each for each in given if isinstance(each, np.ndarray)]
    known = len(arrays) == sum(each is not None for each in given)
    if known and node.operator in FOLDED:
        folded_inputs = [each if isinstance(each, np.ndarray) else None for each in given]
        reader.values[node.output(0)] = FOLDED[node.operator](node, folded_inputs)
        reader.scales |= {node.output(0): reader.scales[name] for name in node.inputs if name in reader.scales}
        return
    if node.operator != quantised.BACK:
        for each in given:
            quantised.check(reader, node, each)
    if node.operator not in READERS:
        way_out = WAYS_OUT.get(node.operator, f"supported: {', '.join(sorted(READERS))}")
        raise reader.refuse(node, f"is an operator that is not supported: {way_out}")
    made = READERS[node.operator](reader, node)
    if made is not None:
        reader.values[node.output(0)] = made


@contextmanager
def _told(reader: Reader, node: Node) -> Iterator[None]:
    """What a node cannot be becomes a sentence."""
    try:
        yield
    except MisfitError as error:
        what = f"moves elements about: {error}; supported: axes that are joined, parted or swapped"
        raise reader.refuse(node, what) from None
    except FoldError as error:
        raise reader.refuse(node, f"cannot be worked out: {error}"[:400]) from None
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError) as error:
        raise reader.refuse(node, f"does not fit what it reads: {error}"[:400]) from None


def _once(path: Path, graph: Graph, wanted: int | None, size: int, asked: frozenset[object], count: int = 1) -> Read:
    """Read the graph with an axis for the batch."""
    reader = Reader(path, graph, size, asked, graph.wanted, make_cell)
    reader.values |= graph.constants
    _open_inputs(reader, wanted, count)
    for node in graph.nodes:
        if reader.wanted & set(node.outputs):
            with _told(reader, node):
                _read_node(reader, node)
    return reader, _put_out(reader)


def _put_out(reader: Reader) -> dict[str, int]:
    """The numbers of the outputs by their names, but for states, which the device keeps."""
    kept, dropped, outputs = dict[str, str](), list[str](), dict[str, int]()
    given = {name: reader.value(name) for name in reader.graph.outputs}
    final = {cell for value in given.values() if states.is_final(value) for cell in states.sources(value)}
    if all(states.is_part(value, final) for value in given.values()):
        final = set()  # then the last hidden states are what the model is for
    for name, value in given.items():
        if isinstance(value, np.ndarray):
            raise reader.refuse(None, f"output '{name}' is a constant; export a model that computes")
        state = states.hands_on(reader.states, value)
        if state:
            kept[state] = name
        elif states.is_part(value, final) or (len(given) > 1 and states.is_final(value)):
            dropped.append(name)
        else:
            quantised.check(reader, None, value)
            outputs[name] = reader.put_out(value)
    states.check(reader.states, kept, reader.path, bool(reader.moved))
    alone = {} if outputs else {name: given[name] for name in kept.values()}  # of a cell that nothing reads
    shown = {name: value for name, value in alone.items() if not isinstance(value, np.ndarray) and is_hidden(value)}
    outputs |= {name: reader.put_out(value) for name, value in shown.items()}
    for first, following in kept.items():
        reader.note(
            f"input '{first}' and output '{following}' are the state, which the device keeps: a reset sets it to zero, "
            f"a step goes on from it{' and puts it out' * (following in shown)}"
        )
    for name in dropped:
        reader.note(f"output '{name}' is a state after the last step, which the device keeps: it is not put out")
    if not outputs:
        raise reader.refuse(None, "puts out nothing but cell states; export the hidden states, too")
    return outputs


def _without_states(network: Network, numbers: dict[str, int], reader: Reader) -> Network:
    """The same without inputs that are states."""
    gone = {numbers[state.input] for state in reader.states.starts.values()}
    moved = {old: new for new, old in enumerate(each for each in range(_signals(network)) if each not in gone)}
    nodes = tuple(Placed(node.layer, tuple(moved[number] for number in node.reads)) for node in network.nodes)
    inputs = tuple(each for at, each in enumerate(network.inputs) if at not in gone)
    names = tuple(visible(name) for name, at in numbers.items() if at not in gone)
    outputs = tuple(moved[number] for number in network.outputs)
    return replace(network, inputs=inputs, nodes=nodes, outputs=outputs, input_names=names)


def _read_alone(network: Network) -> Network:
    """The same without layers of which nothing is left but their shape."""
    for index in reversed(range(len(network.nodes))):
        if not network.readers(network.written(index)) and network.written(index) not in network.outputs:
            network = network.without(index)
    return network


def _signals(network: Network) -> int:
    return len(network.inputs) + len(network.nodes)


def _made(path: Path, reader: Reader, outputs: dict[str, int]) -> Network:
    """What was read as a network, yet without a name."""
    inputs, nodes = tuple(reader.inputs), tuple(reader.nodes)
    names = tuple(map(visible, outputs))
    network = Network("", path.name, "", REAL, inputs, nodes, tuple(outputs.values()), tuple(reader.notes))
    network = _without_states(network, {end.name: at for at, end in enumerate(reader.graph.inputs)}, reader)
    if not any(part.keeps_state for layer in network.layers for _, part in layer.parts(Place(0))):
        raise NoModelError(f"{path}: no LSTM, GRU or RNN leads to an output; lstmcu builds recurrent networks")
    network = replace(joined(folded(_read_alone(network))), output_names=names)
    network = quantised.in_integers(network, reader.integers)
    try:
        check_ends(network)
        if network.came_quantised:
            limits.check(network)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    if not (reader.endless or (reader.states.starts and network.steps == 1)):
        return network
    return replace(network, endless=True, notes=(ENDLESS, *network.notes))


def _with_batch(path: Path, graph: Graph, wanted: int | None, opened: tuple[int, int] = OPEN) -> Network:
    """Read the graph with an axis for the batch."""
    size = _size(graph.inputs[0], wanted) or opened[0]
    first, outputs = _once(path, graph, wanted, size, frozenset(), steps.SEVERAL)
    reader, following = _once(path, graph, wanted, size, frozenset(first.cells))
    network = _made(path, reader, following)
    if reader.endless:
        steps.check(path, _made(path, first, outputs), network)
    return network


def _check_samples(path: Path, graph: Graph, wanted: int | None, network: Network) -> None:
    """Raise ``UserError`` where what was read of a file that leaves its batch open is another for more samples."""
    if _size(graph.inputs[0], wanted) is not None:
        return
    other = _with_batch(path, _with_cells(graph, wanted, OTHERS), wanted, OTHERS)
    if stored(other) != stored(network):
        raise UserError(
            f"{path}: leaves the number of its samples open and computes with it: export without a dynamic axis for "
            "the batch, by one sample"
        )


def _read(path: Path, graph: Graph) -> Network:
    """With each axis that may be the batch, until one fits."""
    if not graph.inputs or not graph.outputs:
        raise UserError(f"{path}: has no inputs or no outputs; export the model again")
    complaints: list[UserError] = []
    for wanted in (0, 1, None):
        try:
            whole = _with_cells(graph, wanted)
        except UntoldError as error:
            complaints.append(UserError(f"{path}: {error}"))
            continue
        if not any(node.operator in GATES for node in whole.nodes):
            continue
        try:
            network = _with_batch(path, whole, wanted)
            _check_samples(path, graph, wanted, network)
            return network
        except UserError as error:
            complaints.append(type(error)(f"{error}{APART * is_taken_apart(whole)}"))
    if not complaints:
        within = next((node for node in graph.nodes if node.operator in INNER), None)
        if within:
            raise UserError(f"{path}: {within} is an operator that is not supported: {INNER[within.operator]}")
        quantises = any(node.operator in quantised.READERS for node in graph.nodes)
        raise NoModelError(f"{path}: {quantised.NONE if quantises else NONE + (IN_LOOPS if graph.loops else APART)}")
    raise next((each for each in complaints if not isinstance(each, BatchError)), complaints[0])


def state(path: Path) -> str:
    """What a file is built for unless asked."""
    try:
        return "stream" if _guarded(path).endless else "window"
    except UserError:
        return "window"  # reading it says what is wrong with it


def came_as(path: Path) -> str:
    """The quantisation of a file: of one with integers that of the network that it is; raises ``UserError`` then."""
    try:
        graph = load(path)
    except UserError:
        return REAL  # reading it says what is wrong with it
    quantises = any(node.operator == quantised.FORWARD for node in graph.nodes)
    return _guarded(path).quantisation if quantises else REAL


def _guarded(path: Path) -> Network:
    graph = load(path)
    try:
        return _read(path, gathered(over_time(without_loops(as_newer(graph)))))
    except OlderError as error:
        raise UserError(f"{path}: {error}; export with opset_version=18") from None
    except LoopError as error:
        raise UserError(f"{path}: {error}; {KERAS}") from None
    except (ValueError, TypeError, IndexError, KeyError, ArithmeticError, RecursionError, MemoryError) as error:
        raise UserError(f"{path}: the file is damaged: {error}; export the model again"[:400]) from None


def read(path: Path, name: str, sha256: str) -> Network:
    """Read an .onnx; raises ``UserError`` naming the node for what is damaged or unsupported."""
    return replace(_guarded(path), name=name, sha256=sha256)
