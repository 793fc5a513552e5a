# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``./scons state=stream``: what is compared of networks with an output at every step, and of those of one step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import formats, readers, reference
from model.quantise import calibrated
from model.signal import Array
from tests.oracle import weights_json as audio
from tests.support import json_files
from tests.support.checkout import Checkout
from tests.support.keras_files import Layer, archive, dense, input_layer, lstm

SHAPES = {"steps": (5, 3), "single": (1, 3)}
SETS = [("asm", "int8"), ("asm", "float32"), *(("c", quantisation) for quantisation in formats.names())]
BUILDS = [(model, kernels, quantisation) for model in SHAPES for kernels, quantisation in SETS]


def layers(model: str) -> list[Layer]:
    """A memory that hardly forgets: its cells grow from step to step, beyond what one step from reset can reach."""
    kind, settings, (kernel, recurrent, bias) = lstm(3, 6, return_sequences=model == "steps")
    bias[6:12] += 4  # the forget gate's
    bias[12:18] += 1
    return [input_layer(*SHAPES[model]), (kind, settings, [kernel, recurrent, bias]), dense(6, 2)]


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Both networks in every quantisation and kernel set of a Cortex-M4."""
    checkout = Checkout.copy(tmp_path_factory.mktemp("streams") / "checkout")
    for model, shape in SHAPES.items():
        archive(checkout.root / f"{model}.keras", layers(model))
        inputs = np.random.default_rng(5).normal(0, 1, (60, *shape)).astype(np.float32)
        outputs = reference.run(readers.read(checkout.root / f"{model}.keras"), inputs, goes_on=model == "single")
        np.savez(checkout.root / f"{model}.npz", inputs=inputs, targets=outputs)
    words = ("model=steps.keras,single.keras", "quant=all", "kernels=all", "state=stream")
    checkout.build("target=cortex-m4", *words)
    return checkout


def built(streamed: Checkout, model: str, kernels: str, quantisation: str) -> tuple[dict[str, Any], Array, Path]:
    folder = streamed.root / f"build/cortex-m4/{model}/{quantisation}-{kernels}-stream"
    report = json.loads((folder / "report.json").read_text())
    return report, np.load(folder / "outputs.npy"), streamed.root / f"build/models/{model}/{quantisation}-stream"


@pytest.mark.parametrize(("model", "kernels", "quantisation"), BUILDS)
def test_every_output_is_the_references(streamed: Checkout, model: str, kernels: str, quantisation: str) -> None:
    report, outputs, shared = built(streamed, model, kernels, quantisation)
    source = streamed.root / f"{model}.keras"
    network = calibrated(readers.read(source), source.with_suffix(".npz"), quantisation, "stream")
    real = np.load(source.with_suffix(".npz"))["inputs"]
    expected = reference.run(network, reference.stored_inputs(network, real), goes_on=model == "single")
    np.testing.assert_array_equal(np.load(shared / "expected.npy"), expected)
    assert report["error"]["reference"]["mismatches"] == 0
    assert report["error"]["reference"]["values"] == outputs.size == expected.size
    if quantisation in ("int8", "int16x8"):
        np.testing.assert_array_equal(outputs, expected)
    assert json.loads((shared / "saturation.json").read_text()) == []  # calibrated over the same stream


@pytest.mark.parametrize(("model", "kernels", "quantisation"), BUILDS)
def test_its_distance_is_told_from_the_trained_model_doing_the_same(
    streamed: Checkout, model: str, kernels: str, quantisation: str
) -> None:
    report, _, shared = built(streamed, model, kernels, quantisation)
    targets = np.load(streamed.root / f"{model}.npz")["targets"]
    np.testing.assert_allclose(np.load(shared / "float.npy"), targets, rtol=0, atol=1e-6)
    spread = float(np.abs(targets).mean())
    assert report["error"]["float"]["mae"] < (0.05 if quantisation == "int8" else 0.02) * spread
    assert report["error"]["targets"]["float"] < 1e-6
    assert report["error"]["targets"]["device"] < 0.05 * spread


def test_cells_are_given_the_range_that_a_stream_needs(streamed: Checkout) -> None:
    source = streamed.root / "single.keras"
    trained, samples = readers.read(source), source.with_suffix(".npz")
    window, stream = (calibrated(trained, samples, "int8", state) for state in ("window", "stream"))
    assert stream.layers[0].cell_scale >= 4 * window.layers[0].cell_scale  # type: ignore[union-attr]


# ---- a file without a number of steps ----


@pytest.fixture(scope="module")
def amplifier(streamed: Checkout) -> Checkout:
    """A guitar amplifier with its skip, beside its samples, of which it says nothing, and built as it is meant to."""
    numbers = np.random.default_rng(0)
    document = json_files.guitarml(numbers, inputs=2, units=6) | {"samplerate": 8000}
    json_files.write(streamed.root / "amp.json", document)
    np.save(streamed.root / "amp.npy", numbers.uniform(-0.7, 0.7, (400, 2)))
    streamed.build("target=cortex-m4", "model=amp.json", "quant=float32,int8,int16x8", "clock=168MHz")
    return streamed


@pytest.mark.parametrize(("kernels", "quantisation"), [("asm", "float32"), ("asm", "int8"), ("asm", "int16x8")])
def test_a_file_without_a_number_of_steps_is_a_stream(amplifier: Checkout, kernels: str, quantisation: str) -> None:
    report, outputs, _ = built(amplifier, "amp", kernels, quantisation)
    source = amplifier.root / "amp.json"
    network = calibrated(readers.read(source), source.with_suffix(".npy"), quantisation, "stream")
    x = np.load(source.with_suffix(".npy")).astype(np.float32)
    expected = reference.run(network, reference.stored_inputs(network, x[:, None]), goes_on=True)
    assert (report["function"], report["state"], report["samples"]) == ("amp_step", "stream", 400)
    assert report["error"]["reference"]["mismatches"] == 0
    assert report["time"]["period"] == pytest.approx(1 / 8000)
    if network.format.integer:
        np.testing.assert_array_equal(outputs, expected)
    else:
        due = audio.expected(json.loads(source.read_text()), x)
        np.testing.assert_allclose(outputs[:, 0], due, rtol=0, atol=2e-6)


def test_it_is_no_window(amplifier: Checkout) -> None:
    done = amplifier.scons("target=cortex-m4", "model=amp.json", "quant=float32", "state=window")
    assert "amp.json: its steps have no end, and state=window would run each from reset" in done.sentence
    done = amplifier.scons("compare", "target=cortex-m4", "model=amp.json", "quant=float32")
    assert "compare follows whole windows, and the steps of amp.json have no end" in done.sentence
