# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The .tflite reader: what it reads is what the file computes; what it cannot read it refuses in one sentence."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.layers.bidirectional import Bidirectional
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.reshape import Reshape
from model.network import Network
from model.readers.tflite import KIND
from model.signal import Signal
from tests.oracle import models, tflite_writer, twin
from tests.oracle.flatbuffer import File, Operator, Tensor, pack
from tests.oracle.interpreters import run_litert, run_litert_signature

FLOAT = [models.twin(name, "float32") for name in models.TWINS]
DYNAMIC = [models.twin(name, "dynamic") for name in ("window", "hybrid")]
INT8 = [models.twin(name) for name in ("stacked", "both_ways_last")]


@pytest.fixture(scope="module", autouse=True)
def _converted() -> None:
    twin.prepare([*FLOAT, *DYNAMIC, *INT8])


def read(data: bytes, path: Path) -> Network:
    """As it is read; a look at its types alone says the same."""
    path.write_bytes(data)
    network = KIND.read(path, "model", "")
    assert KIND.came_as(path) == network.quantisation
    return network


@pytest.mark.parametrize("made", FLOAT, ids=str)
def test_float_model_agrees_with_litert(made: twin.Twin) -> None:
    network = KIND.read(made.path, "model", "")
    assert network.quantisation == "float32"
    windows = twin.calibration(made, 200)
    ours = reference.run(network, windows)
    assert np.abs(ours - run_litert(made.path.read_bytes(), windows).reshape(ours.shape)).max() < 1e-5


@pytest.mark.parametrize("made", DYNAMIC, ids=str)
def test_dynamic_model_agrees_with_litert(made: twin.Twin) -> None:
    network = KIND.read(made.path, "model", "")
    assert network.quantisation == "dynamic"
    assert network.notes == ()
    windows = twin.calibration(made, 300)
    ours = reference.run(network, windows)
    error = np.abs(ours - run_litert(made.path.read_bytes(), windows).reshape(ours.shape))
    assert error.mean() < 1e-5
    assert error.max() < 0.02  # an activation that rounds the other way


def test_bidirectional_scales_are_kept_and_told() -> None:
    network = KIND.read(INT8[1].path, "model", "")
    both = network.layers[0]
    assert isinstance(both, Bidirectional)
    assert len({both.output.scale, both.forward.output.scale, both.backward.output.scale}) > 1
    assert "an error of the converter" in network.notes[0]


def test_layers_of_the_stacked_model() -> None:
    network = KIND.read(INT8[0].path, "model", "f00d")
    assert [layer.name for layer in network.layers] == ["lstm", "lstm_1", "dense", "dense_1"]
    first, second, dense, last = network.layers
    assert isinstance(first, Lstm)
    assert isinstance(second, Lstm)
    assert isinstance(dense, Dense)
    assert (first.return_sequences, first.output.shape) == (True, (20, 9))
    assert (second.return_sequences, second.output.shape) == (False, (6,))
    assert (dense.activation, dense.output.shape, last.output.shape) == ("relu", (5,), (3,))
    assert (first.cell_clip, network.input.dtype, network.sha256) == (10.0, "int8", "f00d")
    assert network.source == INT8[0].path.name


def same(a: Any, b: Any) -> bool:
    """Equality of networks and their parts, but for the names of layers and files."""
    if is_dataclass(a):
        names = [f.name for f in fields(a) if f.name not in ("name", "source", "sha256", "notes")]
        return type(a) is type(b) and all(same(getattr(a, name), getattr(b, name)) for name in names)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    return bool(a == b)


@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
@pytest.mark.parametrize("name", models.RANDOM)
def test_what_is_written_is_read(name: str, quantisation: str, tmp_path: Path) -> None:
    network = models.random_network(name, quantisation)
    assert same(network, read(tflite_writer.write(network), tmp_path / "model.tflite"))


