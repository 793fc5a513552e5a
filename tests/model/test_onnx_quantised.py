# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Quantised .onnx files are what onnxruntime computes, and what the device computes.

Integers are compared tensor by tensor, each layer given the ones that onnxruntime gives it: those of the file's
own operators, unfused.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from measure.checks import difference
from measure.distances import against_reference
from model import emit, kinds, readers, reference, store, tolerance, trace
from model.layers.activation import Activation
from model.layers.base import Layer, Seat
from model.layers.convert import Convert
from model.layers.reshape import Reshape
from model.network import Network, chained, goes_on
from model.signal import Array, Signal
from tests.probe import CORES
from tests.support.device import Device
from tests.support.host import Host
from tests.support.onnx_files import DATA, by_rows, fed, graph, samples, session, weights
from tests.support.onnx_quantised import (
    CASES,
    END,
    FROM_Q,
    INTEGERS,
    OWN,
    STEPS,
    TO_Q,
    X,
    behind_lstm,
    node,
    plain,
    quantise,
    quantised_files,
    values,
)

STEP = 1


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str], Path]:
    return quantised_files(tmp_path_factory.mktemp("quantised"))


def integers(path: Path, given: Mapping[str, Array]) -> dict[tuple[float, int], list[Array]]:
    """What every QuantizeLinear of a file writes for these inputs, as int8, by scale and zero point."""
    model = onnx.load(path)
    constants = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    quantises = [each for each in model.graph.node if each.op_type == "QuantizeLinear"]
    for each in quantises:
        kind = helper.np_dtype_to_tensor_dtype(constants[each.input[2]].dtype)
        model.graph.output.append(helper.make_tensor_value_info(each.output[0], kind, None))
    run = plain(model.SerializeToString()).run
    found: dict[tuple[float, int], list[Array]] = {}
    for each, stored in zip(quantises, run([each.output[0] for each in quantises], dict(given)), strict=True):
        moved = 128 * int(stored.dtype == np.uint8)
        steps = float(constants[each.input[1]]), int(constants[each.input[2]]) - moved
        found.setdefault(steps, []).append(stored.astype(np.int64) - moved)
    return found


def laid(stored: Sequence[Array], signal: Signal, count: int) -> list[Array]:
    """Tensors in whichever order of their axes a signal of this shape may be."""
    made = []
    for each in stored:
        for order in ((0, 1, 2), (1, 0, 2), (0, 2, 1), (1, 2, 0), (2, 0, 1)) if each.ndim == 3 else (range(each.ndim),):
            turned = each.transpose(order)
            if turned.size == count * signal.size and len(turned) == count:
                made.append(turned.reshape(count, *signal.shape))
    return made


def layers_between(network: Network) -> list[int]:
    """Those that read integers and write some."""
    every = range(len(network.nodes))
    return [n for n in every if not network.layers[n].output.real and not any(s.real for s in network.sources(n))]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_every_layer_of_integers_is_within_one_step_of_onnxruntime(
    files: Mapping[tuple[str, str], Path], name: str, kind: str
) -> None:
    path = files[name, kind]
    network, given = readers.read(path), fed(path, seed=99)
    count = len(next(iter(given.values())))
    theirs = integers(path, given)
    compared = 0
    for index in layers_between(network):
        layer, sources = network.layers[index], network.sources(index)
        reads = [laid(theirs.get((s.scale, s.zero_point), []), s, count) for s in sources]
        due = laid(theirs.get((layer.output.scale, layer.output.zero_point), []), layer.output, count)
        if not due or not all(reads):
            continue  # a part of what onnxruntime has as one, or moved without being quantised again
        seat = Seat(network.place(index), sources[0], lambda *_: None, False, sources)
        made = [layer.run_of([x.astype(np.int64) for x in xs], seat) for xs in itertools.product(*reads)]
        off = min(float(np.abs(y - z).max()) for y in made for z in due)
        assert off <= STEP, layer.name
        compared += 1
    assert compared >= {"dynamo_lstm2_both_batch_first_every": 1, "ts_rnn_relu": 1, "ts_weighed": 0}.get(name, 2)
    first = next(n for n, layer in enumerate(network.layers) if not layer.output.real)
    assert network.sources(first)[0].real


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_outputs_are_onnxruntimes(files: Mapping[tuple[str, str], Path], name: str, kind: str) -> None:
    """A step that differs on the way may be several in the end, in few values."""
    path = files[name, kind]
    network, given = readers.read(path), fed(path, seed=99)
    windows = samples(path, given, network)
    ours = network.made.parts(reference.run(network, windows))
    for y, z in zip(ours, session(path).run(None, given), strict=True):
        off = np.abs(y.reshape(len(windows), -1) - by_rows(z, len(windows)))
        assert off.max() < 0.05 * np.abs(z).max()
        assert off.mean() < 0.005 * np.abs(z).max()


