# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models as JSON: what is read computes what RTNeural, AIDA-X and CoreAudioML compute."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import metadata, planner, quantise, readers, reference, samples
from model.errors import UserError
from model.network import Network, check_state
from model.readers.weights_json import KIND
from model.signal import Array
from tests.oracle.weights_json import expected, of_smartamp
from tests.support import json_files as made
from tests.support.host import Host
from tests.support.json_files import Document, write

TOLERANCE = 1e-6  # of the reader: weights are float32, sums of biases too
ON_DEVICE = 2e-6  # of float32, of full scale 1
SAMPLES = 10_000
COUNT = 300


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


AMP = made.amplifier(rng())
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
    "nam": lambda: made.nam(rng(), sample_rate=48_000),
    "nam, stacked": lambda: made.nam(rng(), inputs=2, units=6, layers=3),
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


@pytest.mark.parametrize("name", ["aida-x", "aida-x, knobs", "guitarml, knobs", "guitarml, gru", "nam"])
def test_ten_thousand_samples_without_a_reset(name: str, tmp_path: Path) -> None:
    document = READ[name]()
    network = read(tmp_path, document)
    x = audio(SAMPLES, network.input.shape[-1])
    np.testing.assert_allclose(streamed(network, x), expected(document, x), rtol=0, atol=TOLERANCE)


WINDOWED: dict[str, Document] = {
    "smartamppro": made.smartamp(rng(), recurrent=False, input_size="29"),
    "smartamppro, recurrent": made.smartamp(rng()),
    "smartamppro, several steps": made.smartamp(rng(), 47, (6, 4), (5, 3)),
    "smartamppro, gaps": made.smartamp(rng(), 30, (4, 3), (6, 5)),
}


@pytest.mark.parametrize("name", WINDOWED)
def test_windows_of_audio(name: str, tmp_path: Path, host: Host) -> None:
    """An output for each sample, of the last ones, as a Keras model has it."""
    network = read(tmp_path, WINDOWED[name])
    (size, _) = network.input.shape
    windows = np.lib.stride_tricks.sliding_window_view(audio(COUNT)[:, 0], size)[..., np.newaxis]
    due = of_smartamp(WINDOWED[name], windows.astype(np.float64))
    np.testing.assert_allclose(reference.run(network, windows), due, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(host.run(network, windows[::9]).run, due[::9], rtol=0, atol=ON_DEVICE)
    assert KIND.state(tmp_path / "amp.json") == "window"
    assert f"a window is the {size} last samples of the audio" in network.notes[0]
    assert ("SmartAmpPro's own program computes the first alone" in network.notes[-1]) == ("several" in name)
    assert "recurrent_kernel:0" in WINDOWED[name]["lstm"] or planner.make(network, stream=True).streamable


def test_a_signal_for_a_model_of_windows(tmp_path: Path) -> None:
    network = read(tmp_path, WINDOWED["smartamppro"])
    np.save(tmp_path / "riff.npy", audio(40))
    with pytest.raises(
        UserError, match=r"give windows: numpy.lib.stride_tricks.sliding_window_view\(x.ravel\(\), 29\)"
    ):
        samples.load(tmp_path / "riff.npy", network.given, network.made)
    windows = np.lib.stride_tricks.sliding_window_view(audio(40).ravel(), 29)
    np.save(tmp_path / "riff.npy", windows)
    loaded = samples.load(tmp_path / "riff.npy", network.given, network.made)
    np.testing.assert_array_equal(loaded.inputs[..., 0], windows)


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
    assert KIND.state(tmp_path / "amp.json") == "stream"
    assert read(tmp_path, READ["no skip"]()).rate == 44100
    assert read(tmp_path, READ["guitarml"]()).rate == 0
    assert read(tmp_path, READ["nam"]()).rate == 48_000
    with pytest.raises(UserError, match=r"amp.json: its steps have no end, .* use state=stream"):
        check_state(network, "window")
    with pytest.raises(UserError, match="use state=stream"):
        quantise.calibrated(network, tmp_path / "none.npy", "int8")


def test_a_model_beside_its_samples_says_nothing_of_them(tmp_path: Path) -> None:
    path = write(tmp_path / "amp.json", {**READ["guitarml"](), "name": 5})
    assert metadata.read(path.with_suffix(".npz")) == metadata.Metadata()
    write(path, {"unit": "V"})
    assert metadata.read(path.with_suffix(".npz")).unit == "V"


@pytest.mark.parametrize(("wrong", "told"), [(0.0, r"up to \d(\.\d)?e-0[78] from"), (0.25, r"up to 0\.25 from")])
def test_the_outputs_of_a_trainer_are_compared(wrong: float, told: str, tmp_path: Path) -> None:
    document = made.amplifier(rng(), in_skip=1)
    x = audio(COUNT)
    batch = {"input_batch": x[:, 0].tolist(), "output_batch": (expected(document, x)[:, 0] + wrong).tolist()}
    assert re.search(
        f"its output_batch, 300 steps of its trainer's, is {told}", read(tmp_path, document | batch).notes[1]
    )
    assert len(read(tmp_path, document | batch | {"out_gain": 3}).notes) == 1
    batch["output_batch"].pop()
    assert read(tmp_path, document | batch).notes[1] == "its output_batch of 299 numbers for 300 is not compared"


@pytest.mark.parametrize("shape", [(40,), (40, 1), (40, 1, 1)])
def test_samples_are_one_stream(shape: tuple[int, ...], tmp_path: Path) -> None:
    network = read(tmp_path, AMP)
    np.save(tmp_path / "riff.npy", audio(40).reshape(shape))
    loaded = samples.load(tmp_path / "riff.npy", network.given, network.made)
    np.testing.assert_array_equal(loaded.inputs[:, 0], audio(40))


@pytest.mark.parametrize("shape", [(1, 40, 1), (4, 10, 1)])
def test_samples_in_windows(shape: tuple[int, ...], tmp_path: Path) -> None:
    network = read(tmp_path, AMP)
    np.save(tmp_path / "riff.npy", audio(40).reshape(shape))
    with pytest.raises(UserError, match=r"takes single steps, .* if these are such, give x.reshape\(-1, 1, 1\)"):
        samples.load(tmp_path / "riff.npy", network.given, network.made)