def test_output_read_at_another_scale(tmp_path: Path) -> None:
    """The hidden state's own scale stays with the LSTM; a free Reshape says how it is read."""
    network = models.Random(0, "int8", (4, 2)).lstm(3).dense(2).network()
    file = File()
    number = file.tensor(tflite_writer._tensor(network.input))
    layer = network.layers[0]
    assert isinstance(layer, Lstm)
    label = replace(layer.output, scale=0.5, zero_point=1)
    last = tflite_writer._lstm(file, layer, number, network.input, label)
    found = read(pack(file, [number], [last]), tmp_path / "model.tflite")
    assert found.layers[0].output == layer.output
    assert isinstance(found.layers[1], Reshape)
    assert found.output == label


# Refusals: what a change to a good file is answered with.
Change = Callable[[File], None]


def operator_of(file: File, code: str) -> Operator:
    return next(operator for operator in file.operators if operator.code == code)


def lstm_of(file: File) -> Operator:
    return operator_of(file, "UNIDIRECTIONAL_SEQUENCE_LSTM")


def input_of(file: File, code: str, index: int) -> Tensor:
    return file.tensors[operator_of(file, code).inputs[index]]


def set_option(code: str, **options: Any) -> Change:
    return lambda file: operator_of(file, code).options[1].update(options)


def set_input(code: str, index: int, tensor: int) -> Change:
    return lambda file: operator_of(file, code).inputs.__setitem__(index, tensor)


def set_tensor(code: str, index: int, **values: Any) -> Change:
    def change(file: File) -> None:
        for key, value in values.items():
            setattr(input_of(file, code, index), key, value)

    return change


def set_code(code: str, other: str) -> Change:
    return lambda file: setattr(operator_of(file, code), "code", other)


def circle(file: File) -> None:
    lstm_of(file).inputs[0] = operator_of(file, "FULLY_CONNECTED").outputs[0]


def huge_scale(file: File) -> None:
    """Of a weight matrix and, as the product of scales that it is, of its bias."""
    source = input_of(file, LSTM, 0).scale
    assert source is not None
    input_of(file, LSTM, 2).scale, input_of(file, LSTM, 13).scale = np.float32([1e30]), source * np.float32(1e30)


def shared_state(file: File) -> None:
    lstm_of(file).inputs[19] = lstm_of(file).inputs[18]


def branch(file: File) -> None:
    file.operator("TANH", [0], replace(file.tensors[0]))