def test_what_is_told_of_a_file(files: Mapping[tuple[str, str], Path], tmp_path: Path) -> None:
    path = files["lstm_gemm", "u8"]
    network = readers.read(path)
    assert (network.quantisation, network.came_quantised, network.input.real, network.output.real) == (
        *("int8", True, True),
        True,
    )
    assert kinds.check(path).came_as(path) == "int8"
    assert kinds.check(DATA / "ts_rnn_relu.onnx").came_as(DATA / "ts_rnn_relu.onnx") == "float32"
    assert [layer.kind for layer in network.layers] == ["lstm", "convert", "dense", "dense", "convert"]
    assert [each.name for each in (layer.weighted for layer in network.layers) if each] == ["float32", "int8", "int8"]
    (note,) = network.notes
    assert "in int8 with the scales of the file dense, dense_1; in real numbers, as the file has them, lstm;" in note
    constants = {each.name: numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer}
    dense: Any = network.layers[2]
    np.testing.assert_array_equal(dense.kernel.values, constants["G_quantized"])
    np.testing.assert_array_equal(dense.bias, constants["g_quantized"])
    assert dense.output.zero_point == int(constants["r_zero_point"]) - 128
    store.save(network, tmp_path / "network.npz")
    again = store.load(tmp_path / "network.npz")
    windows = values(4, *network.input.shape)
    np.testing.assert_array_equal(reference.run(again, windows), reference.run(network, windows))


@pytest.mark.parametrize("name", [*OWN, "ts_one_convolved", "dynamo_branches"])
def test_the_device_computes_the_references_bits(host: Host, files: Mapping[tuple[str, str], Path], name: str) -> None:
    """But for real values behind the last integers, whose last bit may differ."""
    network = readers.read(files[name, "u8"])
    windows = np.random.default_rng(3).normal(0, 1, (20, *network.given.shape)).astype(np.float32)
    due = reference.run(network, windows)
    off = np.abs(host.run(network, windows).run - due).max()
    assert off == 0 if name != "dynamo_branches" else off < 1e-6


def test_a_comparison_shows_every_value_in_its_own_type(host: Host, files: Mapping[tuple[str, str], Path]) -> None:
    """Those of real cells, whose gates have no scales, and integers."""
    network = readers.read(files["conv_gru", "u8"])
    windows = np.random.default_rng(3).normal(0, 1, (4, *network.given.shape)).astype(np.float32)
    expected = trace.Recorder()
    reference.run(network, windows, expected.observe)
    device = host.noted(network, windows)
    assert {str(values.dtype) for values in device.values()} == {"float32", "int8"}
    rows = difference.rows(network, device, expected.values, {})
    assert {row.mismatches for row in rows} == {0}
    key = next(key for key, values in device.items() if values.dtype == np.int8)
    off = {**device, key: device[key] + np.int8(1)}
    assert sum(row.mismatches > 0 for row in difference.rows(network, off, expected.values, {})) == 1
    real = next(key for key, values in device.items() if values.dtype == np.float32)
    np.testing.assert_array_equal(trace.to_real(network, real, device[real]), device[real].astype(np.float64))


