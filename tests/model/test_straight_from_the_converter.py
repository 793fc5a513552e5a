# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models straight from TensorFlow's converter, numbers over many decades: tflite-micro's bits, or a proven refusal.

int8 files are the converter's own. It refuses int16x8 for a fused LSTM, so those are its int8 files requantised the
way tflite-micro's own tool does it. A refusal is proven by inputs for which tflite-micro differs from what the same
arithmetic gives without overflow.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from model import limits, quantise, reference
from model.errors import UserError
from model.network import Network
from model.readers.tflite import KIND
from model.readers.tflite import layers as tflite_layers
from model.signal import Array, to_stored
from tests.oracle import models, twin, unbounded
from tests.oracle.interpreters import run_micro
from tests.oracle.tflite_writer import write
from tests.probe import ASSEMBLED, CORES
from tests.support.device import Device
from tests.support.host import Host

CASES = Path(__file__).parent / "data/cases"
WINDOWS, ON_HOST, ON_DEVICE = 200, 60, 6
QUANTISATIONS = ("int8", "int16x8")
SOME = (0, 3, 5, 17, 22, 27, 41, 93, 96)  # of the seeds: tiny cells, overflows of all kinds, one step after a Dense


@dataclass(frozen=True)
class Model:
    """A network as read, whether or not lstmcu takes it, and the file that tflite-micro runs."""

    network: Network
    file: bytes
    inputs: Array
    refusal: str  # nothing where lstmcu takes it


def unchecked(path: Path) -> Network:
    """Read without the limits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "check", lambda *_: None)
        patch.setattr(tflite_layers, "FINEST_INPUT", {})
        return KIND.read(path, "model", "")


def refusal(path: Path) -> str:
    """What reading a file is refused with, nothing if it is read."""
    try:
        KIND.read(path, "model", "")
    except UserError as error:
        return str(error)
    return ""


def prepared(made: twin.Twin, quantisation: str, folder: Path) -> Model | None:
    """None where the converter gives no int8 LSTM: it refuses the model, leaves a part in floats, or makes a MUL or an
    ADD of a Dense of one input.
    """
    data, path = made.path.read_bytes(), made.path
    if not data:
        return None
    if any(word in refusal(path) for word in ("it mixes float32 and int8", "(MUL): it reads", "(ADD): it reads")):
        return None
    network = unchecked(path)
    if quantisation == "int16x8":
        data, path = write(models.requantised(network)), folder / "model.tflite"
        path.write_bytes(data)
        network = unchecked(path)
    inputs = models.stored_inputs(network.input, WINDOWS, made.seed)
    inputs[WINDOWS // 2 :] = to_stored(twin.calibration(made, WINDOWS - WINDOWS // 2), network.input)
    return Model(network, data, inputs, refusal(path))


def judge(host: Host, model: Model) -> str:
    """Equal everywhere, on the host under the sanitizers too; or refused, and tflite-micro overflows."""
    if model.refusal:
        proven = unbounded.overflows(model.network, model.file, model.inputs)
        assert proven, f"tflite-micro is right, but: {model.refusal}"
        return "refused"
    ours = reference.run(model.network, model.inputs)
    np.testing.assert_array_equal(ours, run_micro(model.file, model.inputs).reshape(ours.shape))
    middle = slice(WINDOWS // 2 - ON_HOST // 2, WINDOWS // 2 + ON_HOST // 2)
    np.testing.assert_array_equal(host.run(model.network, model.inputs[middle]).run, ours[middle])
    return "equal"


@pytest.fixture(scope="module")
def converted() -> None:
    twin.prepare([models.wild(seed) for seed in SOME], may_refuse=True)


@pytest.mark.usefixtures("converted")
@pytest.mark.parametrize("quantisation", QUANTISATIONS)
@pytest.mark.parametrize("seed", SOME)
def test_some(host: Host, tmp_path: Path, seed: int, quantisation: str) -> None:
    model = prepared(models.wild(seed), quantisation, tmp_path)
    assert model is not None
    judge(host, model)


@pytest.mark.long
@pytest.mark.inputs(100)
@pytest.mark.parametrize("quantisation", QUANTISATIONS)
def test_a_hundred(host: Host, tmp_path: Path, quantisation: str) -> None:
    verdicts, seed = Counter[str](), 0
    while verdicts["equal"] + verdicts["refused"] < 100:
        if seed % 20 == 0:
            twin.prepare([models.wild(k) for k in range(seed, seed + 20)], may_refuse=True)
        model = prepared(models.wild(seed), quantisation, tmp_path)
        verdicts["not an int8 LSTM" if model is None else judge(host, model)] += 1
        seed += 1
    print(f"{quantisation}: {dict(verdicts)}")
    assert verdicts["equal"] >= 75
    assert verdicts["not an int8 LSTM"] <= 10


def case(name: str) -> Model:
    path = CASES / f"{name}.tflite"
    return Model(unchecked(path), path.read_bytes(), np.load(CASES / f"{name}.npz")["inputs"], refusal(path))


def test_raw_counts_of_a_converter(host: Host) -> None:
    """An ADC's counts, unscaled: sums are shifted left by 8 bits."""
    model, expected = case("adc_raw"), np.load(CASES / "adc_raw.micro.npy")
    assert not model.refusal
    np.testing.assert_array_equal(reference.run(model.network, model.inputs), expected)
    np.testing.assert_array_equal(host.run(model.network, model.inputs).run, expected)