LSTM, DENSE, SLICE = "UNIDIRECTIONAL_SEQUENCE_LSTM", "FULLY_CONNECTED", "STRIDED_SLICE"
REFUSALS: dict[str, tuple[Change, str]] = {
    "loop": (set_code(DENSE, "WHILE"), "the options of a WHILE are not WhileOptions"),
    "relu6": (
        set_code("TANH", "RELU6"),
        "RELU6.: its input and output have other scales, which tflite-micro takes as one",
    ),
    "other operator": (set_code("TANH", "COS"), "COS is not supported: supported: UNIDIRECTIONAL"),
    "part of nothing": (set_code("TANH", "ABS"), "ABS is not supported: it is part of nothing that is recognised"),
    "no LSTM": (set_code(LSTM, "RELU"), "holds no LSTM, GRU or SimpleRNN"),
    **{f"peephole {n}": (set_input(LSTM, n, 0), "peephole connections is not supported") for n in (9, 10, 11)},
    **{f"projection {n}": (set_input(LSTM, n, 0), "a projection is not supported") for n in (16, 17)},
    **{f"layer norm {n}": (set_input(LSTM, n, 0), "layer normalisation is not supported") for n in (20, 21, 22, 23)},
    "shared state": (shared_state, "it shares its state with another"),
    "started state": (set_tensor(LSTM, 18, data=b"\x01\x02\x03"), "its state does not start from zeros"),
    "diagonal": (set_option(LSTM, DiagonalRecurrentTensors=True), "diagonal recurrent weights are not supported"),
    "shuffled": (set_option(DENSE, WeightsFormat=1), "its weights are shuffled"),
    "bias scale": (set_tensor(DENSE, 2, scale=np.float32([0.3, 0.3])), "its bias has other scales than its input"),
    "bias zero point": (set_tensor(LSTM, 12, zero_point=3), "bias 0 has other scales .*or a zero point"),
    "scales by column": (
        set_tensor(DENSE, 1, axis=1, scale=np.float32([0.1, 0.2])),
        "its weight matrix has 2 scales along axis 1; supported: one or one a row",
    ),
    "float16 computed": (set_tensor(DENSE, 1, dtype="float16"), "weight matrix is float16; supported: int8"),
    "coupled gates": (set_input(LSTM, 1, -1), "coupled input and forget gates"),
    "lstm relu": (set_option(LSTM, FusedActivationFunction=1), "activation is not tanh"),
    "time major": (set_option(LSTM, TimeMajor=True), "time-major"),
    "clip": (set_option(LSTM, CellClip=-1.0), "cell clip is -1.0"),
    "fused tanh": (set_option(DENSE, FusedActivationFunction=4), "fused activation is tanh; supported: none, relu, re"),
    "slice": (set_option(SLICE, ShrinkAxisMask=0, BeginMask=7), "does not take steps of a sequence"),
    "missing weights": (set_tensor(DENSE, 1, data=b""), "weight matrix is not stored in the file"),
    "cut weights": (set_tensor(DENSE, 1, data=b"12"), "has 2 bytes for shape"),
    "float16": (set_tensor(DENSE, 1, dtype="int16"), "weight matrix is int16; supported: int8"),
    "weight zero point": (set_tensor(LSTM, 5, zero_point=1), "zero points of 0"),
    "weight scale": (set_tensor(LSTM, 2, scale=np.float32([-1.0])), "needs positive scales"),
    "many scales": (set_tensor(LSTM, 2, scale=np.float32([0.1, 0.1, 0.1])), "has 3 scales; supported: one"),
    "huge scale": (huge_scale, "the scale of its sums is more than 2\\^30 times"),
    "no activation scale": (set_tensor(LSTM, 0, scale=None), "has 0 scales; it must have one"),
    "zero point": (set_tensor(LSTM, 0, zero_point=1000), "the file is damaged"),
    "cell scale": (set_tensor(LSTM, 19, scale=np.float32([0.001])), "only int16 at a power of two"),
    "state": (set_tensor(LSTM, 18, variable=False), "not a variable"),
    "units": (set_tensor(LSTM, 5, shape=(9, 9)), "has shape"),
    "batch": (set_tensor(LSTM, 0, shape=(2, 4, 2)), "batch size of 1"),
    "huge": (set_tensor(LSTM, 0, shape=(1, 2**31 - 1, 2**31 - 1)), "supported: up to"),
    "negative": (set_tensor(LSTM, 0, shape=(1, -4, 2)), "none of them zero"),
    "circle": (circle, "runs in a circle"),
    "branch": (branch, "is not on the way from input to output"),
    "unknown tensor": (set_input(LSTM, 0, 99999), "the file is damaged: .*does not exist"),
    "uncomputed": (set_input(LSTM, 0, 1), "nothing computes it"),
    "tanh scale": (lambda file: setattr(file.tensors[-1], "scale", np.float32([0.5])), "TFLite asks for 0.0078125"),
}


def small_file() -> File:
    """LSTM, Dense and tanh in int8; tensor 0 is the input, the last one the output."""
    network = models.Random(1, "int8", (4, 2)).lstm(3).dense(2).activation("tanh").network()
    file = File()
    number = file.tensor(tflite_writer._tensor(network.input))
    for index, layer in enumerate(network.layers):
        number = tflite_writer._layer(file, layer, number, network.input_of(index))
    return file


