# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""JSON that is refused: by its name, in one sentence, with a way out."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers
from model.errors import NoModelError, UserError
from model.readers.weights_json import document as limits
from tests.support import json_files as made
from tests.support.host import ROOT
from tests.support.json_files import Document, write

PLAIN = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def rng() -> np.random.Generator:
    return np.random.default_rng(2)


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


AMP, PROTEUS, NAM = made.amplifier(rng(), 3), made.guitarml(rng(), units=3), made.nam(rng(), units=3, layers=2)
SMART = made.smartamp(rng(), 29, recurrent=False)
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
    "ragged": (
        changed(AMP, *CELL, "weights", 1, 0, to=[1.0]),
        "weight array 1 is a list of 3, numbers in lists of equal",
    ),
    "texts": (changed(AMP, *CELL, "weights", 2, 0, to="1.5"), "weight array 2 is a list of 12, numbers in lists"),
    "true": (changed(AMP, *CELL, "weights", 2, 0, to=True), "weight array 2 is a list of 12, numbers in lists"),
    "1e999": (changed(AMP, *CELL, "weights", 2, 0, to=1e300), "weight array 2 has values that are not finite"),
    "1e39": (changed(PROTEUS, STATE_DICT, "lin.bias", 0, to=1e39), "'lin.bias' has values that are not finite"),
    "deep": (
        changed(PROTEUS, STATE_DICT, "lin.bias", to=[[[[[[1.0]]]]]]),
        "'lin.bias' is a list of 1, numbers in lists",
    ),
    "whole numbers": (
        changed(AMP, *CELL, "weights", 2, 0, to=10**400),
        "weight array 2 holds a number that is too large",
    ),
    "in_skip": (changed(AMP, "in_skip", to=2), "in_skip=2 of a model of this many outputs; supported: 0, or 1"),
    "in_gain": (changed(AMP, "in_gain", to="3"), "'in_gain' is \"3\", a number is due"),
    "loud": (changed(AMP, "in_gain", to=1e5), "'in_gain' is 100000 dB; supported: up to 200"),
    "out_gain": (changed(AMP, "out_gain", to=1e40), r"'out_gain' is 1e\+40, a number is due"),
    "samplerate": (changed(AMP, "samplerate", to="fast"), "its sample rate is 'fast'; give samples a second, as 48000"),
    "skip": (changed(PROTEUS, MODEL_DATA, "skip", to=3), "skip=3 of 1 inputs and 1 outputs; supported: 0, or as many"),
    "unit_type": (changed(PROTEUS, MODEL_DATA, "unit_type", to="MGU"), 'unit_type is "MGU"; supported: LSTM, GRU, RNN'),
    "model": (changed(PROTEUS, MODEL_DATA, "model", to="Simple"), 'model is "Simple"; supported: SimpleRNN'),
    "hidden_size": (changed(PROTEUS, MODEL_DATA, "hidden_size", to=4), r"has shape \(12, 3\), hidden_size is 4"),
    "num_layers": (changed(PROTEUS, MODEL_DATA, "num_layers", to=2), "has no 'rec.weight_ih_l1'"),
    "many layers": (changed(PROTEUS, MODEL_DATA, "num_layers", to=10**6), "num_layers=1000000; supported: up to 64"),
    "input_size": (
        changed(PROTEUS, MODEL_DATA, "input_size", to=2),
        r"weight_ih_l0' has shape \(12, 1\), \(12, 2\) is",
    ),
    "bias_fl": (changed(PROTEUS, MODEL_DATA, "bias_fl", to=False), "state_dict: has 'lin.bias'"),
    "bias_fl of neither": (changed(PROTEUS, MODEL_DATA, "bias_fl", to="yes"), "'bias_fl' is \"yes\", true or false"),
    "RecNet": (
        changed(PROTEUS, MODEL_DATA, "model", to="RecNet"),
        "is a RecNet of CoreAudioML, whose file does not tell",
    ),
    "batchnorm": (
        changed(AMP, "layers", to=[made.layer("batchnorm", 1, [1], [1], [1], epsilon=1e-3), *AMP["layers"]]),
        "has 3 arrays; supported: gamma, beta, mean and variance, or the last two",
    ),
    "nam, one weight less": (
        changed(NAM, "weights", to=NAM["weights"][:-1]),
        r"'weights' has shape \(159,\), its config asks for \(160,\)",
    ),
    "nam, 1e39": (changed(NAM, "weights", 7, to=1e39), "'weights' has values that are not finite"),
    "nam, key": (changed(NAM, "condition", to=1), "has 'condition', which lstmcu does not know"),
    "nam, setting": (changed(NAM, "config", "head", to=1), "config: has 'head', which lstmcu does not know"),
    "nam, channels": (
        changed(NAM, "config", "in_channels", to=2),
        "has 2 in_channels of 1 features; supported: as many",
    ),
    "nam, no size": (
        changed(NAM, "config", "hidden_size", without=True),
        "'hidden_size' is null, a whole number from 1",
    ),
    "nam, layers": (changed(NAM, "config", "num_layers", to=65), "num_layers=65; supported: up to 64"),
    "smartamppro, lists": ({**SMART, "conv1d": []}, "'conv1d' is a list of 0, an object is due"),
    "smartamppro, key": (changed(SMART, "gain", to=1), "has 'gain', which lstmcu does not know"),
    "smartamppro, array": (changed(SMART, "conv1d", "recurrent_kernel:0", to=[]), "conv1d: has 'recurrent_kernel:0'"),
    "smartamppro, cell": (changed(SMART, "lstm", "lstm_cell", to={"gamma": 1}), "'lstm_cell' is an object of 1, an"),
    "smartamppro, first files": (
        changed(SMART, "conv1d_1_stride", without=True),
        """has no 'conv1d_1_stride', .* put into it what the network was trained with, as "conv1d_stride": 12,""",
    ),
    "smartamppro, size": (changed(SMART, "input_size", to="30.5"), "'input_size' is \"30.5\", a whole number from 1"),
    "smartamppro, none": (changed(SMART, "input_size", to="0"), "'input_size' is 0, a whole number from 1"),
    "smartamppro, long": (made.smartamp(rng(), 1 << 25), "its input has 33554432 values; supported: up to"),
    "smartamppro, stride": (changed(SMART, "conv1d_stride", to=1 << 20), "takes 6 steps, every 1048576; supported"),
    "smartamppro, no stride": (changed(SMART, "conv1d_stride", to=0), "'conv1d_stride' is 0, a whole number from 1"),
    "smartamppro, kernel": (changed(SMART, "conv1d", "kernel:0", to=[[1.0]]), r"'kernel:0' has shape \(1, 1\);"),
    "smartamppro, bias": (changed(SMART, "lstm", "bias:0", to=[1.0] * 6), r"has shape \(6,\); four for each unit"),
    "smartamppro, units": (changed(SMART, "dense", "kernel:0", to=[[1.0]]), r"array 0 has shape \(1, 1\), .* \(5, 1\)"),
    "smartamppro, several steps": (
        changed(SMART, "input_size", to=31),
        "lstm: has no 'recurrent_kernel:0', and the convolutions leave it 2 steps; SmartAmpPro computes the first",
    ),
    "smartamppro, as a stream": (
        made.smartamp(rng(), 30, (6, 5), (6, 5), recurrent=False),
        "lstm: has no 'recurrent_kernel:0', which it would need as a stream; give the Keras model",
    ),
    "tensorflow.js": ({"format": "layers-model", "modelTopology": {}}, "tensorflowjs_converter .* amp.json amp.h5"),
    "tensorflow.js, graph": (
        {"format": "graph-model", "modelTopology": {}},
        "is a graph of TensorFlow.js; give the Keras",
    ),
    "state_dict": ({"lstm.weight_hh_l0": []}, r"is a state_dict, .*save_file\(.*'amp.safetensors'\) and a amp.toml"),
}
NO_MODEL: dict[str, tuple[Any, str]] = {
    "dense alone": (made.rtneural(made.dense(rng(), 1, 1)), "holds no recurrent layer, as lstm"),
    "no layer": (made.rtneural(), "holds no recurrent layer"),
    "convolutions": (changed(PROTEUS, MODEL_DATA, "model", to="GatedConvNet"), "is a GatedConvNet of CoreAudioML"),
    "settings": (changed(PROTEUS, STATE_DICT, without=True), "holds settings and no weights; save the network with"),
    "nam": (
        {"architecture": "WaveNet", "config": {}, "weights": []},
        "is of Neural Amp Modeler and no recurrent network",
    ),
    "wavenet": ({"residual_channels": 4, "dilations": [1]}, "is a WaveNet, which is no recurrent network"),
    "keras": (
        {"class_name": "Sequential", "config": {}},
        r"Keras model without its weights; .*model.save\('amp.keras'\)",
    ),
    "what samples mean": ({"unit": "V", "task": "forecast"}, "is JSON without a trained model; those of RTNeural"),
    "nothing": ({}, "is JSON without a trained model"),
    "a list": ([1, 2], "is JSON, a list of 2, and a trained model is an object"),
}


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


LIMITED = """
import resource, sys
from pathlib import Path
from model import readers
from model.errors import UserError
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
try:
    readers.read(Path(sys.argv[1]))
except UserError as error:
    print(error)
"""


def test_the_longest_list_of_the_largest_things_needs_no_gigabyte(tmp_path: Path) -> None:
    path = tmp_path / "amp.json"
    path.write_bytes(b'{"in_shape": [null, 1], "layers": [' + b'{"":0},' * (limits.FILE_LIMIT // 7 - 10) + b"{}]}")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], cwd=ROOT, env=PLAIN, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{path}: layer 0: has no 'type'\n"