def test_biases_that_overflow_are_refused_with_a_way_out_that_works() -> None:
    model = case("n6b_tiny_kernel_bias")
    assert model.refusal.startswith(f"{CASES}/n6b_tiny_kernel_bias.tflite: layer 'lstm': its sums can reach 21475")
    assert model.refusal.endswith("give the Keras file instead, or convert without quantisation and use quant=float32")
    assert unbounded.overflows(model.network, model.file, model.inputs)


def test_the_way_out_of_a_refusal_works(host: Host, tmp_path: Path) -> None:
    """The same model without the converter's quantisation: as floats, and in lstmcu's own int8."""
    refused = models.wild(22)
    plain = replace(refused, mode="float32")
    twin.prepare([refused, plain])
    assert "overflow 32 bits" in refusal(refused.path)
    network, windows = KIND.read(plain.path, "model", ""), twin.calibration(plain, 50)
    limits.check(network)
    quantised = quantise.quantise(network, windows, "int8")
    inputs = reference.stored_inputs(quantised, windows)
    np.testing.assert_array_equal(host.run(quantised, inputs).run, reference.run(quantised, inputs))


def on_device(folder: Path, assembly: str, model: Model, inputs: Array) -> list[str]:
    device = Device(CORES[ASSEMBLED[assembly]], assembly, folder)
    outputs, notes = device.run(model.network, inputs, "window")
    np.testing.assert_array_equal(outputs, reference.run(model.network, inputs))
    return notes


@pytest.mark.parametrize("assembly", ASSEMBLED)
def test_raw_counts_in_assembly(tmp_path: Path, assembly: str) -> None:
    model = case("adc_raw")
    notes = on_device(tmp_path, assembly, model, model.inputs)
    assert not [note for note in notes if "'lstm' runs with kernel set c" in note]


@pytest.mark.usefixtures("converted")
@pytest.mark.parametrize("seed", [0, 96])
@pytest.mark.parametrize("assembly", ASSEMBLED)
def test_some_in_assembly(tmp_path: Path, assembly: str, seed: int) -> None:
    model = prepared(models.wild(seed), "int8", tmp_path)
    assert model is not None
    on_device(tmp_path, assembly, model, model.inputs[WINDOWS // 2 - 3 :][:ON_DEVICE])


@pytest.mark.long
@pytest.mark.parametrize("assembly", ASSEMBLED)
def test_twenty_in_assembly(tmp_path: Path, assembly: str) -> None:
    twin.prepare([models.wild(seed) for seed in range(30)], may_refuse=True)
    prepared_ones = (prepared(models.wild(seed), "int8", tmp_path) for seed in range(30))
    taken = [model for model in prepared_ones if model is not None and not model.refusal]
    assert len(taken) >= 20
    for model in taken[:20]:
        on_device(tmp_path, assembly, model, model.inputs[WINDOWS // 2 - 3 :][:ON_DEVICE])