@pytest.mark.parametrize("case", REFUSALS)
def test_refusal(case: str, tmp_path: Path) -> None:
    change, sentence = REFUSALS[case]
    file = small_file()
    last = len(file.tensors) - 1
    change(file)
    with pytest.raises(UserError, match=sentence) as error:
        read(pack(file, [0], [last]), tmp_path / "model.tflite")
    assert str(error.value).startswith(str(tmp_path / "model.tflite"))
    assert "\n" not in str(error.value)


CASES = Path(__file__).parent / "data" / "cases"


def test_float16_weights_of_the_converter() -> None:
    """DEQUANTIZE of a constant is a constant; the file computes in float32."""
    data = (CASES / "fp16.tflite").read_bytes()
    network = readers.read(CASES / "fp16.tflite")
    assert (network.quantisation, network.notes) == ("float32", ())
    with np.load(CASES / "fp16.npz") as samples:
        ours = reference.run(network, samples["inputs"])
        assert np.abs(ours - run_litert(data, samples["inputs"]).reshape(ours.shape)).max() < 1e-6


SIGNATURES = CASES / "sig_small_big.tflite"


def test_two_signatures_are_listed() -> None:
    with pytest.raises(UserError, match=r"2 signatures, 'big' and 'small'; .*signature_keys=\['big'\]"):
        readers.read(SIGNATURES)


def named(folder: Path, toml: str) -> Network:
    """The file of two signatures, with a .toml beside it."""
    path = folder / "two.tflite"
    path.write_bytes(SIGNATURES.read_bytes())
    path.with_suffix(".toml").write_text(toml)
    return readers.read(path)


@pytest.mark.parametrize("signature", ["big", "small"])
def test_of_two_signatures_the_one_that_is_named(signature: str, tmp_path: Path) -> None:
    network = named(tmp_path, f'signature = "{signature}"')
    x = np.random.default_rng(1).normal(0, 1, (4, *network.input.shape)).astype(np.float32)
    wanted = run_litert_signature(SIGNATURES.read_bytes(), x, signature)
    assert np.abs(reference.run(network, x) - wanted.reshape(4, -1)).max() < 1e-6


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('signature = "none"', r"no signature 'none', which two\.toml asks for: it has 'big' and 'small'"),
        ("signature = 1", "signature"),
        ('signature = "big"\nsteps = 3', "unknown key 'steps'"),
        ("steps = 3", "say which is built in two.toml beside it"),
        ("signature = [", "not valid TOML"),
    ],
)
def test_a_signature_that_is_not_there_is_refused(toml: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=told):
        named(tmp_path, toml)


def test_of_one_signature_another_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.tflite"
    path.write_bytes((CASES / "fp16.tflite").read_bytes())
    path.with_suffix(".toml").write_text('signature = "another"')
    with pytest.raises(UserError, match=r"no signature 'another', .*: it has 'serving_default'"):
        readers.read(path)


def joined(zero_point: int = 0, scale: float = 1.0) -> tuple[File, int]:
    """A Bidirectional in int8, the tensor that its backward half writes changed."""
    network = models.random_network("both_ways_last", "int8")
    file = File()
    number = file.tensor(tflite_writer._tensor(network.input))
    for index, layer in enumerate(network.layers):
        number = tflite_writer._layer(file, layer, number, network.input_of(index))
    part = file.tensors[operator_of(file, "CONCATENATION").inputs[1]]
    assert part.scale is not None
    part.scale, part.zero_point = part.scale * np.float32(scale), part.zero_point + zero_point
    return file, number


@pytest.mark.parametrize("change", [{"zero_point": 1}, {"zero_point": -1}, {"scale": 2.0}])
def test_joined_tensors_of_different_scales(change: dict[str, Any], tmp_path: Path) -> None:
    read(pack(joined()[0], [0], [joined()[1]]), tmp_path / "model.tflite")
    file, last = joined(**change)
    with pytest.raises(UserError, match="it joins tensors of different scales"):
        read(pack(file, [0], [last]), tmp_path / "model.tflite")