def test_a_stream_of_steps(host: Host, tmp_path: Path) -> None:
    path = quantise(DATA / "ts_open.onnx", tmp_path / "q.onnx")
    network = readers.read(path)
    assert network.endless
    assert goes_on(network, "stream")
    steps = np.random.default_rng(3).normal(0, 1, (9, *network.given.shape)).astype(np.float32)
    outputs, _ = host.bench(network, steps, "stream")
    np.testing.assert_array_equal(outputs, reference.run(network, steps, goes_on=True))
    run, whole = session(path).run, steps.reshape(1, 9, -1)
    due = np.vstack([run(None, {"x": whole[:, : step + 1]})[0] for step in range(9)])
    assert np.abs(outputs.reshape(9, -1) - due).max() <= 1.001 * network.layers[-2].output.scale


def test_on_a_core(files: Mapping[tuple[str, str], Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Real layers and integers of one network under QEMU, each by the first set that has it."""
    network = readers.read(files["conv_gru", "s8"])
    windows = np.random.default_rng(3).normal(0, 1, (10, *network.given.shape)).astype(np.float32)
    device = Device(CORES["cortex-m4"], "vfp,armv7em,c", tmp_path_factory.mktemp("device"))
    outputs, _ = device.run(network, windows, "window")
    np.testing.assert_array_equal(outputs, reference.run(network, windows))


# ---- graphs by hand ----


def outputs_of(path: Path) -> tuple[Network, float]:
    """A file as it is read, and how far its outputs are from onnxruntime's."""
    network, given = readers.read(path), fed(path, seed=99)
    (due,) = plain(path.read_bytes()).run(None, given)
    ours = reference.run(network, samples(path, given, network))
    return network, float(np.abs(ours.reshape(due.shape) - due).max())


def formats_of(network: Network) -> list[str]:
    return [layer.weighted.name for layer in network.layers if layer.weighted is not None]


MATRIX = node("MatMul", "d,w", "m")
WEIGHTS: dict[str, tuple[list[onnx.NodeProto], dict[str, Any]]] = {
    "one scale": ([node("DequantizeLinear", "i,u", "w")], {"i": INTEGERS, "u": np.float32(0.01)}),
    "one a column": (
        [node("DequantizeLinear", "i,u,v", "w", axis=1)],
        {"i": INTEGERS, "u": np.array([0.01, 0.02, 0.003], np.float32), "v": np.zeros(3, np.int8)},
    ),
    "turned": (
        [node("DequantizeLinear", "i,u", "j"), node("Transpose", "j", "w", perm=[1, 0])],
        {"i": np.ascontiguousarray(INTEGERS.T), "u": np.float32(0.01)},
    ),
    "trained so": (  # as quantisation-aware training leaves them: real, and quantised as they are read
        [node("QuantizeLinear", "f,u,v", "i"), node("DequantizeLinear", "i,u,v", "w")],
        {"f": INTEGERS * np.float32(0.0101), "u": np.float32(0.01), "v": np.int8(0)},
    ),
    "of uint8 about 128": (
        [node("DequantizeLinear", "i,u,v", "w")],
        {"i": (INTEGERS.astype(np.int64) + 128).astype(np.uint8), "u": np.float32(0.01), "v": np.uint8(128)},
    ),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_matrices_that_are_integers(name: str, tmp_path: Path) -> None:
    before, constants = WEIGHTS[name]
    network, off = outputs_of(
        behind_lstm(tmp_path / "m.onnx", [TO_Q, FROM_Q, *before, MATRIX, *END], **constants, **STEPS)
    )
    assert formats_of(network) == ["float32", "int8"]
    assert off <= STEP * 1.001 * STEPS["s2"]


REAL: dict[str, tuple[list[onnx.NodeProto], dict[str, Any]]] = {
    "a zero point far from the middle": (
        [TO_Q, FROM_Q, node("DequantizeLinear", "i,u,v", "w"), MATRIX, *END],
        {"i": np.arange(18, dtype=np.uint8).reshape(6, 3) * 15, "u": np.float32(0.01), "v": np.uint8(3)},
    ),
    "a scale a row": (
        [TO_Q, FROM_Q, node("DequantizeLinear", "i,u", "w", axis=0), MATRIX, *END],
        {"i": INTEGERS, "u": np.linspace(0.01, 0.02, 6).astype(np.float32)},
    ),
    "a scale a row of as many": (
        [TO_Q, FROM_Q, node("DequantizeLinear", "i,u", "w", axis=0), MATRIX, *END],
        {"i": np.hstack([INTEGERS, INTEGERS]), "u": np.linspace(0.01, 0.02, 6).astype(np.float32)},
    ),
    "real inputs": (
        [node("DequantizeLinear", "i,u", "w"), node("MatMul", "s,w", "m"), *END],
        {"i": INTEGERS, "u": np.float32(0.01)},
    ),
    "real outputs": (
        [TO_Q, FROM_Q, node("DequantizeLinear", "i,u", "w"), node("MatMul", "d,w", "y")],
        {"i": INTEGERS, "u": np.float32(0.01)},
    ),
    "real weights": ([TO_Q, FROM_Q, MATRIX, *END], {"w": values(6, 3)}),
    "a bias beyond all sums": (
        [TO_Q, FROM_Q, node("DequantizeLinear", "i,u", "w"), node("Gemm", "d,w,b", "m"), *END],
        {"i": INTEGERS, "u": np.float32(1e-8), "b": np.array([1, -1, 2], np.float32)},
    ),
    "twice the weights": (
        [TO_Q, FROM_Q, node("DequantizeLinear", "i,u", "w"), node("Gemm", "d,w", "m", alpha=2.5), *END],
        {"i": INTEGERS, "u": np.float32(0.01)},
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_what_cannot_be_integers_stays_real_and_is_told(name: str, tmp_path: Path) -> None:
    nodes, constants = REAL[name]
    network, off = outputs_of(behind_lstm(tmp_path / "m.onnx", nodes, **{**STEPS, **constants}))
    assert formats_of(network) == ["float32", "float32"]
    assert off <= 1.001 * STEPS["s2"] * any(each in nodes for each in END) + 1e-5
    assert network.notes[-1].startswith("quantised by QuantizeLinear: in int8 with the scales of the file no layer; in")


def test_weights_alone_are_read_as_the_real_values_that_they_are(tmp_path: Path) -> None:
    nodes = [node("DequantizeLinear", "i,u", "w"), node("MatMul", "s,w", "y")]
    path = behind_lstm(tmp_path / "m.onnx", nodes, i=INTEGERS, u=np.float32(0.01))
    network, off = outputs_of(path)
    assert (network.quantisation, network.came_quantised, kinds.check(path).came_as(path)) == (
        "float32",
        False,
        "float32",
    )
    assert off < 1e-5


BETWEEN: dict[str, tuple[list[onnx.NodeProto], dict[str, Any], str]] = {
    "other steps": ([node("Identity", "d", "m")], {}, "convert convert"),
    "the same steps": ([node("Identity", "d", "m")], {"s2": np.float32(0.01), "z2": np.uint8(128)}, "convert"),
    "a sum": ([node("Add", "d,d", "m")], {}, "convert merge"),
    "two that are quantised alike": (
        [
            node("QuantizeLinear", "s,s1,z1", "e"), node("DequantizeLinear", "e,s1,z1", "f"), node("Add", "d,f", "m"),
        ],
        {}, "convert merge",
    ),
    "a product": ([node("Mul", "d,d", "m")], {"s2": np.float32(0.003)}, "convert merge"),
    "an offset": ([node("Add", "d,o", "m")], {"o": values(6)}, "convert normalise"),
    "an offset beyond all steps": (
        [node("Add", "d,o", "m")], {"o": np.float32(3e38)}, "convert convert normalise convert",
    ),
    "side by side": ([node("Concat", "d,d", "m", axis=1)], {}, "convert concatenate"),
    "a leaky ReLU": ([node("LeakyRelu", "d", "m", alpha=0.1)], {}, "convert activation"),
    "a sigmoid": (
        [node("Sigmoid", "d", "m")], {"s2": np.float32(0.004), "z2": np.uint8(0)}, "convert convert activation convert",
    ),
    "a ReLU that is bent elsewhere": (
        [node("ThresholdedRelu", "d", "m", alpha=0.1)], {}, "convert convert activation convert",
    ),
    "a mean over steps": (
        [
            node("Unsqueeze", "d,two", "e"), node("AveragePool", "e", "f", kernel_shape=[1]),
            node("Squeeze", "f,two", "m"),
        ],
        {"two": np.array([2])}, "convert convert average_pool convert",
    ),
    "a mean over steps in the same steps": (
        [
            node("Unsqueeze", "d,two", "e"), node("AveragePool", "e", "f", kernel_shape=[1]),
            node("Squeeze", "f,two", "m"),
        ],
        {"two": np.array([2]), "s2": np.float32(0.01), "z2": np.uint8(128)}, "convert average_pool",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BETWEEN)
def test_other_layers_between_integers(name: str, tmp_path: Path) -> None:
    nodes, constants, kinds_of = BETWEEN[name]
    path = behind_lstm(tmp_path / "m.onnx", [TO_Q, FROM_Q, *nodes, *END], **{**STEPS, **constants})
    network, off = outputs_of(path)
    read = [layer.kind for layer in network.layers if layer.kind != "reshape"]
    assert read == ["lstm", *kinds_of.split(), "convert"]
    assert off <= 1.001 * float(constants.get("s2", STEPS["s2"]))


def test_what_only_moves_integers_is_not_computed_twice(tmp_path: Path) -> None:
    """The last step of a sequence, taken of what is quantised at every step."""
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]),
        node("LSTM", "t,W,R,B", "h,", hidden_size=6),
        node("Squeeze", "h,one", "s"),
        TO_Q,
        FROM_Q,
        node("Gather", "d,last", "g", axis=0),
        node("QuantizeLinear", "g,s1,z1", "e"),
        node("DequantizeLinear", "e,s1,z1", "f"),
        node("DequantizeLinear", "i,u", "w"),
        node("MatMul", "f,w", "m"),
        *END,
    ]
    held = {"one": np.array([1]), "last": np.array(-1), "s1": np.float32(0.01), "z1": np.uint8(128), "i": INTEGERS}
    constants = {**held, "u": np.float32(0.01), **STEPS}
    arrays = {name: np.asarray(value) for name, value in constants.items()}
    network, off = outputs_of(graph(tmp_path / "m.onnx", nodes, X, ["y"], {**arrays, **weights("LSTM", 4, 6)}, 21))
    assert [layer.kind for layer in network.layers if layer.kind != "reshape"] == [
        *("lstm", "convert", "cropping", "dense"),
        "convert",
    ]
    assert off <= 1.001 * STEPS["s2"]


# ---- tolerance ----


def mixed(*layers: Layer) -> tolerance.Tolerance:
    return tolerance.of(chained("net", "", "", "int8", Signal((6,)), layers, came_quantised=True))


def test_the_tolerance_is_that_of_what_stands_before_integers(files: Mapping[tuple[str, str], Path]) -> None:
    """Exact where integers are exact, that of floats where real values are computed of them, steps where integers are
    quantised from such."""
    network = readers.read(files["lstm_gemm", "u8"])
    _, to_steps, dense, _, to_real = network.layers
    stored = Convert("q", to_steps.output)
    assert mixed(stored, dense) == tolerance.EXACT
    assert mixed(Reshape("r", Signal((1, 6))), stored, dense) == tolerance.EXACT
    assert mixed(stored, Convert("d", Signal((6,)))) == tolerance.EXACT
    found = tolerance.of(network)
    assert found == tolerance.Tolerance(0.0, 2 * network.layers[3].output.scale)
    tanh = Activation("t", "tanh", Signal(to_real.output.shape))
    behind = chained("net", "", "", "int8", network.input, (*network.layers, tanh), came_quantised=True)
    assert tolerance.of(behind) == tolerance.Tolerance(2 / 127)
    convolved = readers.read(files["conv_gru", "u8"])
    front = convolved.but(layers=convolved.layers[:4])
    assert tolerance.of(front) == tolerance.Tolerance(1e-5)
    assert tolerance.of(readers.read(DATA / "ts_rnn_relu.onnx")) == tolerance.Tolerance(1e-5)
    expected = np.array([[0.5, -0.25]], np.float32)
    off = expected + np.array([[found.absolute * 0.9, found.absolute * 3]], np.float32)
    assert against_reference(off, expected, found)["mismatches"] == 1
    assert '"tolerance"' in emit.generate(network, "c", "window")["model.json"]
    assert to_real.output.real
    assert network.mixed
    assert not readers.read(DATA / "ts_rnn_relu.onnx").mixed
