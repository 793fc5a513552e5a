# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models as JSON: what is read computes what RTNeural, AIDA-X and CoreAudioML compute, and the sentence for all else.

The oracle is written here, step by step in float64, from what those programs do with a file.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import metadata, planner, quantise, readers, reference
from model.errors import NoModelError, UserError
from model.network import Network, check_state
from model.readers.weights_json import document as limits
from model.signal import Array
from tests.support import json_files as made
from tests.support.host import Host
from tests.support.json_files import Document, write

TOLERANCE = 1e-6  # of the reader: weights are float32, sums of biases too
ON_DEVICE = 2e-6  # of float32, of full scale 1
SAMPLES = 10_000
COUNT = 300


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "": lambda x: x,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": sigmoid,
    "softmax": softmax,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
}


def lstm(x: Array, kernel: Array, recurrent: Array, bias: Array) -> Array:
    """Columns i, f, g, o."""
    h = c = np.zeros(len(recurrent))
    out = []
    for step in x:
        i, f, g, o = np.split(step @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.array(out)


def gru(x: Array, kernel: Array, recurrent: Array, bias: Array) -> Array:
    """Columns z, r, h; a bias of each product."""
    h = np.zeros(len(recurrent))
    out = []
    for step in x:
        z, r, n = np.split(step @ kernel + bias[0], 3)
        hz, hr, hn = np.split(h @ recurrent + bias[1], 3)
        z = sigmoid(z + hz)
        h = z * h + (1 - z) * np.tanh(n + sigmoid(r + hr) * hn)
        out.append(h)
    return np.array(out)


def conv1d(x: Array, layer: Document, kernel: Array, bias: Array) -> Array:
    """Over what came before; nothing before the start."""
    (length,), (dilation,), groups = layer["kernel_size"], layer["dilation"], layer["groups"]
    before = np.vstack([np.zeros(((length - 1) * dilation, x.shape[1])), x])
    parts = zip(np.split(before, groups, axis=1), np.split(kernel, groups, axis=2), strict=True)
    each = [sum(part[k * dilation : k * dilation + len(x)] @ own[k] for k in range(length)) for part, own in parts]
    return np.hstack(each) + bias


def batchnorm(x: Array, layer: Document, *arrays: Array) -> Array:
    """gamma and beta may be left out."""
    gamma, beta, mean, variance = arrays if len(arrays) == 4 else (np.ones(1), np.zeros(1), *arrays)
    return np.asarray((x - mean) / np.sqrt(variance + layer["epsilon"]) * gamma + beta)


def of_rtneural(document: Document, x: Array) -> Array:
    """What RTNeural, and around it AIDA-X, makes of x (T, F)."""
    x = x.copy()
    x[:, 0] *= 10 ** (document.get("in_gain", 0) / 20)
    y = x
    for layer in document["layers"]:
        arrays = [np.array(each) for each in layer["weights"]]
        kind, function = layer["type"], FUNCTIONS[layer["activation"]]
        if kind in ("dense", "time-distributed-dense"):
            y = function(y @ arrays[0] + (arrays[1] if len(arrays) > 1 else 0))
        elif kind == "conv1d":
            y = function(conv1d(y, layer, *arrays))
        elif kind == "prelu":
            y = np.where(y >= 0, y, y * arrays[0])
        elif kind == "batchnorm":
            y = batchnorm(y, layer, *arrays)
        elif kind == "activation":
            y = function(y)
        else:
            y = {"lstm": lstm, "gru": gru}[kind](y, *arrays)
    return np.asarray((y + x[:, :1] * document.get("in_skip", 0)) * 10 ** (document.get("out_gain", 0) / 20))


def of_guitarml(document: Document, x: Array) -> Array:
    """What CoreAudioML's SimpleRNN makes of x (T, F), with PyTorch's cells."""
    data, state = document["model_data"], {name: np.array(each) for name, each in document["state_dict"].items()}
    y, units = x, data["hidden_size"]
    for number in range(data["num_layers"]):
        kernel, recurrent, one, other = (
            state[f"rec.{kind}_l{number}"].T for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        if data["unit_type"] == "LSTM":
            y = lstm(y, kernel, recurrent, one + other)
        elif data["unit_type"] == "GRU":  # r, z, n
            turned = np.r_[units : 2 * units, :units, 2 * units : 3 * units]
            y = gru(y, kernel[:, turned], recurrent[:, turned], np.array([one[turned], other[turned]]))
        else:
            h, out = np.zeros(units), []
            for step in y:
                h = np.tanh(step @ kernel + h @ recurrent + one + other)
                out.append(h)
            y = np.array(out)
    y = y @ state["lin.weight"].T + state.get("lin.bias", 0)
    return np.asarray(y + x[:, : data["skip"]] if data["skip"] else y)


def expected(document: Document, x: Array) -> Array:
    return (of_rtneural if "layers" in document else of_guitarml)(document, x.astype(np.float64))


def streamed(network: Network, x: Array) -> Array:
    """Step by step, by the reference."""
    assert network.given.shape == (1, x.shape[1])
    return reference.run(network, x[:, None], goes_on=True)[:, 0]


def audio(count: int, features: int = 1) -> Array:
    """A plucked string, and knobs that are turned."""
    t = np.arange(count) / 48_000
    sound = 0.5 * np.sin(2 * np.pi * 147 * t) * np.exp(-3 * t) + 0.2 * np.sin(2 * np.pi * 441 * t)
    return np.stack([sound, *(np.linspace(n / 4, 1, count) for n in range(1, features))], 1).astype(np.float32)


def rng(seed: int = 2) -> np.random.Generator:
    return np.random.default_rng(seed)


READ: dict[str, Callable[[], Document]] = {
    "lstm": lambda: made.amplifier(rng()),
    "gru": lambda: made.rtneural(made.gru(rng(), 1, 8), made.dense(rng(3), 8, 1)),
    "every type": made.every_type,
    "fixed steps": lambda: {**made.amplifier(rng()), "in_shape": [None, 100, 1], "layers": fixed_layers()},
    "aida-x": lambda: made.amplifier(rng(), in_skip=1, in_gain=-3.5, out_gain=6, metadata={"samplerate": "48000"}),
    "aida-x, knobs": lambda: made.rtneural(
        made.lstm(rng(), 3, 6), made.dense(rng(3), 6, 1), features=3, in_skip=1, in_gain=4, out_gain=-2.5
    ),
    "no skip": lambda: made.amplifier(rng(), in_skip=0, in_gain=0, out_gain=1.5, samplerate=44100),
    "guitarml": lambda: made.guitarml(rng()),
    "guitarml, knobs": lambda: made.guitarml(rng(), inputs=3),
    "guitarml, gru": lambda: made.guitarml(rng(), "GRU", layers=2),
    "guitarml, rnn": lambda: made.guitarml(rng(), "RNN", skip=0, bias_fl=False),
    "guitarml, stereo": lambda: made.guitarml(rng(), inputs=3, layers=2, skip=2, output_size=2),
    "guitarml, all in": lambda: made.guitarml(rng(), inputs=2, skip=2, output_size=2),
}


def fixed_layers() -> list[Document]:
    """As Keras writes them that knows the number of steps, and that gives the last one alone."""
    cell, dense = made.amplifier(rng())["layers"]
    return [{**cell, "shape": [None, 100, 8]}, {**dense, "shape": [None, 1]}]


def read(tmp_path: Path, document: Any) -> Network:
    return readers.read(write(tmp_path / "amp.json", document))


@pytest.mark.parametrize("name", READ)
def test_it_computes_what_its_program_does(name: str, tmp_path: Path) -> None:
    document = READ[name]()
    network = read(tmp_path, document)
    x = audio(COUNT, network.input.shape[-1])
    np.testing.assert_allclose(streamed(network, x), expected(document, x), rtol=0, atol=TOLERANCE)
    assert not planner.make(network, stream=True).streamable


@pytest.mark.parametrize("name", ["aida-x", "aida-x, knobs", "guitarml, knobs", "guitarml, gru"])
def test_ten_thousand_samples_without_a_reset(name: str, tmp_path: Path) -> None:
    document = READ[name]()
    network = read(tmp_path, document)
    x = audio(SAMPLES, network.input.shape[-1])
    np.testing.assert_allclose(streamed(network, x), expected(document, x), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("quantisation", ["float32", "int8", "int16x8"])
def test_the_generated_c_over_ten_thousand_samples(quantisation: str, tmp_path: Path, host: Host) -> None:
    """Gains, skip and all: in integers the reference's bits, in float32 near what AIDA-X computes."""
    document = READ["aida-x"]()
    x = audio(SAMPLES)
    network = quantise.quantise(read(tmp_path, document), x[:, None], quantisation, goes_on=True)
    stored = reference.stored_inputs(network, x[:, None])
    outputs, _ = host.bench(network, stored, "stream")
    if network.format.integer:
        np.testing.assert_array_equal(outputs, reference.run(network, stored, goes_on=True))
    else:
        np.testing.assert_allclose(outputs[:, 0], expected(document, x), rtol=0, atol=ON_DEVICE)


def test_it_says_how_it_runs(tmp_path: Path) -> None:
    network = read(tmp_path, READ["aida-x"]())
    assert (network.endless, network.rate, network.steps) == (True, 48000.0, 1)
    assert network.notes == (
        "its steps have no end: a step a call, going on from the state (state=stream), 48000 a second",
    )
    assert read(tmp_path, READ["no skip"]()).rate == 44100
    assert read(tmp_path, READ["guitarml"]()).rate == 0
    with pytest.raises(UserError, match="amp.json: its steps have no end, .* use state=stream"):
        check_state(network, "window")
    with pytest.raises(UserError, match="use state=stream"):
        quantise.calibrated(network, tmp_path / "none.npy", "int8")


def test_a_model_beside_its_samples_says_nothing_of_them(tmp_path: Path) -> None:
    path = write(tmp_path / "amp.json", {**READ["guitarml"](), "name": 5})
    assert metadata.read(path.with_suffix(".npz")) == metadata.Metadata()
    write(path, {"unit": "V"})
    assert metadata.read(path.with_suffix(".npz")).unit == "V"


# ---- refusals ----


def changed(document: Document, *path: Any, to: Any = None, without: bool = False) -> Document:
    """The same with another value somewhere."""
    document = copy.deepcopy(document)
    held: Any = document
    for key in path[:-1]:
        held = held[key]
    if without:
        del held[path[-1]]
    else:
        held[path[-1]] = to
    return document


AMP, PROTEUS = made.amplifier(rng(), 3), made.guitarml(rng(), units=3)
CELL = ("layers", 0)
MODEL_DATA, STATE_DICT = "model_data", "state_dict"
# what it is: (the file, the sentence)
REFUSED: dict[str, tuple[Document, str]] = {
    "key": (changed(AMP, "in_delay", to=3), "has 'in_delay', which lstmcu does not know"),
    "key of a layer": (changed(AMP, *CELL, "go_backwards", to=True), r"layer 0 \(lstm\): has 'go_backwards'"),
    "setting": (changed(PROTEUS, MODEL_DATA, "dropout", to=0.5), "model_data: has 'dropout'"),
    "tensor": (changed(PROTEUS, STATE_DICT, "lin2.weight", to=[[1]]), "state_dict: has 'lin2.weight'"),
    "missing tensor": (changed(PROTEUS, STATE_DICT, "lin.bias", without=True), "has no 'lin.bias'"),
    "conv2d": (changed(AMP, *CELL, "type", to="conv2d"), r"layer 0 \(conv2d\): layers of this type are not read"),
    "unknown": (changed(AMP, *CELL, "type", to="unknown"), "layers of this type are not read; supported: dense"),
    "no type": (changed(AMP, *CELL, "type", without=True), "layer 0: has no 'type'"),
    "no layer": (changed(AMP, *CELL, to=3), "layer 0: is 3, an object is due"),
    "no layers": (changed(AMP, "layers", to={}), "'layers' is an object of 0, a list is due"),
    "relu cell": (changed(AMP, *CELL, "activation", to="relu"), "activation 'relu' is not what RTNeural computes"),
    "function": (changed(AMP, "layers", 1, "activation", to="gelu"), "activation 'gelu' is not what RTNeural computes"),
    "units": (changed(AMP, *CELL, "shape", to=[None, None, 4]), r"weight array 0 has shape \(1, 12\), .* \(1, 16\)"),
    "steps": (
        changed(changed(AMP, "in_shape", to=[None, 64, 1]), *CELL, "shape", to=[None, 32, 3]),
        "gives 32 steps of 64; supported: an output for every step",
    ),
    "open features": (changed(AMP, "in_shape", to=[None, None, None]), "does not tell the features"),
    "shape": (changed(AMP, "in_shape", to=[None, 8, 8, 1]), r"'in_shape' is \[None, 8, 8, 1\], \[null, steps"),
    "no weights": (changed(AMP, *CELL, "weights", to=[]), "has 0 weight arrays; export the model again"),
    "weights of none": (
        changed(AMP, "layers", to=[*AMP["layers"], made.layer("activation", 1, [1.0])]),
        r"layer 2 \(activation\): has 1 weight arrays",
    ),
    "one array too many": (changed(AMP, *CELL, "weights", to=[*AMP["layers"][0]["weights"], [1.0]]), "has 4 weight"),
    "ragged": (changed(AMP, *CELL, "weights", 1, 0, to=[1.0]), "weight array 1 is a list of 3, numbers in lists of equal"),
    "texts": (changed(AMP, *CELL, "weights", 2, 0, to="1.5"), "weight array 2 is a list of 12, numbers in lists"),
    "true": (changed(AMP, *CELL, "weights", 2, 0, to=True), "weight array 2 is a list of 12, numbers in lists"),
    "1e999": (changed(AMP, *CELL, "weights", 2, 0, to=1e300), "weight array 2 has values that are not finite"),
    "1e39": (changed(PROTEUS, STATE_DICT, "lin.bias", 0, to=1e39), "'lin.bias' has values that are not finite"),
    "deep": (changed(PROTEUS, STATE_DICT, "lin.bias", to=[[[[[[1.0]]]]]]), "'lin.bias' is a list of 1, numbers in lists"),
    "whole numbers": (changed(AMP, *CELL, "weights", 2, 0, to=10**400), "weight array 2 holds a number that is too large"),
    "in_skip": (changed(AMP, "in_skip", to=2), "in_skip=2 of a model of this many outputs; supported: 0, or 1"),
    "in_gain": (changed(AMP, "in_gain", to="3"), '\'in_gain\' is "3", a number is due'),
    "out_gain": (changed(AMP, "out_gain", to=1e40), r"'out_gain' is 1e\+40, a number is due"),
    "samplerate": (changed(AMP, "samplerate", to="fast"), "'samplerate' is 'fast'; give samples a second, as 48000"),
    "skip": (changed(PROTEUS, MODEL_DATA, "skip", to=3), "skip=3 of 1 inputs and 1 outputs; supported: 0, or as many"),
    "unit_type": (changed(PROTEUS, MODEL_DATA, "unit_type", to="MGU"), 'unit_type is "MGU"; supported: LSTM, GRU, RNN'),
    "model": (changed(PROTEUS, MODEL_DATA, "model", to="Simple"), 'model is "Simple"; supported: SimpleRNN'),
    "hidden_size": (changed(PROTEUS, MODEL_DATA, "hidden_size", to=4), r"has shape \(12, 3\), hidden_size is 4"),
    "num_layers": (changed(PROTEUS, MODEL_DATA, "num_layers", to=2), "has no 'rec.weight_ih_l1'"),
    "many layers": (changed(PROTEUS, MODEL_DATA, "num_layers", to=10**6), "num_layers=1000000; supported: up to 64"),
    "input_size": (changed(PROTEUS, MODEL_DATA, "input_size", to=2), r"weight_ih_l0' has shape \(12, 1\), \(12, 2\) is"),
    "bias_fl": (changed(PROTEUS, MODEL_DATA, "bias_fl", to=False), "state_dict: has 'lin.bias'"),
    "bias_fl of neither": (changed(PROTEUS, MODEL_DATA, "bias_fl", to="yes"), "'bias_fl' is \"yes\", true or false"),
    "RecNet": (changed(PROTEUS, MODEL_DATA, "model", to="RecNet"), "is a RecNet of CoreAudioML, whose file does not tell"),
    "batchnorm": (
        changed(AMP, "layers", to=[made.layer("batchnorm", 1, [1], [1], [1], epsilon=1e-3), *AMP["layers"]]),
        "has 3 arrays; supported: gamma, beta, mean and variance, or the last two",
    ),
    "nam": (
        {"version": "0.5.4", "architecture": "LSTM", "config": {}, "weights": []},
        "is an LSTM of Neural Amp Modeler, whose cells start from states of their own",
    ),
    "smartamppro": ({"input_size": 120, "conv1d": [], "lstm": [], "dense": []}, "is GuitarML's SmartAmpPro"),
    "tensorflow.js": ({"format": "layers-model", "modelTopology": {}}, "tensorflowjs_converter .* amp.json amp.h5"),
    "tensorflow.js, graph": ({"format": "graph-model", "modelTopology": {}}, "is a graph of TensorFlow.js; give the Keras"),
    "state_dict": ({"lstm.weight_hh_l0": []}, r"is a state_dict, .*save_file\(.*'amp.safetensors'\) and a amp.toml"),
}  # fmt: skip
NO_MODEL: dict[str, tuple[Any, str]] = {
    "dense alone": (made.rtneural(made.dense(rng(), 1, 1)), "holds no recurrent layer, as lstm"),
    "no layer": (made.rtneural(), "holds no recurrent layer"),
    "convolutions": (changed(PROTEUS, MODEL_DATA, "model", to="GatedConvNet"), "is a GatedConvNet of CoreAudioML"),
    "settings": (changed(PROTEUS, STATE_DICT, without=True), "holds settings and no weights; save the network with"),
    "nam": ({"architecture": "WaveNet", "config": {}, "weights": []}, "is a Neural Amp Modeler file of no recurrent"),
    "wavenet": ({"residual_channels": 4, "dilations": [1]}, "is a WaveNet, which is no recurrent network"),
    "keras": ({"class_name": "Sequential", "config": {}}, r"Keras model without its weights; .*model.save\('amp.keras'\)"),
    "what samples mean": ({"unit": "V", "task": "forecast"}, "is JSON without a trained model; those of RTNeural"),
    "nothing": ({}, "is JSON without a trained model"),
    "a list": ([1, 2], "is JSON, a list of 2, and a trained model is an object"),
}  # fmt: skip


def refusal(path: Path) -> UserError:
    with pytest.raises(UserError) as error:
        readers.read(path)
    sentence = str(error.value)
    assert sentence.startswith(f"{path}: ")
    assert sentence.count(str(path)) == 1
    return error.value


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, tmp_path: Path) -> None:
    document, sentence = REFUSED[name]
    error = refusal(write(tmp_path / "amp.json", document))
    assert error.__class__ is UserError
    with pytest.raises(UserError, match=sentence):
        raise error


@pytest.mark.parametrize("name", NO_MODEL)
def test_what_is_no_model(name: str, tmp_path: Path) -> None:
    document, sentence = NO_MODEL[name]
    with pytest.raises(NoModelError, match=sentence):
        raise refusal(write(tmp_path / "amp.json", document))


TEXTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is no JSON that can be read: Expecting value"),
    "html": (b"\n<!DOCTYPE html>", "is no JSON that can be read: Expecting value"),
    "cut": (json.dumps(AMP).encode()[:-5], "is no JSON that can be read"),
    "nan": (json.dumps(AMP).replace("null", "NaN").encode(), "it holds NaN, which JSON does not have"),
    "infinity": (b'{"in_gain": -Infinity}', "it holds -Infinity, which JSON does not have"),
    "twice": (b'{"in_skip": 0, "in_skip": 1}', "it says 'in_skip' twice"),
    "deep": (b'{"layers": ' + b"[" * 500_000, "is no JSON that can be read: maximum recursion depth"),
    "digits": (b'{"in_gain": ' + b"9" * 10_000 + b"}", "is no JSON that can be read: Exceeds the limit"),
    "latin": ('{"author": "é"}'.encode("latin-1"), "is no JSON that can be read: 'utf-8' codec"),
    "large": (b"{" + b" " * limits.FILE_LIMIT, f"no more than {limits.FILE_LIMIT} are read"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_no_json(name: str, tmp_path: Path) -> None:
    text, sentence = TEXTS[name]
    (tmp_path / "amp.json").write_bytes(text)
    with pytest.raises(UserError, match=sentence):
        raise refusal(tmp_path / "amp.json")


def test_a_mark_of_the_byte_order_is_read_over(tmp_path: Path) -> None:
    (tmp_path / "amp.json").write_bytes(b"\xef\xbb\xbf\r\n" + json.dumps(AMP, indent=4).encode())
    assert [layer.kind for layer in readers.read(tmp_path / "amp.json").layers] == ["lstm", "dense"]