@pytest.mark.parametrize("beta", [0.5, 0.0, -1.0, 2.0])
def test_softmax_of_another_beta(beta: float, tmp_path: Path) -> None:
    network = models.Random(1, "int8", (4, 2)).lstm(3).dense(2).activation("softmax").network()
    file = File()
    number = file.tensor(tflite_writer._tensor(network.input))
    for index, layer in enumerate(network.layers):
        number = tflite_writer._layer(file, layer, number, network.input_of(index))
    read(pack(file, [0], [number]), tmp_path / "model.tflite")
    set_option("SOFTMAX", Beta=beta)(file)
    with pytest.raises(UserError, match=r"its beta is .*; supported: 1"):
        read(pack(file, [0], [number]), tmp_path / "model.tflite")


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\0" * 100, b"\0\0\0\0TFL3", b"\xff" * 4 + b"TFL3" + b"\xff" * 100])
def test_what_is_no_tflite(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"not a TensorFlow Lite file|the file is damaged"):
        read(data, tmp_path / "model.tflite")


def mutations(data: bytes, count: int, seed: int) -> list[bytes]:
    """Damaged copies: cut, bits flipped, words set to extremes, parts moved."""
    rng = np.random.default_rng(seed)
    words = [0, 1, 4, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC]
    made = []
    for _ in range(count):
        bad = bytearray(data)
        kind = rng.integers(5)
        if kind == 0:
            bad = bad[: rng.integers(8, len(bad))]
        elif kind == 1:
            for at in rng.integers(8, len(bad), rng.integers(1, 10)):
                bad[at] ^= 1 << rng.integers(8)
        elif kind == 2:
            for at in rng.integers(2, len(bad) // 4, rng.integers(1, 6)):
                bad[4 * at : 4 * at + 4] = int(rng.choice(words)).to_bytes(4, "little")
        elif kind == 3:
            source, target = (int(n) for n in rng.integers(8, len(bad) - 64, 2))
            bad[target : target + 64] = bad[source : source + 64]
        else:
            at = int(rng.integers(8, len(bad)))
            bad[at : at + int(rng.integers(1, 64))] = b""
        made.append(bytes(bad))
    return made


def complaint(data: bytes, path: Path) -> str:
    """What reading is refused with, nothing if it is read."""
    try:
        read(data, path)
    except UserError as error:
        return str(error)
    return ""


def survive(count: int, path: Path) -> None:
    """Read ``count`` damaged files; only ``UserError`` may come out, quickly and without much memory."""
    random = [tflite_writer.write(models.random_network(name, "int16x8")) for name in ("both_ways", "dense_first")]
    files = [*(made.path.read_bytes() for made in (*INT8, DYNAMIC[0], FLOAT[0])), *random]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read_whole = 0
    for seed, data in enumerate(files):
        for bad in mutations(data, count // len(files) + 1, seed):
            start = time.process_time()
            sentence = complaint(bad, path)
            assert time.process_time() - start < 5
            assert "\n" not in sentence
            read_whole += not sentence
    assert 0 < read_whole < count
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10  # KiB


@pytest.mark.filterwarnings("error")
def test_damaged_files(tmp_path: Path) -> None:
    survive(3000, tmp_path / "model.tflite")


@pytest.mark.long
@pytest.mark.filterwarnings("error")
def test_many_damaged_files(tmp_path: Path) -> None:
    survive(30_000, tmp_path / "model.tflite")


def test_input_signal_of_the_file(tmp_path: Path) -> None:
    """A model with float edges keeps them as Convert layers."""
    network = models.random_network("real_output", "int16x8")
    found = read(tflite_writer.write(network), tmp_path / "model.tflite")
    assert found.input.dtype == "int16"
    assert found.output == Signal((2,))
